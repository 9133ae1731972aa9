"""An SMTP server. Its first argument is JSON: { key, cert, user, password }. It writes a line of JSON for what happens, and ends with its
standard input."""

import json
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

options = json.loads(sys.argv[1])


def say(event):
    print(json.dumps(event), flush=True)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        raw = envelope.content.decode("ascii")
        user = session.auth_data and session.auth_data.login.decode()
        say({"accepted": {"from": envelope.mail_from, "to": envelope.rcpt_tos, "secure": bool(session.ssl), "user": user, "raw": raw}})
        return "250 accepted"


def authenticator(server, session, envelope, mechanism, auth_data):
    right = (auth_data.login.decode(), auth_data.password.decode()) == (options["user"], options["password"])
    return AuthResult(success=right, auth_data=auth_data, handled=False)


context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(options["cert"], options["key"])
controller = Controller(
    Handler(),
    hostname="127.0.0.1",
    port=options["port"],
    tls_context=context,
    require_starttls=True,
    authenticator=authenticator,
    auth_required=True,
)
controller.start()
say({"listening": options["port"]})
sys.stdin.read()
controller.stop()
