#!/usr/bin/env bash
# The page /v1/{programme}/verify in a real browser: receipts and statements of a house that runs,
# good, damaged, of another ledger and incomplete, are put into its file field, and what it says is read.
#
# usage: browser.sh [SCREENSHOTS]: into that folder goes a picture of each case.
# Needs chromium, curl, openssl and Python; TALLYHOUSE is the program, else the one of the target
# folder. The house is the demo's, on a free port of the loopback, and ends with this script.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
target="${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/tallyhouse/target}"
tallyhouse="${TALLYHOUSE:-$target/release/tallyhouse}"
fail() { printf 'browser: %s\n' "$*" >&2; exit 1; }

command -v chromium >/dev/null || fail "chromium is not installed: install chromium"
[[ -x $tallyhouse ]] || fail "$tallyhouse is missing: cargo build --release"
work="$(mktemp -d)"
demo=""
stop() {
    [[ -z $demo ]] || kill -INT "$demo" 2>/dev/null || true
    [[ -z $demo ]] || wait "$demo" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

: >"$work/report.json"
"$tallyhouse" demo --keep --json --dir "$work/demo" >"$work/report.json" 2>"$work/demo.log" &
demo=$!
for (( tries = 0; tries < 600; tries++ )); do
    [[ $(wc -l <"$work/report.json") -gt 0 ]] && break
    kill -0 "$demo" 2>/dev/null || { cat "$work/demo.log" >&2; fail "the demo ended"; }
    sleep 0.2
done
[[ -s $work/report.json ]] || fail "the demo did not get ready in two minutes"
address="$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["address"])' \
    "$work/report.json")"
url="http://$address/v1/demo"
files="$work/files"
mkdir "$files"

till="$work/demo/partners/grocery.till-1.pem"
printf '{"op":"issue","member":"hh-0900","points":120}\n' |
    "$tallyhouse" submit --url "$url" --key "$till" --receipt "$files/receipt.json" >/dev/null
openssl pkey -in "$till" -pubout -out "$files/author.pem"
member() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"; }
get() { # PATH KEY SCOPE FILE
    local token
    token="$("$tallyhouse" token --url "$url" --key "$2" --scope "$3")"
    curl -sSf -H "Authorization: Bearer $token" -o "$4" "$url$1"
}
index="$(member "$files/receipt.json" index)"
for part in tlog-proof entry effects; do
    get "/receipts/$index.$part" "$till" read "$files/receipt.$part"
done
cp "$work"/demo/windows/0/statements/grocery.{jws,json,stated.json} "$files"
cp "$here/../../schemas/examples/receipt.json" "$files/another-ledger.json"
auditor="$(find "$work/demo" -name house.audit-1.pem)"
get "/receipts/$(member "$files/grocery.stated.json" entry)" "$auditor" audit "$files/issued.json"
curl -sSf -o "$files/programme.json" "$url"

python3 -B "$here/browser.py" chromium "$url/verify" "$files" "$@"
