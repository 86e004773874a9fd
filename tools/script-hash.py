"""Prints a C header with the SHA-256 digest of a script, in base64: script-hash.py FILE."""

import base64
import hashlib
import sys

with open(sys.argv[1], "rb") as file:
    digest = hashlib.sha256(file.read()).digest()
print("/* Digest of the script of the pages of a site. */")
print(f'#define SITE_SCRIPT_HASH "{base64.b64encode(digest).decode()}"')
