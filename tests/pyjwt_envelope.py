"""Prints an envelope made with PyJWT: KEY_FILE KID PAYLOAD, where PAYLOAD is a submission in JSON."""

import json
import sys

import jwt

key_file, kid, payload = sys.argv[1:]
with open(key_file, "rb") as file:
    key = file.read()
headers = {"kid": kid, "typ": "tallyhouse+json"}
print(jwt.encode(json.loads(payload), key, algorithm="EdDSA", headers=headers))
