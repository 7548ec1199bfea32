//! What a change is called, and where somebody goes afterwards.

use crate::{
    app::{App, BindingSearch, Error, Names, RoleChange},
    http::console::{desk::Desk, frame::Place, given, words::role_name},
    model::{BindingId, Role, Subject},
};
use std::collections::BTreeSet;

/// Bindings of one subject that are looked through for those of one act.
const MOST_BINDINGS: i64 = 500;

/// A change in words.
#[derive(Debug)]
pub(in crate::http::console) struct Told {
    /// What would be done.
    pub(in crate::http::console) title: String,
    /// What was done.
    pub(in crate::http::console) done: String,
    /// What the button says.
    pub(in crate::http::console) button: &'static str,
    /// Where it belongs.
    pub(in crate::http::console) place: Place,
    /// Where it began.
    pub(in crate::http::console) back: String,
    /// Where it leads.
    pub(in crate::http::console) after: String,
}

impl Told {
    /// The words for this change.
    pub(in crate::http::console) async fn of(
        app: &App,
        desk: &Desk,
        change: &RoleChange,
        names: &Names,
    ) -> Result<Self, Error> {
        let member = |id: &str| format!("/console/members/{id}");
        Ok(match change {
            RoleChange::SetRole { user, role, cluster, clusters } => {
                let title = format!(
                    "Make {} {} of {}",
                    names.of(user.as_str()),
                    a_role(role, names),
                    there((cluster, clusters), names)
                );
                told(title, "Change the role", Place::Members, member(user.as_str()), "changed")
            }
            RoleChange::Give { subject, role, cluster, clusters, .. } => {
                let title = format!(
                    "Give {} the role {} of {}",
                    names.of(&subject.0),
                    role_name(role, names),
                    there((cluster, clusters), names)
                );
                let (place, back) = page_of(&subject.subject()?);
                told(title, "Give the role", place, back, "changed")
            }
            RoleChange::Take { binding, together } => return taking(app, desk, binding, *together).await,
            RoleChange::Join { group, member } => {
                let title = format!("Put {} into the group {}", names.of(member.as_str()), names.of(group.as_str()));
                told(title, "Put into the group", Place::Groups, format!("/console/groups/{group}"), "joined")
            }
            RoleChange::Leave { group, member } => {
                let title = format!("Take {} out of the group {}", names.of(member.as_str()), names.of(group.as_str()));
                told(title, "Take out of the group", Place::Groups, format!("/console/groups/{group}"), "left")
            }
            RoleChange::DeleteGroup { group } => {
                let back = format!("/console/groups/{group}");
                let title = format!("Delete the group {}", names.of(group.as_str()));
                let told = told(title, "Delete the group", Place::Groups, back, "deleted");
                Self { after: "/console/groups?said=deleted".to_owned(), ..told }
            }
            RoleChange::EditRole { role, .. } => {
                let title = format!("Change what the role {} lets its holders do", names.of(role.as_str()));
                told(title, "Change the role", Place::Roles, format!("/console/roles/{role}"), "saved")
            }
            RoleChange::Suspend { user } => told(
                format!("Suspend {}", names.of(user.as_str())),
                "Suspend",
                Place::Members,
                member(user.as_str()),
                "suspended",
            ),
            RoleChange::Remove { user } => {
                let title = format!("Remove {}", names.of(user.as_str()));
                let told = told(title, "Remove", Place::Members, member(user.as_str()), "deleted");
                Self { after: "/console/members?said=deleted".to_owned(), ..told }
            }
            RoleChange::Configure(_) => told(
                "Apply the configuration".to_owned(),
                "Apply",
                Place::Settings,
                "/console/settings".to_owned(),
                "saved",
            ),
            RoleChange::Publish { .. } => told(
                "Publish the mapping".to_owned(),
                "Publish",
                Place::Mapping,
                "/console/mapping".to_owned(),
                "published",
            ),
        })
    }
}

fn told(title: String, button: &'static str, place: Place, back: String, said: &str) -> Told {
    let after = format!("{back}?said={said}");
    Told { done: format!("{title}: done"), title, button, place, back, after }
}

/// What is taken is named by its binding, which is gone afterwards: then nobody needs its words.
async fn taking(app: &App, desk: &Desk, id: &BindingId, together: bool) -> Result<Told, Error> {
    let button = "Take it away";
    match app.binding(&desk.ctx, id).await {
        Ok(binding) => {
            let terms = &binding.terms;
            let (page, back) = page_of(&terms.subject);
            let names = app.names(&desk.ctx, [terms.subject.to_string()]).await?;
            let mut act = vec![binding.clone()];
            if together {
                let search = BindingSearch { subject: Some(terms.subject.clone()), ..BindingSearch::default() };
                act = app.bindings(&desk.ctx, &search, "", MOST_BINDINGS).await?;
                act.retain(|held| held.given_with(&binding));
            }
            let what = given::title(&act.iter().collect::<Vec<_>>(), &names);
            let title = format!("Take {what} from {}", names.of(terms.subject.id()));
            Ok(told(title, button, page, back, "changed"))
        }
        Err(Error::NotFound { .. }) => {
            Ok(told("Take a role away".to_owned(), button, Place::Members, "/console/members".to_owned(), "changed"))
        }
        Err(error) => Err(error),
    }
}

/// “an Owner”, “a Viewer”.
fn a_role(role: &Role, names: &Names) -> String {
    let name = role_name(role, names);
    let article = if name.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {name}")
}

fn there((cluster, clusters): (&Option<String>, &Option<Vec<String>>), names: &Names) -> String {
    let each: BTreeSet<&str> = cluster.iter().chain(clusters.iter().flatten()).map(|one| names.of(one)).collect();
    let each: Vec<&str> = each.into_iter().collect();
    match each.split_last() {
        None => "the whole organization".to_owned(),
        Some((one, [])) => format!("cluster {one}"),
        Some((last, before)) => format!("clusters {} and {last}", before.join(", ")),
    }
}

fn page_of(subject: &Subject) -> (Place, String) {
    match subject {
        Subject::User(id) => (Place::Members, format!("/console/members/{id}")),
        Subject::Group(id) => (Place::Groups, format!("/console/groups/{id}")),
        Subject::ServiceAccount(id) => (Place::Machines, format!("/console/service-accounts/{id}")),
    }
}
