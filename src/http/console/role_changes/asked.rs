//! Which change is asked about: as text, or by the fields of a small form.

use crate::{
    app::{Error, Holding, RoleChange},
    http::console::parts,
    model::{Holder, Instant, Role, UserId},
};
use url::form_urlencoded;

/// What stands behind the question mark.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The change, whole.
    change: String,
    /// Otherwise: `give`, or nothing for another role in the place of the one that is there.
    kind: String,
    user: String,
    subject: String,
    role: String,
    /// As often as there are clusters.
    clusters: Vec<String>,
    /// A day.
    until: String,
}

/// Where a change is looked at first.
pub(in crate::http::console) fn address(change: &RoleChange) -> String {
    parts::address("/console/role-changes", &[("change", &text(change))])
}

/// A change as a form carries it.
pub(super) fn text(change: &RoleChange) -> String {
    serde_json::to_string(change).unwrap_or_default()
}

/// Reads it again.
pub(super) fn read(text: &str) -> Result<RoleChange, Error> {
    serde_json::from_str(text).map_err(|error| Error::invalid("change", error.to_string()))
}

impl Asked {
    /// What stands behind the question mark. A form that has several boxes ticked says the same name several times.
    pub(super) fn of(query: &str) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let field = match name.as_ref() {
                "change" => &mut asked.change,
                "kind" => &mut asked.kind,
                "user" => &mut asked.user,
                "subject" => &mut asked.subject,
                "role" => &mut asked.role,
                "until" => &mut asked.until,
                "cluster" => {
                    asked.clusters.extend(Some(value.trim()).filter(|one| !one.is_empty()).map(str::to_owned));
                    continue;
                }
                _ => continue,
            };
            *field = value.into_owned();
        }
        asked
    }

    /// The change.
    pub(super) fn change(&self) -> Result<RoleChange, Error> {
        if !self.change.is_empty() {
            return read(&self.change);
        }
        let clusters = Some(self.clusters.clone()).filter(|clusters| !clusters.is_empty());
        let role: Role = match self.role.trim() {
            "" => return Err(Error::invalid("role", "choose a role first")),
            role => {
                role.parse().map_err(|error: crate::model::UnknownRole| Error::invalid("role", error.to_string()))?
            }
        };
        if self.kind == "give" {
            return Ok(RoleChange::Give {
                subject: Holding(self.subject.clone()),
                role,
                cluster: None,
                clusters,
                until: self.until()?,
            });
        }
        let bad = |error: crate::model::BadId| Error::invalid("user", error.to_string());
        let user: UserId = self.user.parse().map_err(bad)?;
        Ok(RoleChange::SetRole { user, role, cluster: None, clusters })
    }

    /// The end of the day, UTC, as in the mapping.
    fn until(&self) -> Result<Option<Instant>, Error> {
        match self.until.trim() {
            "" => Ok(None),
            day => {
                let end = format!("{day}T23:59:59Z");
                end.parse().map(Some).map_err(|_| Error::invalid("until", "give a day like 2027-01-31"))
            }
        }
    }
}

/// The ids that a change speaks of.
pub(super) fn ids(change: &RoleChange) -> Vec<String> {
    let holder = |holder: &Holder| holder.to_string();
    match change {
        RoleChange::SetRole { user, .. } | RoleChange::Suspend { user } | RoleChange::Remove { user } => {
            vec![user.to_string()]
        }
        RoleChange::Give { subject, .. } => vec![subject.0.clone()],
        RoleChange::Take { .. }
        | RoleChange::EditRole { .. }
        | RoleChange::Publish { .. }
        | RoleChange::Configure(_) => Vec::new(),
        RoleChange::Join { group, member } | RoleChange::Leave { group, member } => {
            vec![group.to_string(), holder(member)]
        }
        RoleChange::DeleteGroup { group } => vec![group.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_travels_as_text() {
        let change = RoleChange::Suspend { user: "usr_06h01qbn45r9t2euf2aprlbdqk".parse().unwrap() };
        assert_eq!(read(&text(&change)).unwrap(), change);
        assert!(address(&change).starts_with("/console/role-changes?change=%7B%22kind%22"));
    }

    #[test]
    fn several_boxes_are_several_clusters_and_none_is_the_whole_organization() {
        let clusters = |query: &str| match Asked::of(query).change().unwrap() {
            RoleChange::Give { cluster: None, clusters, .. } => clusters,
            other => panic!("{other:?}"),
        };
        let give = "kind=give&subject=usr_06h01qbn45r9t2euf2aprlbdqk&role=viewer";
        assert_eq!(clusters(&format!("{give}&cluster=a&cluster=+b")), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(clusters(&format!("{give}&cluster=")), None);
    }

    #[test]
    fn a_day_is_the_end_of_that_day() {
        let asked = Asked { until: "2027-01-31".to_owned(), ..Asked::default() };
        assert_eq!(asked.until().unwrap().unwrap().to_string(), "2027-01-31T23:59:59Z");
        assert!(Asked { until: "soon".to_owned(), ..Asked::default() }.until().is_err());
    }
}
