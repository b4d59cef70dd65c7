"""Balances of a journal against the statements of its window.

usage: journal.py WINDOW BALANCES.csv...

WINDOW is a folder with window.json and statements/*.json; each CSV holds accounts and balances, as
hledger and bean-query write them. A partner's Clearing, Receivable and Payable accounts together,
with the sign turned, must be its statement's `account.closing`; what is left on Clearing must be
`position.rolled_out`; the pool's account must be the pool's `closing`.
"""

import csv
import json
import sys
from decimal import Decimal
from pathlib import Path

PARENTS = ("Assets:Clearing:", "Assets:Receivable:", "Liabilities:Payable:")


def balances(path):
    """Balances by account, whatever the commodity is written like."""
    found = {}
    with open(path, newline="", encoding="utf-8") as file:
        for account, balance, *_ in list(csv.reader(file))[1:]:
            number = "".join(c for c in balance if c in "-.0123456789") or "0"
            found[account.strip()] = Decimal(number)
    return found


def account(partner):
    """The last part of a partner's accounts."""
    return partner[0].upper() + partner[1:]


def differences(found, window, statements):
    """What does not agree, and how many numbers were compared."""
    wrong, compared = [], 0
    known = set()

    def same(what, says, expected):
        nonlocal compared
        compared += 1
        if says != Decimal(expected):
            wrong.append(f"{what}: the journal has {says}, the documents {expected}")

    for statement in statements:
        partner = statement["partner"]
        parts = [parent + account(partner) for parent in PARENTS]
        known.update(parts)
        owed = -sum((found.get(part, Decimal(0)) for part in parts), Decimal(0))
        same(f"{partner} closing", owed, statement["account"]["closing"])
        cleared = -found.get(parts[0], Decimal(0))
        same(f"{partner} rolled forward", cleared, statement["position"]["rolled_out"])
    for name in found:
        if name.startswith(PARENTS) and name not in known and found[name]:
            wrong.append(f"{name} holds {found[name]} and has no statement")
    if window.get("pool"):
        same("the pool", -found.get("Liabilities:Pool", Decimal(0)), window["pool"]["closing"])
    same("Income:Unexplained", found.get("Income:Unexplained", Decimal(0)), "0")
    total = sum(found.values(), Decimal(0))
    same("all accounts together", total, "0")
    return wrong, compared


def main():
    folder, *tables = sys.argv[1:]
    folder = Path(folder)
    window = json.loads((folder / "window.json").read_text(encoding="utf-8"))
    paths = sorted((folder / "statements").glob("*.json"))
    paths = [path for path in paths if not path.name.endswith(".stated.json")]
    statements = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    partners = {row["party"] for row in window["positions"]} - {"house"}
    missing = partners ^ {statement["partner"] for statement in statements}
    if missing or not tables:
        sys.exit(f"{folder}: statements and positions differ by {sorted(missing)}")
    compared = 0
    for table in tables:
        wrong, count = differences(balances(table), window, statements)
        if wrong:
            name = Path(table).stem
            sys.exit("\n".join([f"{folder} differs in {name}:", *wrong]))
        compared += count
    print(f"{len(statements)} statements, {compared} balances agree")


if __name__ == "__main__":
    main()
