// What each op did, in the words of a receipt: made from the effects alone (schemas/effects.cddl).

const MOVE_KINDS = [
    "issued",
    "taken_back",
    "burned",
    "restored",
    "held",
    "released",
    "lapsed",
    "captured",
    "expired",
    "debt_repaid",
    "transferred_out",
    "transferred_in",
    "adjusted_in",
    "adjusted_out",
];
const REASONS = [
    "issue",
    "issue_reversal",
    "burn",
    "burn_reversal",
    "issue_fee",
    "issue_fee_reversal",
    "burn_fee",
    "burn_fee_reversal",
    "debt_repaid",
    "adjustment",
];
/** Which moves are those that an op of a kind was asked for. */
const ASKED_FOR = {
    issue: ["issued"],
    burn: ["burned"],
    hold: ["held"],
    capture: ["captured"],
    release: ["released"],
    reverse: ["taken_back", "restored"],
    transfer: ["transferred_out"],
    expire: ["expired"],
};

function effectsRefuse() {
    refuse("The effects are not those of these ops");
}

function listOf(value, ...lengths) {
    if (!Array.isArray(value)) effectsRefuse();
    if (lengths.length > 0 && !lengths.includes(value.length)) effectsRefuse();
    return value;
}

function countOf(value, below = Number.MAX_SAFE_INTEGER + 1) {
    if (!isCount(value) || value >= below) effectsRefuse();
    return value;
}

function placeOf([entry, op]) {
    return { entry: countOf(entry), op: countOf(op, 2 ** 16) };
}

function versionOf(value) {
    return countOf(value, 2 ** 32);
}

/** Smallest units of money as text. */
function moneyOf(units, decimals) {
    const digits = String(countOf(units)).padStart(decimals + 1, "0");
    const whole = digits.slice(0, digits.length - decimals);
    return decimals === 0 ? whole : `${whole}.${digits.slice(-decimals)}`;
}

function sumOf(text, decimals) {
    const fraction = decimals === 0 ? "" : `\\.[0-9]{${decimals}}`;
    const isSum = typeof text === "string" && new RegExp(`^(0|[1-9][0-9]*)${fraction}$`).test(text);
    return isSum ? text : effectsRefuse();
}

/** The results of all ops. `world` names parties, and knows the currency's decimals. */
function resultsOf(effects, entry, ops, world) {
    const [version, items] = listOf(effects, 2);
    if (version !== 1) refuse("The effects have a format that this page does not know");
    return listOf(items, ops.length).map((item, place) =>
        resultOf(item, entry, ops[place], place, world),
    );
}

function resultOf(item, entry, op, place, world) {
    const outcome = countOf(listOf(item)[0], 256);
    const rejection = world.rejections.find(({ number }) => number === outcome);
    if (rejection === undefined) effectsRefuse();
    const result = { op: place, id: op.id, kind: op.op, outcome, code: rejection.code };
    if (outcome === 2) return { ...result, first: placeOf(listOf(item, 3).slice(1)) };
    if (outcome !== 0) {
        listOf(item, 1);
        return { ...result, advice: rejection.advice };
    }
    const [, touches, lines, given] = listOf(item, 3, 4);
    const members = listOf(touches).map((touch, nth) =>
        memberOf(touch, op, nth, { entry, op: place }, world),
    );
    const kinds = ASKED_FOR[op.op];
    if (kinds !== undefined) {
        const moves = members
            .flatMap((member) => member.moves)
            .filter(({ kind }) => kinds.includes(kind));
        result.points = countOf(moves.reduce((sum, { points }) => sum + points, 0));
    }
    result.members = members;
    result.lines = listOf(lines).map((line) => lineOf(line, world));
    if (item.length === 4) result.given = givenOf(listOf(given), world);
    return result;
}

function memberNamed(op, nth) {
    const named = {
        issue: [op.member],
        burn: [op.member],
        hold: [op.member],
        adjust: [op.member],
        member_freeze: [op.member],
        member_unfreeze: [op.member],
        transfer: [op.from, op.to],
    }[op.op];
    return named?.[nth] ?? effectsRefuse();
}

function memberOf(touch, op, nth, at, world) {
    const [text, moves, debts, available, pending, held, debt, previous] = listOf(touch, 8);
    if (typeof text !== "string" || !/^([A-Za-z0-9][A-Za-z0-9._:-]{0,63})?$/.test(text))
        effectsRefuse();
    const member = {
        member: text === "" ? memberNamed(op, nth) : text,
        moves: listOf(moves).map((move) => moveOf(move, at, world)),
        debts: listOf(debts).map((item) => debtOf(item, world)),
        balance: {
            available: countOf(available),
            pending: countOf(pending),
            held: countOf(held),
            debt: countOf(debt),
        },
    };
    if (listOf(previous, 0, 2).length === 2) member.previous = placeOf(previous);
    return member;
}

function moveOf(move, at, world) {
    const [kind, issuer, issuedOn, activatesOn, expiresOn, priceVersion, points, ...first] = listOf(
        move,
        7,
        9,
    );
    if (first.length === 2) {
        const { entry, op } = placeOf(first);
        if (entry === at.entry && op === at.op) effectsRefuse();
    }
    return {
        kind: MOVE_KINDS[countOf(kind)] ?? effectsRefuse(),
        issuer: world.name(issuer),
        issued_on: dayOf(countOf(issuedOn)),
        activates_on: dayOf(countOf(activatesOn)),
        expires_on: dayOf(countOf(expiresOn)),
        price_version: versionOf(priceVersion),
        points: countOf(points),
    };
}

function debtOf(debt, world) {
    const [change, issuer, priceVersion, points] = listOf(debt, 4);
    return {
        change: ["owed", "repaid"][countOf(change, 2)],
        issuer: world.name(issuer),
        price_version: versionOf(priceVersion),
        points: countOf(points),
    };
}

function lineOf(line, world) {
    const [debtor, creditor, number, priceVersion, total] = listOf(line, 5);
    const reason = REASONS[countOf(number)] ?? effectsRefuse();
    const sum =
        reason === "adjustment"
            ? { amount: moneyOf(total, world.decimals) }
            : { points: countOf(total) };
    return {
        debtor: world.name(debtor),
        creditor: world.name(creditor),
        reason,
        price_version: versionOf(priceVersion),
        ...sum,
    };
}

function givenOf(given, world) {
    const [kind, ...rest] = given;
    switch (kind) {
        case 0:
            return { party: countOf(listOf(rest, 1)[0], 2 ** 16) };
        case 1:
            return { price_version: versionOf(listOf(rest, 1)[0]) };
        case 2:
            return { more: countOf(listOf(rest, 1)[0], 2) === 1 };
        case 3:
            return { cut: cutOf(listOf(rest, 5)) };
        case 4:
            return { netted: nettedOf(listOf(rest, 10), world) };
        case 5:
            return { payment: paymentOf(listOf(rest, 5), world) };
        case 6:
            return {
                answer_by: {
                    counterparty: world.name(listOf(rest, 2)[0]),
                    day: dayOf(countOf(rest[1])),
                },
            };
        default:
            return effectsRefuse();
    }
}

function cutOf([firstDay, lastDay, rulesVersion, priceVersion, control]) {
    const totals = listOf(control).map((item) => {
        const [issued, burned, expired, outstanding] = listOf(item, 4).map((points) =>
            countOf(points),
        );
        return { issued, burned, expired, outstanding };
    });
    return {
        first_day: dayOf(countOf(firstDay)),
        last_day: dayOf(countOf(lastDay)),
        rules_version: versionOf(rulesVersion),
        price_version: versionOf(priceVersion),
        control: totals,
    };
}

function nettedOf(
    [held, linesRoot, positionsRoot, bilateral, minimum, dueOn, lines, gross, net, payments],
    world,
) {
    if (!isBytes(linesRoot, HASH_BYTES) || !isBytes(positionsRoot, HASH_BYTES)) effectsRefuse();
    return {
        held: countOf(held, 2) === 1,
        lines_root: toHex(linesRoot),
        positions_root: toHex(positionsRoot),
        netting: ["multilateral", "bilateral"][countOf(bilateral, 2)],
        payment_minimum: moneyOf(minimum, world.decimals),
        due_on: dayOf(countOf(dueOn)),
        lines: countOf(lines),
        gross: sumOf(gross, world.decimals),
        net: sumOf(net, world.decimals),
        payments: countOf(payments),
    };
}

function paymentOf([window, debtor, creditor, amount, dueOn], world) {
    return {
        window: versionOf(window),
        debtor: world.name(debtor),
        creditor: world.name(creditor),
        amount: sumOf(amount, world.decimals),
        due_on: dayOf(countOf(dueOn)),
    };
}
