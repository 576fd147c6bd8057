//! A tenant that goes takes its grants along: a later tenant of the same ID must not be open to the keys of this one.

use serde_json::json;
use sqlx::{PgConnection, types::Json};

use super::Grant;
use crate::{Actor, Store, StoreError, audit::Action};

/// The keys that lost a grant, by `AccessKeyId`.
#[derive(Debug, Default)]
pub(crate) struct Forgotten {
    /// Nothing is left for them to do, so they are revoked.
    pub(crate) revoked: Vec<String>,
    /// They may still act for others.
    pub(crate) narrowed: Vec<String>,
}

/// Takes a tenant out of every key's grants. `transaction` is in the space `_system`.
pub(crate) async fn forget_tenant(
    store: &Store,
    transaction: &mut PgConnection,
    cust_space_id: &str,
    actor: &Actor,
) -> Result<Forgotten, StoreError> {
    let mut forgotten = Forgotten::default();
    for (access_key_id, before) in keys_of(transaction, cust_space_id).await? {
        let after = without(&before, cust_space_id);
        narrow(transaction, &access_key_id, &after).await?;
        let action = Action {
            name: if after.is_empty() { "key.revoke" } else { "key.narrow" },
            object: &format!("access key {access_key_id}"),
            before: Some(json!({"grants": before})),
            after: Some(json!({"grants": after})),
        };
        store.system().log(transaction, actor, action).await?;
        if after.is_empty() { &mut forgotten.revoked } else { &mut forgotten.narrowed }.push(access_key_id);
    }
    Ok(forgotten)
}

/// The grants without this tenant, and without those that are then on nobody.
fn without(grants: &[Grant], cust_space_id: &str) -> Vec<Grant> {
    let others = |grant: &Grant| Grant {
        cust_space_ids: grant.cust_space_ids.iter().filter(|id| *id != cust_space_id).cloned().collect(),
        scopes: grant.scopes.clone(),
    };
    grants.iter().map(others).filter(|grant| !grant.cust_space_ids.is_empty()).collect()
}

async fn keys_of(transaction: &mut PgConnection, cust_space_id: &str) -> Result<Vec<(String, Vec<Grant>)>, StoreError> {
    let rows = sqlx::query!(
        r#"select a.access_key_id, a.grants as "grants: Json<Vec<Grant>>" from access_keys a
           where a.state = 'active' and exists (
               select 1 from json_array_elements(a.grants) g, json_array_elements_text(g -> 'cust_space_ids') t
               where t = $1
           )
           order by a.access_key_id for update"#,
        cust_space_id,
    );
    Ok(rows.fetch_all(transaction).await?.into_iter().map(|row| (row.access_key_id, row.grants.0)).collect())
}

async fn narrow(transaction: &mut PgConnection, access_key_id: &str, grants: &[Grant]) -> Result<(), StoreError> {
    sqlx::query!(
        "update access_keys
         set grants = $2::text::json, state = case when $3 then 'revoked' else state end,
             revoked_at = case when $3 then now() else revoked_at end
         where access_key_id = $1",
        access_key_id,
        json!(grants).to_string(),
        grants.is_empty(),
    )
    .execute(transaction)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(tenants: &[&str]) -> Grant {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Grant { cust_space_ids: texts(tenants), scopes: texts(&["groups.read"]) }
    }

    #[test]
    fn a_grant_on_others_stays_and_one_on_nobody_goes() {
        let grants = [grant(&["cams-one"]), grant(&["cams-one", "cams-two"]), grant(&["*"])];
        assert_eq!(without(&grants, "cams-one"), [grant(&["cams-two"]), grant(&["*"])]);
        assert!(without(&grants[..1], "cams-one").is_empty());
    }
}
