use super::*;

fn query(kind: ResourceType, pairs: &[(&str, &str)]) -> Result<Query, ScimError> {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Query::parse(kind, &pairs, Dialect::Tolerant)
}

fn filter(text: &str) -> Result<String, String> {
    let query = query(ResourceType::User, &[("filter", text)]).map_err(|error| {
        assert_eq!(error.to_json()["scimType"], "invalidFilter");
        error.detail
    })?;
    Ok(query.filter.map(|filter| filter.to_string()).unwrap_or_default())
}

#[test]
fn paging_is_counted_from_one_and_never_below_zero() {
    let paging = |start: &str, count: &str| {
        let query =
            query(ResourceType::User, &[("startIndex", start), ("count", count)]).map_err(|error| error.detail)?;
        Ok::<_, String>((query.start_index, query.count))
    };
    assert_eq!(paging("", ""), Ok((1, None)));
    assert_eq!(paging("0", "0"), Ok((1, Some(0))));
    assert_eq!(paging("-5", "-1"), Ok((1, Some(0))));
    assert_eq!(paging("101", "100"), Ok((101, Some(100))));
    assert_eq!(paging("99999999999999999999", "1"), Ok((u64::MAX, Some(1))));
    assert_eq!(paging("two", "1"), Err("“startIndex” must be a whole number.".to_owned()));
    assert_eq!(paging("1", "1.5"), Err("“count” must be a whole number.".to_owned()));
}

#[test]
fn a_filter_comes_out_in_canonical_names() {
    assert_eq!(filter("USERNAME Eq \"a\"").unwrap(), "userName eq \"a\"");
    assert_eq!(
        filter("department eq \"R\"").unwrap(),
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"R\""
    );
    assert_eq!(filter("urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"a\"").unwrap(), "userName sw \"a\"");
    assert_eq!(
        filter("Emails[TYPE eq \"work\" and Value co \"@\"]").unwrap(),
        "emails[type eq \"work\" and value co \"@\"]"
    );
}

#[test]
fn a_filter_on_what_does_not_exist_names_it_and_the_nearest() {
    insta::assert_snapshot!(filter("usrName eq \"a\"").unwrap_err(), @"A User has no attribute “usrName”; the nearest is “userName”.");
    insta::assert_snapshot!(filter("emails[typ eq \"work\"]").unwrap_err(), @"A User has no attribute “emails.typ”; the nearest is “emails.type”.");
    insta::assert_snapshot!(filter("password eq \"x\"").unwrap_err(), @"A User has no attribute “password”.");
    assert!(filter("userName eq").is_err());
    assert!(filter("").is_err());
}

#[test]
fn what_has_no_order_is_not_compared_by_it() {
    insta::assert_snapshot!(filter("active gt \"true\"").unwrap_err(), @"“active” has no order; compare it with eq or ne.");
    insta::assert_snapshot!(filter("meta.created gt \"yesterday\"").unwrap_err(), @"“meta.created” is compared with a time like 2026-11-21T08:30:00Z.");
    assert!(filter("meta.lastModified ge \"2026-11-21T08:30:00+01:00\"").is_ok());
}

#[test]
fn an_order_is_by_a_known_attribute() {
    let by = |by: &str, order: &str| query(ResourceType::User, &[("sortBy", by), ("sortOrder", order)]);
    let sort = by("NAME.familyname", "descending").unwrap().sort.unwrap();
    assert_eq!((sort.by.to_string().as_str(), sort.descending), ("name.familyName", true));
    assert!(by("nonsense", "ascending").is_err());
    assert!(by("userName", "sideways").is_err());
    assert_eq!(by("", "").unwrap().sort, None);
}

#[test]
fn a_search_says_the_same_in_a_body() {
    let body = serde_json::json!({"schemas": [SEARCH_SCHEMA], "attributes": ["userName", "emails"], "filter": "active eq true", "startIndex": 3, "count": 0});
    let query =
        Query::from_search(ResourceType::User, body.as_object().unwrap(), Dialect::Strict, Extensions::default())
            .unwrap();
    assert_eq!((query.start_index, query.count), (3, Some(0)));
    assert!(query.projection.wants("emails") && !query.projection.wants("name"));
    assert_eq!(query.filter.unwrap().to_string(), "active eq true");
}
