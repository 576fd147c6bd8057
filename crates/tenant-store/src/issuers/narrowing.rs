//! A tenant that goes is taken out of what issuers' tokens allow, as out of access keys' grants: a later tenant of the same
//! ID must not be open to them.

use sqlx::PgConnection;

use super::{ClaimRule, IssuerChange, log, select, update};
use crate::{Actor, Store, StoreError};

/// Takes a tenant out of every issuer's rules. `transaction` is in the space `_system`.
pub(crate) async fn forget_tenant(
    store: &Store,
    transaction: &mut PgConnection,
    cust_space_id: &str,
    actor: &Actor,
) -> Result<(), StoreError> {
    sqlx::query!("select 1 as one from issuers order by issuer_id for update").fetch_all(&mut *transaction).await?;
    for before in select(transaction, None).await? {
        let claims = without(&before.claims, cust_space_id);
        if claims == before.claims {
            continue;
        }
        let change = IssuerChange { claims: Some(claims), ..IssuerChange::default() };
        update(transaction, before.issuer_id, &change).await?;
        let after = select(transaction, Some(before.issuer_id)).await?.pop();
        log(store.system(), transaction, actor, "issuer.narrow", (Some(&before), after.as_ref())).await?;
    }
    Ok(())
}

/// The rules without this tenant, and without those that are then on nobody.
fn without(rules: &[ClaimRule], cust_space_id: &str) -> Vec<ClaimRule> {
    let others = |rule: &ClaimRule| ClaimRule {
        cust_space_ids: rule.cust_space_ids.iter().filter(|id| *id != cust_space_id).cloned().collect(),
        ..rule.clone()
    };
    let is_on_somebody = |rule: &ClaimRule| !rule.cust_space_ids.is_empty() || rule.cust_space_ids_claim.is_some();
    rules.iter().map(others).filter(is_on_somebody).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(tenants: &[&str], by_claim: Option<&str>) -> ClaimRule {
        ClaimRule {
            claim: "roles".to_owned(),
            value: "support".to_owned(),
            cust_space_ids: tenants.iter().map(|id| (*id).to_owned()).collect(),
            cust_space_ids_claim: by_claim.map(str::to_owned),
            scopes: vec!["groups.read".to_owned()],
        }
    }

    #[test]
    fn a_rule_on_others_stays_and_one_on_nobody_goes() {
        let rules = [
            rule(&["cams-one"], None),
            rule(&["cams-one", "cams-two"], None),
            rule(&["*"], None),
            rule(&[], Some("t")),
        ];
        let left = without(&rules, "cams-one");
        assert_eq!(left, [rule(&["cams-two"], None), rule(&["*"], None), rule(&[], Some("t"))]);
    }
}
