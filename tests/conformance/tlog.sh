#!/usr/bin/env bash
# The log as static files against the Go project's code for transparency logs (golang.org/x/mod/sumdb),
# which knows nothing of us.
#
# usage: tlog.sh DIR VKEYFILE, where DIR is what `tallyhouse export --tiles DIR` keeps and VKEYFILE
# holds the ledger's verifier key. The checkpoint must be signed by that key, its root must follow
# from the tiles, every entry must be in the tree by its bytes, and the trees of several sizes must
# begin with one another. Exits with 0 if all of it holds, and prints how much that was.
# Needs golang-go and golang-golang-x-mod-dev (Debian and Ubuntu); nothing is fetched.
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
dir="${1:?usage: tlog.sh DIR VKEYFILE}"
vkey="${2:?usage: tlog.sh DIR VKEYFILE}"
fail() { printf 'tlog: %s\n' "$*" >&2; exit 1; }

command -v go >/dev/null || fail "go is not installed: install golang-go"
[[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ]] ||
    fail "golang.org/x/mod is not installed: install golang-golang-x-mod-dev"
[[ -f "$dir/checkpoint" ]] || fail "$dir holds no checkpoint"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Without modules Go takes packages from GOPATH alone, which is Debian's; the network is off.
export GO111MODULE=off GOPATH=/usr/share/gocode GOPROXY=off GOFLAGS= GOTOOLCHAIN=local
export GOCACHE="${GOCACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tallyhouse/go}"
go build -o "$work/tlog" "$here/tlog/main.go"
"$work/tlog" "$dir" "$vkey"
