use crate::filter::{
    AttributePath, Dialect, Filter, Literal, Node, Operator, PatchPath, StandardKinds, parse, parse_path,
};
use proptest::{prelude::*, sample::select};
use serde_json::{Number, Value, json};

fn name() -> impl Strategy<Value = String> {
    select(vec!["title", "userName", "emails", "id", "active", "x-y_1", "$ref", "type", "value", "meta"])
        .prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = AttributePath> {
    let urns = [None, Some("urn:ietf:params:scim:schemas:core:2.0:User"), Some("urn:acme:hr:1.0:User")];
    (select(urns.to_vec()), name(), proptest::option::of(name())).prop_map(|(schema, name, sub)| AttributePath {
        schema: schema.map(str::to_owned),
        name,
        sub,
    })
}

fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        any::<String>().prop_map(Literal::Text),
        select(vec!["work", "WORK", "a", "True", "12", ""]).prop_map(|text| Literal::Text(text.to_owned())),
        any::<i64>().prop_map(|number| Literal::Number(number.into())),
        any::<f64>().prop_filter_map("finite", Number::from_f64).prop_map(Literal::Number),
        any::<bool>().prop_map(Literal::Boolean),
        Just(Literal::Null),
    ]
}

fn condition(path: impl Strategy<Value = AttributePath> + 'static) -> BoxedStrategy<Filter> {
    let compare = (path, literal(), select(Operator::ALL.to_vec())).prop_map(|(path, value, operator)| {
        let ordered = matches!(value, Literal::Number(_) | Literal::Text(_));
        let operator = if ordered || operator == Operator::NotEqual { operator } else { Operator::Equal };
        Filter::from(Node::Compare { path, operator, value })
    });
    compare
        .prop_flat_map(|filter| {
            let Node::Compare { path, .. } = filter.node.clone() else { unreachable!() };
            prop_oneof![3 => Just(filter), 1 => Just(Node::Present(path).into())]
        })
        .boxed()
}

fn combined(leaf: BoxedStrategy<Filter>, depth: u32) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(depth, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|parts| Node::And(parts).into()),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|parts| Node::Or(parts).into()),
            inner.prop_map(|part| Node::Not(Box::new(part)).into()),
        ]
    })
    .boxed()
}

fn element_filter() -> BoxedStrategy<Filter> {
    combined(condition(name().prop_map(AttributePath::new)), 2)
}

fn filter() -> BoxedStrategy<Filter> {
    let element = (path(), element_filter()).prop_map(|(path, filter)| {
        let path = AttributePath { sub: None, ..path };
        Filter::from(Node::Element { path, filter: Box::new(filter) })
    });
    combined(prop_oneof![3 => condition(path()), 1 => element].boxed(), 4)
}

fn simple() -> impl Strategy<Value = Value> {
    select(vec![json!(null), json!(""), json!("work"), json!("Work "), json!("a"), json!(true), json!(12), json!([])])
}

fn complex() -> impl Strategy<Value = Value> {
    (simple(), simple()).prop_map(|(kind, value)| json!({"type": kind, "value": value}))
}

fn resource() -> impl Strategy<Value = Value> {
    (simple(), simple(), proptest::collection::vec(complex(), 0..3), complex(), simple()).prop_map(
        |(title, id, emails, meta, extra)| {
            json!({"TITLE": title, "id": id, "emails": emails, "meta": meta, "urn:acme:hr:1.0:User": {"active": extra}})
        },
    )
}

fn pieces() -> impl Strategy<Value = String> {
    let words = [
        "title",
        "emails",
        "eq",
        "co",
        "pr",
        "and",
        "or",
        "not",
        "(",
        ")",
        "[",
        "]",
        ".value",
        "\"a\"",
        "\"",
        "\\",
        "True",
        "null",
        "1",
        "ä",
        " ",
        "urn:a:2.0:User",
        ":",
        "\u{2003}",
    ];
    proptest::collection::vec(select(words.to_vec()), 0..12).prop_map(|words| words.join(" ").replace("  ", ""))
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back_the_same(filter in filter()) {
        let text = filter.to_string();
        for dialect in [Dialect::Strict, Dialect::Tolerant] {
            let read = parse(&text, dialect);
            prop_assert_eq!(read.as_ref(), Ok(&filter), "{}", text);
            prop_assert_eq!(read.map(|read| read.to_string()), Ok(text.clone()));
        }
    }

    #[test]
    fn what_is_printed_of_a_path_is_read_back_the_same(
        attribute in path(), filter in proptest::option::of(element_filter()), sub in proptest::option::of(name()),
    ) {
        let path = match filter {
            None => PatchPath { attribute, filter: None, sub: None },
            Some(filter) => PatchPath { attribute: AttributePath { sub: None, ..attribute }, filter: Some(filter), sub },
        };
        let text = path.to_string();
        for dialect in [Dialect::Strict, Dialect::Tolerant] {
            prop_assert_eq!(parse_path(&text, dialect), Ok(path.clone()), "{}", text);
        }
    }

    #[test]
    fn no_text_stops_the_parser_and_every_error_is_inside_it(text in prop_oneof![any::<String>(), pieces()]) {
        for dialect in [Dialect::Strict, Dialect::Tolerant] {
            let errors = [parse(&text, dialect).err(), parse_path(&text, dialect).err()];
            for error in errors.into_iter().flatten() {
                prop_assert!(text.get(error.span.start..error.span.end).is_some(), "{:?}", error);
                prop_assert!(!error.message.is_empty() && !error.expected.is_empty());
            }
        }
    }

    #[test]
    fn what_the_strict_dialect_reads_the_tolerant_one_reads_alike(text in pieces()) {
        if let Ok(filter) = parse(&text, Dialect::Strict) {
            prop_assert_eq!(parse(&text, Dialect::Tolerant), Ok(filter));
        }
    }

    #[test]
    fn an_explanation_agrees_with_the_verdict(filter in filter(), resource in resource()) {
        let matched = filter.matches(&resource, &StandardKinds);
        let explanation = filter.explain(&resource, &StandardKinds);
        prop_assert_eq!(explanation.matched, matched);
        prop_assert_eq!(explanation.nearest_miss.is_empty(), matched, "{}", explanation);
    }

    #[test]
    fn not_turns_every_verdict_round(filter in filter(), resource in resource()) {
        let not = Filter::from(Node::Not(Box::new(filter.clone())));
        prop_assert_ne!(filter.matches(&resource, &StandardKinds), not.matches(&resource, &StandardKinds));
    }
}
