"""An authenticator with its client: soft-webauthn of PyPI. It reads one JSON a line and answers with one line.

{"page": ORIGIN, "create": PublicKeyCredentialCreationOptionsJSON} makes a passkey, which takes the place of the one before.
{"page": ORIGIN, "get": PublicKeyCredentialRequestOptionsJSON} uses it. The answer is what toJSON() makes.

soft-webauthn never says that it has verified its user. With "verified": true this program says so in its place, and
signs that with the device's key.
"""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.utils import sha256
from soft_webauthn import SoftWebauthnDevice

USER_VERIFIED = 0x04
FLAGS = 32


def decoded(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(value):
    return urlsafe_b64encode(value).decode().rstrip("=") if isinstance(value, bytes) else value


def verified(data):
    return data[:FLAGS] + bytes([data[FLAGS] | USER_VERIFIED]) + data[FLAGS + 1:]


def create(device, asked):
    options = asked["create"]
    options["challenge"] = decoded(options["challenge"])
    options["user"]["id"] = decoded(options["user"]["id"])
    made = device.create({"publicKey": options}, asked["page"])
    if asked.get("verified"):
        attestation = cbor.decode(made["response"]["attestationObject"])
        attestation["authData"] = verified(attestation["authData"])
        made["response"]["attestationObject"] = cbor.encode(attestation)
    return made


def get(device, asked):
    options = asked["get"]
    options["challenge"] = decoded(options["challenge"])
    used = device.get({"publicKey": options}, asked["page"])
    if asked.get("verified"):
        response = used["response"]
        response["authenticatorData"] = verified(response["authenticatorData"])
        signed = response["authenticatorData"] + sha256(response["clientDataJSON"])
        response["signature"] = device.private_key.sign(signed, ec.ECDSA(hashes.SHA256()))
    return used


def main():
    device = SoftWebauthnDevice()
    for line in sys.stdin:
        asked = json.loads(line)
        credential = create(device, asked) if "create" in asked else get(device, asked)
        answer = {
            "id": encoded(credential["rawId"]),
            "rawId": encoded(credential["rawId"]),
            "type": credential["type"],
            "clientExtensionResults": {},
            "response": {name: encoded(value) for name, value in credential["response"].items()},
        }
        print(json.dumps(answer), flush=True)


main()
