// Checking a receipt: everything is worked out again from the entry's bytes, and compared. It comes
// in two forms: the JSON of the house, and a C2SP .tlog-proof with the entry and effects beside it.

const RECEIPT_MEMBERS = [
    "receipt",
    "ledger",
    "index",
    "accepted_at",
    "author",
    "author_seq",
    "submission",
    "results",
    "parties",
    "currency",
    "entry",
    "effects",
    "leaf_hash",
    "chain_hash",
    "proof",
    "checkpoint",
];
const CHAIN_CONTEXT = "tallyhouse 2026 ledger entry v1";

/** Checks so far: what, whether it holds ("holds", "fails", "open"), and why. */
class Checks {
    list = [];

    /** Notes what a check finds. A refusal fails it, and so does an error of ours. */
    async make(what, work) {
        try {
            const [note, value] = await work();
            this.list.push({ what, state: "holds", note });
            return value;
        } catch (error) {
            const isRefusal = error instanceof Refusal;
            const words = isRefusal
                ? error.message
                : `this page could not check it: ${error.message}`;
            this.list.push({ what, state: "fails", note: words });
            return null;
        }
    }

    /** Notes a check that was not made. */
    open(what, note) {
        this.list.push({ what, state: "open", note });
    }

    has(state) {
        return this.list.some((check) => check.state === state);
    }
}

/** What a receipt says of itself, before anything is proved. */
function readReceipt(said) {
    const names = Object.keys(said).sort().join();
    if (names !== [...RECEIPT_MEMBERS].sort().join())
        refuse("The receipt lacks a member, or has one too many");
    if (said.receipt !== 1) refuse("The receipt has a format that this page does not know");
    if (typeof said.checkpoint !== "string") refuse("The checkpoint is no text");
    if (typeof said.currency !== "string" || !/^[A-Z]{3}$/.test(said.currency))
        refuse("The currency is none");
    return {
        entryBytes: fromBase64Url(said.entry, "The entry"),
        effectsBytes: fromBase64Url(said.effects, "The effects"),
        proof: proofOf(said.proof),
        checkpoint: said.checkpoint,
    };
}

/** The names of parties: different ones, and "house" for number 0 alone. */
function readParties(list) {
    const names = new Map();
    for (const item of Array.isArray(list) ? list : refuse("The parties are no list")) {
        const isOne =
            isObject(item) &&
            Object.keys(item).sort().join() === "id,party" &&
            isCount(item.party) &&
            item.party < 2 ** 16 &&
            typeof item.id === "string" &&
            /^[a-z0-9][a-z0-9-]{0,31}$/.test(item.id) &&
            (item.party === 0) === (item.id === "house");
        if (!isOne || names.has(item.party)) refuse("The parties are not numbers with names");
        names.set(item.party, item.id);
    }
    if (new Set(names.values()).size < names.size) refuse("Two parties have one name");
    return names;
}

/** The submission that an entry holds. */
function submissionOf(entry) {
    const submission = parseJson(
        textOf(entry.payload) ?? refuse("The payload is no text"),
        "The payload",
    );
    const isOp = (op) => isObject(op) && typeof op.op === "string" && typeof op.id === "string";
    const isOne =
        isObject(submission) &&
        typeof submission.submission === "string" &&
        Array.isArray(submission.ops) &&
        submission.ops.length > 0 &&
        submission.ops.every(isOp);
    if (!isOne) refuse("The payload is no submission");
    if (submission.ledger !== entry.origin)
        refuse("The submission names another ledger than its entry");
    if (![0, submission.ops.length].includes(entry.outcome.length))
        refuse("The entry has not one outcome per op");
    return submission;
}

/** Proves an entry: its ledger, the checkpoint, and the way from one to the other. */
async function checkEntry(checks, { entryBytes, index, proof, checkpoint }, facts, keys) {
    const entry = await checks.make("Ledger", async () => {
        const entry = parseEntry(entryBytes);
        if (entry.origin !== facts.origin) {
            const [own, wanted] = [entry.origin.slice(0, 255), facts.origin];
            refuse(`It is of another ledger, ${own}, and not of ${wanted}`);
        }
        if (index !== undefined && index !== entry.index) {
            refuse(`The proof is of entry ${index}, and this is entry ${entry.index}`);
        }
        return [`it is of ${entry.origin}`, entry];
    });
    const opened = await checks.make("Checkpoint", async () => {
        const opened = await openByOneOf(checkpoint, keys.ledgers);
        keys.vkey = opened.vkey;
        return [
            `${grouped(opened.size)} entries, signed by the ledger’s key (${keys.ledgerWhose})`,
            opened,
        ];
    });
    if (entry === null || opened === null) {
        checks.open("In the ledger", "needs the checks above");
        return { entry, opened, isProved: false };
    }
    const isProved = await checks.make("In the ledger", async () => {
        const leaf = await leafHash(entryBytes);
        if (!(await leadsTo(leaf, entry.index, opened.size, proof, opened.root))) {
            refuse(
                "The proof does not lead from this entry to the checkpoint: something was changed",
            );
        }
        const by = counted(proof.length, "hash", "hashes");
        return [`entry ${grouped(entry.index)} of ${grouped(opened.size)}, by ${by}`, true];
    });
    return { entry, opened, isProved: isProved === true };
}

/** Checks that the effects are those that the entry binds. */
function checkEffects(checks, entry, submission, effectsBytes) {
    return checks.make("Amounts", async () => {
        if (!sameBytes(blake3(effectsBytes), entry.effectsDigest)) {
            refuse("The effects are not those of the entry: do not trust their amounts");
        }
        const effects = parseCbor(effectsBytes, "The effects");
        const outcomes = listOf(listOf(effects, 2)[1], submission.ops.length).map(
            (item) => listOf(item)[0],
        );
        const expected = outcomes.every((outcome) => outcome === 0) ? [] : outcomes;
        if (expected.join() !== entry.outcome.join())
            refuse("The outcomes of entry and effects disagree");
        return ["the effects have the hash that the entry binds", effects];
    });
}

/** Checks the author's own signature, if there is a key to check it with. */
async function checkAuthor(checks, entry, facts, keys) {
    const what = "Author’s signature";
    const own = facts.house_keys.find(({ key }) => entry.author === "house" && isKidOf(entry, key));
    const publicKey = keys.author ?? (own && fromBase64Url(own.public_key, "The key"));
    if (publicKey === undefined) {
        checks.open(
            what,
            `needs the public key of ${entry.author}: paste it under “Keys to check with”`,
        );
        return;
    }
    await checks.make(what, async () => {
        const header = parseHeader(entry.header, "tallyhouse+json");
        if (header.author !== entry.author)
            refuse("Another one signed than the author of the entry");
        const signed = utf8(`${toBase64Url(entry.header)}.${toBase64Url(entry.payload)}`);
        if (!(await verifyEd25519(publicKey, entry.signature, signed)))
            refuse(`It is not signed by this key of ${header.kid}`);
        const whose = keys.author
            ? "the key that you gave"
            : "a key that the house names as its own";
        return [`signed as ${header.kid}, ${whose}`, true];
    });
}

function isKidOf(entry, keyId) {
    try {
        return parseHeader(entry.header, "tallyhouse+json").kid === `${entry.author}/${keyId}`;
    } catch {
        return false;
    }
}

/** Checks the words of a JSON receipt against what follows from the proved bytes. */
function checkWords(checks, said, entry, submission, effects, facts) {
    return checks.make("Words", async () => {
        const names = readParties(said.parties);
        const used = new Set();
        const name = (party) => {
            used.add(party);
            return names.get(party) ?? refuse("The receipt does not name a party of its effects");
        };
        const world = { name, decimals: facts.currency_decimals, rejections: facts.rejections };
        if (said.currency !== facts.currency)
            refuse(`The currency is ${said.currency}, the ledger's ${facts.currency}`);
        const results = resultsOf(effects, entry.index, submission.ops, world);
        const parties = [...used]
            .sort((a, b) => a - b)
            .map((party) => ({ party, id: names.get(party) }));
        const again = {
            receipt: 1,
            ledger: entry.origin,
            index: entry.index,
            accepted_at: instantOf(entry.acceptedAtUs),
            author: entry.author,
            author_seq: entry.authorSeq,
            submission: submission.submission,
            results,
            parties,
            currency: facts.currency,
            entry: said.entry,
            effects: said.effects,
            leaf_hash: toBase64(await leafHash(entry.bytes)),
            chain_hash: toHex(blake3DeriveKey(CHAIN_CONTEXT, entry.bytes)),
            proof: said.proof,
            checkpoint: said.checkpoint,
        };
        const differing = RECEIPT_MEMBERS.find(
            (member) => canonical(said[member]) !== canonical(again[member]),
        );
        if (differing !== undefined)
            refuse(`"${differing}" is not what the entry and its effects say`);
        return ["every word of the receipt follows from the proved bytes", results];
    });
}

/** Checks a receipt in either form. Without effects, amounts stay open. */
async function checkReceipt(files, facts, keys) {
    const checks = new Checks();
    const said = files.receipt;
    const given = await checks.make("Form", async () => {
        if (said !== undefined) return ["a receipt in JSON, read strictly", readReceipt(said)];
        const proof = parseTlogProof(files.tlogProof);
        return [
            "a portable proof, with the entry beside it",
            { ...proof, entryBytes: files.entry, effectsBytes: files.effects },
        ];
    });
    if (given === null) return { checks, entry: null };
    const { entry, opened, isProved } = await checkEntry(checks, given, facts, keys);
    if (!isProved) return { checks, entry: null };
    const submission = await checks.make("Content", async () => {
        const submission = submissionOf(entry);
        return [`${counted(submission.ops.length, "op", "ops")} of ${entry.author}`, submission];
    });
    if (submission === null) return { checks, entry: null };
    let results = null;
    if (given.effectsBytes === undefined) {
        checks.open("Amounts", "the effects are missing: drop the .effects file with it");
    } else {
        const effects = await checkEffects(checks, entry, submission, given.effectsBytes);
        if (effects !== null) {
            results =
                said !== undefined
                    ? await checkWords(checks, said, entry, submission, effects, facts)
                    : await checkAlone(checks, entry, submission, effects, facts);
        }
    }
    await checkAuthor(checks, entry, facts, keys);
    return { checks, entry, opened, submission, results };
}

/** The results of effects that no receipt puts in words; parties keep their numbers. */
function checkAlone(checks, entry, submission, effects, facts) {
    return checks.make("Words", async () => {
        const name = (party) => (party === 0 ? "house" : `party ${countOf(party, 2 ** 16)}`);
        const world = { name, decimals: facts.currency_decimals, rejections: facts.rejections };
        return [
            "made by this page from the effects",
            resultsOf(effects, entry.index, submission.ops, world),
        ];
    });
}
