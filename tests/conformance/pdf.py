"""Compares the text of PDFs with the statements they show. Called by pdf.sh, which says how.

Lines break where a page wants them to, so texts are compared without white space.
"""

import hashlib
import json
import sys
from datetime import date
from pathlib import Path


def bare(text):
    return "".join(text.split())


def day(text):
    """`2017-01-05` as it is printed: 5 January 2017."""
    on = date.fromisoformat(text)
    return f"{on.day} {on:%B} {on.year}"


def money(currency, amount):
    """`EUR 2,693.26`, by the decimals that the statement writes."""
    whole, _, part = amount.partition(".")
    return f"{currency} {int(whole):,}" + (f".{part}" if part else "")


def wanted(path, names):
    """What somebody has to find in the PDF: pairs of what it is and its text."""
    data = path.read_bytes()
    statement = json.loads(data)
    identity, payments = statement["identity"], statement["position"]["payments"]
    yield "the partner's name", names[statement["partner"]]
    yield "the SHA-256 of the statement", hashlib.sha256(data).hexdigest()
    for payment in payments:
        amount = money(identity["currency"], payment["amount"])
        yield "the amount", amount if len(payments) == 1 else amount.split()[1]
        yield "the reference", payment["reference"]
        yield "the counterparty's name", names[payment["counterparty"]]
        yield "the due day", day(payment["due_on"])
    if not payments:
        yield "the headline", "Nothing to pay"


def main():
    directory, texts = map(Path, sys.argv[1:])
    names = json.loads((directory / "parties.json").read_bytes())["names"]
    read = found = 0
    for window in sorted(directory.glob("*/window.json")):
        positions = json.loads(window.read_bytes())["positions"]
        for partner in sorted(row["party"] for row in positions[1:]):
            path = window.parent / "statements" / f"{partner}.json"
            text = texts / window.parent.name / f"{partner}.txt"
            if not text.is_file():
                sys.exit(f"pdf: {path.with_suffix('.pdf')} is missing")
            printed = bare(text.read_text(encoding="utf-8"))
            for what, words in wanted(path, names):
                if bare(words) not in printed:
                    sys.exit(f"pdf: {path.with_suffix('.pdf')}: {what} is missing: {words}")
                found += 1
            read += 1
    if not read:
        sys.exit(f"pdf: no window in {directory}")
    print(f"pdf: {read} statements show what they should, {found} texts found")


if __name__ == "__main__":
    main()
