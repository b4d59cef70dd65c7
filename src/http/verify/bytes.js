// Bytes as text and back: hex, base64, UTF-8. Each has one spelling; any other is refused.

/** What does not hold or cannot be read, in words for people. */
class Refusal extends Error {}

function refuse(words) {
    throw new Refusal(words);
}

const HASH_BYTES = 32;

function toHex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex32(text, what) {
    if (typeof text !== "string" || !/^[0-9a-f]{64}$/.test(text))
        refuse(`${what} is not 64 hex digits`);
    return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

function toBase64(bytes) {
    let binary = "";
    for (let at = 0; at < bytes.length; at += 8192) {
        binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
    }
    return btoa(binary);
}

function toBase64Url(bytes) {
    return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Standard base64 with padding, in its only spelling. */
function fromBase64(text, what) {
    let bytes = null;
    if (typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0) {
        try {
            bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        } catch {
            bytes = null;
        }
    }
    if (bytes === null || toBase64(bytes) !== text) refuse(`${what} is not base64`);
    return bytes;
}

/** base64url without padding, in its only spelling. */
function fromBase64Url(text, what) {
    if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
        refuse(`${what} is not base64url`);
    }
    const standard = text.replaceAll("-", "+").replaceAll("_", "/");
    return fromBase64(standard + "=".repeat((4 - (text.length % 4)) % 4), what);
}

function sameBytes(a, b) {
    return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

function joined(...parts) {
    const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
        all.set(part, at);
        at += part.length;
    }
    return all;
}

function utf8(text) {
    return new TextEncoder().encode(text);
}

/** Text of bytes that are UTF-8 without a byte order mark; null if they are not. */
function textOf(bytes) {
    try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
        return null;
    }
}

async function sha256(bytes) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
