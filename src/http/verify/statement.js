// Checking a statement: signature, form, its place under the root of all statements of its window,
// and that the ledger holds this root. What a file is missing for stays open, and is said.

const STATEMENT_FORMAT = "tallyhouse-statement/1";
const STATEMENT_MEMBERS = [
    "account",
    "activity",
    "adjustments",
    "author_seq",
    "disputes",
    "format",
    "identity",
    "liability",
    "lines",
    "log",
    "notices",
    "open_items",
    "partner",
    "position",
    "prior_period",
];
const STATED_MEMBERS = [
    "count",
    "entry",
    "partner",
    "place",
    "proof",
    "root",
    "sha256",
    "submission",
    "window",
];

/** A statement out of its bytes: known members alone, and canonical JSON. */
function readStatement(bytes) {
    const text = textOf(bytes) ?? refuse("The statement is no text");
    const statement = parseJson(text, "The statement");
    if (!isObject(statement)) refuse("The statement is no object");
    if (statement.format !== STATEMENT_FORMAT) {
        refuse(
            `The format is ${String(statement.format).slice(0, 60)}, and not ${STATEMENT_FORMAT}`,
        );
    }
    if (Object.keys(statement).sort().join() !== STATEMENT_MEMBERS.join()) {
        refuse("The statement lacks a member, or has one too many");
    }
    if (canonical(statement) !== text)
        refuse("It is not in the one form of RFC 8785: somebody wrote it again");
    const { identity, position, partner } = statement;
    const isOne =
        isObject(identity) &&
        isCount(identity.window) &&
        typeof partner === "string" &&
        [identity.origin, identity.currency, identity.first_day, identity.last_day].every(
            (member) => typeof member === "string",
        ) &&
        isObject(position) &&
        typeof position.net === "string" &&
        Array.isArray(position.payments) &&
        position.payments.every(isItem) &&
        Array.isArray(statement.open_items) &&
        statement.open_items.every(isItem);
    if (!isOne) refuse("The statement has a member of another kind than it must have");
    return statement;
}

function isItem(item) {
    return (
        isObject(item) &&
        ["pay", "receive"].includes(item.direction) &&
        isCount(item.window) &&
        [item.amount, item.counterparty, item.due_on, item.reference, item.status].every(
            (member) => typeof member === "string",
        )
    );
}

function readStated(stated) {
    const isOne =
        Object.keys(stated).sort().join() === STATED_MEMBERS.join() &&
        [stated.count, stated.entry, stated.place, stated.window].every(isCount) &&
        typeof stated.partner === "string" &&
        typeof stated.submission === "string" &&
        Array.isArray(stated.proof);
    if (!isOne) refuse("The .stated.json lacks a member, or has one of another kind");
    return stated;
}

function same(what, found, expected) {
    if (found !== expected)
        refuse(`The ${what} is ${found} here, and ${expected} where it was stated`);
}

/** Checks the signed file; gives the bytes that it signs. */
async function checkSigned(checks, jws, facts, keys) {
    if (jws === undefined) {
        checks.open("Signature", "the signed file is missing: drop the .jws with it");
        return null;
    }
    const parsed = await checks.make("Signed file", async () => {
        const parsed = parseJws(jws, "tallyhouse-statement+json");
        if (parsed.author !== "house")
            refuse(`It is signed by ${parsed.kid}, which is no key of the house`);
        return [`says that ${parsed.kid} signed it`, parsed];
    });
    if (parsed === null) return null;
    const named = facts.house_keys.find(({ key }) => key === parsed.keyId);
    const publicKey = keys.statement ?? (named && fromBase64Url(named.public_key, "The key"));
    await checks.make("Signature", async () => {
        if (publicKey === undefined) refuse(`The house names no key ${parsed.kid}`);
        if (!(await verifyEd25519(publicKey, parsed.signature, parsed.signed))) {
            refuse("The signature does not hold: a byte was changed, or another key signed");
        }
        const whose = keys.statement
            ? "the key that you gave"
            : "a key that the house names as its own";
        return [`by ${parsed.kid}, ${whose}`, true];
    });
    return parsed.payload;
}

/** Checks that the statement is the one that was stated, and its place under the root. */
async function checkStated(checks, statement, bytes, given) {
    const stated = await checks.make("Stated", async () => {
        const stated = readStated(given);
        same("window", statement.identity.window, stated.window);
        same("partner", statement.partner, stated.partner);
        same("SHA-256", toHex(await sha256(bytes)), stated.sha256);
        return [`SHA-256 ${stated.sha256.slice(0, 16)}…`, stated];
    });
    if (stated === null) return null;
    await checks.make("Place", async () => {
        const leaf = await leafHash(fromHex32(stated.sha256, "The SHA-256"));
        const proof = stated.proof.map((hash) => fromHex32(hash, "A hash of the proof"));
        const root = fromHex32(stated.root, "The root");
        if (!(await leadsTo(leaf, stated.place, stated.count, proof, root))) {
            refuse("The proof does not lead from this statement to the root of all statements");
        }
        return [`statement ${stated.place + 1} of ${stated.count} of this window`, true];
    });
    return stated;
}

/** Checks that a proved entry issues statements with this root. */
async function checkBound(checks, stated, receipt) {
    const what = "Bound by the ledger";
    if (receipt.checks.has("fails") || receipt.entry === null) {
        checks.list.push({ what, state: "fails", note: "the receipt of the entry does not hold" });
        return;
    }
    await checks.make(what, async () => {
        const { entry, submission, opened } = receipt;
        same("entry", entry.index, stated.entry);
        same("submission", submission.submission, stated.submission);
        same("author", entry.author, "house");
        const issued = submission.ops
            .filter(
                (op, place) =>
                    op.op === "issue_statements" &&
                    op.window === stated.window &&
                    (entry.outcome[place] ?? 0) === 0,
            )
            .pop();
        if (issued === undefined)
            refuse(`Entry ${entry.index} issues no statements of this window`);
        same("number of statements", issued.count, stated.count);
        same("root", issued.root, stated.root);
        return [`entry ${grouped(entry.index)} of ${grouped(opened.size)} holds the root`, true];
    });
}

/** Checks a statement with what was dropped beside it. */
async function checkStatement(files, facts, keys) {
    const checks = new Checks();
    const payload = await checkSigned(checks, files.jws, facts, keys);
    const bytes = payload ?? files.statement;
    if (bytes === undefined) return { checks, statement: null };
    if (payload !== null && files.statement !== undefined && !sameBytes(payload, files.statement)) {
        checks.list.push({
            what: "Same content",
            state: "fails",
            note: "the .json and the signed file differ",
        });
    }
    const statement = await checks.make("Form", async () => {
        const statement = readStatement(bytes);
        const { origin } = statement.identity;
        if (origin !== facts.origin) refuse(`It is of another ledger: ${origin.slice(0, 255)}`);
        return [
            `canonical, of ${statement.partner}, window ${statement.identity.window}`,
            statement,
        ];
    });
    if (statement === null) return { checks, statement: null };
    let stated = null;
    if (files.stated === undefined) {
        const missing = "the .stated.json is missing: drop it with the statement";
        checks.open("Stated", missing);
        checks.open("Place", missing);
    } else {
        stated = await checkStated(checks, statement, bytes, files.stated);
    }
    const hasReceipt =
        files.receipt !== undefined || (files.tlogProof !== undefined && files.entry !== undefined);
    if (!hasReceipt) {
        const entry = stated === null ? "that issued the statements" : String(stated.entry);
        checks.open(
            "Bound by the ledger",
            `needs the receipt of entry ${entry}: drop it with the statement`,
        );
    } else if (stated !== null) {
        await checkBound(
            checks,
            stated,
            await checkReceipt(files, facts, { ...keys, author: undefined }),
        );
    } else {
        checks.open("Bound by the ledger", "needs the .stated.json");
    }
    return { checks, statement };
}
