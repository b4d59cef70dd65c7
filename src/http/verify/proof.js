// Signatures and proofs: Ed25519, signed notes and checkpoints (C2SP), RFC 6962 trees, JWS.

const [NOTE_BYTES_MAX, SIGNATURES_MAX] = [128 * 1024, 64];
const ED25519_SPKI = "302a300506032b6570032100";
const PROOF_HASHES_MAX = 64;

async function verifyEd25519(publicKey, signature, message) {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return crypto.subtle.verify("Ed25519", key, signature, message);
}

/** Whether the browser knows Ed25519: RFC 8032, 7.1, test 1, and the same with a wrong bit. */
async function knowsEd25519() {
    const key = fromBase64("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "The test key");
    const signature = fromBase64(
        "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv1" +
            "8FlbviRlUUFDjnoQCw==",
        "The test signature",
    );
    try {
        const holds = await verifyEd25519(key, signature, new Uint8Array());
        signature[0] ^= 1;
        return holds && !(await verifyEd25519(key, signature, new Uint8Array()));
    } catch {
        return false;
    }
}

/** A public key as base64url of 32 bytes, or as PEM. */
function parsePublicKey(text) {
    const pem = /^-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----$/.exec(
        text.trim(),
    );
    if (pem !== null) {
        const der = fromBase64(pem[1].replace(/\s/g, ""), "The key");
        if (der.length !== 44 || toHex(der.subarray(0, 12)) !== ED25519_SPKI)
            refuse("This is no Ed25519 key");
        return der.subarray(12);
    }
    const key = fromBase64Url(text.trim(), "The key");
    if (key.length !== HASH_BYTES)
        refuse("A public key has 32 bytes: 43 characters of base64url, or PEM");
    return key;
}

/** A verifier key: name+hash+base64 of 0x01 and the key. */
async function parseVerifierKey(text) {
    const parts = /^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/.exec(text.trim());
    if (parts === null) refuse("A verifier key reads name+hash+key; copy the whole of it");
    const [, name, hash, encoded] = parts;
    const typed = fromBase64(encoded, "The verifier key");
    if (typed.length !== 33 || typed[0] !== 1) refuse("The verifier key is no Ed25519 key");
    const id = (await sha256(joined(utf8(`${name}\n`), typed))).subarray(0, 4);
    if (toHex(id) !== hash)
        refuse("The hash in the verifier key is another one; copy the whole key again");
    return { name, id, key: typed.subarray(1) };
}

/** Opens a checkpoint: the key must have signed, and all signatures that name it must hold. */
async function openCheckpoint(note, vkey) {
    const parted = note.lastIndexOf("\n\n");
    const isText = note.length <= NOTE_BYTES_MAX && !/[\u0000-\u0009\u000b-\u001f]/.test(note);
    if (!isText || parted < 0 || !note.endsWith("\n")) refuse("The checkpoint is no signed note");
    const [text, lines] = [
        note.slice(0, parted + 1),
        note
            .slice(parted + 2)
            .split("\n")
            .slice(0, -1),
    ];
    if (lines.length > SIGNATURES_MAX) refuse("The checkpoint has too many signatures");
    let isSigned = false;
    for (const line of lines) {
        const signature = /^\u2014 ([^+\s]+) (\S+)$/.exec(line);
        if (signature === null) refuse("A signature line of the checkpoint cannot be read");
        const bytes = fromBase64(signature[2], "A signature of the checkpoint");
        if (bytes.length < 5) refuse("A signature of the checkpoint is too short");
        if (signature[1] !== vkey.name || !sameBytes(bytes.subarray(0, 4), vkey.id)) continue;
        const own = bytes.subarray(4);
        const holds = own.length === 64 && (await verifyEd25519(vkey.key, own, utf8(text)));
        if (!holds) refuse("The checkpoint's signature does not hold: a character was changed");
        isSigned = true;
    }
    if (!isSigned) refuse("The checkpoint is not signed by this key of the ledger");
    const parts = /^([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]+)\n$/.exec(text);
    if (parts === null) refuse("The checkpoint is not three lines: origin, size, root");
    const [, origin, size, encoded] = parts;
    if (origin !== vkey.name) refuse(`The checkpoint is of another ledger: ${origin}`);
    if (!Number.isSafeInteger(Number(size)))
        refuse("The checkpoint's size is greater than this page reads");
    const root = fromBase64(encoded, "The checkpoint's root");
    if (root.length !== HASH_BYTES) refuse("The checkpoint's root is not 32 bytes");
    return { origin, size: Number(size), root };
}

/** Opens a checkpoint with the one of some keys that signed it, and was in force at its size. */
async function openByOneOf(note, ledgerKeys) {
    for (const key of ledgerKeys) {
        let opened;
        try {
            opened = await openCheckpoint(note, key);
        } catch (error) {
            if (key === ledgerKeys.at(-1)) throw error;
            continue;
        }
        const { added, retired } = key;
        if (added < opened.size && (retired === null || opened.size <= retired)) {
            return { ...opened, vkey: key.vkey };
        }
        if (key === ledgerKeys.at(-1)) refuse("Its key was not in force at the checkpoint's size");
    }
    return refuse("The house names no key of the ledger");
}

function leafHash(bytes) {
    return sha256(joined(Uint8Array.of(0), bytes));
}

/** Whether a proof leads from a leaf to a root: RFC 9162, section 2.1.3.2. */
async function leadsTo(leaf, index, size, proof, root) {
    if (!isCount(index) || !isCount(size) || index >= size || proof.length > PROOF_HASHES_MAX)
        return false;
    let [own, last, hash] = [index, size - 1, leaf];
    for (const sibling of proof) {
        if (last === 0) return false;
        if (own % 2 === 1 || own === last) {
            hash = await sha256(joined(Uint8Array.of(1), sibling, hash));
            while (own % 2 === 0 && own !== 0) [own, last] = [own / 2, Math.floor(last / 2)];
        } else {
            hash = await sha256(joined(Uint8Array.of(1), hash, sibling));
        }
        [own, last] = [Math.floor(own / 2), Math.floor(last / 2)];
    }
    return last === 0 && sameBytes(hash, root);
}

/** A header of ours: exactly alg, kid and typ. */
function parseHeader(bytes, typ) {
    const what = "The signed header";
    const text = bytes.length <= 512 ? textOf(bytes) : null;
    if (text === null) refuse(`${what} is too long or no text`);
    const header = parseJson(text, what);
    if (!isObject(header) || Object.keys(header).sort().join() !== "alg,kid,typ") {
        refuse(`${what} has other members than alg, kid and typ`);
    }
    if (header.alg !== "EdDSA" && header.alg !== "Ed25519")
        refuse(`${what} names no Ed25519 signature`);
    if (header.typ !== typ)
        refuse(`${what} is of another kind of document: ${String(header.typ).slice(0, 60)}`);
    const kid = /^([a-z0-9][a-z0-9-]{0,31})\/([a-z0-9][a-z0-9-]{0,31})$/.exec(header.kid);
    if (typeof header.kid !== "string" || kid === null) refuse(`${what} names no key`);
    return { kid: header.kid, author: kid[1], keyId: kid[2] };
}

/** A compact JWS: its header, payload, signature, and what the signature is over. */
function parseJws(text, typ) {
    const parts = text.split(".");
    if (parts.length !== 3) refuse("The signed file is not three parts with dots between them");
    const [header, payload, signature] = parts.map((part) =>
        fromBase64Url(part, "A part of the signed file"),
    );
    if (signature.length !== 64) refuse("The signature in the signed file is not 64 bytes");
    return {
        ...parseHeader(header, typ),
        payload,
        signature,
        signed: utf8(`${parts[0]}.${parts[1]}`),
    };
}

/** A C2SP tlog-proof. */
function parseTlogProof(text) {
    const [head, ...rest] = text.split("\n\n");
    const [first, ...lines] = head.split("\n");
    if (first !== "c2sp.org/tlog-proof@v1" || rest.length === 0) refuse("This is no tlog-proof");
    if (lines[0]?.startsWith("extra ")) fromBase64(lines.shift().slice(6), "The extra data");
    const index = /^index (0|[1-9][0-9]*)$/.exec(lines.shift() ?? "");
    if (index === null) refuse("The tlog-proof names no index");
    return {
        index: Number(index[1]),
        proof: proofOf(lines),
        checkpoint: text.slice(head.length + 2),
    };
}

/** An inclusion proof in base64. */
function proofOf(hashes) {
    if (!Array.isArray(hashes) || hashes.length > PROOF_HASHES_MAX)
        refuse("The proof is no list of hashes");
    const proof = hashes.map((hash) => fromBase64(hash, "A hash of the proof"));
    if (!proof.every((hash) => hash.length === HASH_BYTES))
        refuse("A hash of the proof is not 32 bytes");
    return proof;
}
