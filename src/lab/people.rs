//! Northwind Robotics: about forty people, eight groups, four clusters. Always the same, so that the demo tells the same story.

use super::roster::{CONTRACTORS, EMPLOYEES, Row};
use serde_json::{Value, json};

/// The organization's name.
pub const ORGANIZATION: &str = "Northwind Robotics";
/// Its short name.
pub const SLUG: &str = "northwind";
/// The connection of the employees, as the mapping calls it.
pub const OKTA: &str = "okta";
/// The connection of the partner's people, as the mapping calls it.
pub const ENTRA: &str = "entra";
/// The e-mail domain of the employees.
pub const EMPLOYEE_DOMAIN: &str = "northwind.example";
/// The e-mail domain of the partner's people.
pub const CONTRACTOR_DOMAIN: &str = "fieldworks.example";
/// The mapping, in castgate's mapping language, with tests of its own.
pub const MAPPING: &str = include_str!("northwind.yaml");

/// The clusters: their slugs and the names that people read.
pub const CLUSTERS: [(&str, &str); 4] = [
    ("prod-eu", "Production, Frankfurt"),
    ("prod-us", "Production, Ohio"),
    ("staging-eu", "Staging, Frankfurt"),
    ("edge-lab", "Robot lab, on the floor"),
];

/// The groups: display name and whose directory has them.
pub const GROUPS: [(&str, Directory); 8] = [
    ("castai-owners", Directory::Okta),
    ("platform-oncall", Directory::Okta),
    ("k8s-prod-eu-member", Directory::Okta),
    ("k8s-prod-eu-viewer", Directory::Okta),
    ("k8s-staging-member", Directory::Okta), // no cluster is called `staging`: a near miss worth explaining
    ("finance", Directory::Okta),
    ("engineering", Directory::Okta),
    ("contractors-field", Directory::Entra),
];

/// Whose directory somebody is in, and with it how they are pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Directory {
    /// The company's own.
    Okta,
    /// The partner's.
    Entra,
}

/// Somebody at Northwind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Whose directory has them.
    pub directory: Directory,
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// E-mail address, and at the same time the user name.
    pub email: String,
    /// Department.
    pub department: String,
    /// Job title.
    pub title: String,
    /// `Employee`, `Intern` or `Contractor`.
    pub user_type: String,
    /// The groups that they are in, by display name.
    pub groups: Vec<String>,
    /// The directory's own id: the `externalId` of SCIM. Okta's is the `sub` of a sign-in too, Entra's the `oid`.
    pub external_id: String,
    /// The `sub` of a sign-in.
    pub subject: String,
}

impl Person {
    /// Given and family name.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }

    /// What the provider says of them in an ID token and at userinfo.
    pub(super) fn claims(&self) -> Value {
        let mut claims = json!({
            "sub": self.subject,
            "name": self.name(),
            "given_name": self.given_name,
            "family_name": self.family_name,
            "preferred_username": self.email,
            "email": self.email,
            "email_verified": true,
            "department": self.department,
            "title": self.title,
            "groups": self.groups,
        });
        if let (Directory::Entra, Value::Object(claims)) = (self.directory, &mut claims) {
            claims.insert("oid".to_owned(), self.external_id.clone().into());
        }
        claims
    }
}

/// Everybody, in the order of the roster.
pub fn everybody() -> Vec<Person> {
    let employees = EMPLOYEES.iter().enumerate().map(|(index, row)| person(Directory::Okta, index + 1, row));
    let contractors = CONTRACTORS.iter().enumerate().map(|(index, row)| person(Directory::Entra, index + 1, row));
    employees.chain(contractors).collect()
}

fn person(directory: Directory, number: usize, row: &Row) -> Person {
    let (name, department, title, user_type, groups) = *row;
    let (given_name, family_name) = name.split_once(' ').unwrap_or((name, ""));
    let (domain, external_id) = match directory {
        Directory::Okta => (EMPLOYEE_DOMAIN, format!("00u{number:03}northwind5d7")),
        Directory::Entra => (CONTRACTOR_DOMAIN, format!("5f1d2c3b-7a60-4e8f-9b21-{number:012x}")),
    };
    let subject = match directory {
        Directory::Okta => external_id.clone(),
        Directory::Entra => format!("pairwise-{number:03}-fieldworks"),
    };
    Person {
        directory,
        email: format!("{}@{domain}", ascii(&format!("{given_name}.{family_name}"))),
        given_name: given_name.to_owned(),
        family_name: family_name.to_owned(),
        department: department.to_owned(),
        title: title.to_owned(),
        user_type: user_type.to_owned(),
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        external_id,
        subject,
    }
}

/// A name as it stands in an address: `Žofia` is `zofia`.
fn ascii(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let plain = name.replace('ø', "o").replace('ł', "l");
    plain.to_lowercase().nfd().filter(|c| c.is_ascii_alphanumeric() || *c == '.' || *c == '-').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn everybody_has_an_address_and_ids_of_their_own() {
        let people = everybody();
        assert!((36..=44).contains(&people.len()), "{}", people.len());
        for of in [|p: &Person| p.email.clone(), |p: &Person| p.external_id.clone(), |p: &Person| p.subject.clone()] {
            let values: HashSet<String> = people.iter().map(of).collect();
            assert_eq!(values.len(), people.len());
        }
        let odd = people.iter().find(|person| person.email.starts_with('.') || !person.email.is_ascii());
        assert_eq!(odd, None);
    }

    #[test]
    fn every_group_has_somebody_of_its_own_directory_and_nobody_else() {
        let people = everybody();
        for (group, directory) in GROUPS {
            let members: Vec<_> =
                people.iter().filter(|person| person.groups.iter().any(|name| name == group)).collect();
            assert!(!members.is_empty(), "{group} is empty");
            assert!(members.iter().all(|person| person.directory == directory), "{group}");
        }
        let known: HashSet<&str> = GROUPS.iter().map(|(group, _)| *group).collect();
        assert!(people.iter().flat_map(|person| &person.groups).all(|group| known.contains(group.as_str())));
    }
}
