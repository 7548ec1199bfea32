//! What the server says of itself (RFC 7644 §4).

use crate::cli::doctor::{
    answer::{Answer, Held, hold, short},
    ask::Ask,
    rule::{Rule, rules},
    samples::{ENTERPRISE, GROUP, USER},
    visit::Visit,
};
use serde_json::{Value, json};

rules! {
    CONFIG = Rule::rfc("config-answers", "7644 §4",
        "/ServiceProviderConfig answers 200.",
        "authentik and SailPoint read it before anything else and stop without it.",
        "Serve it, with what the server really does.");
    CONFIG_WHOLE = Rule::rfc("config-is-whole", "7643 §5",
        "/ServiceProviderConfig has patch, bulk, filter, changePassword, sort, etag and authenticationSchemes.",
        "Typed clients (authentik) refuse a configuration in which one is missing.",
        "Name all seven; supported: false is an answer.");
    TYPES = Rule::rfc("resource-types-answer", "7644 §4",
        "/ResourceTypes is a list that has User and Group.",
        "SailPoint and Okta's governance find endpoints by it; Canaille asks before every write.",
        "Serve it as a ListResponse.");
    TYPE = Rule::rfc("resource-type-by-name", "7644 §4",
        "/ResourceTypes/User is that one resource type.",
        "SailPoint asks for each by name.",
        "Serve each resource type at its own address too.");
    SCHEMAS = Rule::rfc("schemas-answer", "7644 §4",
        "/Schemas is a list that has the schema of every resource type.",
        "Canaille, SailPoint and typed clients build what they send from it.",
        "Serve it as a ListResponse with each schema that a resource type names.");
    SCHEMA = Rule::rfc("schema-by-urn", "7644 §4",
        "/Schemas/{urn} is that one schema.",
        "SailPoint asks for each by its URN.",
        "Serve each schema at its own address too.");
    ATTRIBUTES = Rule::rfc("schema-attributes-are-whole", "7643 §7",
        "Every attribute in /Schemas has name, type, multiValued, mutability and returned.",
        "A client that checks schemas refuses the whole server for one of them.",
        "Say all of an attribute's characteristics.");
    USER_NAME = Rule::rfc("schema-user-name", "7643 §4.1.1",
        "The User schema has userName: required, unique, compared without regard to case.",
        "A provider that trusts the schema creates people twice.",
        "Declare it required, caseExact false, uniqueness server.");
    NO_FILTER = Rule::rfc("discovery-refuses-filters", "7644 §4",
        "A filter on /Schemas is refused with 403.",
        "A client would take the unfiltered list for the answer to its question.",
        "Answer 403 wherever discovery is asked with a filter.").advice();
    UNKNOWN = Rule::rfc("discovery-unknown-404", "7644 §3.12",
        "A schema that is not there is 404.",
        "A client would take something else for it.",
        "Answer 404 as a SCIM error.");
    READ_ONLY = Rule::rfc("discovery-is-read-only", "7644 §4",
        "POST to a discovery endpoint is refused with 405.",
        "Conformance suites ask for it.",
        "Answer 405.").advice();
}

pub(super) async fn check(visit: &mut Visit) {
    let config = visit.get("/ServiceProviderConfig").await;
    visit.judge(&CONFIG, &config, config.is(&[200]));
    if config.status == 200 {
        visit.judge(&CONFIG_WHOLE, &config, config_is_whole(&config));
        let yes = |pointer: &str| config.at(pointer) == &Value::Bool(true);
        let most = config.at("/bulk/maxOperations").as_u64().unwrap_or_default();
        visit.facts.etag = yes("/etag/supported");
        visit.facts.sort = yes("/sort/supported");
        visit.facts.bulk = yes("/bulk/supported").then_some(most);
        visit.facts.cursor = yes("/pagination/cursor");
    }
    types(visit).await;
    schemas(visit).await;
    let filtered = visit.find("/Schemas", "id eq \"x\"").await;
    visit.judge(&NO_FILTER, &filtered, filtered.is(&[403]));
    let unknown = visit.get("/Schemas/urn:castgate:doctor:nothing").await;
    visit.judge(&UNKNOWN, &unknown, unknown.is(&[404]));
    if visit.scope.read_only {
        return visit.leave("--read-only");
    }
    let written = visit.send(Ask::post("/ResourceTypes", &json!({"name": "castgate-doctor"}))).await;
    visit.judge(&READ_ONLY, &written, written.is(&[405]));
}

async fn types(visit: &mut Visit) {
    let types = visit.get("/ResourceTypes").await;
    let has = |name: &str| types.resources().iter().any(|one| one["name"] == name);
    let both = hold(has("User") && has("Group"), || types.told());
    visit.judge(&TYPES, &types, types.is(&[200]).and(both));
    let urns: Vec<&str> = types
        .resources()
        .iter()
        .filter_map(|one| one["schemaExtensions"].as_array())
        .flatten()
        .filter_map(|one| one["schema"].as_str())
        .collect();
    visit.facts.enterprise = urns.contains(&ENTERPRISE);
    let roles = types.resources().iter().find(|one| one["name"] == "Role");
    visit.facts.roles = roles.and_then(|one| one["endpoint"].as_str()).map(str::to_owned);
    let one = visit.get("/ResourceTypes/User").await;
    let held = one.is(&[200]).and_then(|()| one.says("/name", &json!("User")));
    visit.judge(&TYPE, &one, held.and_then(|()| one.says("/schema", &json!(USER))));
}

async fn schemas(visit: &mut Visit) {
    let schemas = visit.get("/Schemas").await;
    let mut wanted = vec![USER, GROUP];
    if visit.facts.enterprise {
        wanted.push(ENTERPRISE);
    }
    let missing: Vec<&str> = wanted.iter().copied().filter(|urn| !schemas.ids().contains(urn)).collect();
    let all = hold(missing.is_empty(), || format!("{} without {}", schemas.status, missing.join(", ")));
    visit.judge(&SCHEMAS, &schemas, schemas.is(&[200]).and(all));
    for schema in schemas.resources() {
        visit.judge(&ATTRIBUTES, &schemas, attributes_are_whole(schema));
    }
    let one = visit.get(&format!("/Schemas/{USER}")).await;
    visit.judge(&SCHEMA, &one, one.is(&[200]).and_then(|()| one.says("/id", &json!(USER))));
    if one.status == 200 {
        visit.judge(&USER_NAME, &one, user_name(&one));
    }
}

fn config_is_whole(config: &Answer) -> Held {
    for name in ["patch", "bulk", "filter", "changePassword", "sort", "etag"] {
        let said = config.at(&format!("/{name}/supported"));
        hold(said.is_boolean(), || format!("{name}.supported is {said}"))?;
    }
    hold(config.at("/authenticationSchemes").is_array(), || "there are no authenticationSchemes".to_owned())
}

fn attributes_are_whole(schema: &Value) -> Held {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    for attribute in list(&schema["attributes"]) {
        let parts = list(&attribute["subAttributes"]);
        for one in std::iter::once(attribute).chain(parts) {
            let whole = one["name"].is_string()
                && one["type"].is_string()
                && one["multiValued"].is_boolean()
                && one["mutability"].is_string()
                && one["returned"].is_string();
            hold(whole, || format!("in {}: {}", schema["id"], short(&one.to_string())))?;
        }
    }
    Ok(())
}

fn user_name(schema: &Answer) -> Held {
    let all = schema.at("/attributes").as_array().map(Vec::as_slice).unwrap_or_default();
    let found = all.iter().find(|one| one["name"] == "userName");
    let right = |one: &Value| {
        one["required"] == true
            && one["caseExact"] == false
            && matches!(one["uniqueness"].as_str(), Some("server" | "global"))
    };
    hold(found.is_some_and(right), || found.map_or("there is no userName".to_owned(), |one| short(&one.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_without_its_characteristics_is_found_in_any_depth() {
        let whole = json!({"name": "a", "type": "string", "multiValued": false, "mutability": "readWrite", "returned": "default"});
        let mut outer = whole.clone();
        outer["subAttributes"] = json!([whole, {"name": "b"}]);
        assert_eq!(attributes_are_whole(&json!({"attributes": [whole]})), Ok(()));
        let found = attributes_are_whole(&json!({"id": "urn:x", "attributes": [outer]})).unwrap_err();
        assert!(found.contains("urn:x") && found.contains(r#"{"name":"b"}"#), "{found}");
    }
}
