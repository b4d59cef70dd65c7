// Deterministic CBOR (RFC 8949 section 4.2.1), as far as entries and effects use it: whole numbers
// from 0 to 2^53 - 1, bytes, texts and lists, each with the shortest head there is.

const CBOR_DEPTH_MAX = 8;

/** Reads one item that fills all bytes. */
function parseCbor(bytes, what) {
    const reader = { bytes, at: 0, what };
    const item = cborItem(reader, 0);
    if (reader.at !== bytes.length) cborRefuse(reader);
    return item;
}

function cborRefuse(reader) {
    refuse(`${reader.what}: not the deterministic CBOR that it must be, at byte ${reader.at}`);
}

function cborHead(reader) {
    const first = reader.bytes[reader.at] ?? cborRefuse(reader);
    reader.at += 1;
    const [major, short] = [first >> 5, first & 31];
    if (short < 24) return [major, short];
    if (short > 27) cborRefuse(reader);
    const length = 1 << (short - 24);
    if (reader.at + length > reader.bytes.length) cborRefuse(reader);
    let value = 0;
    for (let nth = 0; nth < length; nth += 1) {
        value = value * 256 + reader.bytes[reader.at];
        reader.at += 1;
    }
    const least = length === 1 ? 24 : 2 ** (4 * length);
    if (value < least || !Number.isSafeInteger(value)) cborRefuse(reader);
    return [major, value];
}

function cborItem(reader, depth) {
    if (depth > CBOR_DEPTH_MAX) cborRefuse(reader);
    const [major, value] = cborHead(reader);
    if (major === 0) return value;
    if (value > reader.bytes.length - reader.at) cborRefuse(reader);
    if (major === 4) return Array.from({ length: value }, () => cborItem(reader, depth + 1));
    const content = reader.bytes.subarray(reader.at, reader.at + value);
    reader.at += value;
    if (major === 2) return content;
    if (major !== 3) cborRefuse(reader);
    return textOf(content) ?? cborRefuse(reader);
}

function isCount(value) {
    return Number.isSafeInteger(value) && value >= 0;
}

function isBytes(value, length) {
    return value instanceof Uint8Array && (length === undefined || value.length === length);
}

/** An entry: schemas/entry.cddl. */
function parseEntry(bytes) {
    const what = "The entry";
    if (bytes.length > 65535) refuse(`${what} is longer than 65,535 bytes`);
    const items = parseCbor(bytes, what);
    if (!Array.isArray(items) || items.length !== 12) refuse(`${what} is no list of 12 items`);
    const [
        version,
        origin,
        index,
        acceptedAtUs,
        prev,
        author,
        authorSeq,
        header,
        payload,
        signature,
        outcome,
        effectsDigest,
    ] = items;
    if (version !== 1) refuse(`${what} has a format that this page does not know`);
    const isOne =
        typeof origin === "string" &&
        origin.length > 0 &&
        isCount(index) &&
        isCount(acceptedAtUs) &&
        isBytes(prev, HASH_BYTES) &&
        typeof author === "string" &&
        /^[a-z0-9][a-z0-9-]{0,31}$/.test(author) &&
        isCount(authorSeq) &&
        isBytes(header) &&
        isBytes(payload) &&
        isBytes(signature, 64) &&
        Array.isArray(outcome) &&
        outcome.every((number) => isCount(number) && number <= 255) &&
        isBytes(effectsDigest, HASH_BYTES);
    if (!isOne) refuse(`${what} has an item of another kind than it must have`);
    return {
        bytes,
        origin,
        index,
        acceptedAtUs,
        author,
        authorSeq,
        header,
        payload,
        signature,
        outcome,
        effectsDigest,
    };
}

/** The instant of an entry, with all its microseconds. */
function instantOf(microseconds) {
    const seconds = new Date(Math.floor(microseconds / 1e6) * 1000);
    if (Number.isNaN(seconds.getTime())) refuse("The entry has a time that no calendar has");
    return `${seconds.toISOString().slice(0, 19)}.${String(microseconds % 1e6).padStart(6, "0")}Z`;
}

/** A calendar day, counted from 1970-01-01. */
function dayOf(days) {
    if (days > 2932896) refuse("The effects have a day that no calendar has");
    return new Date(days * 864e5).toISOString().slice(0, 10);
}
