//! The ways of the picture: what gives something to whom, which role, where. Of one person or machine also what comes by groups
//! and by default.

use super::Wanted;
use crate::{
    access::{Access, Via},
    app::{App, Error},
    http::console::desk::Desk,
    model::{Capability, Role, Scope, Source, Subject},
};

/// Bindings of one picture: more is no picture.
const MOST: usize = 80;

/// One way through the picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Who holds it: the group, where it comes by one.
    pub(super) subject: Subject,
    /// What made it; none: the default for people whom no rule gives anything.
    pub(super) source: Option<Source>,
    /// The role.
    pub(super) role: Role,
    /// Where it holds.
    pub(super) scope: Scope,
}

/// The ways that fit, and whether there are more.
pub(super) async fn ways(app: &App, desk: &Desk, wanted: &Wanted) -> Result<(Vec<Way>, bool), Error> {
    let search = wanted.search()?;
    let access = match &search.subject {
        Some(Subject::User(id)) => Some(app.access(&desk.ctx, id).await?),
        Some(Subject::ServiceAccount(id)) if desk.can(Capability::CreateServiceAccountKeys) => {
            Some(app.service_account_access(&desk.ctx, id).await?)
        }
        Some(Subject::ServiceAccount(_) | Subject::Group(_)) | None => None,
    };
    let mut ways: Vec<Way> = if let (Some(subject), Some(access)) = (&search.subject, access) {
        let fits = |way: &Way| {
            search.role.as_ref().is_none_or(|role| *role == way.role)
                && search.scope.as_ref().is_none_or(|scope| *scope == super::scope_text(&way.scope))
                && search.source.as_deref().is_none_or(|kind| way.source.as_ref().is_some_and(|one| one.kind() == kind))
        };
        reaching(subject, access).filter(fits).collect()
    } else {
        let most = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
        let bindings = app.bindings(&desk.ctx, &search, "", most).await?;
        let way = |terms: crate::model::Terms| Way {
            subject: terms.subject,
            source: Some(terms.source),
            role: terms.role,
            scope: terms.scope,
        };
        bindings.into_iter().map(|binding| way(binding.terms)).collect()
    };
    let is_more = ways.len() > MOST;
    ways.truncate(MOST);
    Ok((ways, is_more))
}

/// Everything that reaches somebody.
fn reaching(subject: &Subject, access: Access) -> impl Iterator<Item = Way> {
    access.derivations.into_iter().map(|held| {
        let (holder, source) = match held.via {
            Via::Direct { source } => (subject.clone(), Some(source)),
            Via::Group { id, source, .. } => (Subject::Group(id), Some(source)),
            Via::Default => (subject.clone(), None),
        };
        Way { subject: holder, source, role: held.role, scope: held.scope }
    })
}
