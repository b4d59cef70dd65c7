// The page itself: takes files, tells what they are, has them checked, and shows the verdict. It
// says that something holds only if every check was made and held.

const [FILE_BYTES_MAX, FILES_MAX] = [32 * 1024 * 1024, 12];
const STATES = { holds: ["✓", "holds"], fails: ["✗", "fails"], open: ["?", "not checked"] };
const KIND_WORDS = {
    receipt: "receipts",
    statement: "statements",
    stated: ".stated.json files",
    jws: "signed statements",
    tlogProof: "tlog-proofs",
    entry: "entries",
    effects: "effects",
};

function byId(id) {
    return document.getElementById(id);
}

/** An element with a class and children; texts are texts, never markup. */
function element(tag, className, ...children) {
    const made = document.createElement(tag);
    if (className !== "") made.className = className;
    made.append(...children);
    return made;
}

function grouped(number) {
    return number.toLocaleString("en");
}

function counted(number, one, many) {
    return number === 1 ? `one ${one}` : `${grouped(number)} ${many}`;
}

/** What a file is, by its content; its name says nothing. */
function kindOf(bytes) {
    if (bytes[0] === 0x8c) return ["entry", bytes];
    if (bytes[0] === 0x82) return ["effects", bytes];
    const text = textOf(bytes) ?? refuse("it is no text, and neither an entry nor effects");
    if (text.startsWith("c2sp.org/tlog-proof@")) return ["tlogProof", text];
    if (/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\s*$/.test(text))
        return ["jws", text.trimEnd()];
    const json = parseJson(text, "It is");
    if (isObject(json) && "receipt" in json) return ["receipt", json];
    if (isObject(json) && "sha256" in json && "place" in json) return ["stated", json];
    if (isObject(json) && json.format === "tallyhouse-window/1") {
        refuse("it is the house’s document of a window; tallyhouse-verify statement checks that");
    }
    if (isObject(json) && "format" in json) return ["statement", bytes];
    return refuse("it is JSON, but no receipt, no statement and nothing that belongs to them");
}

/** Reads the files that were given, one of each kind. */
async function readFiles(list) {
    if (list.length > FILES_MAX)
        refuse(`${list.length} files are too many; give those of one receipt or statement`);
    const files = {};
    for (const file of list) {
        if (file.size > FILE_BYTES_MAX) {
            refuse(`${file.name}: too large for this page (32 MiB); tallyhouse-verify reads more`);
        }
        if (file.size === 0) refuse(`${file.name}: it is empty`);
        try {
            const [kind, value] = kindOf(new Uint8Array(await file.arrayBuffer()));
            if (kind in files)
                refuse(`there are two ${KIND_WORDS[kind]}; give those of one at a time`);
            files[kind] = value;
        } catch (error) {
            refuse(`${file.name}: ${error.message}`);
        }
    }
    return files;
}

/** The keys to check with: those that were pasted, else the ledger’s key of this page. */
async function readKeys(world) {
    const given = (id) => byId(id).value.trim();
    const key = (id) => (given(id) === "" ? undefined : parsePublicKey(given(id)));
    const isGiven = given("vkey") !== "";
    // A key that was given is trusted for every size; those of the house for the sizes it names.
    const named = isGiven ? [{ vkey: given("vkey"), added: -1, retired: null }] : world.ledger_keys;
    const ledgers = [];
    for (const one of named) {
        const ledger = await parseVerifierKey(one.vkey);
        if (ledger.name !== world.origin)
            refuse(`The verifier key is of another ledger: ${ledger.name}`);
        ledgers.push({ ...ledger, ...one });
    }
    const vkey = named.at(-1).vkey;
    const ledgerWhose = isGiven ? "the one that you gave" : "the one that the house names";
    return {
        ledgers,
        vkey,
        ledgerWhose,
        statement: key("statement-key"),
        author: key("author-key"),
        isGiven,
    };
}

/** What is checked of these files, and which of them that needs. */
function purposeOf(files) {
    const has = (...kinds) => kinds.every((kind) => kind in files);
    const proved = has("receipt") ? ["receipt"] : ["tlogProof", "entry", "effects"];
    if (has("jws") || has("statement")) {
        return ["statement", checkStatement, ["jws", "statement", "stated", ...proved]];
    }
    if (has("receipt") || has("tlogProof", "entry")) return ["receipt", checkReceipt, proved];
    if (has("stated")) refuse("A .stated.json says nothing alone: give the statement with it");
    if (has("tlogProof")) refuse("A .tlog-proof proves an entry: give the .entry with it");
    return refuse("An entry proves nothing alone: give its .tlog-proof with it");
}

async function verdictOn(files, world, keys) {
    const [about, checkFiles, needed] = purposeOf(files);
    const found = await checkFiles(files, world, keys);
    const unused = Object.keys(files).filter((kind) => !needed.includes(kind));
    if (unused.length > 0) {
        const words = unused.map((kind) => KIND_WORDS[kind]).join(", ");
        found.checks.open("Other files", `these do not belong to a ${about} like this: ${words}`);
    }
    return { about, ...found };
}

function banner(state, title, ...words) {
    const mark = element("div", "mark", element("span", "", STATES[state][0]));
    mark.setAttribute("aria-hidden", "true");
    const said = words.map((text) => element("p", "", text));
    return element(
        "div",
        `banner ${state}`,
        mark,
        element("div", "", element("h2", "", title), ...said),
    );
}

function bannerOf({ about, checks }, keys) {
    const of = (state) => checks.list.filter((check) => check.state === state);
    const [failed, open] = [of("fails"), of("open")];
    if (failed.length > 0) {
        return banner(
            "fails",
            `This ${about} does not hold`,
            `${failed[0].what}: ${failed[0].note}.`,
        );
    }
    if (open.length > 0 || checks.list.length === 0) {
        const names = open.map(({ what }) => what.toLowerCase()).join(", ");
        return banner(
            "open",
            "Not everything was checked",
            `What was checked holds. Not checked: ${names}.`,
        );
    }
    const all = "Everything was checked, with the ledger’s key that";
    if (keys.isGiven) return banner("holds", `This ${about} holds`, `${all} you gave.`);
    const note = "That is the house’s own word: to do without it, paste the key that you keep.";
    return banner("holds", `This ${about} holds`, `${all} the house names.`, note);
}

function listOfChecks(checks) {
    const items = checks.list.map(({ what, state, note }) =>
        element(
            "li",
            state,
            element("span", "state", `${STATES[state][0]} ${STATES[state][1]}`),
            element("span", "name", what),
            element("span", "note", note),
        ),
    );
    return element("ul", "checks", ...items);
}

function pairs(rows) {
    return element(
        "dl",
        "facts",
        ...rows.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]),
    );
}

function pointsOf(units, world) {
    const sign = units < 0 ? "−" : "";
    const [whole, fraction] = moneyOf(Math.abs(units), world.point_scale).split(".");
    return `${sign}${grouped(Number(whole))}${fraction === undefined ? "" : `.${fraction}`} points`;
}

function inWords(code) {
    return code.replaceAll("_", " ");
}

function opOf(result, world) {
    const { op, id, kind, code, points, advice, first, members = [], lines = [] } = result;
    const amount = points === undefined ? "" : `, ${pointsOf(points, world)}`;
    const title = element(
        "p",
        "",
        element("strong", "", `${op + 1}. ${inWords(kind)}`),
        ` ${id}: `,
        element("span", advice === undefined ? "" : "refused", `${inWords(code)}${amount}`),
    );
    const words = [];
    if (advice !== undefined) words.push(advice);
    if (first !== undefined)
        words.push(`first applied in entry ${grouped(first.entry)}, op ${first.op + 1}`);
    for (const { member, moves, balance } of members) {
        const moved = moves.map(
            (move) =>
                `${inWords(move.kind)} ${pointsOf(move.points, world)} of ${move.issuer}, ` +
                `good until ${move.expires_on}`,
        );
        const then = `then ${pointsOf(balance.available, world)} available`;
        words.push(`Member ${member}: ${[...moved, then].join("; ")}`);
    }
    for (const line of lines) {
        const sum =
            line.amount === undefined
                ? `${pointsOf(line.points, world)} at price version ${line.price_version}`
                : `${line.amount} ${world.currency}`;
        words.push(`${line.debtor} owes ${line.creditor}: ${inWords(line.reason)}, ${sum}`);
    }
    return element("li", "", title, ...words.map((text) => element("p", "soft", text)));
}

/** Outcomes out of the entry alone, where there are no effects. */
function outcomesOf({ entry, submission }, world) {
    return submission.ops.map(({ op: kind, id }, op) => {
        const number = entry.outcome[op] ?? 0;
        const { code, advice } = world.rejections.find((rejection) => rejection.number === number);
        return { op, id, kind, code, advice: number === 0 ? undefined : advice };
    });
}

function receiptSheet(found, world) {
    const { entry, opened, submission, results } = found;
    const shown = pairs([
        ["Entry", `${grouped(entry.index)}, in a ledger of ${grouped(opened.size)}`],
        ["Accepted", instantOf(entry.acceptedAtUs).replace("T", " ").replace("Z", " UTC")],
        ["Author", `${entry.author}, its entry number ${grouped(entry.authorSeq + 1)}`],
        ["Submission", submission.submission],
    ]);
    const ops = (results ?? outcomesOf(found, world)).map((result) => opOf(result, world));
    return [
        element("h3", "", "What the ledger holds"),
        shown,
        element("h3", "", "What became of each op"),
        element("ol", "ops", ...ops),
    ];
}

function itemOf(item, currency) {
    const [verb, toward] = item.direction === "pay" ? ["Pay", "to"] : ["Receive", "from"];
    return element(
        "li",
        "",
        element(
            "div",
            "",
            `${verb} `,
            element("span", "amount", `${item.amount} ${currency}`),
            ` ${toward} ${item.counterparty}`,
        ),
        element(
            "div",
            "soft",
            `by ${item.due_on}, reference `,
            element("code", "", item.reference),
            `, ${item.status} when netted, of window ${item.window}`,
        ),
    );
}

function statementSheet({ statement }) {
    const { identity, position, partner, open_items: openItems } = statement;
    const days =
        identity.first_day === identity.last_day
            ? identity.first_day
            : `${identity.first_day} to ${identity.last_day}`;
    const rows = [
        ["Partner", partner],
        ["Window", `${grouped(identity.window)}, ${days}`],
        ["Net of this window", `${position.net} ${identity.currency}`],
    ];
    if (identity.simulated)
        rows.push(["Clock", "set by hand: a simulation, not a record of real time"]);
    const list = (items) =>
        element("ul", "pay", ...items.map((item) => itemOf(item, identity.currency)));
    const nothing = element("p", "soft", "Nothing to pay or receive for this window.");
    const open =
        openItems.length === 0
            ? []
            : [element("h3", "", "Still open from windows before"), list(openItems)];
    return [
        element("h3", "", "What it says"),
        pairs(rows),
        element("h3", "", "To pay and to receive"),
        position.payments.length === 0 ? nothing : list(position.payments),
        ...open,
    ];
}

function show(...content) {
    byId("verdict").replaceChildren(...content);
    byId("verdict").scrollIntoView({ block: "nearest" });
}

function showVerdict(found, names, keys, world) {
    const sheet = element(
        "div",
        "sheet",
        pairs([
            ["Files", names],
            ["Checked against", world.origin],
            ["Ledger’s key", `${keys.vkey} (${keys.ledgerWhose})`],
            ["Checked on", new Date().toString()],
        ]),
        element("h3", "", "Checks"),
        listOfChecks(found.checks),
    );
    // What a file says that does not hold is not repeated here as if it were so.
    if (!found.checks.has("fails")) {
        if (found.about === "receipt" && found.entry !== null)
            sheet.append(...receiptSheet(found, world));
        if (found.about === "statement" && found.statement !== null)
            sheet.append(...statementSheet(found));
    }
    show(bannerOf(found, keys), sheet);
}

let last = [];
let round = 0;

async function check(list, world) {
    last = [...list];
    round += 1;
    const own = round;
    if (last.length === 0) return;
    show(element("p", "soft", "Checking…"));
    let shown = null;
    try {
        const keys = await readKeys(world);
        const found = await verdictOn(await readFiles(last), world, keys);
        shown = () => showVerdict(found, last.map(({ name }) => name).join(", "), keys, world);
    } catch (error) {
        const words =
            error instanceof Refusal ? error.message : `an error of this page: ${error.message}`;
        shown = () => show(banner("fails", "This cannot be checked", `${words}.`));
    }
    // A later question may have been answered meanwhile.
    if (own === round) shown();
}

function listen(world) {
    const files = byId("files");
    files.addEventListener("change", () =>
        check(files.files, world).then(() => {
            files.value = "";
        }),
    );
    const over = (event) => {
        event.preventDefault();
        byId("drop").classList.toggle("over", event.type === "dragover");
    };
    for (const type of ["dragover", "dragleave", "drop"]) document.addEventListener(type, over);
    document.addEventListener("drop", (event) => check(event.dataTransfer.files, world));
    for (const id of ["vkey", "statement-key", "author-key"]) {
        byId(id).addEventListener("change", () => {
            byId("whose").textContent =
                byId("vkey").value.trim() === "" ? "the house’s own word" : "the one you gave";
            check(last, world);
        });
    }
    files.disabled = false;
}

async function begin() {
    const world = JSON.parse(byId("facts").textContent);
    byId("origin").textContent = world.origin;
    const inForce = world.ledger_keys.filter((key) => key.retired === null);
    byId("own-vkey").textContent = inForce.map((key) => key.vkey).join("\n");
    const notice = (words) => {
        byId("notice").textContent = words;
        byId("notice").hidden = false;
        byId("give").hidden = true;
    };
    if (globalThis.crypto?.subtle === undefined) {
        notice(
            "The browser lets a page check signatures only over https. Ask the house for that, " +
                "or save this page to a disk and open it from there.",
        );
    } else if (!(await knowsEd25519())) {
        notice(
            "This browser cannot check Ed25519 signatures, so it checks nothing. Use a newer one.",
        );
    } else {
        listen(world);
    }
}

if (globalThis.document !== undefined) begin();
