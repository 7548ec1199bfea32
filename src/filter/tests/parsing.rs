use super::{strict, tolerant, unreadable};
use crate::filter::{
    AttributePath, Dialect, FilterError, Literal, MAX_DEPTH, Node, Operator, PatchPath, Span, parse, parse_path,
};

/// RFC 7644 §3.4.2.2, figure by figure, and the filters of §3.4.3 and §3.5.2.
const RFC_EXAMPLES: [&str; 22] = [
    r#"userName eq "bjensen""#,
    r#"name.familyName co "O'Malley""#,
    r#"userName sw "J""#,
    r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#,
    "title pr",
    r#"meta.lastModified gt "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified ge "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified lt "2011-05-13T04:42:34Z""#,
    r#"meta.lastModified le "2011-05-13T04:42:34Z""#,
    r#"title pr and userType eq "Employee""#,
    r#"title pr or userType eq "Intern""#,
    r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
    r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
    r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#,
    r#"userType eq "Employee" and (emails.type eq "work")"#,
    r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#,
    r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
    r#"displayName sw "smith""#,
    r#"meta.resourceType eq "User""#,
    r#"(meta.resourceType eq "User") or (meta.resourceType eq "Group")"#,
    r#"id eq "2819c223-7f76-453a-919d-413861904646" and manager eq "26118915-6090-4610-87e4-49d8ca9f808d""#,
    r#"emails[type eq "work" and primary eq true]"#,
];

/// What providers send, with what it must mean.
const IN_THE_WILD: [(&str, &str); 22] = [
    (r#"userName eq "test.user@okta.local""#, r#"userName eq "test.user@okta.local""#),
    ("externalId eq jyoung", r#"externalId eq "jyoung""#),
    (r#"displayName eq "displayName""#, r#"displayName eq "displayName""#),
    (r#"userName Eq "a@x.com""#, r#"userName eq "a@x.com""#),
    (r#"  userName  eq   "a@x.com"  "#, r#"userName eq "a@x.com""#),
    (r#"userName eq"a""#, r#"userName eq "a""#),
    (r#"roles[primary eq "True"]"#, r#"roles[primary eq "True"]"#),
    ("active eq True", "active eq true"),
    ("active EQ FALSE and title eq NULL", "active eq false and title eq null"),
    (r#"emails eq "a@x.com""#, r#"emails eq "a@x.com""#),
    (r#"id eq "1" and manager eq "2""#, r#"id eq "1" and manager eq "2""#),
    (r#"emails[type eq "work"].value eq "a@x.com""#, r#"emails[type eq "work" and value eq "a@x.com"]"#),
    (r#"emails[type eq "work"].value ne "a""#, r#"not (emails[type eq "work" and value eq "a"])"#),
    (r#"emails[type eq "work"].value eq null"#, r#"not (emails[type eq "work" and value pr])"#),
    (r#"emails[type eq "a" or type eq "b"].value pr"#, r#"emails[(type eq "a" or type eq "b") and value pr]"#),
    ("not(title pr)", "not (title pr)"),
    ("not title pr and active eq true", "not (title pr) and active eq true"),
    ("( ( title pr ) )", "title pr"),
    ("externalId eq 0012", r#"externalId eq "0012""#),
    ("externalId eq 12", "externalId eq 12"),
    ("displayName co True", r#"displayName co "True""#),
    ("emails[ type eq work ]", r#"emails[type eq "work"]"#),
];

fn refused(text: &str, dialect: Dialect) -> FilterError {
    match parse(text, dialect) {
        Ok(filter) => unreachable!("{text} was read as {filter}"),
        Err(error) => error,
    }
}

#[test]
fn every_example_of_the_rfc_is_read_in_both_dialects_and_alike() {
    for text in RFC_EXAMPLES {
        assert_eq!(strict(text), tolerant(text), "{text}");
        assert_eq!(strict(&strict(text).to_string()), strict(text), "{text}");
    }
}

#[test]
fn what_providers_send_means_what_they_mean() {
    for (text, meaning) in IN_THE_WILD {
        assert_eq!(tolerant(text).to_string(), meaning, "{text}");
        assert_eq!(strict(meaning), tolerant(text), "{text}");
    }
}

#[test]
fn the_strict_dialect_refuses_what_the_grammar_does_not_have() {
    for text in [
        "externalId eq jyoung",
        r#"userName  eq "a""#,
        r#" userName eq "a""#,
        r#"userName eq "a" "#,
        r#"userName eq"a""#,
        r#"userName eq	"a""#,
        "( title pr)",
        "active eq True",
        "active co true",
        "not title pr",
        r#"emails[type eq "work"].value eq "a""#,
        "title pr and(active eq true)",
    ] {
        refused(text, Dialect::Strict);
    }
    assert_eq!(strict("not(title pr)"), strict("NOT (title PR)"));
}

#[test]
fn not_binds_tighter_than_and_and_and_tighter_than_or() {
    assert_eq!(tolerant("a pr or b pr and c pr"), tolerant("a pr or (b pr and c pr)"));
    assert_eq!(tolerant("not (a pr) and b pr or c pr"), tolerant("((not (a pr)) and b pr) or c pr"));
    assert_ne!(tolerant("(a pr or b pr) and c pr"), tolerant("a pr or b pr and c pr"));
    assert_eq!(tolerant("(a pr or b pr) and c pr").to_string(), "(a pr or b pr) and c pr");
}

#[test]
fn every_node_knows_its_place() {
    let text = r#"title pr and (emails[type eq "ärbeit"] or not (active eq false))"#;
    let filter = tolerant(text);
    let Node::And(parts) = &filter.node else { unreachable!("{filter}") };
    assert_eq!(filter.span.of(text), text);
    let Some(Node::Or(inner)) = parts.get(1).map(|part| &part.node) else { unreachable!("{filter}") };
    let places: Vec<&str> = inner.iter().map(|part| part.span.of(text)).collect();
    assert_eq!(places, [r#"emails[type eq "ärbeit"]"#, "not (active eq false)"]);
    let names: Vec<(String, &str)> =
        filter.attributes().iter().map(|(path, span)| (path.to_string(), span.of(text))).collect();
    let wanted = [("title", "title"), ("emails", "emails"), ("emails.type", "type"), ("active", "active")];
    assert_eq!(names, wanted.map(|(path, place)| (path.to_owned(), place)));
    let text = r#"emails[type eq "work"].value eq "a""#;
    let last = tolerant(text).attributes().pop().map(|(path, span)| (path.to_string(), span.of(text)));
    assert_eq!(last, Some(("emails.value".to_owned(), "value")));
}

#[test]
fn an_urn_is_split_from_the_attribute_after_it() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let cases = [
        (format!("{enterprise}:department"), Some(enterprise), "department", None),
        (format!("{enterprise}:manager.displayName"), Some(enterprise), "manager", Some("displayName")),
        (enterprise.to_owned(), Some(enterprise), "", None),
        ("members.$ref".to_owned(), None, "members", Some("$ref")),
        ("URN:acme:hr:badge".to_owned(), Some("URN:acme:hr"), "badge", None),
    ];
    for (text, schema, name, sub) in cases {
        let path: AttributePath = text.parse().unwrap_or_else(|error| unreadable(&text, &error));
        assert_eq!((path.schema.as_deref(), path.name.as_str(), path.sub.as_deref()), (schema, name, sub));
        assert_eq!(path.to_string(), text);
    }
    for text in ["", "a.b.c", "a:b", "1st", "a..b", "urn:", "urn:x:", "ä", ".value", "a."] {
        assert!(text.parse::<AttributePath>().is_err(), "{text}");
    }
}

#[test]
fn strings_are_json_strings() {
    let filter = strict(r#"title eq "a\"b\\c\u00e9\ud83d\ude00\n""#);
    let Node::Compare { value, .. } = filter.node else { unreachable!() };
    assert_eq!(value, Literal::Text("a\"b\\cé😀\n".to_owned()));
    for text in
        [r#"title eq "a\q""#, r#"title eq "\ud83d""#, r#"title eq "CORP\user""#, r#"title eq "abc"#, "a eq \"\n\""]
    {
        refused(text, Dialect::Tolerant);
    }
}

#[test]
fn a_number_is_read_to_its_last_bit() {
    for text in ["level eq -0.9413635492741645", "level eq 18446744073709551615", "level eq 1.7976931348623157e308"] {
        assert_eq!(strict(&strict(text).to_string()), strict(text), "{text}");
    }
    assert_eq!(strict("level eq -0.9413635492741645").to_string(), "level eq -0.9413635492741645");
}

#[test]
fn booleans_and_null_have_no_order() {
    for text in ["active gt true", "active le false", "title gt null", "title ge NULL"] {
        assert!(refused(text, Dialect::Tolerant).message.contains("cannot be compared"), "{text}");
    }
}

#[test]
fn errors_name_the_place_and_what_was_expected() {
    let errors: Vec<String> = [
        "",
        "title",
        "title =",
        "title contains \"x\"",
        "title eq",
        "title eq Senior Intern",
        "title eq 'x'",
        "tïtle pr",
        "(title pr",
        "title pr)",
        "title pr and",
        "title pr or or active eq true",
        "title eq and active eq true",
        "emails[type[a pr]]",
        "emails[type eq \"work\"",
        "emails[emails.type eq \"work\"]",
        "name.givenName[a pr]",
        "\"title\" eq 1",
        "title eq \"ä\" x",
        "department.x.y pr",
    ]
    .iter()
    .map(|text| format!("{text}\n    {}", refused(text, Dialect::Tolerant)))
    .collect();
    insta::assert_snapshot!(errors.join("\n"));
}

#[test]
fn too_much_is_refused_quickly_and_without_overflow() {
    let deep = |levels: usize| format!("{}a pr{}", "(".repeat(levels), ")".repeat(levels));
    assert!(parse(&deep(MAX_DEPTH), Dialect::Strict).is_ok());
    assert!(refused(&deep(MAX_DEPTH + 1), Dialect::Strict).message.contains("nested"));
    assert!(refused(&"(".repeat(8_000), Dialect::Tolerant).message.contains("nested"));
    assert!(refused(&"not ".repeat(2_000), Dialect::Tolerant).message.contains("nested"));
    assert!(refused(&"(".repeat(100_000), Dialect::Tolerant).message.contains("bytes long"));
    let many = |terms: usize| vec!["a pr"; terms].join(" or ");
    assert!(parse(&many(1_000), Dialect::Strict).is_ok());
    assert!(refused(&many(1_001), Dialect::Strict).message.contains("too many"));
}

#[test]
fn patch_paths_are_read_and_printed() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for text in [
        "members",
        "name.givenName",
        r#"members[value eq "89bb1940-b905-4575-9e7f-6f887cfb368e"]"#,
        r#"emails[type eq "work"].value"#,
        r#"roles[primary eq "True"].value"#,
        r#"addresses[type eq "work" and country eq "DE"].streetAddress"#,
        r#"members[value eq "2819c223-7f76-453a-919d-413861904646"].displayName"#,
        &format!("{enterprise}:manager"),
        &format!("{enterprise}:manager.value"),
        enterprise,
        r#"urn:acme:hr:2.0:User:badges[type eq "door"].code"#,
    ] {
        for dialect in [Dialect::Strict, Dialect::Tolerant] {
            let path = parse_path(text, dialect).unwrap_or_else(|error| unreadable(text, &error));
            assert_eq!(path.to_string(), text);
        }
    }
}

#[test]
fn a_patch_path_has_its_parts() {
    let path = parse_path("emails[type eq work].value", Dialect::Tolerant);
    let filter = Node::Compare {
        path: AttributePath::new("type"),
        operator: Operator::Equal,
        value: Literal::Text("work".to_owned()),
    };
    let wanted = PatchPath {
        attribute: AttributePath::new("EMAILS"),
        filter: Some(filter.into()),
        sub: Some("value".to_owned()),
    };
    assert_eq!(path, Ok(wanted));
}

#[test]
fn what_is_not_a_path_is_refused_where_it_stops_being_one() {
    let cases = [
        ("", 0),
        (r#"userName eq "a""#, 9),
        ("emails[", 7),
        (r#"emails[type eq "work"]value"#, 22),
        (r#"emails[type eq "work"].a.b"#, 22),
        ("emails[]", 7),
        ("a b", 2),
    ];
    for (text, place) in cases {
        let Err(error) = parse_path(text, Dialect::Tolerant) else { unreachable!("{text}") };
        assert_eq!(error.span.start, place, "{text}: {error}");
        assert!(Span::new(0, text.len()).end >= error.span.end);
    }
}
