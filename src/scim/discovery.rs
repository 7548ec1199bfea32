//! What the discovery endpoints answer (RFC 7644 §4). All of it is derived from the schemas, so that it cannot promise
//! what is not kept.

use super::{
    resource::list_response,
    schema::{Attribute, ENTERPRISE_SCHEMA, ResourceType, Type},
};
use serde_json::{Map, Value, json};

/// What a connection's `/ServiceProviderConfig` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The most resources in one answer.
    pub max_results: u64,
    /// The most operations in one bulk request; `None` where bulk is not offered.
    pub bulk: Option<BulkLimits>,
    /// Whether `sortBy` is obeyed.
    pub sort: bool,
}

/// The limits of a bulk request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkLimits {
    /// The most operations.
    pub max_operations: u64,
    /// The most bytes.
    pub max_payload_size: u64,
}

/// `/ServiceProviderConfig` (RFC 7643 §5).
#[must_use]
pub fn service_provider_config(base_url: &str, capabilities: Capabilities) -> Value {
    // authentik takes bulk.maxOperations as its chunk for PATCH: 0 means everything in one request.
    let limits = capabilities.bulk.unwrap_or(BulkLimits { max_operations: 0, max_payload_size: 0 });
    let mut config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {
            "supported": capabilities.bulk.is_some(),
            "maxOperations": limits.max_operations,
            "maxPayloadSize": limits.max_payload_size,
        },
        "filter": {"supported": true, "maxResults": capabilities.max_results},
        "changePassword": {"supported": false},
        "sort": {"supported": capabilities.sort},
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A token of the connection in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
    });
    config["meta"] = meta("ServiceProviderConfig", &format!("{base_url}/ServiceProviderConfig"));
    config
}

/// `/ResourceTypes`: the list of all.
#[must_use]
pub fn resource_types(base_url: &str) -> Value {
    everything([ResourceType::User, ResourceType::Group].map(|kind| resource_type_json(base_url, kind)).to_vec())
}

/// `/ResourceTypes/{name}`; `None` where there is no such type.
#[must_use]
pub fn resource_type(base_url: &str, name: &str) -> Option<Value> {
    let kind = [ResourceType::User, ResourceType::Group].into_iter().find(|kind| kind.name() == name)?;
    Some(resource_type_json(base_url, kind))
}

fn resource_type_json(base_url: &str, kind: ResourceType) -> Value {
    let mut json = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name(),
        "name": kind.name(),
        "description": match kind { ResourceType::User => "A person.", ResourceType::Group => "A group of people." },
        "endpoint": kind.endpoint(),
        "schema": kind.schema(),
    });
    if !kind.extension().is_empty() {
        json["schemaExtensions"] = json!([{"schema": ENTERPRISE_SCHEMA, "required": false}]);
    }
    json["meta"] = meta("ResourceType", &format!("{base_url}/ResourceTypes/{}", kind.name()));
    json
}

/// `/Schemas`: the list of all.
#[must_use]
pub fn schemas(base_url: &str) -> Value {
    let ids = [ResourceType::User.schema(), ENTERPRISE_SCHEMA, ResourceType::Group.schema()];
    everything(ids.into_iter().filter_map(|id| schema(base_url, id)).collect())
}

/// `/Schemas/{urn}`; `None` where there is no such schema.
#[must_use]
pub fn schema(base_url: &str, urn: &str) -> Option<Value> {
    let (id, name, description, attributes, discarded) = if ENTERPRISE_SCHEMA.eq_ignore_ascii_case(urn) {
        let attributes = ResourceType::User.extension();
        (ENTERPRISE_SCHEMA, "EnterpriseUser", "What an enterprise adds to a User.", attributes, &[][..])
    } else {
        let kind = [ResourceType::User, ResourceType::Group]
            .into_iter()
            .find(|kind| kind.schema().eq_ignore_ascii_case(urn))?;
        let description = match kind {
            ResourceType::User => "A person.",
            ResourceType::Group => "A group of people.",
        };
        (kind.schema(), kind.name(), description, kind.attributes(), kind.discarded())
    };
    let advertised = attributes.iter().chain(discarded).filter(|attribute| attribute.advertised);
    Some(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "description": description,
        "attributes": advertised.map(attribute_json).collect::<Vec<_>>(),
        "meta": meta("Schema", &format!("{base_url}/Schemas/{id}")),
    }))
}

fn attribute_json(attribute: &Attribute) -> Value {
    let mut json = Map::new();
    let mut put = |key: &str, value: Value| json.insert(key.to_owned(), value);
    put("name", attribute.name.into());
    put("type", attribute.kind.as_str().into());
    put("multiValued", attribute.multi_valued.into());
    put("description", attribute.description.into());
    put("required", attribute.required.into());
    if !attribute.canonical_values.is_empty() {
        put("canonicalValues", attribute.canonical_values.into());
    }
    // RFC 7643 §7: caseExact and uniqueness speak of values that are compared.
    if !matches!(attribute.kind, Type::Boolean | Type::Complex) {
        put("caseExact", attribute.case_exact.into());
    }
    put("mutability", attribute.mutability.as_str().into());
    put("returned", attribute.returned.as_str().into());
    if !matches!(attribute.kind, Type::Boolean) {
        put("uniqueness", attribute.uniqueness.as_str().into());
    }
    if !attribute.reference_types.is_empty() {
        put("referenceTypes", attribute.reference_types.into());
    }
    if !attribute.sub_attributes.is_empty() {
        put("subAttributes", attribute.sub_attributes.iter().map(attribute_json).collect());
    }
    Value::Object(json)
}

fn meta(resource_type: &str, location: &str) -> Value {
    json!({"resourceType": resource_type, "location": location})
}

fn everything(resources: Vec<Value>) -> Value {
    let total = u64::try_from(resources.len()).unwrap_or(u64::MAX);
    list_response(resources, total, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://castgate.example.com/scim/v2";

    fn pretty(value: &Value) -> String {
        serde_json::to_string_pretty(value).expect("serialises")
    }

    #[test]
    fn the_configuration_says_what_the_connection_does() {
        let capabilities = Capabilities { max_results: 200, bulk: None, sort: false };
        insta::assert_snapshot!("service_provider_config", pretty(&service_provider_config(BASE, capabilities)));
    }

    #[test]
    fn the_resource_types_are_user_and_group() {
        insta::assert_snapshot!("resource_types", pretty(&resource_types(BASE)));
        assert!(resource_type(BASE, "Group").is_some());
        assert!(resource_type(BASE, "Device").is_none());
    }

    /// One line an attribute, so that a change of policy is one line of a diff.
    #[test]
    fn the_schemas_are_these() {
        let mut lines = Vec::new();
        for schema in schemas(BASE)["Resources"].as_array().expect("a list") {
            lines.push(schema["id"].to_string());
            for attribute in schema["attributes"].as_array().expect("a list") {
                let mut plain = attribute.clone();
                let parts = plain.as_object_mut().and_then(|object| object.shift_remove("subAttributes"));
                lines.push(format!("  {plain}"));
                lines.extend(
                    parts
                        .iter()
                        .flat_map(|parts| parts.as_array().into_iter().flatten())
                        .map(|part| format!("    {part}")),
                );
            }
        }
        insta::assert_snapshot!("schemas", lines.join("\n"));
        let password = lines.iter().find(|line| line.contains("\"password\"")).expect("Canaille needs it");
        assert!(password.contains(r#""mutability":"writeOnly","returned":"never""#), "{password}");
    }
}
