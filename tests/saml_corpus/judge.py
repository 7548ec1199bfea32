"""Two other readers of XML, for comparison: signxml (with cryptography) judges signatures, lxml (libxml2) canonicalizes.

One JSON object a line comes in, one goes out.
{"xml", "certificate", "sha1"}: {"name"} is the NameID in what signxml says is signed, or null where it refuses.
{"xml", "prefixes"}: {"canonical"} is the exclusive canonical form, or null where libxml2 refuses.
"""

import base64
import json
import sys

from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod, XMLVerifier

DS = "{http://www.w3.org/2000/09/xmldsig#}"
SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)


def canonical(case):
    try:
        root = etree.fromstring(case["xml"].encode(), PARSER)
        return {"canonical": etree.tostring(
            root, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=case["prefixes"] or None
        ).decode()}
    except etree.LxmlError as error:
        return {"canonical": None, "why": str(error)}


def judge(case):
    """Every signature has to verify; the name is read from what one of them signs, as an application would."""
    certificate = "-----BEGIN CERTIFICATE-----\n" + case["certificate"] + "\n-----END CERTIFICATE-----\n"
    methods, digests = frozenset(SignatureMethod), frozenset(DigestAlgorithm)
    if not case["sha1"]:
        methods = frozenset(method for method in methods if "SHA1" not in method.name)
        digests = frozenset(digest for digest in digests if "SHA1" not in digest.name)
    configuration = SignatureConfiguration(
        location="./", signature_methods=methods, digest_algorithms=digests, expect_references=1
    )
    try:
        root = etree.fromstring(case["xml"].encode(), PARSER)
        parents = [signature.getparent() for signature in root.iter(DS + "Signature")]
        if not parents:
            return {"name": None, "why": "not signed"}
        name = None
        for parent in parents:
            if parent is None:
                return {"name": None, "why": "misplaced"}
            # Each by itself, as its element stands in the document.
            alone = etree.fromstring(etree.tostring(parent), PARSER)
            result = XMLVerifier().verify(
                alone, x509_cert=certificate, expect_config=configuration, id_attribute="ID"
            )
            found = result.signed_xml.findall(f".//{SAML}Subject/{SAML}NameID")
            if len(found) == 1:
                name = "".join(found[0].itertext())
        return {"name": name}
    except Exception as error:  # whatever it stumbles over, it does not accept
        return {"name": None, "why": f"{type(error).__name__}: {error}"[:300]}


for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(canonical(case) if "prefixes" in case else judge(case)), flush=True)
