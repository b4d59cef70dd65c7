"""Compares bank files with the JSON they were made from. Called by iso20022.sh, which says how.

Knows nothing of the program that made them: amounts are added up again from both sides, from the
XML by element names and from the JSON by its fields. Standard library only.
"""

import hashlib
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from pathlib import Path

HOUSE = "house"
findings = []
checked = {"camt.053": 0, "pain.001": 0, "pain.008": 0}


def expect(path, what, found, wanted):
    """Notes a finding if the two differ."""
    if found != wanted:
        findings.append(f"{path}: {what} is {found}, expected {wanted}")


def parse(path):
    """The root of an XML file without its namespace, or nothing if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        return ElementTree.fromstring(re.sub(r'\sxmlns="[^"]*"', "", text, count=1))
    except (OSError, ValueError, ElementTree.ParseError) as error:
        findings.append(f"{path}: {error}")
        return None


def signed(element):
    """An amount with the sign of the indicator beside it."""
    amount = Decimal(element.findtext("Amt"))
    return -amount if element.findtext("CdtDbtInd") == "DBIT" else amount


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_statement(path, json_path):
    """camt.053: opening + entries = closing, and all as in the statement."""
    document = parse(path)
    if document is None:
        return
    if not json_path.is_file():
        findings.append(f"{path}: {json_path.name} is missing beside it")
        return
    account = json.loads(json_path.read_bytes())["account"]
    statement = document.find("BkToCstmrStmt/Stmt")
    balances = {b.findtext("Tp/CdOrPrtry/Cd"): signed(b) for b in statement.findall("Bal")}
    entries = statement.findall("Ntry")
    changes = [signed(entry) for entry in entries]
    opening, closing = Decimal(account["opening"]), Decimal(account["closing"])
    expect(path, "OPBD", balances.get("OPBD"), opening)
    expect(path, "CLBD", balances.get("CLBD"), closing)
    expect(path, "opening + entries", opening + sum(changes), closing)

    paid = Decimal(0)
    partner = json.loads(json_path.read_bytes())["partner"]
    for movement in account["movements"]:
        sign = 1 if (movement["debtor"] == partner) == (movement["kind"] == "confirmed") else -1
        paid += sign * Decimal(movement["amount"])
    expect(path, "the sum of entries", sum(changes), paid + Decimal(account["net"]))
    for entry in entries:
        details = entry.findall("NtryDtls/TxDtls")
        name = f"the sum of the details of entry {entry.findtext('NtryRef')}"
        expect(path, name, sum(map(signed, details)), signed(entry))

    totals = statement.find("TxsSummry")
    sides = {
        "TtlNtries": [abs(change) for change in changes],
        "TtlCdtNtries": [change for change in changes if change >= 0],
        "TtlDbtNtries": [-change for change in changes if change < 0],
    }
    for name, amounts in sides.items():
        expect(path, f"{name}/NbOfNtries", totals.findtext(f"{name}/NbOfNtries"), str(len(amounts)))
        expect(path, f"{name}/Sum", Decimal(totals.findtext(f"{name}/Sum")), sum(amounts))
    expect(path, "TtlNetNtry", signed(totals.find("TtlNtries/TtlNetNtry")), sum(changes))
    if sha256(json_path) not in (statement.findtext("AddtlStmtInf") or ""):
        findings.append(f"{path}: the SHA-256 of {json_path.name} is not in AddtlStmtInf")
    checked["camt.053"] += 1


def transactions(block, element, day, amount):
    """Each payment of a block: reference, amount, and `2026-03-05 EUR 12.50`."""
    found = []
    for item in block.findall(element):
        money = item.find(amount)
        reference = item.findtext("PmtId/EndToEndId")
        text = f"{block.findtext(day)} {money.get('Ccy')} {money.text}"
        found.append((reference, Decimal(money.text), text))
        structured = item.findtext("RmtInf/Strd/CdtrRefInf/Ref")
        expect(reference, "the structured reference", structured, reference)
    return found


def check_payments(path, window_path, kind, may_miss):
    """pain: each payment once, as in the document; control sums; the document's hash in the id."""
    document = json.loads(window_path.read_bytes())
    currency = document["identity"]["currency"]
    side = {"pain.001": "debtor", "pain.008": "creditor"}[kind]
    due = {
        payment["reference"]: f"{payment['due_on']} {currency} {payment['amount']}"
        for payment in document["payments"]
        if payment[side] == HOUSE
    }
    if not path.is_file():
        if due and not may_miss:
            findings.append(f"{path}: missing, but window.json has {len(due)} payments for it")
        return
    root = parse(path)
    if root is None:
        return
    message = root[0]
    names = {
        "pain.001": ("CdtTrfTxInf", "ReqdExctnDt/Dt", "Amt/InstdAmt"),
        "pain.008": ("DrctDbtTxInf", "ReqdColltnDt", "InstdAmt"),
    }[kind]
    found = []
    for block in message.findall("PmtInf"):
        of_block = transactions(block, *names)
        check_sums(f"{path}: {block.findtext('PmtInfId')}", block, of_block)
        found += of_block
    check_sums(path, message.find("GrpHdr"), found)
    for reference, _, text in found:
        expect(path, f"payment {reference}", text, due.get(reference))
    references = [reference for reference, *_ in found]
    expect(path, "the number of references", len(set(references)), len(references))
    left_out = sorted(set(due) - set(references))
    if kind == "pain.001":
        total = sum((Decimal(text.split()[2]) for text in due.values()), Decimal(0))
        expect(path, "CtrlSum", Decimal(message.findtext("GrpHdr/CtrlSum")), total)
        expect(path, "payments left out", left_out, [])
    elif left_out:
        print(f"{path}: not collected, for want of a mandate: {', '.join(left_out)}")
    if sha256(window_path)[:16] not in message.findtext("GrpHdr/MsgId"):
        findings.append(f"{path}: MsgId does not hold the SHA-256 of {window_path.name}")
    checked[kind] += 1


def check_sums(where, element, found):
    total = sum((amount for _, amount, _ in found), Decimal(0))
    expect(where, "NbOfTxs", element.findtext("NbOfTxs"), str(len(found)))
    expect(where, "CtrlSum", Decimal(element.findtext("CtrlSum")), total)


def check_window(window_path, no_mandates):
    folder = window_path.parent
    document = json.loads(window_path.read_bytes())
    for position in document["positions"]:
        if position["party"] != HOUSE:
            statement = folder / "statements" / f"{position['party']}.camt053.xml"
            if not statement.is_file():
                findings.append(f"{statement}: missing, but window.json has this partner")
    for statement in sorted((folder / "statements").glob("*.camt053.xml")):
        partner = statement.name.removesuffix(".camt053.xml")
        check_statement(statement, statement.with_name(f"{partner}.json"))
    check_payments(folder / "payments.pain001.xml", window_path, "pain.001", False)
    check_payments(folder / "payments.pain008.xml", window_path, "pain.008", no_mandates)


def main():
    arguments = sys.argv[1:]
    no_mandates = "--no-mandates" in arguments
    windows = sorted(Path(arguments[-1]).glob("*/window.json"))
    if not windows:
        findings.append(f"{arguments[-1]}: no folder in it holds a window.json")
    for window in windows:
        try:
            check_window(window, no_mandates)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            findings.append(f"{window.parent}: a file is not as its schema has it: {error!r}")
    counts = ", ".join(f"{count} {kind}" for kind, count in checked.items())
    print(f"iso20022: {len(windows)} windows; compared with their JSON: {counts}")
    for finding in findings:
        print(finding)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
