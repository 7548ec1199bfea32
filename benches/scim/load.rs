//! What providers send, made before the clock runs, and sent over kept-alive connections.

use super::{gateway::Failure, wire::Wire};
use serde_json::json;
use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

/// What a provider says of a new person.
pub fn person(name: &str) -> String {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "userName": format!("{name}@northwind.example"),
        "externalId": format!("ext-{name}"),
        "name": {"givenName": "Robin", "familyName": "Example"},
        "displayName": "Robin Example",
        "title": "Site reliability engineer",
        "locale": "en-GB",
        "emails": [{"value": format!("{name}@northwind.example"), "type": "work", "primary": true}],
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Platform", "costCenter": "4711"},
    })
    .to_string()
}

/// What a provider says of a new group.
pub fn group(name: &str, members: &[String]) -> String {
    let members: Vec<_> = members.iter().map(|id| json!({"value": id})).collect();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": name,
        "members": members,
    })
    .to_string()
}

/// The body of a PATCH that puts one person into a group.
pub fn one_more(member: &str) -> String {
    json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "add", "path": "members", "value": [{"value": member}]}],
    })
    .to_string()
}

/// Posts all bodies over so many connections; the time it took, and the ids that were given.
pub fn post(
    (address, token): (SocketAddr, &str),
    path: &str,
    bodies: &[String],
    connections: usize,
) -> Result<(Duration, Vec<String>), Failure> {
    let wires: Vec<Wire> =
        (0..connections).map(|_| Wire::connect(address, token)).collect::<Result<_, std::io::Error>>()?;
    let began = Instant::now();
    let ids = thread::scope(|scope| {
        let threads: Vec<_> = wires
            .into_iter()
            .enumerate()
            .map(|(first, mut wire)| {
                scope.spawn(move || {
                    let mut ids = Vec::new();
                    for body in bodies.iter().skip(first).step_by(connections) {
                        ids.push(send(&mut wire, ("POST", path), body)?);
                    }
                    Ok::<_, Failure>(ids)
                })
            })
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| "a sender panicked")??);
        }
        Ok::<_, Failure>(all)
    })?;
    Ok((began.elapsed(), ids))
}

/// Sends one request; the id in the answer, if there is one.
pub fn send(wire: &mut Wire, (method, path): (&str, &str), body: &str) -> Result<String, Failure> {
    let answer = wire.send(method, path, body)?;
    let text = String::from_utf8_lossy(&answer.body);
    if !(200..300).contains(&answer.status) {
        return Err(format!("{method} {path}: {} {text}", answer.status).into());
    }
    Ok(text.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned())
}
