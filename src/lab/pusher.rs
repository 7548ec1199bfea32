//! A SCIM client that behaves as Okta's and Entra's do, and remembers what was said so that the demo can tell it.

use super::{
    LabError, bodies,
    people::{Directory, GROUPS, Person},
};
use crate::net;
use http::{Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::Value;
use std::{collections::HashMap, fmt::Write as _, time::Instant};

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exchange {
    /// The request's method.
    pub method: &'static str,
    /// The request's path and query below the SCIM base, as sent.
    pub path: String,
    /// What was sent.
    pub body: Option<Value>,
    /// The answer's status.
    pub status: u16,
    /// What was answered, if it was JSON.
    pub answer: Option<Value>,
    /// How long it took.
    pub milliseconds: f64,
}

impl Exchange {
    /// Whether the status is 2xx.
    pub fn succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The id of the resource in the answer, or of the first one in a list.
    fn id(&self) -> Option<String> {
        let answer = self.answer.as_ref().filter(|_| self.succeeded())?;
        let found = answer.get("id").or_else(|| answer.get("Resources")?.get(0)?.get("id"));
        found?.as_str().map(str::to_owned)
    }
}

/// Pushes people and groups to a SCIM service, in the dialect of one directory. A refusal is an [`Exchange`] like any
/// other; only silence is an error.
#[derive(Debug)]
pub struct Pusher {
    http: net::Client,
    base: String,
    token: SecretString,
    directory: Directory,
    /// SCIM ids by external id.
    users: HashMap<String, String>,
    /// SCIM ids by display name.
    groups: HashMap<String, String>,
}

type Exchanges = Result<Vec<Exchange>, LabError>;

impl Pusher {
    /// Speaks as Okta does. `base` is the SCIM service's address without a last slash, `token` its bearer token.
    #[must_use]
    pub fn okta(base: &str, token: &str) -> Self {
        Self::new(Directory::Okta, base, token)
    }

    /// Speaks as Entra does.
    #[must_use]
    pub fn entra(base: &str, token: &str) -> Self {
        Self::new(Directory::Entra, base, token)
    }

    fn new(directory: Directory, base: &str, token: &str) -> Self {
        // The demo's castgate is on loopback.
        let policy = net::Policy { allow_private_addresses: true, ..net::Policy::default() };
        Self {
            http: net::Client::new(policy),
            base: base.trim_end_matches('/').to_owned(),
            token: SecretString::from(token),
            directory,
            users: HashMap::new(),
            groups: HashMap::new(),
        }
    }

    /// What an admin's “test connection” button sends: a look-up that finds nobody.
    pub async fn test_connection(&mut self) -> Exchanges {
        let name = match self.directory {
            Directory::Okta => "nobody@northwind.example",
            Directory::Entra => "7c1e3fb0-53c9-4a57-8f2a-0d4f2c6b9e11",
        };
        let path = lookup(self.directory, "/Users", "userName", name);
        Ok(vec![self.send("GET", path, None).await?])
    }

    /// Pushes those of `people` who are in this directory, and this directory's groups with their members.
    pub async fn push_everybody(&mut self, people: &[Person]) -> Exchanges {
        let ours: Vec<&Person> = people.iter().filter(|person| person.directory == self.directory).collect();
        let mut log = Vec::new();
        for person in &ours {
            log.extend(self.push_person(person).await?);
        }
        for (group, directory) in GROUPS {
            if directory == self.directory {
                let members: Vec<&Person> =
                    ours.iter().filter(|person| person.groups.iter().any(|name| name == group)).copied().collect();
                log.extend(self.push_group(group, &members).await?);
            }
        }
        Ok(log)
    }

    /// Looks somebody up and creates them, or brings their profile up to date.
    pub async fn push_person(&mut self, person: &Person) -> Exchanges {
        let mut log = vec![self.send("GET", lookup(self.directory, "/Users", "userName", &person.email), None).await?];
        let found = log.last().and_then(Exchange::id);
        log.push(match found {
            None => self.send("POST", "/Users".to_owned(), Some(bodies::user(self.directory, person, None))).await?,
            Some(id) => self.send_profile(person, &id).await?,
        });
        let newest = log.iter().rev().find_map(Exchange::id);
        if let Some(id) = newest {
            self.users.insert(person.external_id.clone(), id);
        }
        Ok(log)
    }

    /// Tells of a changed profile: Okta reads the resource and puts it back whole, Entra patches.
    pub async fn update(&mut self, person: &Person) -> Exchanges {
        let (mut log, id) = self.user(person).await?;
        if let Some(id) = id {
            if self.directory == Directory::Okta {
                log.push(self.send("GET", format!("/Users/{id}"), None).await?);
            }
            log.push(self.send_profile(person, &id).await?);
        }
        Ok(log)
    }

    /// Makes somebody inactive, as both do when a person leaves or loses the application.
    pub async fn deactivate(&mut self, person: &Person) -> Exchanges {
        self.set_active(person, false).await
    }

    /// Makes somebody active again.
    pub async fn reactivate(&mut self, person: &Person) -> Exchanges {
        self.set_active(person, true).await
    }

    /// Creates a group and fills it.
    pub async fn push_group(&mut self, name: &str, members: &[&Person]) -> Exchanges {
        let mut log = Vec::new();
        if self.directory == Directory::Entra {
            let path = format!("/Groups?excludedAttributes=members&filter={}", filter("displayName", name));
            log.push(self.send("GET", path, None).await?);
        }
        let found = log.last().and_then(Exchange::id).or_else(|| self.groups.get(name).cloned());
        if let Some(id) = found {
            self.groups.insert(name.to_owned(), id);
        } else {
            log.push(self.send("POST", "/Groups".to_owned(), Some(bodies::group(self.directory, name))).await?);
            // Where the name is taken, the look-up that comes next adopts the group that has it.
            if let Some(id) = log.last().and_then(Exchange::id) {
                self.groups.insert(name.to_owned(), id);
            }
        }
        log.extend(self.change_members(name, members, bodies::members_added).await?);
        Ok(log)
    }

    /// Puts somebody into a group.
    pub async fn add_to_group(&mut self, name: &str, person: &Person) -> Exchanges {
        self.change_members(name, &[person], bodies::members_added).await
    }

    /// Takes somebody out of a group.
    pub async fn remove_from_group(&mut self, name: &str, person: &Person) -> Exchanges {
        self.change_members(name, &[person], bodies::members_removed).await
    }

    /// Gives a group another name.
    pub async fn rename_group(&mut self, name: &str, new: &str) -> Exchanges {
        let (mut log, id) = self.group(name).await?;
        if let Some(id) = id {
            log.push(
                self.send("PATCH", format!("/Groups/{id}"), Some(bodies::group_name(self.directory, &id, new))).await?,
            );
            self.groups.remove(name);
            self.groups.insert(new.to_owned(), id);
        }
        Ok(log)
    }

    /// Deletes a group: Okta when it is unlinked, Entra when it leaves the scope.
    pub async fn delete_group(&mut self, name: &str) -> Exchanges {
        let (mut log, id) = self.group(name).await?;
        if let Some(id) = id {
            log.push(self.send("DELETE", format!("/Groups/{id}"), None).await?);
            self.groups.remove(name);
        }
        Ok(log)
    }

    async fn send_profile(&mut self, person: &Person, id: &str) -> Result<Exchange, LabError> {
        let (method, body) = match self.directory {
            Directory::Okta => ("PUT", bodies::user(self.directory, person, Some(id))),
            Directory::Entra => ("PATCH", bodies::entra_profile(person)),
        };
        self.send(method, format!("/Users/{id}"), Some(body)).await
    }

    async fn set_active(&mut self, person: &Person, active: bool) -> Exchanges {
        let (mut log, id) = self.user(person).await?;
        if let Some(id) = id {
            let body = bodies::active(self.directory, active);
            log.push(self.send("PATCH", format!("/Users/{id}"), Some(body)).await?);
        }
        Ok(log)
    }

    async fn change_members(
        &mut self,
        name: &str,
        people: &[&Person],
        body: fn(Directory, &[(String, String)]) -> Value,
    ) -> Exchanges {
        let (mut log, group) = self.group(name).await?;
        let mut members = Vec::new();
        for person in people {
            let (looked_up, id) = self.user(person).await?;
            log.extend(looked_up);
            members.extend(id.map(|id| (id, person.email.clone())));
        }
        if let (Some(group), false) = (group, members.is_empty()) {
            let path = format!("/Groups/{group}");
            if self.directory == Directory::Okta {
                let rename = bodies::group_name(self.directory, &group, name);
                log.push(self.send("PATCH", path.clone(), Some(rename)).await?);
            }
            log.push(self.send("PATCH", path, Some(body(self.directory, &members))).await?);
        }
        Ok(log)
    }

    /// Somebody's SCIM id, looked up if this pusher has not met them.
    async fn user(&mut self, person: &Person) -> Result<(Vec<Exchange>, Option<String>), LabError> {
        if let Some(id) = self.users.get(&person.external_id) {
            return Ok((Vec::new(), Some(id.clone())));
        }
        let exchange = self.send("GET", lookup(self.directory, "/Users", "userName", &person.email), None).await?;
        let id = exchange.id();
        if let Some(id) = &id {
            self.users.insert(person.external_id.clone(), id.clone());
        }
        Ok((vec![exchange], id))
    }

    /// A group's SCIM id, looked up if this pusher has not met it.
    async fn group(&mut self, name: &str) -> Result<(Vec<Exchange>, Option<String>), LabError> {
        if let Some(id) = self.groups.get(name) {
            return Ok((Vec::new(), Some(id.clone())));
        }
        let exchange = self.send("GET", lookup(self.directory, "/Groups", "displayName", name), None).await?;
        let id = exchange.id();
        if let Some(id) = &id {
            self.groups.insert(name.to_owned(), id.clone());
        }
        Ok((vec![exchange], id))
    }

    async fn send(&self, method: &'static str, path: String, body: Option<Value>) -> Result<Exchange, LabError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT, "application/scim+json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.expose_secret()));
        if self.directory == Directory::Okta {
            request = request.header(header::USER_AGENT, "Okta SCIM Client 1.0.0");
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/scim+json; charset=utf-8");
        }
        let bytes = body.as_ref().map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request.body(bytes).map_err(|_| LabError::BadBase(self.base.clone()))?;
        let begun = Instant::now();
        match self.http.send(request).await {
            Ok(answer) => Ok(Exchange {
                method,
                path,
                body,
                status: answer.status().as_u16(),
                answer: serde_json::from_slice(answer.body()).ok(),
                milliseconds: begun.elapsed().as_secs_f64() * 1000.0,
            }),
            Err(error) => Err(LabError::Push { method, path, error }),
        }
    }
}

/// A look-up by name. Okta asks for the first page of it, Entra for no page.
fn lookup(directory: Directory, resources: &str, attribute: &str, value: &str) -> String {
    let page = match directory {
        Directory::Okta => "&startIndex=1&count=100",
        Directory::Entra => "",
    };
    format!("{resources}?filter={}{page}", filter(attribute, value))
}

/// `attribute eq "value"`, percent-encoded.
fn filter(attribute: &str, value: &str) -> String {
    let value = value.replace('\\', "\\\\").replace('"', "\\\"");
    let mut out = String::new();
    for byte in format!("{attribute} eq \"{value}\"").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
