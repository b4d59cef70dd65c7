"""Every statement of every window, worked out again from what was asked for.

usage: recompute.py ENTRIES WINDOWS, where ENTRIES is what `tallyhouse export` keeps (NDJSON) and
WINDOWS the folder with the published windows.

Follows `schemas/README.md` with code of its own: lots, holds, sweeps, debts, reversals, lines,
prices, netting, accounts. It reads the signed ops, the time of each entry and which ops were
applied, and nothing that the house computed: no effects. Says how much it compared, or what
differs, and exits with 1. Standard library only.
"""

import base64
import hashlib
import json
import sys
from collections import defaultdict
from copy import copy
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
from pathlib import Path

getcontext().prec = 60

HOUSE = 0
KINDS = (
    "issue burn hold capture release reverse transfer key_add key_revoke dispute_open "
    "dispute_answer statement_acknowledge"
).split()
REASONS = (
    "issue issue_reversal burn burn_reversal issue_fee issue_fee_reversal burn_fee "
    "burn_fee_reversal debt_repaid adjustment"
).split()
COUNTERS = (
    "issued taken_back burned restored expired debt_repaid adjusted_in adjusted_out"
).split()
MORE = {"issued", "restored", "adjusted_in"}
DECIMALS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "GBP": 2, "CHF": 2}
DEFAULTS = {
    "life_days": 730,
    "grace_days": 30,
    "netting": "multilateral",
    "payment_minimum": "0",
    "payment_days": 2,
    "answer_days": 10,
    "holidays": [],
}
EPOCH = date(1970, 1, 1).toordinal()
SWEEP_MAX = 5_000


# --- bytes ----------------------------------------------------------------------------------------


def cbor(data, at=0):
    """One item of deterministic CBOR, and where it ends."""
    major, info = data[at] >> 5, data[at] & 31
    at += 1
    if info >= 24:
        size = 1 << (info - 24)
        info, at = int.from_bytes(data[at : at + size], "big"), at + size
    if major == 0:
        return info, at
    if major in (2, 3):
        text = data[at : at + info]
        return (text if major == 2 else text.decode()), at + info
    if major != 4:
        raise ValueError(f"CBOR of major type {major} is not in an entry")
    items = []
    for _ in range(info):
        item, at = cbor(data, at)
        items.append(item)
    return items, at


def write_cbor(item):
    """Deterministic CBOR of whole numbers, texts and lists."""

    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if number < 1 << (8 * size):
                return bytes([major << 5 | info]) + number.to_bytes(size, "big")
        raise ValueError("no such number")

    if isinstance(item, int):
        return head(0, item)
    if isinstance(item, str):
        return head(3, len(item.encode())) + item.encode()
    return head(4, len(item)) + b"".join(map(write_cbor, item))


class Tree:
    """RFC 6962 over leaves added one by one: the roots of its full subtrees."""

    def __init__(self, leaves=()):
        self.full = []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf):
        height, node = 0, hashlib.sha256(b"\0" + leaf).digest()
        while self.full and self.full[-1][0] == height:
            height, node = height + 1, self.join(self.full.pop()[1], node)
        self.full.append((height, node))

    @staticmethod
    def join(left, right):
        return hashlib.sha256(b"\1" + left + right).digest()

    def root(self):
        if not self.full:
            return hashlib.sha256(b"").hexdigest()
        *others, (_, node) = self.full
        for _, left in reversed(others):
            node = self.join(left, node)
        return node.hex()


IV = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19
)  # fmt: skip
WORD = 0xFFFFFFFF
START, END, PARENT, ROOT, CONTEXT, MATERIAL = 1, 2, 4, 8, 32, 64


def blake3_block(chain, block, counter, flags):
    """The compression function, of a block of at most 64 bytes: 8 words."""
    length, block = len(block), block.ljust(64, b"\0")
    words = [int.from_bytes(block[at : at + 4], "little") for at in range(0, 64, 4)]
    s = [*chain, *IV[:4], counter & WORD, counter >> 32, length, flags]

    def mix(a, b, c, d, x, y):
        for word, first, second in ((x, 16, 12), (y, 8, 7)):
            s[a] = (s[a] + s[b] + word) & WORD
            s[d] ^= s[a]
            s[d] = (s[d] >> first | s[d] << (32 - first)) & WORD
            s[c] = (s[c] + s[d]) & WORD
            s[b] ^= s[c]
            s[b] = (s[b] >> second | s[b] << (32 - second)) & WORD

    order = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
    for _ in range(7):
        for place in range(4):
            column = (place, place + 4, place + 8, place + 12)
            mix(*column, words[2 * place], words[2 * place + 1])
        for place in range(4):
            other = (place, (place + 1) % 4 + 4, (place + 2) % 4 + 8, (place + 3) % 4 + 12)
            mix(*other, words[8 + 2 * place], words[9 + 2 * place])
        words = [words[place] for place in order]
    return [s[place] ^ s[place + 8] for place in range(8)]


def blake3(data, key, mode):
    """BLAKE3 under a key of 8 words: 8 words."""

    def chunk(part, counter, flags):
        chain = key
        blocks = range(0, max(len(part), 1), 64)
        for at in blocks:
            block = part[at : at + 64]
            own = mode | (START if at == 0 else 0)
            if at == blocks[-1]:
                own |= END | flags
            chain = blake3_block(chain, block, counter, own)
        return chain

    def subtree(part, counter, flags):
        if len(part) <= 1024:
            return chunk(part, counter, flags)
        left = 1024
        while left * 2 < len(part):
            left *= 2
        nodes = subtree(part[:left], counter, 0), subtree(part[left:], counter + left // 1024, 0)
        block = b"".join(word.to_bytes(4, "little") for node in nodes for word in node)
        return blake3_block(key, block, 0, mode | PARENT | flags)

    return subtree(data, 0, ROOT)


CHAIN_KEY = blake3(b"tallyhouse 2026 ledger entry v1", IV, CONTEXT)


def chain_hash(entry):
    words = blake3(entry, CHAIN_KEY, MATERIAL)
    return b"".join(word.to_bytes(4, "little") for word in words).hex()


# --- numbers and days -----------------------------------------------------------------------------


def instant(text):
    """Microseconds since 1970 of `YYYY-MM-DDThh:mm:ssZ`."""
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return int(at.timestamp()) * 1_000_000


def instant_text(micros):
    at = datetime.fromtimestamp(micros // 1_000_000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + f".{micros % 1_000_000:06}Z"


def day_number(text):
    return date.fromisoformat(text).toordinal() - EPOCH


def day_text(day):
    return date.fromordinal(day + EPOCH).isoformat()


def month_text(day):
    return day_text(day)[:7]


def due_day(day, business_days, holidays):
    """The business day that a payment is due on."""
    missing = max(business_days, 1)
    day += business_days > 0
    while True:
        is_free = date.fromordinal(day + EPOCH).weekday() >= 5 or day_text(day) in holidays
        missing -= not is_free
        if missing == 0:
            return day
        day += 1


def reference(origin, window, debtor, creditor):
    """ISO 11649."""

    def base36(number):
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        text = ""
        for _ in range(4):
            number, digit = divmod(number, 36)
            text = digits[digit] + text
        return text

    body = origin[-8:].upper() + base36(window) + base36(debtor) + base36(creditor)
    number = int("".join(str(int(letter, 36)) for letter in body + "RF00"))
    return f"RF{98 - number % 97:02}{body}"


# --- members --------------------------------------------------------------------------------------


class Lot:
    """Points of one key: (issuer, issue day, activation, expiry, price version)."""

    __slots__ = ("key", "first", "points")

    def __init__(self, key, first, points):
        self.key, self.first, self.points = key, first, points

    def of(self, points):
        return Lot(self.key, self.first, points)


def burn_order(lot):
    return lot.key[3], lot.first, lot.key


def add_lot(lots, lot):
    for held in lots:
        if held.key == lot.key:
            held.points += lot.points
            held.first = min(held.first, lot.first)
            break
    else:
        lots.append(copy(lot))
    lots.sort(key=burn_order)


def take_lots(lots, points, passes):
    """Slices in burn order, and how many points are missing."""
    slices = []
    for lot in lots:
        if points and passes(lot):
            taken = min(points, lot.points)
            points -= taken
            lot.points -= taken
            slices.append(lot.of(taken))
    lots[:] = [lot for lot in lots if lot.points]
    return slices, points


class Member:
    def __init__(self):
        self.lots, self.pending, self.holds, self.debts = [], [], [], []


class Period:
    """What a party did in a window."""

    def __init__(self):
        self.seqs, self.adjustments, self.notices = [], [], []
        self.activity = defaultdict(lambda: [0, 0, 0])
        self.prior = defaultdict(lambda: [0, 0])


class Issuer:
    """Points of an issuer since founding."""

    def __init__(self):
        self.moved = dict.fromkeys(COUNTERS, 0)
        self.by_issue, self.by_expiry = defaultdict(int), defaultdict(int)

    def outstanding(self):
        return sum(self.moved[name] * (1 if name in MORE else -1) for name in COUNTERS)


# --- the ledger -----------------------------------------------------------------------------------


class Ledger:
    def __init__(self):
        self.parties, self.names = {"house": HOUSE}, ["house"]
        self.prices, self.settings = [], dict(DEFAULTS)
        self.members, self.ops = {}, {}
        self.proposals, self.disputes = {}, {}
        self.tree, self.size = Tree(), 0
        self.window, self.first_entry, self.first_day = 0, 0, 0
        self.periods = defaultdict(Period)
        self.issuers = defaultdict(Issuer)
        self.issued_before = {}
        self.lines = defaultdict(dict)
        self.cuts, self.statements, self.documents = {}, {}, {}
        self.bound = {}
        self.items, self.carried, self.movements = {}, {}, []
        self.accounts = defaultdict(Decimal)
        self.pool = dict.fromkeys(("issue", "refunds", "burns", "breakage", "adjusted", "out"), 0)
        self.pool_before = dict(self.pool)
        self.standing, self.key_owners = {}, defaultdict(set)
        self.held = set()

    # -- entries

    def add(self, raw):
        (
            version, origin, index, self.now, _prev, author, seq, _head, payload, _signature,
            outcome, _digest,
        ), end = cbor(raw)  # fmt: skip
        assert (version, index, end) == (1, self.size, len(raw)), f"entry {self.size} is another"
        ops = json.loads(payload)["ops"]
        outcome = outcome or [0] * len(ops)
        self.raw, self.entry, self.author = raw, index, self.parties[author]
        if index == 0:
            self.found(origin, ops[0])
        self.today = self.day_of(self.now)
        if index == 0:
            self.first_day = self.today
        self.tree.add(raw)
        self.size += 1
        period = self.periods[self.author]
        period.seqs.append(seq)
        for place, (op, number) in enumerate(zip(ops, outcome, strict=True)):
            self.at = (index, place)
            self.count(op, self.apply(op, op["id"]) if number == 0 else None)

    def day_of(self, micros):
        return (micros // 60_000_000 + self.offset) // 1440

    def found(self, origin, op):
        self.origin, self.programme = origin, op["programme"]
        self.currency, self.scale = op["currency"], op["point_scale"]
        self.model, self.clawback = op["settlement_model"], op["clawback"]
        self.offset, self.clock = op["utc_offset_min"], op["clock"]
        self.rules = op["rules_version"]
        self.settings.update(op.get("settings", {}))
        self.cent = Decimal(1).scaleb(-DECIMALS[self.currency])

    def count(self, op, moved):
        """Counts a partner's op: the points it moved, or nothing if it was refused."""
        if self.author == HOUSE or op["op"] not in KINDS:
            return
        period, kind = self.periods[self.author], KINDS.index(op["op"])
        counted = period.activity[kind]
        if moved is None:
            counted[1] += 1
            return
        counted[0] += 1
        counted[2] += moved
        if "occurred_at" in op:
            day = self.day_of(instant(op["occurred_at"]))
            if day < self.first_day:
                late = period.prior[day, kind]
                late[0] += 1
                late[1] += moved

    def apply(self, op, op_id):
        """What an applied op did; answers the points it moved."""
        done = getattr(self, "do_" + op["op"], None)
        return (done(op, op_id) if done else None) or 0

    # -- prices, lines, points

    def row(self, version, party):
        default, rows = self.prices[version - 1]
        return rows.get(party, default)

    def line(self, debtor, creditor, reason, version, points):
        if not points or debtor == creditor:
            return
        key = (debtor, creditor, REASONS.index(reason), version)
        lines = self.lines[self.window]
        lines[key] = lines.get(key, 0) + points
        if self.model == "pool" and reason != "adjustment":
            worth = self.price(key) * points
            if reason == "issue":
                self.pool["issue"] += worth
            elif reason in ("issue_reversal", "debt_repaid"):
                self.pool["refunds"] += worth
            elif reason in ("burn", "burn_reversal"):
                self.pool["burns"] += worth if reason == "burn" else -worth

    def payer(self, key):
        """Whose row of the price list a line is at."""
        debtor, creditor, reason, _ = key
        name = REASONS[reason]
        if self.model == "issuer_pays":
            if name in ("burn", "debt_repaid"):
                return debtor
            if name == "burn_reversal":
                return creditor
        elif name == "debt_repaid":
            return creditor
        return creditor if debtor == HOUSE else debtor

    def price(self, key):
        name = REASONS[key[2]].removesuffix("_reversal")
        column = {"issue": "issue_price", "burn": "burn_price"}.get(name, name)
        if name == "debt_repaid":
            column = "issue_price" if self.model == "pool" else "burn_price"
        return Decimal(self.row(key[3], self.payer(key))[column])

    def move(self, counter, slice_):
        """Counts points that members have more or less of."""
        issuer, issued_on, _, expires_on, version = slice_.key
        points = slice_.points if counter in MORE else -slice_.points
        books = self.issuers[issuer]
        books.moved[counter] += slice_.points
        books.by_issue[month_text(issued_on)] += points
        books.by_expiry[month_text(expires_on)] += points
        worth = Decimal(self.row(version, issuer)["issue_price"]) * points
        self.pool["out"] += worth
        if counter == "expired":
            self.pool["breakage"] -= worth
        elif counter.startswith("adjusted"):
            self.pool["adjusted"] += worth

    # -- visits

    def visit(self, name):
        """A member, what time alone decides settled."""
        member = self.members.setdefault(name, Member())
        lapsed = [hold for hold in member.holds if hold[0] <= self.now]
        member.holds = [hold for hold in member.holds if hold[0] > self.now]
        for _, _, slices in lapsed:
            for slice_ in slices:
                add_lot(member.lots, slice_)
        lapsed = sum(len(slices) for _, _, slices in lapsed)
        active = [lot for lot in member.pending if lot.key[2] <= self.today]
        member.pending = [lot for lot in member.pending if lot.key[2] > self.today]
        self.moves_by_time = lapsed + sum(self.arrive(member, lot) for lot in active)
        return member

    def arrive(self, member, lot):
        """Points pay debts, oldest first, and join the lots. Answers how many slices paid."""
        left, paid_debts = lot.points, 0
        for debt in member.debts:
            issuer, version, owed = debt
            paid = min(owed, left)
            if not paid:
                continue
            left -= paid
            debt[2] -= paid
            paid_debts += 1
            self.move("debt_repaid", lot.of(paid))
            if self.model == "pool":
                self.line(HOUSE, issuer, "debt_repaid", version, paid)
            else:
                self.line(lot.key[0], issuer, "debt_repaid", lot.key[4], paid)
        member.debts = [debt for debt in member.debts if debt[2]]
        if left:
            add_lot(member.lots, lot.of(left))
        return paid_debts

    def spend(self, member, points):
        slices, missing = take_lots(member.lots, points, lambda lot: lot.key[3] >= self.today)
        assert not missing, f"{self.at}: {missing} points are missing"
        return slices

    # -- member ops

    def do_issue(self, op, op_id):
        points, version = op["points"], len(self.prices)
        activates = day_number(op["activates_on"]) if "activates_on" in op else self.today
        expires = activates + self.settings["life_days"]
        if "expires_on" in op:
            expires = day_number(op["expires_on"])
        key = (self.author, self.today, activates, expires, version)
        lot = Lot(key, self.at, points)
        if self.model == "pool":
            self.line(self.author, HOUSE, "issue", version, points)
        if Decimal(self.row(version, self.author)["issue_fee"]):
            self.line(self.author, HOUSE, "issue_fee", version, points)
        member = self.visit(op["member"])
        self.move("issued", lot)
        if activates > self.today:
            add_lot(member.pending, lot)
        else:
            self.arrive(member, lot)
        self.ops[self.author, op_id] = ["issue", op["member"], lot, 0]
        return points

    def burned(self, op_id, name, slices):
        """Lines and record of slices that were burned or captured."""
        version = len(self.prices)
        fee = Decimal(self.row(version, self.author)["burn_fee"])
        for slice_ in slices:
            self.move("burned", slice_)
            if self.model == "pool":
                self.line(HOUSE, self.author, "burn", version, slice_.points)
            else:
                self.line(slice_.key[0], self.author, "burn", slice_.key[4], slice_.points)
            if fee:
                self.line(self.author, HOUSE, "burn_fee", version, slice_.points)
        self.ops[self.author, op_id] = ["spend", name, slices, 0, version]
        return sum(slice_.points for slice_ in slices)

    def do_burn(self, op, op_id):
        member, points = self.visit(op["member"]), op["points"]
        if op.get("allow_partial"):
            there = sum(lot.points for lot in member.lots if lot.key[3] >= self.today)
            points = min(points, there)
        return self.burned(op_id, op["member"], self.spend(member, points))

    def do_hold(self, op, op_id):
        member = self.visit(op["member"])
        slices = self.spend(member, op["points"])
        member.holds.append((self.now + op["ttl_s"] * 1_000_000, self.at, slices))
        member.holds.sort(key=lambda hold: hold[:2])
        self.ops[self.author, op_id] = ["hold", op["member"], self.at]
        return op["points"]

    def take_hold(self, op):
        _, name, at = self.ops[self.author, op["hold"]]
        member = self.visit(name)
        place = [hold[1] for hold in member.holds].index(at)
        return name, member, member.holds.pop(place)[2]

    def do_capture(self, op, op_id):
        name, member, slices = self.take_hold(op)
        left, captured = op["points"], []
        for slice_ in slices:
            part = min(slice_.points, left)
            left -= part
            if part:
                captured.append(slice_.of(part))
            if slice_.points > part:
                add_lot(member.lots, slice_.of(slice_.points - part))
        assert not left, f"{self.at}: the hold has too few points"
        return self.burned(op_id, name, captured)

    def do_release(self, op, _id):
        _, member, slices = self.take_hold(op)
        for slice_ in slices:
            add_lot(member.lots, slice_)
        return sum(slice_.points for slice_ in slices)

    def do_reverse(self, op, _id):
        record = self.ops[self.author, op["target"]]
        return (self.take_back if record[0] == "issue" else self.restore)(record, op["points"])

    def take_back(self, record, asked):
        _, name, lot, reversed_ = record
        member = self.visit(name)
        same = lambda other: other.key == lot.key  # noqa: E731
        slices, missing = take_lots(member.lots, asked, same)
        more, missing = take_lots(member.pending, missing, same)
        for slice_ in slices + more:
            self.move("taken_back", slice_)
        taken = asked - missing
        record[3] = reversed_ + (asked if self.clawback == "member_debt" else taken)
        assert record[3] <= lot.points, f"{self.at}: more is reversed than was issued"
        issuer, version = lot.key[0], lot.key[4]
        if self.clawback == "member_debt" and missing:
            if member.debts and member.debts[-1][:2] == [issuer, version]:
                member.debts[-1][2] += missing
            else:
                member.debts.append([issuer, version, missing])
        if self.model == "pool":
            self.line(HOUSE, issuer, "issue_reversal", version, taken)
        if Decimal(self.row(version, issuer)["issue_fee"]):
            self.line(HOUSE, issuer, "issue_fee_reversal", version, taken)
        return taken

    def restore(self, record, asked):
        _, name, slices, skip, version = record
        record[3] += asked
        member, left = self.visit(name), asked
        graced = self.today + self.settings["grace_days"]
        fee = Decimal(self.row(version, self.author)["burn_fee"])
        for slice_ in reversed(slices):
            skipped = min(slice_.points, skip)
            skip -= skipped
            points = min(slice_.points - skipped, left)
            left -= points
            if not points:
                continue
            issuer, issued_on, activates, expires, lot_version = slice_.key
            lot = slice_.of(points)
            if graced > expires:
                key = (issuer, issued_on, activates, graced, lot_version)
                lot = Lot(key, self.at, points)
            self.move("restored", lot)
            self.arrive(member, lot)
            if self.model == "pool":
                self.line(self.author, HOUSE, "burn_reversal", version, points)
            else:
                self.line(self.author, issuer, "burn_reversal", lot_version, points)
            if fee:
                self.line(HOUSE, self.author, "burn_fee_reversal", version, points)
        assert not left, f"{self.at}: more is reversed than was burned"
        return asked

    def do_transfer(self, op, _id):
        giver, taker = self.visit(op["from"]), self.visit(op["to"])
        for slice_ in self.spend(giver, op["points"]):
            self.arrive(taker, slice_)
        return op["points"]

    def do_member_freeze(self, op, _id):
        self.visit(op["member"])

    do_member_unfreeze = do_member_freeze

    # -- house ops

    def do_partner_set(self, op, _id):
        name = op["partner"]
        known = name in self.parties
        if not known:
            self.parties[name] = len(self.names)
            self.names.append(name)
        party = self.parties[name]
        status, master = self.standing.get(party, (None, None))
        now = (op["status"], op.get("master_sha256", master))
        self.standing[party] = now
        if not known:
            self.notice(party, "registered")
            return
        if now[0] != status:
            self.notice(party, f"status_{now[0]}")
        if now[1] != master:
            self.notice(party, "master_changed")

    def notice(self, party, kind, key=None):
        entry, op = self.at
        fact = {"entry": entry, "op": op, "kind": kind, "key": key}
        self.periods[party].notices.append(fact)

    def do_key_add(self, op, _id):
        party = self.parties[op["author"]] if "author" in op else self.author
        of_partner = self.author == HOUSE and party != HOUSE
        recovered = of_partner and bool(self.key_owners[party])
        self.key_owners[party].add(op["key"])
        self.notice(party, "key_recovered" if recovered else "key_added", op["key"])

    def do_key_revoke(self, op, _id):
        party = self.parties[op["author"]] if "author" in op else self.author
        self.notice(party, "key_revoked", op["key"])

    def do_price_set(self, op, _id):
        rows = {self.parties[row["partner"]]: row for row in op.get("rows", [])}
        self.prices.append((op.get("default"), rows))

    def do_programme_set(self, op, _id):
        self.settings.update({k: v for k, v in op.items() if k not in ("op", "id")})

    def do_propose(self, op, op_id):
        self.proposals[op_id] = op["action"]

    def do_approve(self, op, _id):
        action = self.proposals.pop(op["proposal"])
        self.apply(action, None)

    def do_adjust(self, op, _id):
        kind, corrects = op["kind"], op["corrects"]
        fact = self.adjustment(corrects, kind)
        if kind == "amount":
            self.post_amount(fact, op)
            return
        issuer, points = self.parties[op["issuer"]], op["points"]
        fact["issuer"], fact["points"] = op["issuer"], points
        member = self.visit(op["member"])
        if kind == "credit":
            expires = self.today + self.settings["life_days"]
            key = (issuer, self.today, self.today, expires, len(self.prices))
            lot = Lot(key, self.at, points)
            self.move("adjusted_in", lot)
            self.arrive(member, lot)
        else:
            good = lambda lot: lot.key[0] == issuer and lot.key[3] >= self.today  # noqa: E731
            slices, missing = take_lots(member.lots, points, good)
            assert not missing, f"{self.at}: too few points to adjust"
            for slice_ in slices:
                self.move("adjusted_out", slice_)
        self.periods[issuer].adjustments.append(fact)

    def adjustment(self, corrects, change):
        fact = dict.fromkeys(("issuer", "points", "debtor", "creditor", "amount"))
        entry, op = self.at
        places = (entry, op, corrects["entry"], corrects["op"])
        names = ("entry", "op", "corrects_entry", "corrects_op")
        return fact | dict(zip(names, places, strict=True)) | {"change": change}

    def post_amount(self, fact, op):
        for name in ("debtor", "creditor", "amount"):
            fact[name] = op[name]
        debtor, creditor = self.parties[op["debtor"]], self.parties[op["creditor"]]
        self.line(debtor, creditor, "adjustment", 0, Decimal(op["amount"]))
        self.periods[debtor].adjustments.append(fact)
        self.periods[creditor].adjustments.append(fact)

    def do_expire(self, op, _id):
        """A sweep: due pairs by (day, member), each member visited once, 5,000 slices at most."""
        up_to, room = day_number(op["up_to"]), SWEEP_MAX
        pairs = set()
        for name, member in self.members.items():
            days = [lot.key[3] for lot in member.lots + member.pending]
            for deadline, _, slices in member.holds:
                days += [max(lot.key[3], self.day_of(deadline)) for lot in slices]
            pairs.update((day, name) for day in days if day <= up_to)
        visited = {}
        for day, name in sorted(pairs)[:SWEEP_MAX]:
            if not room:
                break
            if name not in visited:
                visited[name] = self.visit(name)
                room = max(room - self.moves_by_time, 0)
            lots = visited[name].lots
            due = [lot for lot in lots if lot.key[3] <= day]
            due.sort(key=lambda lot: (lot.key[3], lot.key))
            for lot in due[:room]:
                self.move("expired", lot)
                lots.remove(lot)
            room -= len(due[:room])

    # -- payments and disputes

    def do_confirm_payment(self, op, op_id):
        key = (op["window"], self.parties[op["debtor"]], self.parties[op["creditor"]])
        item = self.items.pop(key)
        assert Decimal(op["amount"]) == item[0], f"{self.at}: another amount is open"
        assert op["reference"] == reference(self.origin, *key), f"{self.at}: another reference"
        self.ops[self.author, op_id] = ["payment", key, item]
        self.movement("confirmed", key, item)

    def do_payment_returned(self, op, _id):
        _, key, item = self.ops[self.author, op["confirmation"]]
        self.items[key] = item
        self.movement("returned", key, item)

    def movement(self, kind, key, item):
        window, debtor, creditor = key
        entry, op = self.at
        fact = {
            "entry": entry, "op": op, "at": instant_text(self.now), "kind": kind, "window": window,
            "debtor": self.names[debtor], "creditor": self.names[creditor],
            "amount": str(item[0]), "reference": reference(self.origin, *key),
        }  # fmt: skip
        self.movements.append((key, item[0], fact))

    def do_dispute_open(self, op, _id):
        other = HOUSE
        if "line" in op:
            ends = {self.parties[op["line"][name]] for name in ("debtor", "creditor")}
            (other,) = ends - {self.author}
        self.disputes[self.at] = {
            "window": op["window"], "parties": (self.author, other), "reason": op["reason"],
            "evidence": op["evidence_sha256"],
            "answer_by": self.today + self.settings["answer_days"], "status": "open",
        }  # fmt: skip

    def do_dispute_answer(self, op, _id):
        dispute = self.disputes[op["dispute"]["entry"], op["dispute"]["op"]]
        dispute["status"] = "accepted" if op["accepted"] else "rejected"

    def do_dispute_resolve(self, op, _id):
        dispute = self.disputes[op["dispute"]["entry"], op["dispute"]["op"]]
        dispute["status"] = "upheld" if op["upheld"] else "dismissed"
        if op["upheld"]:
            self.post_amount(self.adjustment(op["dispute"], "amount"), op)

    # -- windows

    def do_cut_window(self, op, _id):
        assert op["window"] == self.window, f"{self.at}: another window is open"
        parties = []
        for party in range(len(self.names)):
            parties.append((self.periods.pop(party, Period()), self.liability(party)))
        self.cuts[self.window] = {
            "first_entry": self.first_entry, "last_entry": self.entry, "size": self.size,
            "root": self.tree.root(), "chain_hash": chain_hash(self.raw),
            "cut_at": instant_text(self.now), "rules_version": self.rules,
            "price_version": len(self.prices), "parties": parties,
            "days": (day_text(self.first_day), op["last_day"]), "pool": self.pool_account(),
        }  # fmt: skip
        self.periods = defaultdict(Period)
        self.window += 1
        self.first_entry = self.entry + 1
        self.first_day = day_number(op["last_day"]) + 1

    def liability(self, party):
        issuer = self.issuers[party]
        before = self.issued_before.get(party, Issuer())
        now = copy(issuer)
        now.moved = dict(issuer.moved)
        self.issued_before[party] = now

        def months(of):
            return [{"month": month, "points": of[month]} for month in sorted(of) if of[month]]

        answer = {"opening": before.outstanding(), "closing": issuer.outstanding()}
        for name in COUNTERS:
            answer[name] = issuer.moved[name] - before.moved[name]
        answer["by_issue_month"] = months(issuer.by_issue)
        answer["by_expiry_month"] = months(issuer.by_expiry)
        for name in ("by_issue_month", "by_expiry_month"):
            total = sum(month["points"] for month in answer[name])
            assert total == answer["closing"], f"{self.names[party]}: {name} and closing differ"
        control = {
            "issuer": self.names[party],
            "issued": issuer.moved["issued"] - issuer.moved["taken_back"],
            "burned": issuer.moved["burned"] - issuer.moved["restored"],
            "expired": issuer.moved["expired"], "outstanding": issuer.outstanding(),
        }  # fmt: skip
        return answer, control

    def pool_account(self):
        """The pool's money between two cuts, each number rounded by itself."""
        now, before = dict(self.pool), self.pool_before
        self.pool_before = now
        moved = {name: now[name] - before[name] for name in now}
        spread = moved["issue"] + moved["adjusted"] - moved["refunds"] - moved["burns"]
        spread -= moved["breakage"] + moved["out"]
        amounts = {name: moved[name] for name in moved if name != "out"}
        amounts |= {"spread": spread, "opening": before["out"], "closing": now["out"]}
        exact = {name: Decimal(amount).scaleb(-self.scale) for name, amount in amounts.items()}
        return {name: self.text(amount) for name, amount in exact.items()}

    def text(self, amount):
        """An amount with the currency's decimals, rounded half to even; zero has no sign."""
        rounded = amount.quantize(self.cent, ROUND_HALF_EVEN)
        return str(abs(rounded) if rounded == 0 else rounded)

    def priced(self, window):
        """Lines in order, each with its amount: points were summed, money is rounded once."""
        lines = []
        for key, total in sorted(self.lines.pop(window, {}).items()):
            if REASONS[key[2]] == "adjustment":
                lines.append((key, None, None, total))
                continue
            price = self.price(key)
            exact = (total * price).scaleb(-self.scale)
            lines.append((key, total, price, exact.quantize(self.cent, ROUND_HALF_EVEN)))
        return lines

    def do_net_window(self, op, _id):
        window = op["window"]
        kept = self.lines.get(window, {}).copy()
        lines = self.priced(window)
        rows = []
        for (debtor, creditor, reason, version), units, price, amount in lines:
            row = [debtor, creditor, reason, version]
            if units is not None:
                row += [units, int(price.scaleb(8))]
            rows.append(write_cbor([*row, self.text(amount)]))
        root = Tree(rows).root()
        if op["lines_root"] != root:
            # The two computations of the house differed: the window is held.
            self.lines[window] = kept
            self.held.add(window)
            return
        self.net(window, lines, root)

    def net(self, window, lines, lines_root):
        """Positions, payments, and everything that the statements of a window say."""
        count, zero = len(self.names), Decimal(0)
        debits, credits = [zero] * count, [zero] * count
        owed = defaultdict(Decimal)
        bilateral = self.settings["netting"] == "bilateral"

        def owe(debtor, creditor, amount):
            if debtor < creditor:
                owed[debtor, creditor] += amount
            else:
                owed[creditor, debtor] -= amount

        for (debtor, creditor, *_), _, _, amount in lines:
            debits[debtor] += amount
            credits[creditor] += amount
            if bilateral:
                owe(debtor, creditor, amount)
        nets = [credit - debit for credit, debit in zip(credits, debits, strict=True)]
        assert sum(nets) == 0, f"window {window}: positions do not sum to zero"
        if not bilateral:
            for party in range(1, count):
                owe(HOUSE, party, nets[party])
        rolled_in, rolled_out = [zero] * count, [zero] * count
        for (first, second), amount in self.carried.items():
            rolled_in[second] += amount
            rolled_in[first] -= amount
            if bilateral or first == HOUSE:
                owe(first, second, amount)
            else:
                owe(HOUSE, second, amount)
                owe(HOUSE, first, -amount)
        minimum = Decimal(self.settings["payment_minimum"])
        holidays = set(self.settings["holidays"])
        due = due_day(self.today, self.settings["payment_days"], holidays)
        self.carried, payments = {}, {}
        for (first, second), amount in sorted(owed.items()):
            if amount and abs(amount) < minimum:
                self.carried[first, second] = amount
                rolled_out[second] += amount
                rolled_out[first] -= amount
            elif amount:
                debtor, creditor = (first, second) if amount > 0 else (second, first)
                payments[window, debtor, creditor] = (abs(amount), due)
        sums = list(zip(debits, credits, nets, rolled_in, rolled_out, strict=True))
        rows = []
        for party, (debit, credit, _, came, went) in enumerate(sums):
            texts = [self.text(amount) for amount in (debit, credit, came, went)]
            rows.append(write_cbor([party, *texts]))
        self.state(window, lines, sums, dict(sorted(payments.items())), lines_root, rows)

    # -- statements

    def state(self, window, lines, sums, payments, lines_root, rows):
        cut = self.cuts[window]
        names = "first_entry last_entry size root chain_hash cut_at rules_version price_version"
        log = {name: cut[name] for name in names.split()}
        log |= {
            "netted_in": self.entry, "netted_at": instant_text(self.now),
            "lines_root": lines_root, "positions_root": Tree(rows).root(),
        }  # fmt: skip
        identity = {
            "programme": self.programme, "origin": self.origin, "currency": self.currency,
            "point_scale": self.scale, "settlement_model": self.model,
            "netting": self.settings["netting"], "simulated": self.clock == "simulated",
            "window": window, "first_day": cut["days"][0], "last_day": cut["days"][1],
        }  # fmt: skip
        items = dict(sorted(self.items.items()))
        words = [self.line_words(*line) for line in lines]
        positions = [self.position(*sum_) for sum_ in sums]
        common = {"identity": identity, "log": log}
        self.statements[window] = {}
        for party in range(1, len(self.names)):
            period, (liability, _) = Period(), (None, None)
            if party < len(cut["parties"]):
                period, (liability, _) = cut["parties"][party]
            else:
                liability, _ = self.empty_liability()
            own = [w for w, line in zip(words, lines, strict=True) if party in line[0][:2]]
            self.statements[window][self.names[party]] = common | {
                "format": "tallyhouse-statement/1", "partner": self.names[party],
                "lines": own, "liability": liability, "notices": period.notices,
                "adjustments": period.adjustments, "disputes": self.disputes_of(party),
                "position": positions[party] | {"payments": self.items_of(party, payments)},
                "open_items": self.items_of(party, items),
                "account": self.account(party, sums[party][2]),
            } | self.activity(period)  # fmt: skip
        self.documents[window] = common | {
            "format": "tallyhouse-window/1", "lines": words,
            "positions": [
                {"party": name} | sums_ for name, sums_ in zip(self.names, positions, strict=True)
            ],
            "payments": [self.item(None, *item) for item in payments.items()],
            "open_items": [self.item(None, *item) for item in items.items()],
            "movements": [fact for _, _, fact in self.movements],
            "netting": self.savings(lines, sums, payments),
            "control": [facts[1][1] for facts in cut["parties"][1:]],
        }  # fmt: skip
        if self.model == "pool":
            self.documents[window]["pool"] = cut["pool"]
        self.close(payments, sums)

    def empty_liability(self):
        names = ["opening", "closing", *COUNTERS]
        return dict.fromkeys(names, 0) | {"by_issue_month": [], "by_expiry_month": []}, None

    def close(self, payments, sums):
        """What the next window begins with."""
        for (_, debtor, creditor), amount, fact in self.movements:
            sign = 1 if fact["kind"] == "confirmed" else -1
            self.accounts[debtor] += sign * amount
            self.accounts[creditor] -= sign * amount
        for party, sum_ in enumerate(sums):
            self.accounts[party] += sum_[2]
        self.movements = []
        self.items |= payments
        ended = ("upheld", "dismissed")
        self.disputes = {at: d for at, d in self.disputes.items() if d["status"] not in ended}

    def line_words(self, key, units, price, amount):
        debtor, creditor, reason, version = key
        words = {
            "debtor": self.names[debtor], "creditor": self.names[creditor],
            "reason": REASONS[reason], "price_version": version, "units": units, "price": None,
            "amount": self.text(amount), "tax_code": None,
        }  # fmt: skip
        if units is not None:
            words["tax_code"] = self.row(version, self.payer(key))["tax_code"]
            plain = f"{price:f}"
            words["price"] = plain.rstrip("0").rstrip(".") if "." in plain else plain
        return words

    def position(self, debit, credit, net, came, went):
        amounts = {
            "debits": debit, "credits": credit, "net": net, "rolled_in": came, "rolled_out": went,
            "payable": net + came - went,
        }  # fmt: skip
        return {name: self.text(amount) for name, amount in amounts.items()}

    def item(self, party, key, item):
        """A payment as the house sees it, or as one of its two parties does."""
        window, debtor, creditor = key
        words = {
            "window": window, "amount": self.text(item[0]), "due_on": day_text(item[1]),
            "reference": reference(self.origin, *key),
            "status": "overdue" if item[1] < self.today else "open",
        }  # fmt: skip
        if party is None:
            return words | {"debtor": self.names[debtor], "creditor": self.names[creditor]}
        other = creditor if party == debtor else debtor
        direction = "pay" if party == debtor else "receive"
        return words | {"direction": direction, "counterparty": self.names[other]}

    def items_of(self, party, items):
        def other(key):
            return key[0], key[2] if party == key[1] else key[1]

        own = sorted((key for key in items if party in key[1:]), key=other)
        return [self.item(party, key, items[key]) for key in own]

    def account(self, party, net):
        opening = closing = self.accounts[party]
        own = []
        for (_, debtor, creditor), amount, fact in self.movements:
            sign = 1 if fact["kind"] == "confirmed" else -1
            if party in (debtor, creditor):
                closing += sign * amount * (1 if party == debtor else -1)
                own.append(fact)
        closing += net
        return {
            "opening": self.text(opening), "movements": own, "net": self.text(net),
            "closing": self.text(closing),
        }  # fmt: skip

    def activity(self, period):
        seqs = period.seqs
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True, "a gap"
        return {
            "author_seq": {
                "entries": len(seqs), "first": seqs[0] if seqs else None,
                "last": seqs[-1] if seqs else None,
            },
            "activity": [
                {"op": KINDS[kind], "applied": applied, "refused": refused, "points": points}
                for kind, (applied, refused, points) in sorted(period.activity.items())
            ],
            "prior_period": [
                {"occurred_on": day_text(day), "op": KINDS[kind], "applied": n, "points": points}
                for (day, kind), (n, points) in sorted(period.prior.items())
            ],
        }  # fmt: skip

    def disputes_of(self, party):
        found = []
        for (entry, op), dispute in sorted(self.disputes.items()):
            opened_by, counterparty = dispute["parties"]
            if party not in (opened_by, counterparty):
                continue
            status = dispute["status"]
            if status == "open" and dispute["answer_by"] < self.today:
                status = "unanswered"
            found.append({
                "entry": entry, "op": op, "window": dispute["window"],
                "opened_by": self.names[opened_by], "counterparty": self.names[counterparty],
                "reason": dispute["reason"], "evidence_sha256": dispute["evidence"],
                "answer_by": day_text(dispute["answer_by"]), "status": status,
            })  # fmt: skip
        return found

    def savings(self, lines, sums, payments):
        gross = sum((line[3] for line in lines), Decimal(0))
        net = sum((sum_[2] for sum_ in sums if sum_[2] > 0), Decimal(0))
        words = {
            "lines": len(lines), "pairs": len({line[0][:2] for line in lines}),
            "gross": self.text(gross), "payments": len(payments), "net": self.text(net),
        }  # fmt: skip
        if gross:
            percent = (1 - net / gross) * 100
            words["efficiency_percent"] = str(percent.quantize(Decimal("0.01"), ROUND_HALF_EVEN))
        return words

    def do_issue_statements(self, op, _id):
        self.bound[op["window"]] = op


# --- comparison -----------------------------------------------------------------------------------


class Comparison:
    """What differs, and how much was compared."""

    def __init__(self):
        self.statements = self.lines = self.numbers = 0
        self.differences = []

    def same(self, where, field, found, expected):
        if isinstance(expected, dict) and isinstance(found, dict):
            for name in sorted(expected.keys() | found.keys()):
                inside = f"{field}.{name}".lstrip(".")
                self.same(where, inside, found.get(name), expected.get(name))
        elif isinstance(expected, list) and isinstance(found, list):
            if len(expected) != len(found):
                self.same(where, f"len({field})", len(found), len(expected))
            for place, pair in enumerate(zip(found, expected, strict=False)):
                self.same(where, f"{field}[{place}]", *pair)
        else:
            self.numbers += 1
            if found != expected or type(found) is not type(expected):
                self.differences.append(f"{where}: {field} is {found!r}, worked out {expected!r}")

    def document(self, where, path, expected):
        """Compares a published document; answers the SHA-256 that its bytes should have."""
        canonical = json.dumps(expected, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        sha256 = hashlib.sha256(canonical.encode())
        if not path.is_file():
            self.differences.append(f"{where}: {path.name} is missing")
            return sha256
        data = path.read_bytes()
        try:
            found = json.loads(data)
        except ValueError as error:
            self.differences.append(f"{where}: {path.name} is no JSON: {error}")
            return sha256
        before = len(self.differences)
        self.same(where, "", found, expected)
        if before == len(self.differences) and data != canonical.encode():
            self.differences.append(f"{where}: {path.name} is not in its canonical form")
        self.statements += 1
        self.lines += len(expected["lines"])
        return sha256


def compare(ledger, folder):
    comparison = Comparison()
    for window, statements in sorted(ledger.statements.items()):
        place, tree = folder / str(window), Tree()
        for partner in sorted(statements):
            path = place / "statements" / f"{partner}.json"
            where = f"window {window}, {partner}"
            sha256 = comparison.document(where, path, statements[partner])
            tree.add(sha256.digest())
        where = f"window {window}, house"
        sha256 = comparison.document(where, place / "window.json", ledger.documents[window])
        bound = ledger.bound.get(window, {})
        for name, expected in (
            ("count", len(statements)),
            ("root", tree.root()),
            ("document_sha256", sha256.hexdigest()),
        ):
            comparison.same(f"window {window}, issue_statements", name, bound.get(name), expected)
        there = {path.name for path in (place / "statements").glob("*.json")}
        there = {name for name in there if not name.endswith(".stated.json")}
        expected = {f"{partner}.json" for partner in statements}
        comparison.same(f"window {window}", "statements", sorted(there), sorted(expected))
    return comparison


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ledger = Ledger()
    with open(sys.argv[1], encoding="utf-8") as entries:
        for line in entries:
            text = json.loads(line)["entry"]
            ledger.add(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    comparison = compare(ledger, Path(sys.argv[2]))
    for difference in comparison.differences[:50]:
        print(f"recompute: {difference}")
    print(
        f"recompute: {comparison.statements} documents of {len(ledger.statements)} windows, "
        f"{comparison.lines} lines and {comparison.numbers} numbers compared, "
        f"{len(comparison.differences)} differ"
    )
    if comparison.differences or not comparison.statements:
        sys.exit(1)


if __name__ == "__main__":
    main()
