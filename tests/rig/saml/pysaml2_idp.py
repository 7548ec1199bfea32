"""A SAML identity provider made of pysaml2, for tests: a form asks who it is, any of the known people.

    python pysaml2_idp.py --port 4800 --keys DIR --sp sp-metadata.xml

DIR holds idp-1.key, idp-1.crt, idp-2.key and idp-2.crt. The provider signs with the first pair and publishes it alone; on
SIGHUP it is the second. Prints one JSON line when it listens, and one for each change of keys.

/metadata  what the service provider reads        /sso   sign-in, by redirect and by form
/start     a sign-in that nobody asked for         /slo   sign-out, both ways
/sign-out?user=NAME&binding=redirect|post          signs a person out everywhere, beginning here
/signed-out?in_response_to=ID                      a signed answer to a sign-out that nobody asked for; to nothing without ID
"""
import argparse
import base64
import html
import json
import logging
import signal
import sys
import threading

from flask import Flask, redirect, request
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2 import xmldsig
from saml2.authn_context import PASSWORD
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAME_FORMAT_BASIC, NAMEID_FORMAT_EMAILADDRESS, Issuer, NameID
from saml2.samlp import LogoutRequest, response_from_string
from saml2.server import Server

arguments = argparse.ArgumentParser()
for name in ("port", "keys", "sp"):
    arguments.add_argument(f"--{name}", required=True)
options = arguments.parse_args()
logging.getLogger("werkzeug").setLevel(logging.ERROR)

HERE = f"http://127.0.0.1:{options.port}"
STRONG = {"sign_alg": xmldsig.SIG_RSA_SHA256, "digest_alg": xmldsig.DIGEST_SHA256}
PEOPLE = {
    "alice": {"displayName": "Alice Ångström", "givenName": "Alice", "sn": "Ångström", "groups": ["castai-owners", "engineering"]},
    "bob": {"displayName": "Bob Müller-Łódź", "givenName": "Bob", "sn": "Müller-Łódź", "groups": ["k8s-staging-viewer"]},
    "carol": {"displayName": "Carol <&>", "givenName": "Carol", "sn": "O'Neil", "groups": []},
}
sessions = {}
lock = threading.Lock()


def server(number):
    """The provider with its nth key pair."""
    both = (BINDING_HTTP_REDIRECT, BINDING_HTTP_POST)
    key = {"key_file": f"{options.keys}/idp-{number}.key", "cert_file": f"{options.keys}/idp-{number}.crt"}
    service = {
        "endpoints": {
            "single_sign_on_service": [(f"{HERE}/sso", binding) for binding in both],
            "single_logout_service": [(f"{HERE}/slo", binding) for binding in both],
        },
        "want_authn_requests_signed": True,
        "name_id_format": [NAMEID_FORMAT_EMAILADDRESS],
        "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None, "name_form": NAME_FORMAT_BASIC}},
    }
    config = {"entityid": f"{HERE}/idp", "xmlsec_binary": "/usr/bin/xmlsec1", "metadata": {"local": [options.sp]}, **key}
    return Server(config=IdPConfig().load({**config, "service": {"idp": service}}))


def said(line):
    print(json.dumps(line), flush=True)


provider = server(1)


def rotate(*_):
    global provider
    provider = server(2)
    said({"rotated": True})


def service_provider():
    """The entity id and the address for answers of the one service provider that is known."""
    entity = next(iter(provider.metadata.service_providers()))
    consumer = provider.metadata.assertion_consumer_service(entity, BINDING_HTTP_POST)[0]["location"]
    return entity, consumer


def posts(action, fields):
    inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
    return f'<form method="post" action="{html.escape(action)}">{inputs}<button type="submit">go on</button></form>'


def name_of(user):
    return NameID(format=NAMEID_FORMAT_EMAILADDRESS, text=f"{user}@example.test")


def answer(user, asked):
    person = {**PEOPLE[user], "mail": f"{user}@example.test"}
    response = provider.create_authn_response(
        person,
        in_response_to=asked["in_response_to"],
        destination=asked["destination"],
        sp_entity_id=asked["sp_entity_id"],
        userid=user,
        name_id=name_of(user),
        authn={"class_ref": PASSWORD, "authn_auth": HERE},
        sign_response=True,
        sign_assertion=True,
        **STRONG,
    )
    text = str(response)
    index = response_from_string(text).assertion[0].authn_statement[0].session_index
    with lock:
        sessions.setdefault(user, []).append(index)
    return posts(asked["destination"], {"SAMLResponse": base64.b64encode(text.encode()).decode(), "RelayState": "ignored"})


app = Flask(__name__)


@app.route("/metadata")
def metadata():
    return str(entity_descriptor(provider.config)), 200, {"content-type": "application/samlmetadata+xml"}


@app.route("/sso", methods=["GET", "POST"])
def sso():
    values = {name: request.values.get(name) for name in ("SAMLRequest", "RelayState", "SigAlg", "Signature")}
    by_redirect = request.values.get("by", "post" if request.method == "POST" else "redirect") == "redirect"
    user = request.form.get("login")
    if user not in PEOPLE:
        kept = {name: value for name, value in values.items() if value is not None}
        kept["by"] = "redirect" if by_redirect else "post"
        inputs = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in kept.items())
        ask = '<input name="login" value=""><button type="submit">sign in</button>'
        return f'<form method="post" action="/sso">{inputs}{ask}</form>'
    if by_redirect:
        binding, proof = BINDING_HTTP_REDIRECT, {"sigalg": values["SigAlg"], "signature": values["Signature"]}
    else:
        binding, proof = BINDING_HTTP_POST, {}
    parsed = provider.parse_authn_request(values["SAMLRequest"], binding, relay_state=values["RelayState"], **proof)
    return answer(user, provider.response_args(parsed.message, [BINDING_HTTP_POST]))


@app.route("/start", methods=["GET", "POST"])
def start():
    user = request.form.get("login")
    if user not in PEOPLE:
        return '<form method="post" action="/start"><input name="login" value=""><button type="submit">sign in</button></form>'
    entity, consumer = service_provider()
    return answer(user, {"in_response_to": None, "destination": consumer, "sp_entity_id": entity})


@app.route("/slo", methods=["GET", "POST"])
def slo():
    binding = BINDING_HTTP_REDIRECT if request.method == "GET" else BINDING_HTTP_POST
    if "SAMLResponse" in request.values:
        provider.parse_logout_request_response(request.values["SAMLResponse"], binding)
        return "signed out everywhere"
    proof = {}
    if binding == BINDING_HTTP_REDIRECT:
        proof = {"sigalg": request.args.get("SigAlg"), "signature": request.args.get("Signature")}
    relay = request.values.get("RelayState")
    parsed = provider.parse_logout_request(request.values["SAMLRequest"], binding, relay_state=relay, **proof)
    user = parsed.message.name_id.text.split("@")[0]
    with lock:
        ended = [index.text for index in parsed.message.session_index]
        left = [index for index in sessions.get(user, []) if index not in ended]
        sessions[user] = left
    said({"signed_out": user, "indexes": ended})
    return signed_out(parsed.message, relay or "")


def signed_out(asked, relay):
    response = provider.create_logout_response(asked, [BINDING_HTTP_REDIRECT])
    to = provider.metadata.single_logout_service(asked.issuer.text, BINDING_HTTP_REDIRECT, "spsso")[0]["location"]
    bound = provider.apply_binding(
        BINDING_HTTP_REDIRECT, str(response), to, relay, response=True, sign=True, sigalg=STRONG["sign_alg"]
    )
    return redirect(dict(bound["headers"])["Location"])


@app.route("/signed-out")
def unasked():
    entity, _ = service_provider()
    return signed_out(LogoutRequest(id=request.args.get("in_response_to"), issuer=Issuer(text=entity)), "")


@app.route("/sign-out")
def sign_out():
    user = request.args["user"]
    binding = BINDING_HTTP_POST if request.args.get("binding") == "post" else BINDING_HTTP_REDIRECT
    entity, _ = service_provider()
    to = provider.metadata.single_logout_service(entity, binding, "spsso")[0]["location"]
    with lock:
        indexes = sessions.pop(user, [])
    signed = {"sign": True, **STRONG} if binding == BINDING_HTTP_POST else {"sign": False}
    _, text = provider.create_logout_request(to, entity, name_id=name_of(user), session_indexes=indexes, **signed)
    bound = provider.apply_binding(binding, str(text), to, "where we were", sign=True, sigalg=STRONG["sign_alg"])
    if binding == BINDING_HTTP_POST:
        return bound["data"]
    return redirect(dict(bound["headers"])["Location"])


signal.signal(signal.SIGHUP, rotate)
said({"ready": True, "metadata": f"{HERE}/metadata"})
sys.stdout.flush()
app.run("127.0.0.1", int(options.port), threaded=True)
