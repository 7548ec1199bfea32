//! What costs: every one is refused in a few milliseconds, before a key is touched.

use crate::{attacks::Attacks, scene::*};

pub fn add(all: &mut Attacks) {
    let good = with_signed_assertion(&assertion());
    let at = |what: &str| swapped(&good, "<saml:Subject>", &format!("{what}<saml:Subject>"));
    let complex: &[&str] = &["too_complex"];
    let many = |count: usize, make: &dyn Fn(usize) -> String| (0..count).map(make).collect::<String>();
    all.add(
        "9,000 levels, each with a namespace",
        &at(&format!("{}{}", many(9_000, &|n| format!("<a xmlns:n{n}=\"urn:{n}\">")), "</a>".repeat(9_000))),
        complex,
    );
    all.add("a thousand levels", &at(&format!("{}{}", "<a>".repeat(1_000), "</a>".repeat(1_000))), complex);
    all.add("forty levels", &at(&format!("{}{}", "<a>".repeat(40), "</a>".repeat(40))), complex);
    all.add("a hundred thousand open levels", &at(&"<a>".repeat(100_000)), complex);
    all.add("40,000 attributes", &at(&format!("<a{}></a>", many(40_000, &|n| format!(" a{n}=\"\"")))), complex);
    all.add("forty attributes", &at(&format!("<a{}></a>", many(40, &|n| format!(" a{n}=\"\"")))), complex);
    all.add(
        "10,000 namespaces in one element",
        &at(&format!("<a{}></a>", many(10_000, &|n| format!(" xmlns:a{n}=\"urn:{n}\"")))),
        complex,
    );
    all.add("20,000 namespaces", &at(&many(20_000, &|n| format!("<a xmlns:b=\"urn:{n}\"/>"))), complex);
    all.add(
        "70 namespaces in scope",
        &at(&format!(
            "{}{}",
            many(7, &|n| format!("<a{}>", (0..10).map(|m| format!(" xmlns:p{n}x{m}=\"urn:p\"")).collect::<String>())),
            "</a>".repeat(7)
        )),
        complex,
    );
    all.add("100,000 elements", &at(&"<a/>".repeat(100_000)), complex);
    all.add(
        "10,000 references",
        &swapped(
            &good,
            "<ds:Reference ",
            &format!("{}<ds:Reference ", "<ds:Reference URI=\"#_a1\"></ds:Reference>".repeat(10_000)),
        ),
        &["signature_form"],
    );
    all.add(
        "10,000 signatures",
        &at(&"<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>".repeat(8_000)),
        &["unexpected", "signature_misplaced", "repeated"],
    );
    all.add("a prefix list without end", &swapped(&good, "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">", &format!("<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"><e:InclusiveNamespaces xmlns:e=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"{}\"></e:InclusiveNamespaces>", "p ".repeat(50_000))), complex);
    all.add("a name of a megabyte", &swapped(&good, ADA, &"a".repeat(1_000_000)), &["too_large"]);
    all.add("a space of a megabyte", &format!("{good}{}", " ".repeat(1_000_000)), &["too_large"]);
    all.add("half a megabyte of text", &swapped(&good, ADA, &"a".repeat(500_000)), &["altered"]);
    all.add("a name without an end", &format!("<{}", "a".repeat(400_000)), &["not_xml"]);
    all.add("a value without an end", &format!("<a b=\"{}", "a".repeat(400_000)), &["not_xml"]);
    all.add("only openings", &"<".repeat(400_000), &[]);
    all.add("only quotes", &format!("<a {}", "\"".repeat(400_000)), &[]);
}
