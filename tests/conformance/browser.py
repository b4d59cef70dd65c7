"""Puts files into the page that checks them, in a real browser, and reads what it says.

usage: browser.py CHROMIUM URL FILES [SCREENSHOTS]

FILES is the folder that browser.sh fills. The browser is driven over a pipe (Chrome DevTools
Protocol), so there is no port; it loads the page anew for each case, sets its file field and its
key fields, and waits for a verdict. A case that gets another verdict, an error of the script, a
refusal by the page's policy, or any request but that for the page fails. Exits with 0 if all cases hold.
"""

import base64
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TIMEOUT_S = 30
WRONG_VKEY_KEY = 7  # a byte of the key that is changed, with the hash made anew


class Browser:
    """A headless Chromium and one page in it."""

    def __init__(self, program, profile):
        to_browser, self.out = os.pipe()
        self.source, from_browser = os.pipe()
        arguments = [
            "--headless=new",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-gpu",
            "--no-default-browser-check",
            "--disable-background-networking",
            "--disable-sync",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            f"--user-data-dir={profile}",
        ]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        # The browser reads from file 3 and writes to file 4.
        script = f'exec 3<&{to_browser} 4>&{from_browser}; exec "$@"'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", program, *arguments, "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []
        self.session = None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.ask(f"{domain}.enable")

    def read(self, until):
        """The next message."""
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.source], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            read = os.read(self.source, 1 << 16)
            if not read:
                raise EOFError("the browser ended")
            self.buffer += read
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        """Sends a command and answers its result; events are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + TIMEOUT_S
        while True:
            answer = self.read(until)
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def evaluate(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def wait_for(self, expression):
        until = time.monotonic() + TIMEOUT_S
        while not self.evaluate(expression):
            if time.monotonic() > until:
                raise TimeoutError(expression)
            time.sleep(0.05)

    def open(self, url):
        self.events.clear()
        self.ask("Page.navigate", url=url)
        self.wait_for("document.getElementById('files')?.disabled === false")

    def give(self, files, keys):
        """Fills in keys, and then sets the file field as a person would."""
        for field, value in keys.items():
            self.evaluate(
                f"document.getElementById({json.dumps(field)}).value = {json.dumps(value)}"
            )
        document = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=document, selector="#files")["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])
        self.wait_for("document.querySelector('#verdict .banner') !== null")
        return self.evaluate(
            "({state: document.querySelector('#verdict .banner').className.replace('banner ', ''),"
            " text: document.getElementById('verdict').innerText})"
        )

    def trouble(self, url):
        """Errors since the page was opened, and requests for anything else."""
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(f"exception: {params['exceptionDetails'].get('text')}")
            elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
                # The browser asks by itself for a picture of the site; the page names none.
                if not params["entry"].get("url", "").endswith("/favicon.ico"):
                    found.append(f"log: {params['entry']['text']}")
            elif method == "Network.requestWillBeSent":
                asked = params["request"]["url"]
                if asked != url and not asked.endswith("/favicon.ico"):
                    found.append(f"request: {asked}")
        return found

    def save(self, url, file):
        """Keeps the page as it was sent, and answers where it is."""
        frame = self.ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        content = self.ask("Page.getResourceContent", frameId=frame, url=url)
        assert not content["base64Encoded"]
        file.write_text(content["content"], encoding="utf-8")
        return file.as_uri()

    def without_ed25519(self, url):
        """What the page says where the browser has no Ed25519."""
        script = "crypto.subtle.importKey = () => Promise.reject(new DOMException('unknown'))"
        added = self.ask("Page.addScriptToEvaluateOnNewDocument", source=script)["identifier"]
        self.ask("Page.navigate", url=url)
        self.wait_for("document.getElementById('notice')?.hidden === false")
        says = self.evaluate("document.body.innerText")
        is_closed = self.evaluate(
            "document.getElementById('files').disabled && " "document.getElementById('give').hidden"
        )
        self.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=added)
        return is_closed and "cannot check Ed25519" in says

    def picture(self, file, width, height, dark):
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.ask("Emulation.setEmulatedMedia", features=scheme)
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        picture = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        try:
            self.session = None
            self.ask("Browser.close")
            self.process.wait(timeout=10)
        except Exception:
            self.process.kill()
            self.process.wait()


def another_key(vkey):
    """A verifier key of the same name with another key in it."""
    import hashlib

    name, _, encoded = vkey.split("+", 2)
    key = bytearray(base64.b64decode(encoded))
    key[WRONG_VKEY_KEY] ^= 1
    key_id = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{key_id}+{base64.b64encode(key).decode()}"


def changed(file, name, change):
    """A copy of a file with its text changed; it has to change."""
    text = file.read_bytes()
    other = change(text)
    assert other != text, name
    copy = file.with_name(name)
    copy.write_bytes(other)
    return copy


def flipped_text(word, other):
    return lambda text: text.replace(word, other, 1)


def flipped_base64(member):
    """Changes one character in the middle of a member's text."""

    def change(text):
        at = text.index(b'"%s":"' % member.encode()) + len(member) + 4
        at += (text.index(b'"', at) - at) // 2
        return text[:at] + (b"A" if text[at : at + 1] != b"A" else b"B") + text[at + 1 :]

    return change


def flipped_byte(at):
    return lambda text: text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :]


def flipped_part(nth):
    """Changes one character in a part of a JWS."""

    def change(text):
        parts = text.split(b".")
        middle = len(parts[nth]) // 2
        other = b"A" if parts[nth][middle : middle + 1] != b"A" else b"B"
        parts[nth] = parts[nth][:middle] + other + parts[nth][middle + 1 :]
        return b".".join(parts)

    return change


def receipt_cases(files, programme):
    receipt = files / "receipt.json"
    author = {"author-key": (files / "author.pem").read_text().replace("\n", "")}
    vkey = programme["ledger_key"]
    portable = [files / f"receipt.{part}" for part in ("tlog-proof", "entry", "effects")]
    yield "receipt", [receipt], author, "holds", ["Everything was checked", "120 points", "hh-0900"]
    yield "receipt-pinned", [receipt], {**author, "vkey": vkey}, "holds", ["key that you gave"]
    yield "receipt-no-author", [receipt], {}, "open", ["author’s signature", "120 points"]
    yield "portable", portable, author, "holds", ["120 points"]
    yield "portable-no-effects", portable[:2], author, "open", ["amounts"]
    yield "wrong-vkey", [receipt], {"vkey": another_key(vkey)}, "fails", ["not signed by this key"]
    mistyped = vkey[:-3] + ("A" if vkey[-3] != "A" else "B") + vkey[-2:]
    yield "mistyped-vkey", [receipt], {"vkey": mistyped}, "fails", [
        "cannot be checked",
        "copy the whole key",
    ]
    yield "author-of-another", [receipt], {
        "author-key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }, "fails", ["not signed by this key"]
    yield "another-ledger", [files / "another-ledger.json"], author, "fails", ["another ledger"]
    flips = {
        "points": (flipped_text(b'"points":120', b'"points":121'), "results"),
        "index": (flipped_text(b'"index":', b'"index":1'), "index"),
        "member": (flipped_text(b"hh-0900", b"hh-0901"), "results"),
        "chain": (flipped_base64("chain_hash"), ""),
        "entry": (flipped_base64("entry"), ""),
        "effects": (flipped_base64("effects"), ""),
        "checkpoint": (lambda text: text.replace(b"\\n\\n", b"0\\n\\n", 1), ""),
        "spaces": (
            lambda text: text.replace(b'"receipt":1', b'"receipt":1,"receipt":1', 1),
            "twice",
        ),
    }
    for name, (change, says) in flips.items():
        file = changed(receipt, f"flipped-{name}.json", change)
        yield f"flipped-{name}", [file], author, "fails", [says]
    yield "flipped-portable", [
        changed(portable[1], "flipped.entry", flipped_byte(-40)),
        portable[0],
        portable[2],
    ], author, "fails", ["does not lead"]
    cut = changed(receipt, "cut.json", lambda text: text[: len(text) // 2])
    yield "cut-off", [cut], author, "fails", ["cannot be checked", "cut.json"]


def statement_cases(files):
    jws, stated, issued = (
        files / name for name in ("grocery.jws", "grocery.stated.json", "issued.json")
    )
    plain = files / "grocery.json"
    says = ["grocery", "To pay and to receive"]
    yield "statement", [jws, stated, issued], {}, "holds", ["Everything was checked", *says]
    yield "statement-and-json", [jws, plain, stated, issued], {}, "holds", says
    yield "no-stated", [jws], {}, "open", ["Not checked: stated, place", *says]
    yield "no-receipt", [jws, stated], {}, "open", ["Not checked: bound by the ledger", *says]
    yield "unsigned", [plain, stated, issued], {}, "open", ["Not checked: signature", *says]
    another = {"statement-key": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    yield "wrong-statement-key", [jws, stated, issued], another, "fails", [
        "signature does not hold"
    ]
    for nth, part in enumerate(("header", "payload", "signature")):
        file = changed(jws, f"flipped-{part}.jws", flipped_part(nth))
        yield f"flipped-{part}", [file, stated, issued], {}, "fails", [""]
    digits = json.loads(stated.read_text())["root"]
    other = ("0" if digits[5] != "0" else "1").join((digits[:5], digits[6:])).encode()
    file = changed(stated, "flipped.stated.json", flipped_text(digits.encode(), other))
    yield "flipped-root", [jws, file, issued], {}, "fails", ["does not lead"]
    file = changed(plain, "flipped-plain.json", flipped_text(b'"net":"', b'"net":"1'))
    yield "flipped-plain", [file, stated, issued], {}, "fails", ["SHA-256"]
    yield "wrong-receipt", [jws, stated, files / "receipt.json"], {}, "fails", ["entry"]
    spaced = changed(plain, "spaced.json", lambda text: text.replace(b",", b", ", 1))
    yield "written-again", [spaced, stated, issued], {}, "fails", ["RFC 8785"]


def other_cases(files):
    for name, content, says in (
        ("empty.json", b"", "is empty"),
        ("words.txt", b"all is well", "words.txt"),
        ("bytes.bin", b"\xff\xfe\x00", "no text"),
        ("number.json", b"7", "no receipt"),
        ("html.json", b'{"receipt":"<img src=x onerror=alert(1)>"}', "lacks a member"),
    ):
        (files / name).write_bytes(content)
        yield name, [files / name], {}, "fails", [says]
    with open(files / "huge.json", "wb") as huge:
        huge.truncate(33 << 20)
    yield "huge", [files / "huge.json"], {}, "fails", ["too large"]
    yield "stated-alone", [files / "grocery.stated.json"], {}, "fails", ["says nothing alone"]
    yield "entry-alone", [files / "receipt.entry"], {}, "fails", ["proves nothing alone"]
    yield "unused", [files / "receipt.json", files / "receipt.tlog-proof"], {}, "open", [
        "other files"
    ]
    yield "two-receipts", [files / "receipt.json", files / "issued.json"], {}, "fails", [
        "two receipts"
    ]


def main():
    program, url, files = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    pictures = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    programme = json.loads((files / "programme.json").read_text())
    cases = [
        (url, *case)
        for case in (*receipt_cases(files, programme), *statement_cases(files), *other_cases(files))
    ]
    failed = 0
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, profile)
        try:
            browser.open(url)
            saved = browser.save(url, files / "saved.html")
            cases += [
                (saved, f"saved-{name}", *rest)
                for _, name, *rest in cases
                if name in ("receipt", "statement", "flipped-points", "flipped-payload")
            ]
            for address, name, given, keys, state, says in cases:
                browser.open(address)
                found = browser.give(given, keys)
                words = " ".join(found["text"].split())
                wrong = browser.trouble(address)
                if found["state"] != state:
                    wrong.append(f"the verdict is {found['state']} and not {state}")
                wrong += [
                    f"it does not say {words_of!r}" for words_of in says if words_of not in words
                ]
                if state != "holds" and "Everything was checked" in words:
                    wrong.append("it says that everything was checked")
                for finding in wrong:
                    failed = 1
                    print(f"browser: {name}: {finding}\n  {words[:600]}")
                if pictures:
                    pictures.mkdir(parents=True, exist_ok=True)
                    browser.picture(pictures / f"{name}.png", 1000, 900, False)
                    browser.picture(pictures / f"{name}-phone.png", 390, 800, True)
            if not browser.without_ed25519(url):
                failed = 1
                print("browser: the page takes files where it cannot check them")
        finally:
            browser.close()
    print(f"browser: {len(cases)} cases in {program}", end="")
    print(": FAILED" if failed else ", each with the verdict that it must have")
    sys.exit(failed)


if __name__ == "__main__":
    main()
