//! Role bindings by question: by whom they reach, their role, place, source and provider.

use super::{
    StoreError, ToValue as _, Tx,
    bindings::{ALL_BINDINGS, binding, scope_columns},
};
use crate::model::{Binding, ConnectionId, OrganizationId, Scope, Subject};
use std::fmt::Write as _;

/// Which bindings are asked for: all that every given field fits.
#[derive(Debug, Clone, Default)]
pub struct BindingQuery {
    /// What this connection's people and groups are given.
    pub connection: Option<ConnectionId>,
    /// Whom they give something.
    pub subject: Option<Subject>,
    /// The role's text.
    pub role: Option<String>,
    /// Exactly this scope.
    pub scope: Option<Scope>,
    /// The source's kind: `person`, `rule`, `invitation`, `file` or `floor`.
    pub source: Option<String>,
}

/// Whether a binding is of a person or a group of a connection.
const OF_CONNECTION: &str = "EXISTS (SELECT 1 FROM users u WHERE b.subject_kind = 'user'
       AND u.organization = b.organization AND u.id = b.subject_id AND u.connection = ?of)
     OR EXISTS (SELECT 1 FROM groups g WHERE b.subject_kind = 'group'
       AND g.organization = b.organization AND g.id = b.subject_id AND g.connection = ?of)";

impl Tx {
    /// Up to `limit` open bindings that a question asks for, whose id is greater than `after`.
    pub async fn bindings_asked(
        &mut self,
        organization: &OrganizationId,
        query: &BindingQuery,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Binding>, StoreError> {
        let mut args = vec![organization.to_value(), after.to_value(), limit.to_value()];
        let mut narrower = String::new();
        let scope = query.scope.as_ref().map(scope_columns);
        let asked = [
            ("subject_kind", query.subject.as_ref().map(Subject::kind)),
            ("subject_id", query.subject.as_ref().map(Subject::id)),
            ("role", query.role.as_deref()),
            ("scope_kind", scope.map(|(kind, _)| kind)),
            ("scope_id", scope.map(|(_, id)| id)),
            ("source_kind", query.source.as_deref()),
        ];
        for (column, text) in asked {
            if let Some(text) = text {
                args.push(text.to_value());
                // Not a name of the caller's: one of the six above.
                let _ = write!(narrower, " AND b.{column} = ?{}", args.len());
            }
        }
        if let Some(connection) = &query.connection {
            args.push(connection.to_value());
            let _ = write!(narrower, " AND ({})", OF_CONNECTION.replace("?of", &format!("?{}", args.len())));
        }
        let sql = format!(
            "{ALL_BINDINGS} WHERE b.organization = ?1 AND b.id > ?2 AND b.ended IS NULL{narrower} ORDER BY b.id LIMIT ?3"
        );
        let rows = self.all_built(sql, args).await?;
        rows.into_iter().map(binding).collect()
    }

    /// Every open binding at a scope, whoever made it.
    pub async fn bindings_at(
        &mut self,
        organization: &OrganizationId,
        scope: &Scope,
    ) -> Result<Vec<Binding>, StoreError> {
        let query = BindingQuery { scope: Some(scope.clone()), ..BindingQuery::default() };
        self.bindings_asked(organization, &query, "", super::EVERYBODY).await
    }
}
