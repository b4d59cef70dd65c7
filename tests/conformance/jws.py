"""Signed statements, read with PyJWT, and what binds them to the ledger, worked out again.

usage: jws.py DIR, where DIR/<window>/ holds window.{json,jws} and
statements/<partner>.{json,jws,stated.json}, and DIR/parties.json the public keys of the house under
`keys`, by key id. Each JWS must verify with the key that its header names and hold the JSON beside
it byte for byte; each SHA-256 must be that of the JSON; the RFC 6962 root over them must be the one
that is stated, and every inclusion proof must lead to it. Says what differs and exits with 1.
"""

import hashlib
import json
import sys
from pathlib import Path

import jwt
from jwt.algorithms import OKPAlgorithm

TYP = "tallyhouse-statement+json"


class Differences(Exception):
    """A file does not hold what it should."""


def same(what, found, expected):
    if found != expected:
        raise Differences(f"{what} is {found!r}, expected {expected!r}")


def check_signed(path, keys):
    """The JWS verifies, and its payload is the JSON beside it."""
    compact = path.read_text(encoding="ascii")
    header = jwt.get_unverified_header(compact)
    same("the header", sorted(header), ["alg", "kid", "typ"])
    same("typ", header["typ"], TYP)
    if header["kid"] not in keys:
        raise Differences(f"no key {header['kid']} of the house is known")
    key = OKPAlgorithm.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": keys[header["kid"]]})
    payload = jwt.PyJWS().decode(compact, key, algorithms=["EdDSA"])
    if payload != path.with_suffix(".json").read_bytes():
        raise Differences("the payload is not the JSON beside it")


def leaf(sha256):
    return hashlib.sha256(b"\0" + sha256).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    """RFC 6962, section 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(root(leaves[:split]), root(leaves[split:]))


def root_of_proof(hashed, place, count, proof):
    """RFC 9162, section 2.1.3.2: the root that a proof leads to."""
    last = count - 1
    for other in proof:
        if last == 0:
            raise Differences("the proof is too long")
        if place & 1 or place == last:
            hashed = node(other, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node(hashed, other)
        place, last = place >> 1, last >> 1
    if last:
        raise Differences("the proof is too short")
    return hashed


def check_bound(window, partners):
    """SHA-256, root and proofs, as `issue_statements` binds them."""
    folder = window / "statements"
    hashes = [hashlib.sha256((folder / f"{name}.json").read_bytes()) for name in partners]
    leaves = [leaf(sha256.digest()) for sha256 in hashes]
    entries = set()
    for place, (name, sha256) in enumerate(zip(partners, hashes, strict=True)):
        stated = json.loads((folder / f"{name}.stated.json").read_bytes())
        proof = [bytes.fromhex(text) for text in stated["proof"]]
        for what, found, expected in (
            ("window", stated["window"], int(window.name)),
            ("partner", stated["partner"], name),
            ("sha256", stated["sha256"], sha256.hexdigest()),
            ("place", stated["place"], place),
            ("count", stated["count"], len(partners)),
            ("root", stated["root"], root(leaves).hex()),
            ("the proof's root", root_of_proof(leaves[place], place, len(leaves), proof).hex(),
             root(leaves).hex()),
        ):  # fmt: skip
            same(f"{name}.stated.json: {what}", found, expected)
        entries.add((stated["entry"], stated["submission"]))
    same(f"entries of window {window.name}", len(entries), 1)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = Path(sys.argv[1])
    windows = sorted(directory.glob("*/window.json"))
    if not windows:
        sys.exit(f"jws: no window in {directory}")
    keys = json.loads((directory / "parties.json").read_bytes())["keys"]
    signed = 0
    for window in (path.parent for path in windows):
        positions = json.loads((window / "window.json").read_bytes())["positions"]
        partners = sorted(row["party"] for row in positions[1:])
        where = window
        try:
            for path in (
                window / "window.jws",
                *(window / "statements" / f"{name}.jws" for name in partners),
            ):
                where = path
                check_signed(path, keys)
                signed += 1
            where = window
            check_bound(window, partners)
        except (Differences, OSError, ValueError, jwt.PyJWTError) as error:
            sys.exit(f"jws: {where}: {type(error).__name__}: {error}")
    print(f"jws: {signed} signed documents of {len(windows)} windows verify and are bound")


if __name__ == "__main__":
    main()
