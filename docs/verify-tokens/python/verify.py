"""A backend that answers `GET /` with the claims of the caller's access token.

It does not follow the revocations: it accepts a token until it expires, also after the session was ended or the account disabled.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt

URL = os.environ["AUTH_URL"]
ISSUER = os.environ["AUTH_ISSUER"]
AUDIENCE = os.environ["AUTH_AUDIENCE"]
ALGORITHMS = os.environ.get("AUTH_ALGORITHMS", "EdDSA").split(",")

# Keeps the keys for 5 minutes. For a `kid` that nobody knows it looks at most every 30 seconds: anybody can make one up.
KEYS = jwt.PyJWKClient(f"{URL}/.well-known/jwks.json", lifespan=300, cooldown_duration=30, timeout=5)


class Refused(Exception):
    """The token is refused. Answer 401."""


class Unavailable(Exception):
    """Nobody can tell whether the token is good. Answer 503."""


def verify(token: str) -> dict:
    """The claims of a token that is genuine and in time: RFC 9068 section 4, RFC 8725."""
    try:
        header = jwt.get_unverified_header(token)
        typ = str(header.get("typ")).lower()
        if header.get("alg") not in ALGORITHMS or typ not in ("at+jwt", "application/at+jwt"):
            raise Refused("not an access token")
        return jwt.decode(
            token,
            KEYS.get_signing_key(header.get("kid", "")),
            algorithms=ALGORITHMS,
            issuer=ISSUER,
            audience=AUDIENCE,
            leeway=0,
            options={"require": ["exp", "iat", "iss", "aud", "sub", "sid"]},
        )
    except (jwt.PyJWKClientConnectionError, json.JSONDecodeError) as error:
        raise Unavailable("the keys can not be fetched") from error
    except jwt.PyJWTError as error:
        raise Refused(str(error)) from error


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise Refused("no bearer token")
            self.answer(200, verify(token))
        except Refused as error:
            self.answer(401, {"error": str(error)}, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        except Unavailable as error:
            self.answer(503, {"error": str(error)}, {"Retry-After": "1"})

    def answer(self, status: int, body: dict, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode() + b"\n")


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Handler)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit()
