//! What two readers could read in two ways: comments, entities, namespaces, encodings, and what is no XML.

use crate::{
    attacks::{Attacks, Vector},
    scene::*,
};

pub fn add(all: &mut Attacks) {
    comments(all);
    types(all);
    namespaces(all);
    encodings(all);
    fields(all);
}

fn comments(all: &mut Attacks) {
    let splits = ["<!---->", "<!-- x -->", "<?x y?>", "<![CDATA[]]>", "<![CDATA[x]]>"];
    for (how, xml) in
        [("assertion", with_signed_assertion(&assertion())), ("response", with_signed_response(&assertion()))]
    {
        for split in splits {
            for (place, mark) in [
                ("in the name", "@example.com</saml:NameID>"),
                ("in the issuer", ".example.com/metadata</saml:Issuer>"),
                ("in the audience", "/con_1</saml:Audience>"),
                ("in a value", "ngineering<"),
                ("in the digest", "</ds:DigestValue>"),
                ("in the signature's value", "</ds:SignatureValue>"),
                ("between elements", "<saml:Subject>"),
                ("in the signature", "<ds:SignedInfo>"),
            ] {
                all.add(
                    format!("{split} {place}, {how} signed"),
                    &swapped(&xml, mark, &format!("{split}{mark}")),
                    &["forbidden"],
                );
            }
        }
        for split in splits {
            all.add(format!("{split} before the document, {how} signed"), &format!("{split}{xml}"), &["forbidden"]);
            all.add(format!("{split} behind the document, {how} signed"), &format!("{xml}{split}"), &["forbidden"]);
        }
    }
    // A name that the provider let somebody choose, and that reads as another one without what is behind the comment.
    let chosen = assertion().replace(ADA, "owner@victim.example<!---->.evil.example");
    for xml in [
        with_signed_assertion_unchecked(&chosen),
        with_signed_assertion_unchecked(&assertion().replace(ADA, "owner@victim.example<?x?>.evil.example")),
    ] {
        all.add("a chosen name with something in the middle, signed as it is", &xml, &["forbidden"]);
    }
}

/// Signed as a provider signs that drops comments: over the text without them.
fn with_signed_assertion_unchecked(assertion: &str) -> String {
    let clean = assertion.replace("<!---->", "").replace("<?x?>", "");
    let sealed = with_signed_assertion(&clean);
    let name = part(&clean, "<saml:NameID", "</saml:NameID>");
    let odd = part(assertion, "<saml:NameID", "</saml:NameID>");
    swapped(&sealed, &name, &odd)
}

fn types(all: &mut Attacks) {
    let xml = with_signed_assertion(&assertion());
    for (name, dtd) in [
        ("an empty DTD", "<!DOCTYPE x>"),
        ("a DTD with a subset", "<!DOCTYPE samlp:Response []>"),
        ("an external DTD", "<!DOCTYPE x SYSTEM \"http://127.0.0.1:9/x.dtd\">"),
        ("a public DTD", "<!DOCTYPE x PUBLIC \"a\" \"http://127.0.0.1:9/x.dtd\">"),
        ("an entity", "<!DOCTYPE x [<!ENTITY e \"owner\">]>"),
        ("an external entity", "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"),
        ("a parameter entity", "<!DOCTYPE x [<!ENTITY % p SYSTEM \"http://127.0.0.1:9/\"> %p;]>"),
        ("a default attribute", "<!DOCTYPE x [<!ATTLIST saml:Assertion ID CDATA \"_a1\">]>"),
        ("an id by type", "<!DOCTYPE x [<!ATTLIST saml:Assertion mine ID #IMPLIED>]>"),
        ("a lower-case doctype", "<!doctype x>"),
        ("an element declaration", "<!ELEMENT x ANY>"),
    ] {
        all.add(name, &format!("{dtd}{xml}"), &["forbidden"]);
        all.add(
            format!("{name} behind a declaration"),
            &format!("<?xml version=\"1.0\"?>\n{dtd}\n{xml}"),
            &["forbidden"],
        );
    }
    for entity in ["&e;", "&nbsp;", "&#0;", "&#xFFFF;", "&#xD800;", "&#x110000;", "&", "&amp"] {
        all.add(
            format!("the reference {entity}"),
            &swapped(&xml, ADA, &format!("ada{entity}")),
            &["not_xml", "altered"],
        );
    }
    let laughs = "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    all.add("a billion laughs", &format!("{laughs}{}", swapped(&xml, ADA, "&c;")), &["forbidden"]);
}

fn namespaces(all: &mut Attacks) {
    let xml = with_signed_assertion(&assertion());
    for uri in ["a", "../x", "1:relative", "", "urn", "ur&#110;:x", " urn:x", "urn: x"] {
        let changed = swapped(&xml, "<saml:NameID ", &format!("<saml:NameID xmlns:odd=\"{uri}\" "));
        all.add(format!("the namespace {uri:?}"), &changed, &["relative_namespace"]);
    }
    let saml = "urn:oasis:names:tc:SAML:2.0:assertion";
    for other in ["urn:oasis:names:tc:SAML:1.0:assertion", "urn:oasis:names:tc:saml:2.0:assertion", "urn:x"] {
        let changed = assertion().replacen(saml, other, 1);
        let outer = wrapped(&changed);
        all.add(format!("an assertion of {other}"), &outer, &["unexpected", "missing"]);
    }
    for (name, from, to) in [
        ("an undeclared prefix", "<saml:NameID", "<saml:NameID a:b=\"c\""),
        ("an attribute twice", "<saml:NameID", "<saml:NameID Format=\"x\" Format=\"y\""),
        (
            "an attribute twice by two prefixes",
            "<saml:NameID",
            "<saml:NameID xmlns:a=\"urn:x\" xmlns:b=\"urn:x\" a:c=\"1\" b:c=\"2\"",
        ),
        ("a prefix that is xmlns", "<saml:NameID", "<saml:NameID xmlns:xmlns=\"urn:x\""),
        ("a prefix xml for something else", "<saml:NameID", "<saml:NameID xmlns:xml=\"urn:x\""),
        ("another end tag", "</saml:NameID>", "</saml:nameid>"),
        ("an open element", "</saml:NameID>", ""),
        ("an open angle in a value", "SessionIndex=\"", "SessionIndex=\"<"),
        ("a value without quotes", "SessionIndex=\"_s1\"", "SessionIndex=_s1"),
        ("a control character", "engineering", "engi\u{1}neering"),
        ("no character", "engineering", "engi\u{ffff}neering"),
        ("the end of a CDATA section", "engineering", "engi]]>neering"),
    ] {
        all.add(name, &swapped(&xml, from, to), &["not_xml", "relative_namespace", "altered"]);
    }
    // A second ID in a namespace, for whoever looks ids up by their local name.
    let shadow = swapped(&xml, "<saml:Subject>", "<saml:Subject xmlns:x=\"urn:x\" x:ID=\"_a1\">");
    all.add("an id in another namespace", &shadow, &["duplicate_id"]);
    let polluted = swapped(&xml, "ID=\"_a1\"", "xmlns:x=\"urn:x\" x:ID=\"_a1\" ID=\"_evil\"");
    all.add("the id only in another namespace", &polluted, &["signature_reference"]);
}

fn encodings(all: &mut Attacks) {
    let xml = with_signed_assertion(&assertion());
    for encoding in ["UTF-16", "utf-7", "ISO-8859-1", "EBCDIC-US", "", "UTF-8x"] {
        all.add(
            format!("the encoding {encoding:?}"),
            &format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{xml}"),
            &["not_xml"],
        );
    }
    for head in [
        "<?xml?>",
        "<?xml version=\"1.0\"?><?xml version=\"1.0\"?>",
        " <?xml version=\"1.0\"?>",
        "<?XML version=\"1.0\"?>",
    ] {
        all.add(format!("the declaration {head}"), &format!("{head}{xml}"), &["not_xml", "forbidden"]);
    }
    let wide: Vec<u8> = xml.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let narrow: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin: Vec<u8> = [xml.as_bytes(), b"\xe9"].concat();
    let overlong: Vec<u8> = [b"\xc0\xbc".as_slice(), xml.as_bytes()].concat();
    for (name, bytes) in [
        ("UTF-16BE", wide),
        ("UTF-16LE", narrow),
        ("Latin-1", latin),
        ("overlong UTF-8", overlong),
        ("nothing", vec![]),
        ("zeroes", vec![0; 64]),
    ] {
        let field = data_encoding::BASE64.encode(&bytes);
        all.0.push(Vector { name: name.to_owned(), field, setting: Setting::default(), codes: &["not_xml"] });
    }
    for (name, tail) in [
        ("another response behind", xml.as_str()),
        ("text behind", "x"),
        ("a tag behind", "<x/>"),
        ("an end behind", "</x>"),
    ] {
        all.add(name, &format!("{xml}{tail}"), &["not_xml"]);
    }
    all.add("text before", &format!("x{xml}"), &["not_xml"]);
}

fn fields(all: &mut Attacks) {
    let good = field(&with_signed_assertion(&assertion()));
    let url = good.replace('+', "-").replace('/', "_").replace('=', "");
    for (name, value) in [
        ("no Base64", "<samlp:Response/>".to_owned()),
        ("Base64 for addresses", format!("{url}-")),
        ("Base64 with something behind", format!("{good}AAAA=")),
        ("Base64 with a zero", format!("{good}\0")),
        ("Base64 twice", data_encoding::BASE64.encode(good.as_bytes())),
        ("nothing at all", String::new()),
    ] {
        all.0.push(Vector {
            name: name.to_owned(),
            field: value,
            setting: Setting::default(),
            codes: &["encoding", "not_xml"],
        });
    }
}
