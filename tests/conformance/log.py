"""A real house, witnessed and mirrored, judged by programs that others wrote.

usage: log.py PROGRAMS DIR, where PROGRAMS holds `tallyhouse` and `tallyhouse-verify`, and DIR is
empty or missing. Starts a house on loopback, has it cosigned by aics-witness, and mirrors its log
into DIR/tiles, twice; leaves its verifier key in DIR/vkey for `tlog.sh`. Then:

- the cosigned checkpoint must satisfy our policy and aics-tlog's, and no policy of another witness;
- every tile and every entry of the mirror must lead to the checkpoint's root, by aics-tlog;
- `tallyhouse witness` must cosign for the client of aics-witness, step by step, and refuse a
  checkpoint of the same size with another root.

Everything that it started is stopped when it ends. Says what differs and exits with 1.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import aics_tlog
from aics_tlog.checkpoint import checkpoint_from_note, sign_checkpoint, verify_checkpoint
from aics_tlog.tiles import FileSystemTileReader
from aics_tlog.verified import audit_tiles
from aics_witness.feeder import WitnessClient, WitnessRejected
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

# More than one tile of 256, so that level 1 has hashes.
PARTNERS = 300
SECONDS = 30


class Differences(Exception):
    """A program of others does not agree."""


def check(holds, what):
    if not holds:
        raise Differences(what)


def run(*args, code=0, **more):
    """What a program prints; it must end with `code`."""
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, **more)
    if done.returncode != code:
        raise Differences(f"{args} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def running(*args, **more):
    process = subprocess.Popen([str(arg) for arg in args], text=True, **more)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def ours(*args, log="error"):
    """A server of ours, which prints its address."""
    quiet = {**os.environ, "TALLYHOUSE_LOG": log}
    with running(*args, stdout=subprocess.PIPE, env=quiet) as process:
        yield "http://" + json.loads(process.stdout.readline())["listen"]


def get(url):
    """Status and body."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except OSError:
        return 0, ""


def until(what, ask):
    """The first answer that is something."""
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        if answer := ask():
            return answer
        time.sleep(0.05)
    raise Differences(f"{what}: not within {SECONDS} s")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def their_witness(stack, dir, vkey):
    """Starts aics-witness for one log; answers its verifier key and address."""
    config = ["--config", str(dir / "their" / "witness.json")]
    (dir / "their").mkdir()
    module = [sys.executable, "-m", "aics_witness"]
    said = run(*module, "init", *config, "--name", "theirs.example/w1")
    theirs = next(word for word in said.split() if word.startswith("theirs.example/w1+"))
    origin = vkey.split("+")[0]
    run(*module, "add-log", *config, "--origin", origin, "--vkey", vkey)
    url = f"http://127.0.0.1:{free_port()}"
    listen = url.removeprefix("http://")
    null = subprocess.DEVNULL
    stack.enter_context(
        running(*module, "serve", *config, "--listen", listen, stdout=null, stderr=null)
    )
    until("aics-witness starts", lambda: get(f"{url}/healthz")[0] == 200)
    return theirs, url


def found(programs, dir):
    house = dir / "house"
    clock = ["--clock", "simulated", "--start", "2017-01-01T00:00:00Z"]
    run(programs / "tallyhouse", "init", "--dir", house, "--programme", "demo",
        "--currency", "EUR", *clock)
    return house, (house / "keys/demo/ledger.vkey").read_text().strip()


def witness_it(house, theirs, url):
    with open(house / "tallyhouse.toml", "a", encoding="utf-8") as settings:
        settings.write(
            "\n[programme.witnessing]\ninterval_s = 1\ntimeout_ms = 5000\n"
            f'\n[[programme.witness]]\nvkey = "{theirs}"\nurl = "{url}"\n'
        )


def add_partners(programs, dir, house, url, first, count):
    key = house / "govern/demo/house.govern-1.pem"
    for number in range(first, first + count):
        ops = [{"op": "partner_set", "partner": f"partner-{number}", "roles": ["issue"],
                "status": "active"}]
        file = dir / "partner.json"
        file.write_text(json.dumps(ops))
        run(programs / "tallyhouse", "submit", file, "--url", f"{url}/v1/demo", "--key", key)


def cosigned(url, size):
    """The checkpoint of at least this size that the witness cosigned."""
    def ask():
        status, note = get(f"{url}/v1/demo/log/checkpoint/cosigned")
        return note if status == 200 and int(note.split("\n")[1]) >= size else None
    return until(f"{size} entries are cosigned", ask)


def check_cosigned(programs, dir, url, note, vkey, theirs):
    verify = programs / "tallyhouse-verify"
    policy = dir / "policy"
    policy.write_text(get(f"{url}/v1/demo/log/policy")[1])
    (dir / "cosigned").write_text(note)
    run(verify, "checkpoint", dir / "cosigned", "--policy", policy)
    _, parsed = checkpoint_from_note(note)
    log, witness = (aics_tlog.parse_vkey(key) for key in (vkey, theirs))
    judged = verify_checkpoint(parsed, log, [witness], 1, max_age_seconds=60)
    check(judged.ok, f"aics-tlog refuses the cosigned checkpoint: {judged}")
    stranger = Ed25519PrivateKey.generate().public_key()
    stranger = aics_tlog.cosignature_vkey("stranger.example/w1", stranger)
    check(not verify_checkpoint(parsed, log, [stranger], 1).ok, "a stranger's quorum is met")


def mirror(programs, house, url, tiles):
    key = next(house.glob("*/demo/house.audit-1.pem"))
    run(programs / "tallyhouse", "export", "--tiles", tiles, "--url", f"{url}/v1/demo",
        "--key", key)
    checkpoint, _ = checkpoint_from_note((tiles / "checkpoint").read_text())
    report = audit_tiles(FileSystemTileReader(tiles), checkpoint.size, checkpoint.root)
    check(report.size == checkpoint.size, f"aics-tlog read {report}")
    return checkpoint, report


def our_witness(stack, programs, dir):
    """Their client asks our witness to follow a log of theirs, forward and then astray."""
    key = Ed25519PrivateKey.generate()
    origin = "their.example/log"
    log = aics_tlog.format_vkey(aics_tlog.vkey_from_ed25519(origin, key.public_key()))
    folder = dir / "ours"
    program = programs / "tallyhouse"
    made = run(program, "witness", "new", "--json", "--name", "ours.example/w1", "--dir", folder)
    vkey = json.loads(made)["vkey"]
    url = stack.enter_context(ours(program, "witness", "serve", "--json", "--listen",
                                   "127.0.0.1:0", "--log", log, "--dir", folder, log="off"))
    leaves = [f"leaf {number}\n".encode() for number in range(600)]
    tree = aics_tlog.MerkleTree(leaves)
    sizes = [1, 2, 255, 256, 257, 511, 600]
    with WitnessClient(url, vkey) as client:
        for size in sizes:
            checkpoint = aics_tlog.Checkpoint(origin, size, tree.root(size))
            note = sign_checkpoint(checkpoint, key, origin).to_bytes()
            check(client.submit(note, tree.consistency_proof), f"{size} is not cosigned")
        other = aics_tlog.MerkleTree(leaves[:-1] + [b"another\n"])
        forked = aics_tlog.Checkpoint(origin, 600, other.root())
        try:
            client.submit(sign_checkpoint(forked, key, origin).to_bytes(),
                          other.consistency_proof)
        except WitnessRejected as refused:
            # 409 in tlog-witness v1.0.0, 422 in v1.1.0; their client takes both for final.
            check("different root" in str(refused), f"another root is refused with {refused}")
        else:
            raise Differences("our witness cosigned two roots of one size")
    return len(sizes)


def main():
    programs, dir = (Path(arg) for arg in sys.argv[1:3])
    dir.mkdir(parents=True, exist_ok=True)
    tiles = dir / "tiles"
    with ExitStack() as stack:
        house, vkey = found(programs, dir)
        (dir / "vkey").write_text(vkey + "\n")
        theirs, witness = their_witness(stack, dir, vkey)
        witness_it(house, theirs, witness)
        url = stack.enter_context(ours(programs / "tallyhouse", "serve", "--json", "--listen",
                                       "127.0.0.1:0", "--config", house / "tallyhouse.toml"))
        add_partners(programs, dir, house, url, 0, 3)
        cosigned(url, 4)
        mirror(programs, house, url, tiles)
        add_partners(programs, dir, house, url, 3, PARTNERS - 3)
        note = cosigned(url, PARTNERS + 1)
        check_cosigned(programs, dir, url, note, vkey, theirs)
        checkpoint, report = mirror(programs, house, url, tiles)
        check(checkpoint.size == PARTNERS + 1, f"the mirror holds {checkpoint.size} entries")
        steps = our_witness(stack, programs, dir)
    print(f"log: cosigned by aics-witness at {checkpoint.size} entries; {report.tiles} tiles and "
          f"{report.bundles} bundles read by aics-tlog; our witness cosigned {steps} of their sizes")


if __name__ == "__main__":
    try:
        main()
    except Differences as error:
        print(f"log: {error}", file=sys.stderr)
        sys.exit(1)
