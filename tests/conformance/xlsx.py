"""Workbooks against the JSON they were made from, read with openpyxl.

usage: xlsx.py DIR, where DIR/<window>/ holds window.json, matrix.xlsx and
statements/<partner>.{json,xlsx}. Compares every line, total, position and payment, and the SHA-256
that each workbook names. Says what differs and exits with 1, or how much it compared.
"""

import hashlib
import json
import sys
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import openpyxl


class Differences(Exception):
    """A workbook and its JSON do not agree."""


class Comparison:
    """Counts what agrees, and stops at what does not."""

    def __init__(self, path):
        self.path = path
        self.compared = 0

    def money(self, what, cell, expected):
        """Numbers are read to the last decimal of the expected amount; texts are as they are."""
        expected = Decimal(expected)
        if isinstance(cell, float | int) and not isinstance(cell, bool):
            shown = Decimal(repr(cell))
        elif isinstance(cell, str) and len(expected.as_tuple().digits) > 15:
            shown = Decimal(cell)
        else:
            raise Differences(f"{self.path}: {what} is {cell!r}, not a number")
        self.same(what, shown, expected)

    def day(self, what, cell, expected):
        shown = cell.date().isoformat() if isinstance(cell, datetime) else cell
        self.same(what, shown, expected)

    def same(self, what, shown, expected):
        if shown != expected:
            raise Differences(f"{self.path}: {what} is {shown!r}, the JSON has {expected!r}")
        self.compared += 1


def rows(book, page):
    """A page without its head, short rows filled up."""
    if page not in book.sheetnames:
        raise Differences(f"{page} is missing, there are {book.sheetnames}")
    return [list(row) for row in book[page].iter_rows(min_row=2, values_only=True)]


def labelled(table, label):
    """The row with a label in its first cell."""
    for row in table:
        if row[0] == label:
            return row
    raise Differences(f"no row {label!r}")


def section(table, label):
    """The rows below a heading, up to an empty one."""
    start = next((at for at, row in enumerate(table) if row[0] == label), None)
    if start is None:
        raise Differences(f"no heading {label!r}")
    found = []
    for row in table[start + 1 :]:
        if not any(cell not in (None, "") for cell in row):
            break
        found.append(row)
    return [] if found and found[0][0] == "none" else found


def points(units, scale):
    return Decimal(units).scaleb(-scale)


def line_cells(check, what, line, cells, scale):
    """Reason, price version, points, price and tax code of a line."""
    reason, version, units, price, tax_code = cells
    check.same(f"{what} reason", reason, line["reason"])
    check.same(f"{what} price version", version, line["price_version"])
    check.same(f"{what} tax code", tax_code, line["tax_code"])
    if line["units"] is None:
        check.same(f"{what} points", (units, price), (None, None))
    else:
        check.money(f"{what} points", units, points(line["units"], scale))
        check.money(f"{what} price", price, line["price"])


def statement(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    workbook = path.with_suffix(".xlsx")
    check = Comparison(workbook)
    book = openpyxl.load_workbook(workbook, data_only=True)
    check.same("pages", book.sheetnames, ["Summary", "Lines", "Account", "Points", "Verify"])
    partner, position = document["partner"], document["position"]
    lines, scale = document["lines"], document["identity"]["point_scale"]

    table = rows(book, "Lines")
    for number, (line, row) in enumerate(zip(lines, table)):
        pays = line["debtor"] == partner
        what = f"line {number + 1}"
        check.same(f"{what} counterparty", row[0], line["creditor" if pays else "debtor"])
        line_cells(check, what, line, row[2:7], scale)
        check.money(f"{what} amount", row[7 if pays else 8], line["amount"])
        check.same(f"{what} other side", row[8 if pays else 7], None)
    check.same("rows of lines", len(table), max(len(lines), 1) + 2)
    check.money("total to pay", labelled(table, "Total")[7], position["debits"])
    check.money("total to receive", labelled(table, "Total")[8], position["credits"])
    check.money("net of lines", labelled(table, "Net")[8], position["net"])

    table = rows(book, "Summary")
    for label, name in (
        ("To receive by lines", "credits"),
        ("To pay by lines", "debits"),
        ("Net", "net"),
        ("Rolled in from earlier windows", "rolled_in"),
        ("Rolled forward to the next window", "rolled_out"),
        ("Payable", "payable"),
    ):
        check.money(label, labelled(table, label)[1], position[name])
    for label, items in (
        ("Payments of this window", position["payments"]),
        ("Earlier payments still open", document["open_items"]),
    ):
        found = section(table, label)
        check.same(f"{label}, how many", len(found), len(items))
        for item, row in zip(items, found):
            check.money(f"{label}, amount", row[1], item["amount"])
            check.same(f"{label}, direction", row[2], item["direction"])
            check.day(f"{label}, due", row[3], item["due_on"])
            check.same(f"{label}, reference", row[4], item["reference"])
            check.same(f"{label}, status", row[5], item["status"])

    account = document["account"]
    table = rows(book, "Account")
    moved = account["movements"]
    for movement, row in zip(moved, table[1:]):
        up = (movement["debtor"] == partner) == (movement["kind"] == "confirmed")
        amount = Decimal(movement["amount"])
        check.day("movement, day", row[0], movement["at"][:10])
        check.same("movement", row[1:3], [f"Payment {movement['kind']}", movement["window"]])
        check.same("movement, reference", row[4], movement["reference"])
        check.money("movement, change", row[5], amount if up else -amount)
    check.same("rows of movements", table[len(moved) + 1][1], "Net of this window")
    table = [[row[1], row[5], row[6]] for row in table]
    check.money("opening", labelled(table, "Opening")[2], account["opening"])
    check.money("net of account", labelled(table, "Net of this window")[1], account["net"])
    check.money("closing", labelled(table, "Closing")[2], account["closing"])
    check.money("what closing is made of", labelled(table, "Total")[1], account["closing"])
    closing = points(document["liability"]["closing"], scale)
    table = rows(book, "Points")
    check.money("points", labelled(table, "closing")[1], closing)
    sha256(check, book, "SHA-256 of statement.json", path)
    return check.compared


def matrix(path):
    document = json.loads(path.read_text(encoding="utf-8"))
    workbook = path.with_name("matrix.xlsx")
    check = Comparison(workbook)
    book = openpyxl.load_workbook(workbook, data_only=True)
    lines, positions = document["lines"], document["positions"]
    parties = [row["party"] for row in positions]
    head = [cell.value for cell in book["Matrix"][1]]
    check.same("parties", head[1:-1], parties)
    table = rows(book, "Matrix")
    gross = {}
    for line in lines:
        pair = (line["debtor"], line["creditor"])
        gross[pair] = gross.get(pair, Decimal(0)) + Decimal(line["amount"])
    for debtor in parties:
        row = labelled(table, debtor)
        for creditor, cell in zip(parties, row[1:]):
            what = f"{debtor} owes {creditor}"
            if (debtor, creditor) in gross:
                check.money(what, cell, gross[debtor, creditor])
            else:
                check.same(what, cell, None)
    totals = labelled(table, "Total")
    for place, position in enumerate(positions):
        check.money(f"{parties[place]} debits", table[place][-1], position["debits"])
        check.money(f"{parties[place]} credits", totals[place + 1], position["credits"])
    check.money("gross", totals[-1], document["netting"]["gross"])

    table = rows(book, "Positions")
    names = ["debits", "credits", "net", "rolled_in", "rolled_out", "payable"]
    for position, row in zip(positions, table):
        check.same("party", row[0], position["party"])
        for name, cell in zip(names, row[2:]):
            check.money(f"{row[0]} {name}", cell, position[name])
    check.money("sum of nets", labelled(table, "Total")[4], "0")

    table = rows(book, "Payments")
    cut = next(at for at, row in enumerate(table) if row[0] == "Earlier payments still open")
    for items, found in (
        (document["payments"], table[: cut - 1]),
        (document["open_items"], table[cut + 1 :]),
    ):
        found = [row for row in found if row[0] != "none"]
        check.same("payments, how many", len(found), len(items))
        for item, row in zip(items, found):
            check.same("payment", row[:3], [item["window"], item["debtor"], item["creditor"]])
            check.money(f"payment {item['reference']}", row[3], item["amount"])
            check.day(f"payment {item['reference']} due", row[4], item["due_on"])
            check.same("payment", row[5:7], [item["reference"], item["status"]])

    table = rows(book, "Lines")
    for number, (line, row) in enumerate(zip(lines, table)):
        what = f"line {number + 1}"
        check.same(what, row[:2], [line["debtor"], line["creditor"]])
        line_cells(check, what, line, row[2:7], document["identity"]["point_scale"])
        check.money(f"{what} amount", row[7], line["amount"])
    check.money("total of lines", labelled(table, "Total")[7], document["netting"]["gross"])
    sha256(check, book, "SHA-256 of window.json", path)
    return check.compared


def sha256(check, book, label, path):
    named = labelled(rows(book, "Verify"), label)[1]
    check.same(label, named, hashlib.sha256(path.read_bytes()).hexdigest())


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    windows = sorted(Path(sys.argv[1]).glob("*/window.json"))
    if not windows:
        sys.exit(f"xlsx: no window in {sys.argv[1]}")
    workbooks = compared = 0
    for window in windows:
        documents = [(matrix, window)]
        paths = sorted(window.parent.glob("statements/*.json"))
        paths = [path for path in paths if not path.name.endswith(".stated.json")]
        documents += [(statement, path) for path in paths]
        positions = json.loads(window.read_text(encoding="utf-8"))["positions"]
        partners = {row["party"] for row in positions} - {"house"}
        missing = partners ^ {path.stem for path in paths}
        if missing:
            sys.exit(f"xlsx: {window.parent}: statements and positions differ by {sorted(missing)}")
        for compare, path in documents:
            try:
                compared += compare(path)
            except Differences as error:
                sys.exit(f"xlsx: {path}: {error}")
            except Exception as error:  # whatever a broken workbook makes openpyxl raise
                sys.exit(f"xlsx: {path}: {type(error).__name__}: {error}")
            workbooks += 1
    print(f"xlsx: {workbooks} workbooks agree with their JSON, {compared} cells compared")


if __name__ == "__main__":
    main()
