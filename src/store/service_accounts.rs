//! Service accounts.

use super::{StoreError, Tx, args};
use crate::model::{Instant, OrganizationId, ServiceAccount, ServiceAccountId, UserId, fold};

/// `SELECT` of a whole service account, in the order of [`AccountRow`], with what comes after `FROM service_accounts`.
macro_rules! select_accounts {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, description, created_by, suspended, removed_at, version, created_at, updated_at ",
            "FROM service_accounts ",
            $rest
        )
    };
}

type AccountRow = (ServiceAccountId, String, String, String, bool, Option<Instant>, i64, Instant, Instant);

fn account(row: AccountRow) -> Result<ServiceAccount, StoreError> {
    let (id, name, description, created_by, suspended, removed_at, version, created_at, updated_at) = row;
    let created_by: Option<UserId> = match created_by.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|error| StoreError::Corrupt(format!("creator of {id}: {error}")))?),
    };
    Ok(ServiceAccount { id, name, description, created_by, suspended, removed_at, version, created_at, updated_at })
}

impl Tx {
    /// Writes a new service account.
    pub async fn insert_service_account(
        &mut self,
        organization: &OrganizationId,
        account: &ServiceAccount,
    ) -> Result<(), StoreError> {
        self.run(
            "INSERT INTO service_accounts (organization, id, name, name_folded, description, created_by, suspended,
                                           removed_at, version, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            args![
                organization,
                account.id,
                account.name,
                fold(&account.name),
                account.description,
                account.created_by.as_ref().map_or("", UserId::as_str),
                account.suspended,
                account.removed_at,
                account.version,
                account.created_at,
                account.updated_at
            ],
        )
        .await
        .map(drop)
    }

    /// Writes a service account as it now is.
    pub async fn update_service_account(
        &mut self,
        organization: &OrganizationId,
        account: &ServiceAccount,
    ) -> Result<(), StoreError> {
        self.run(
            "UPDATE service_accounts SET name = ?3, name_folded = ?4, description = ?5, suspended = ?6, removed_at = ?7,
                                         version = ?8, updated_at = ?9
             WHERE organization = ?1 AND id = ?2",
            args![
                organization,
                account.id,
                account.name,
                fold(&account.name),
                account.description,
                account.suspended,
                account.removed_at,
                account.version,
                account.updated_at
            ],
        )
        .await
        .map(drop)
    }

    /// One service account, closed ones included.
    pub async fn service_account(
        &mut self,
        organization: &OrganizationId,
        id: &ServiceAccountId,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        self.first(select_accounts!("WHERE organization = ?1 AND id = ?2"), args![organization, id])
            .await?
            .map(account)
            .transpose()
    }

    /// One service account, held until the transaction ends.
    pub async fn service_account_to_change(
        &mut self,
        organization: &OrganizationId,
        id: &ServiceAccountId,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        self.first(select_accounts!("WHERE organization = ?1 AND id = ?2 FOR UPDATE"), args![organization, id])
            .await?
            .map(account)
            .transpose()
    }

    /// The service account of this name, compared folded.
    pub async fn service_account_by_name(
        &mut self,
        organization: &OrganizationId,
        name: &str,
    ) -> Result<Option<ServiceAccount>, StoreError> {
        self.first(
            select_accounts!("WHERE organization = ?1 AND name_folded = ?2 AND removed_at IS NULL"),
            args![organization, fold(name)],
        )
        .await?
        .map(account)
        .transpose()
    }

    /// Up to `limit` service accounts whose id is greater than `after`, closed ones left out.
    pub async fn service_accounts_after(
        &mut self,
        organization: &OrganizationId,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ServiceAccount>, StoreError> {
        let rows = self
            .all(
                select_accounts!("WHERE organization = ?1 AND id > ?2 AND removed_at IS NULL ORDER BY id LIMIT ?3"),
                args![organization, after, limit],
            )
            .await?;
        rows.into_iter().map(account).collect()
    }
}
