//! What the discovery endpoints answer (RFC 7644 §4). All of it is derived from the schemas, so that it cannot promise
//! what is not kept.

use super::{
    extension::{Extensions, declared_json},
    resource::ListResponse,
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
    /// How lists are paged; `None` where nothing is said of it, as clients made before RFC 9865 refuse a configuration with a
    /// member that they do not know (Canaille 0.3 pushes nothing then). Cursors are good all the same.
    pub pagination: Option<Pagination>,
}

/// How lists are paged (RFC 9865 §4). Both ways are offered; who says nothing pages by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pagination {
    /// Resources in a page when nothing is asked for.
    pub default_page_size: u64,
    /// Seconds for which a cursor is good.
    pub cursor_timeout: u64,
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
    if let Some(pagination) = capabilities.pagination {
        config["pagination"] = json!({
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": pagination.default_page_size,
            "maxPageSize": capabilities.max_results,
            "cursorTimeout": pagination.cursor_timeout,
        });
    }
    config["meta"] = meta("ServiceProviderConfig", &format!("{base_url}/ServiceProviderConfig"));
    config
}

/// `/ResourceTypes`: the list of all.
#[must_use]
pub fn resource_types(base_url: &str, extensions: Extensions<'_>) -> Value {
    let kinds = [ResourceType::User, ResourceType::Group];
    everything(kinds.map(|kind| resource_type_json(base_url, kind, extensions)).to_vec())
}

/// `/ResourceTypes/{name}`; `None` where there is no such type.
#[must_use]
pub fn resource_type(base_url: &str, name: &str, extensions: Extensions<'_>) -> Option<Value> {
    let kind = [ResourceType::User, ResourceType::Group].into_iter().find(|kind| kind.name() == name)?;
    Some(resource_type_json(base_url, kind, extensions))
}

pub(super) fn resource_type_json(base_url: &str, kind: ResourceType, extensions: Extensions<'_>) -> Value {
    let mut json = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": kind.name(),
        "name": kind.name(),
        "description": description(kind),
        "endpoint": kind.endpoint(),
        "schema": kind.schema(),
    });
    if !kind.extension().is_empty() {
        let declared = extensions.0.iter().map(|schema| schema.urn.as_str());
        let all = std::iter::once(ENTERPRISE_SCHEMA).chain(declared);
        json["schemaExtensions"] = all.map(|urn| json!({"schema": urn, "required": false})).collect();
    }
    json["meta"] = meta("ResourceType", &format!("{base_url}/ResourceTypes/{}", kind.name()));
    json
}

/// `/Schemas`: the list of all.
#[must_use]
pub fn schemas(base_url: &str, extensions: Extensions<'_>) -> Value {
    let ids = [ResourceType::User.schema(), ENTERPRISE_SCHEMA, ResourceType::Group.schema()];
    let ids = ids.into_iter().chain(extensions.0.iter().map(|schema| schema.urn.as_str()));
    everything(ids.filter_map(|id| schema(base_url, id, extensions)).collect())
}

/// `/Schemas/{urn}`; `None` where there is no such schema.
#[must_use]
pub fn schema(base_url: &str, urn: &str, extensions: Extensions<'_>) -> Option<Value> {
    if let Some(declared) = extensions.schema(urn) {
        let mut json = declared_json(declared);
        json["meta"] = meta("Schema", &format!("{base_url}/Schemas/{}", declared.urn));
        return Some(json);
    }
    if ENTERPRISE_SCHEMA.eq_ignore_ascii_case(urn) {
        let told = (ENTERPRISE_SCHEMA, "EnterpriseUser", "What an enterprise adds to a User.");
        return Some(schema_json(base_url, told, ResourceType::User.extension().iter()));
    }
    let kind =
        [ResourceType::User, ResourceType::Group].into_iter().find(|kind| kind.schema().eq_ignore_ascii_case(urn))?;
    let attributes = kind.attributes().iter().chain(kind.discarded());
    Some(schema_json(base_url, (kind.schema(), kind.name(), description(kind)), attributes))
}

fn description(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::User => "A person.",
        ResourceType::Group => "A group of people.",
        ResourceType::Role => "A role that can be assigned.",
    }
}

/// One schema of this id, name and description.
pub(super) fn schema_json(
    base_url: &str,
    (id, name, description): (&str, &str, &str),
    attributes: impl Iterator<Item = &'static Attribute>,
) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "description": description,
        "attributes": attributes.filter(|attribute| attribute.advertised).map(attribute_json).collect::<Vec<_>>(),
        "meta": meta("Schema", &format!("{base_url}/Schemas/{id}")),
    })
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
    json!(ListResponse::by_index(resources, total, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://castgate.example.com/scim/v2";
    const NONE: Extensions<'static> = Extensions(&[]);

    fn pretty(value: &Value) -> String {
        serde_json::to_string_pretty(value).expect("serialises")
    }

    #[test]
    fn the_configuration_says_what_the_connection_does() {
        let bulk = Some(BulkLimits { max_operations: 1_000, max_payload_size: 16 << 20 });
        let pagination = Some(Pagination { default_page_size: 100, cursor_timeout: 3_600 });
        let capabilities = Capabilities { max_results: 200, bulk, sort: true, pagination };
        insta::assert_snapshot!("service_provider_config", pretty(&service_provider_config(BASE, capabilities)));
    }

    #[test]
    fn the_resource_types_are_user_and_group() {
        insta::assert_snapshot!("resource_types", pretty(&resource_types(BASE, NONE)));
        assert!(resource_type(BASE, "Group", NONE).is_some());
        assert!(resource_type(BASE, "Device", NONE).is_none());
    }

    /// One line an attribute, so that a change of policy is one line of a diff.
    #[test]
    fn the_schemas_are_these() {
        let mut lines = Vec::new();
        for schema in schemas(BASE, NONE)["Resources"].as_array().expect("a list") {
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
