#!/usr/bin/env bash
# What a person reads in a statement's PDF against the statement.
#
# usage: pdf.sh DIR, where DIR/<window>/statements/<partner>.{json,pdf} and DIR/parties.json, which
# holds the registered names under `names`, by party. The text of each PDF must hold the partner's
# name, the SHA-256 of the JSON, and of each payment the amount, the due day and the reference.
# Needs pdftotext (Debian: poppler-utils) and python3. Says what is missing and exits with 1.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
dir="${1:?usage: pdf.sh DIR}"
fail() { printf 'pdf: %s\n' "$*" >&2; exit 1; }

for tool in pdftotext python3; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
done
[[ -d "$dir" ]] || fail "$dir is no folder"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

read_pdfs() {
    local pdf window
    for pdf in "$dir"/*/statements/*.pdf; do
        [[ -f "$pdf" ]] || continue
        window="$(basename "$(dirname "$(dirname "$pdf")")")"
        mkdir -p "$work/$window"
        pdftotext -enc UTF-8 "$pdf" "$work/$window/$(basename "$pdf" .pdf).txt" ||
            fail "$pdf cannot be read"
    done
}

read_pdfs
python3 -B "$here/pdf.py" "$dir" "$work"
