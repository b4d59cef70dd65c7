// BLAKE3, which browsers do not have: hash and key derivation, after the specification's own
// reference code. Words are 32 bits; `>>> 0` keeps them so.

const BLAKE3_IV = Uint32Array.of(
    0x6a09e667,
    0xbb67ae85,
    0x3c6ef372,
    0xa54ff53a,
    0x510e527f,
    0x9b05688c,
    0x1f83d9ab,
    0x5be0cd19,
);
const BLAKE3_ORDER = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
const BLAKE3_MIXED = [
    [0, 4, 8, 12],
    [1, 5, 9, 13],
    [2, 6, 10, 14],
    [3, 7, 11, 15],
    [0, 5, 10, 15],
    [1, 6, 11, 12],
    [2, 7, 8, 13],
    [3, 4, 9, 14],
];
const [CHUNK_START, CHUNK_END, PARENT, ROOT, CONTEXT, MATERIAL] = [1, 2, 4, 8, 32, 64];
const [CHUNK_BYTES, BLOCK_BYTES] = [1024, 64];

function rotated(word, bits) {
    return (word >>> bits) | (word << (32 - bits));
}

/** What a node comes to: 8 words. */
function blake3Compress({ key, block, counter, length, flags }) {
    const state = new Uint32Array(16);
    state.set(key);
    state.set(BLAKE3_IV.subarray(0, 4), 8);
    state.set([counter >>> 0, Math.floor(counter / 2 ** 32), length, flags], 12);
    let words = block;
    for (let round = 0; round < 7; round += 1) {
        BLAKE3_MIXED.forEach(([a, b, c, d], nth) => {
            state[a] += state[b] + words[2 * nth];
            state[d] = rotated(state[d] ^ state[a], 16);
            state[c] += state[d];
            state[b] = rotated(state[b] ^ state[c], 12);
            state[a] += state[b] + words[2 * nth + 1];
            state[d] = rotated(state[d] ^ state[a], 8);
            state[c] += state[d];
            state[b] = rotated(state[b] ^ state[c], 7);
        });
        words = BLAKE3_ORDER.map((from) => words[from]);
    }
    return Uint32Array.from({ length: 8 }, (_, at) => state[at] ^ state[at + 8]);
}

function wordsOf(bytes) {
    const padded = new Uint8Array(BLOCK_BYTES);
    padded.set(bytes);
    const view = new DataView(padded.buffer);
    return Array.from({ length: 16 }, (_, at) => view.getUint32(4 * at, true));
}

/** The last node of a chunk, or the parent of two subtrees; not yet compressed. */
function blake3Node(bytes, key, flags, counter) {
    if (bytes.length > CHUNK_BYTES) {
        const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
        const left = 2 ** Math.floor(Math.log2(chunks - 1));
        const parts = [
            [bytes.subarray(0, left * CHUNK_BYTES), counter],
            [bytes.subarray(left * CHUNK_BYTES), counter + left],
        ];
        const values = parts.map(([part, from]) =>
            blake3Compress(blake3Node(part, key, flags, from)),
        );
        const block = [...values[0], ...values[1]];
        return { key, block, counter: 0, length: BLOCK_BYTES, flags: flags | PARENT };
    }
    let [chained, at, start] = [key, 0, CHUNK_START];
    for (; bytes.length - at > BLOCK_BYTES; at += BLOCK_BYTES, start = 0) {
        const block = wordsOf(bytes.subarray(at, at + BLOCK_BYTES));
        chained = blake3Compress({
            key: chained,
            block,
            counter,
            length: BLOCK_BYTES,
            flags: flags | start,
        });
    }
    const rest = bytes.subarray(at);
    return {
        key: chained,
        block: wordsOf(rest),
        counter,
        length: rest.length,
        flags: flags | start | CHUNK_END,
    };
}

function blake3(bytes, key = BLAKE3_IV, flags = 0) {
    const node = blake3Node(bytes, key, flags, 0);
    const words = blake3Compress({ ...node, flags: node.flags | ROOT });
    const hash = new Uint8Array(HASH_BYTES);
    words.forEach((word, at) => new DataView(hash.buffer).setUint32(4 * at, word, true));
    return hash;
}

function blake3DeriveKey(context, bytes) {
    const key = blake3(utf8(context), BLAKE3_IV, CONTEXT);
    return blake3(bytes, Uint32Array.from(wordsOf(key).slice(0, 8)), MATERIAL);
}
