"""Canaille, a real identity provider: it pushes people and groups over SCIM, and signs them in over OpenID Connect.

    CASTGATE_TOKEN=… python tests/rig/canaille/provider.py DIRECTORY SCIM_BASE REDIRECT_URI PORT

DIRECTORY is empty and becomes Canaille's own. It says {"issuer": …, "client_id": …, "client_secret": …} in a line when it serves.
Then each line on standard input is one step (see STEPS); every save and delete in Canaille makes it push. Each is answered by a line:
{"requests": [[method, path, status], …], "users": [{userName, externalId, active, familyName, emails}, …],
"groups": [{displayName, externalId, members}, …]}: what was said meanwhile, and what Canaille holds then.
"""

import datetime
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from werkzeug.serving import make_server

directory, scim_base, redirect_uri, port = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3], int(sys.argv[4])
issuer = f"http://127.0.0.1:{port}"
requests = []


def new_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def configure():
    pem = new_key()
    config = directory / "config.toml"
    config.write_text(
        f'''SECRET_KEY = "a secret of the tests alone"
SERVER_NAME = "127.0.0.1:{port}"
PREFERRED_URL_SCHEME = "http"
[CANAILLE]
DATABASE = "sql"
CAPTCHA_ENABLED = false
JAVASCRIPT = false
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{directory}/canaille.sqlite"
PASSWORD_SCHEMES = "pbkdf2_sha512"
[CANAILLE_OIDC]
ACTIVE_JWKS = ["""{pem}"""]
[CANAILLE_SCIM]
ENABLE_CLIENT = true
'''
    )
    os.environ["CANAILLE_CONFIG"] = str(config)
    canaille = Path(sys.executable).parent / "canaille"
    subprocess.run([canaille, "install"], check=True, stdout=sys.stderr)


def listen():
    """Remembers every request that Canaille's SCIM client sends."""
    send = httpx.Client.send

    def remembered(client, request, **options):
        response = send(client, request, **options)
        requests.append([request.method, request.url.raw_path.decode(), response.status_code])
        return response

    httpx.Client.send = remembered


def trust():
    """Canaille pushes to a client of its own OpenID provider, with a token that it issued for it: this is the token."""
    now = datetime.datetime.now(datetime.timezone.utc)
    client = models.Client(
        client_id="castgate", client_secret="castgate-at-canaille", client_name="castgate", client_uri=scim_base,
        redirect_uris=[redirect_uri],
        post_logout_redirect_uris=[redirect_uri.replace("/login/callback", "/logout/done")], grant_types=["authorization_code"], response_types=["code"],
        scope=["openid", "profile", "email", "groups"], token_endpoint_auth_method="client_secret_basic",
        client_id_issued_at=now, id_token_signed_response_alg="RS256",
    )
    backend.save(client)
    client.audience = [client]
    backend.save(client)
    backend.save(models.Token(
        token_id="castgate", access_token=os.environ["CASTGATE_TOKEN"], client=client, subject=None,
        audience=[client], scope=["openid"], issue_date=now, lifetime=86400, type="Bearer",
    ))


def person(name, given, family):
    user = models.User(
        user_name=name, password=f"{name} has a password", emails=[f"{name}@example.test"], given_name=given,
        family_name=family, formatted_name=f"{given} {family}",
    )
    backend.save(user)
    return user


def user(name):
    return backend.get(models.User, user_name=name)


def group(name):
    return backend.get(models.Group, display_name=name)


def join():
    alice, bob = person("alice", "Alice", "Ångström"), person("bob", "Bob", "Müller")
    carol = person("carol", "Carol", "Nowak")
    backend.save(models.Group(display_name="castai-owners", members=[alice]))
    backend.save(models.Group(display_name="castai-viewers", members=[alice, bob, carol]))


def move():
    bob = user("bob")
    bob.groups = [*bob.groups, group("castai-owners")]
    backend.save(bob)
    bob.family_name, bob.emails = "Schmidt", ["bob.schmidt@example.test", "bob@example.test"]
    backend.save(bob)


def lock():
    bob = user("bob")
    bob.lock_date = datetime.datetime.now(datetime.timezone.utc)
    backend.save(bob)


def leave():
    backend.delete(user("alice"))
    backend.delete(group("castai-viewers"))


def stranger():
    person("mallory", "Mallory", "Nobody")


def roll():
    """A new key signs from now on, and the old ones stay published."""
    keys = app.config["CANAILLE_OIDC"]
    keys["INACTIVE_JWKS"] = [*keys["ACTIVE_JWKS"], *(keys["INACTIVE_JWKS"] or [])]
    keys["ACTIVE_JWKS"] = [new_key()]


STEPS = {"stranger": stranger, "roll": roll, "join": join, "move": move, "lock": lock, "leave": leave}


def state():
    now = datetime.datetime.now(datetime.timezone.utc)
    users = [
        {"userName": one.user_name, "externalId": one.id, "active": not (one.lock_date and one.lock_date <= now),
         "familyName": one.family_name, "emails": sorted(one.emails)}
        for one in backend.query(models.User)
    ]
    groups = [
        {"displayName": one.display_name, "externalId": one.id, "members": sorted(member.id for member in one.members)}
        for one in backend.query(models.Group)
    ]
    return {"users": users, "groups": groups}


def say(thing):
    print(json.dumps(thing), flush=True)


configure()
listen()
from canaille import create_app  # noqa: E402 (it reads its configuration when it is imported)
from canaille.app import models  # noqa: E402
from canaille.backends import Backend  # noqa: E402

logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = create_app()
backend = Backend.instance
with app.app_context(), app.test_request_context(base_url=issuer), backend.session():
    trust()
server = make_server("127.0.0.1", port, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
say({"issuer": issuer, "client_id": "castgate", "client_secret": "castgate-at-canaille"})
for line in sys.stdin:
    requests.clear()
    with app.app_context(), app.test_request_context(base_url=issuer), backend.session():
        STEPS[line.strip()]()
        say({"requests": list(requests), **state()})
