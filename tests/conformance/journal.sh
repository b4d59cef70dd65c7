#!/usr/bin/env bash
# Journals against the tools they are written for, and against the statements.
#
# usage: journal.sh DIR, where DIR/<window>/ holds window.json, journal.hledger, journal.beancount
# and statements/<partner>.json. Each journal must pass `hledger check --strict` or `bean-check`, and
# each partner's balance in it must be its statement's `account.closing`. Windows that follow one
# another are then read as one journal, all openings but the first cut, and compared once more.
# Needs hledger, bean-check, bean-query (Debian: hledger, beancount) and python3.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
dir="${1:?usage: journal.sh DIR}"
fail() { printf 'journal: %s\n' "$*" >&2; exit 1; }

for tool in hledger bean-check bean-query python3; do
    command -v "$tool" >/dev/null || fail "$tool is not installed"
done
[[ -d "$dir" ]] || fail "$dir is no folder"
mapfile -t windows < <(find "$dir" -mindepth 2 -maxdepth 2 -name window.json -printf '%h\n' |
    awk -F/ '{ print $NF "\t" $0 }' | sort -n | cut -f 2)
(( ${#windows[@]} )) || fail "no window in $dir"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# compare WINDOW HLEDGER BEANCOUNT: both pass their tool, and both close as the statements do.
compare() {
    local window="$1" hledger="$2" beancount="$3" said
    said="$(hledger -f "$hledger" check --strict 2>&1)" || fail "$hledger: $said"
    said="$(bean-check "$beancount" 2>&1)" || fail "$beancount: $said"
    hledger -f "$hledger" balance --flat --empty --no-total -O csv >"$work/hledger.csv"
    bean-query -f csv "$beancount" \
        'SELECT account, sum(number) AS balance GROUP BY account' >"$work/beancount.csv"
    python3 "$here/journal.py" "$window" "$work/hledger.csv" "$work/beancount.csv"
}

# without_opening FILE: the file, what stands between the two marks cut.
without_opening() { sed '/^; opening begins$/,/^; opening ends$/d' "$1"; }

compared=0
run=()
flush() {
    (( ${#run[@]} > 1 )) || { run=(); return 0; }
    local window first=yes
    printf 'plugin "beancount.plugins.auto_accounts"\n' >"$work/all.beancount"
    : >"$work/all.hledger"
    for window in "${run[@]}"; do
        for kind in hledger beancount; do
            if [[ $first == yes ]]; then
                cat "$window/journal.$kind"
            else
                without_opening "$window/journal.$kind"
            fi >>"$work/all.$kind"
        done
        first=no
    done
    printf 'windows %s to %s as one journal: ' "$(basename "${run[0]}")" "$(basename "$window")"
    compare "$window" "$work/all.hledger" "$work/all.beancount"
    run=()
}

expected=""
for window in "${windows[@]}"; do
    number="$(basename "$window")"
    [[ "$number" == "$expected" ]] || flush
    printf 'window %s: ' "$number"
    compare "$window" "$window/journal.hledger" "$window/journal.beancount"
    run+=("$window")
    expected=$((number + 1))
    compared=$((compared + 1))
done
flush
printf 'journal: %d windows agree with hledger, beancount and their statements\n' "$compared"
