//! Schemas that an organization declares for all its connections. What only one provider sends is declared in that connection's
//! settings.

use super::{App, Ctx, Error, Work};
use crate::{
    model::{Capability, ConnectionSettings, EventKind, ExtensionAttribute, ExtensionSchema, KeptSchema},
    scim::Extensions,
};
use serde_json::json;

/// What a schema becomes.
#[derive(Debug, Clone)]
pub struct SchemaChange {
    /// What it is for.
    pub description: String,
    /// All that it declares from now on.
    pub attributes: Vec<ExtensionAttribute>,
    /// The version that the change is meant for; none: whatever it is.
    pub if_match: Option<i64>,
}

impl App {
    /// Every schema that is declared for all connections, in the order in which they were.
    pub async fn schemas(&self, ctx: &Ctx) -> Result<Vec<KeptSchema>, Error> {
        let mut tx = self.read(ctx, Capability::ManageOrganization).await?;
        Ok(tx.schemas(&ctx.organization).await?)
    }

    /// One of them, by its URN.
    pub async fn schema(&self, ctx: &Ctx, urn: &str) -> Result<KeptSchema, Error> {
        let all = self.schemas(ctx).await?;
        all.into_iter().find(|kept| is(kept, urn)).ok_or_else(|| none(urn))
    }

    /// Declares a schema: from now on every provider of the organization may push what it has.
    pub async fn declare_schema(&self, ctx: &Ctx, schema: ExtensionSchema) -> Result<KeptSchema, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.declare_schema(schema)).await;
        work.finish(outcome).await
    }

    /// Changes what a schema declares. What people have of an attribute that is not declared any more is kept, and told to
    /// nobody until it is again.
    pub async fn change_schema(&self, ctx: &Ctx, urn: &str, change: SchemaChange) -> Result<KeptSchema, Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.change_schema(urn, change)).await;
        work.finish(outcome).await
    }

    /// Takes a schema back. What people have of it is kept as with [`App::change_schema`].
    pub async fn remove_schema(&self, ctx: &Ctx, urn: &str) -> Result<(), Error> {
        let mut work = self.begin(ctx, Capability::ManageOrganization).await?;
        let outcome = Box::pin(work.remove_schema(urn)).await;
        work.finish(outcome).await
    }
}

impl Work<'_> {
    pub(super) async fn declare_schema(&mut self, schema: ExtensionSchema) -> Result<KeptSchema, Error> {
        let mut all = self.schemas_to_change().await?;
        if all.iter().any(|kept| is(kept, &schema.urn)) {
            return Err(Error::conflict("taken", format!("“{}” is declared already", schema.urn)));
        }
        for connection in self.tx.connections(&self.ctx.organization).await? {
            if Extensions(&connection.settings.extensions).schema(&schema.urn).is_some() {
                let detail = format!(
                    "the connection “{}” declares “{}” for itself: take it out of its settings first",
                    connection.name, schema.urn
                );
                return Err(Error::conflict("taken", detail));
            }
        }
        let now = self.ctx.now;
        let kept = KeptSchema { schema, version: 1, created_at: now, updated_at: now };
        all.push(kept.clone());
        self.set_schemas(&all, EventKind::SchemaDeclared, &kept).await?;
        Ok(kept)
    }

    pub(super) async fn change_schema(&mut self, urn: &str, change: SchemaChange) -> Result<KeptSchema, Error> {
        let mut all = self.schemas_to_change().await?;
        let kept = all.iter_mut().find(|kept| is(kept, urn)).ok_or_else(|| none(urn))?;
        if change.if_match.is_some_and(|version| version != kept.version) {
            return Err(Error::Stale);
        }
        let SchemaChange { description, attributes, if_match: _ } = change;
        let after = ExtensionSchema { urn: kept.schema.urn.clone(), description, attributes };
        if after == kept.schema {
            return Ok(kept.clone());
        }
        *kept = KeptSchema { schema: after, version: kept.version + 1, updated_at: self.ctx.now, ..kept.clone() };
        let kept = kept.clone();
        self.set_schemas(&all, EventKind::SchemaChanged, &kept).await?;
        Ok(kept)
    }

    pub(super) async fn remove_schema(&mut self, urn: &str) -> Result<(), Error> {
        let mut all = self.schemas_to_change().await?;
        let at = all.iter().position(|kept| is(kept, urn)).ok_or_else(|| none(urn))?;
        let kept = all.remove(at);
        self.set_schemas(&all, EventKind::SchemaRemoved, &kept).await
    }

    /// Every schema, with nobody else at them, and no push under way that reads by them.
    async fn schemas_to_change(&mut self) -> Result<Vec<KeptSchema>, Error> {
        let organization = self.ctx.organization.clone();
        self.tx.hold_directory(&organization, true).await?;
        Ok(self.tx.schemas(&organization).await?)
    }

    async fn set_schemas(&mut self, all: &[KeptSchema], kind: EventKind, about: &KeptSchema) -> Result<(), Error> {
        let organization = self.ctx.organization.clone();
        let schemas: Vec<ExtensionSchema> = all.iter().map(|kept| kept.schema.clone()).collect();
        Extensions(&schemas).check().map_err(|why| Error::invalid("attributes", why))?;
        self.tx.set_schemas(&organization, all).await?;
        let KeptSchema { schema, version, .. } = about;
        let names: Vec<&str> = schema.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
        self.tell(kind, [schema.urn.clone()], json!({"version": version, "attributes": names}));
        for connection in self.tx.connections(&organization).await? {
            self.revoke_connection(&connection.id);
        }
        Ok(())
    }

    /// What a connection declares for itself, nobody declares for all.
    pub(super) async fn check_own_schemas(&mut self, settings: &ConnectionSettings) -> Result<(), Error> {
        if settings.extensions.is_empty() {
            return Ok(());
        }
        let shared = self.tx.schemas(&self.ctx.organization).await?;
        let declared = |kept: &&KeptSchema| Extensions(&settings.extensions).schema(&kept.schema.urn).is_some();
        match shared.iter().find(declared) {
            Some(kept) => Err(Error::conflict(
                "taken",
                format!("“{}” is declared for all connections: leave it out of this one's settings", kept.schema.urn),
            )),
            None => Ok(()),
        }
    }
}

fn is(kept: &KeptSchema, urn: &str) -> bool {
    kept.schema.urn.eq_ignore_ascii_case(urn)
}

fn none(urn: &str) -> Error {
    Error::not_found("schema", urn)
}
