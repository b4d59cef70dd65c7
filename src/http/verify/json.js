// JSON narrowed to one reading: no member twice, whole numbers within 2^53, no lone surrogate.

const JSON_DEPTH_MAX = 16;

/** Reads strict JSON. Objects come without a prototype, so that no name in them has a meaning. */
function parseJson(text, what) {
    const reader = { text, at: 0, what };
    const value = jsonValue(reader, 0);
    jsonSpace(reader);
    if (reader.at !== text.length) jsonRefuse(reader, "something follows its end");
    return value;
}

function jsonRefuse(reader, why) {
    refuse(`${reader.what}: not the JSON that it must be, at character ${reader.at + 1}: ${why}`);
}

function jsonSpace(reader) {
    while (" \t\n\r".includes(reader.text[reader.at] ?? "x")) reader.at += 1;
}

function jsonTake(reader, pattern) {
    pattern.lastIndex = reader.at;
    const found = pattern.exec(reader.text);
    if (found === null) return null;
    reader.at += found[0].length;
    return found[0];
}

function jsonSign(reader, sign) {
    jsonSpace(reader);
    if (reader.text[reader.at] !== sign) return false;
    reader.at += 1;
    return true;
}

function jsonValue(reader, depth) {
    if (depth > JSON_DEPTH_MAX) jsonRefuse(reader, "too many lists in one another");
    jsonSpace(reader);
    switch (reader.text[reader.at]) {
        case "{":
            return jsonObject(reader, depth);
        case "[":
            return jsonArray(reader, depth);
        case '"':
            return jsonString(reader);
        default:
            return jsonPlain(reader);
    }
}

function jsonPlain(reader) {
    const word = jsonTake(reader, /true|false|null/y);
    if (word !== null) return { true: true, false: false, null: null }[word];
    const number = jsonTake(reader, /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y);
    if (number === null) jsonRefuse(reader, "no value, or no whole number");
    const value = Number(number);
    if (!Number.isSafeInteger(value) || Object.is(value, -0))
        jsonRefuse(reader, "a number out of range");
    return value;
}

function jsonString(reader) {
    const start = reader.at;
    const wrong = "a text that does not begin, does not end or has a control character";
    if (jsonTake(reader, /"/y) === null) jsonRefuse(reader, wrong);
    do {
        jsonTake(reader, /[^"\\\u0000-\u001f]*/y);
    } while (jsonTake(reader, /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y) !== null);
    if (jsonTake(reader, /"/y) === null) jsonRefuse(reader, wrong);
    const text = JSON.parse(reader.text.slice(start, reader.at));
    if (/\p{Surrogate}/u.test(text)) jsonRefuse(reader, "half a character");
    return text;
}

function jsonObject(reader, depth) {
    const members = Object.create(null);
    reader.at += 1;
    if (jsonSign(reader, "}")) return members;
    do {
        jsonSpace(reader);
        const name = jsonString(reader);
        if (name in members) jsonRefuse(reader, `"${name.slice(0, 40)}" twice`);
        if (!jsonSign(reader, ":")) jsonRefuse(reader, "no colon");
        members[name] = jsonValue(reader, depth + 1);
    } while (jsonSign(reader, ","));
    if (!jsonSign(reader, "}")) jsonRefuse(reader, "an object that does not end");
    return members;
}

function jsonArray(reader, depth) {
    const items = [];
    reader.at += 1;
    if (jsonSign(reader, "]")) return items;
    do items.push(jsonValue(reader, depth + 1));
    while (jsonSign(reader, ","));
    if (!jsonSign(reader, "]")) jsonRefuse(reader, "a list that does not end");
    return items;
}

function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The canonical form of RFC 8785, for texts, whole numbers, lists and objects. */
function canonical(value) {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (!isObject(value)) return JSON.stringify(value);
    const member = (name) => `${JSON.stringify(name)}:${canonical(value[name])}`;
    return `{${Object.keys(value).sort().map(member).join(",")}}`;
}
