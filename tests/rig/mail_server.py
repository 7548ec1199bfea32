"""A mail server that keeps nothing: what it is given it prints, a JSON object a line. The first line is its port.

Usage: mail_server.py starttls|tls CERTIFICATE KEY. Who signs in is called castgate, with the password "a password".
An address that begins with nobody is refused for good, one that begins with later is refused for now.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Desk:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody"):
            return "550 5.1.1 There is nobody of this name"
        if address.startswith("later"):
            return "451 4.3.0 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "signed_in": bool(session.authenticated),
            "data": envelope.content.decode(),
        }
        print(json.dumps(letter), flush=True)
        return "250 OK"


def who(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (b"castgate", b"a password")
    return AuthResult(success=known)


async def main(mode, certificate, key):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    starttls = mode == "starttls"

    def desk():
        return SMTP(
            Desk(),
            tls_context=context if starttls else None,
            require_starttls=starttls,
            authenticator=who,
            auth_required=True,
            auth_require_tls=starttls,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(desk, "127.0.0.1", 0, ssl=None if starttls else context)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The test that started it holds its standard input: with the test it ends.
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main(*sys.argv[1:4]))
