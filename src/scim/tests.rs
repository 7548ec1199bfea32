//! Every recorded request of `fixtures/scim` through the protocol alone, in the tolerant dialect. The golden file shows what
//! each becomes and what had to be tolerated for it.

use super::{GroupDocument, Patch, Query, ResourceType, Tolerance, UserDocument, parse_object};
use crate::filter::Dialect;
use serde_json::{Map, Value, json};
use std::{fmt::Write as _, fs, path::Path};

struct Recorded {
    name: String,
    method: String,
    path: String,
    body: Option<Map<String, Value>>,
}

fn recorded() -> Vec<Recorded> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scim");
    let mut files = Vec::new();
    for provider in fs::read_dir(root).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        files.extend(fs::read_dir(provider.path()).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Recorded {
    let text = fs::read_to_string(file).unwrap();
    let text = text.replace("{user}", "usr_1").replace("{other}", "usr_2").replace("{group}", "grp_1");
    let json: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let provider = file.parent().and_then(Path::file_name).unwrap().to_string_lossy();
    Recorded {
        name: format!("{provider}/{}", file.file_stem().unwrap().to_string_lossy()),
        method: json["method"].as_str().unwrap().to_owned(),
        path: json["path"].as_str().unwrap().to_owned(),
        body: json.get("body").map(|body| parse_object(body.to_string().as_bytes()).unwrap()),
    }
}

/// A user as a provider would have made it before it patches it.
fn somebody() -> UserDocument {
    let body = json!({
        "userName": "ada@example.com", "externalId": "ext-0", "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"type": "work", "value": "ada@example.com", "primary": true}],
    });
    UserDocument::parse(body.as_object().unwrap(), Dialect::Tolerant).unwrap().0
}

fn names(tolerances: &[Tolerance]) -> String {
    tolerances.iter().map(|tolerance| tolerance.name()).collect::<Vec<_>>().join(" ")
}

fn outcome(request: &Recorded) -> (String, Vec<Tolerance>) {
    let is_group = request.path.contains("/Groups");
    match (request.method.as_str(), &request.body) {
        ("POST" | "PUT", Some(body)) if is_group => {
            let (group, tolerances) = GroupDocument::parse(body, Dialect::Tolerant).unwrap();
            (format!("{group:?}"), tolerances)
        }
        ("POST" | "PUT", Some(body)) => {
            let (user, tolerances) = UserDocument::parse(body, Dialect::Tolerant).unwrap();
            (Value::Object(user.into_map()).to_string(), tolerances)
        }
        ("PATCH", Some(body)) if is_group => {
            let patch = Patch::parse(body, Dialect::Tolerant).unwrap().for_group().unwrap();
            let tolerances = patch.tolerances.clone();
            let mut text = String::new();
            write!(text, "{:?} {:?}", patch.display_name, patch.external_id).unwrap();
            patch.members.iter().for_each(|change| write!(text, " {change:?}").unwrap());
            (text, tolerances)
        }
        ("PATCH", Some(body)) => {
            let patch = Patch::parse(body, Dialect::Tolerant).unwrap();
            let once = patch.apply_to_user(&somebody()).unwrap();
            let twice = patch.apply_to_user(&once.document).unwrap();
            assert!(!twice.changed, "{}: patched twice is patched once", request.name);
            (Value::Object(once.document.into_map()).to_string(), once.tolerances)
        }
        ("GET", None) => {
            let kind = if is_group { ResourceType::Group } else { ResourceType::User };
            let text = request.path.split_once('?').map_or("", |(_, query)| query);
            let pairs: Vec<(String, String)> = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            let query = Query::parse(kind, &pairs, Dialect::Tolerant).unwrap();
            let filter = query.filter.map(|filter| filter.to_string());
            (format!("from {} count {:?} filter {filter:?}", query.start_index, query.count), Vec::new())
        }
        ("DELETE", None) => ("gone".to_owned(), Vec::new()),
        (method, _) => panic!("{}: {method} with or without a body is not known", request.name),
    }
}

#[test]
fn every_recorded_request_is_understood() {
    let mut golden = String::new();
    for request in recorded() {
        let (outcome, tolerances) = outcome(&request);
        writeln!(golden, "{}\n  {outcome}\n  tolerated: {}", request.name, names(&tolerances)).unwrap();
    }
    insta::assert_snapshot!("dialogues", golden);
}
