//! The administrator's list of tenants: searched, filtered, in pages.

use std::collections::BTreeMap;
use std::time::Instant;

use tenant_store::{
    CredentialCheck, CredentialState, ListedTenant, NewTenant, TenantChange, TenantFilter, TenantStatus, TokenState,
};
use time::{Duration, OffsetDateTime};

use crate::helpers::{ALPHA, BETA, World, actor, secret};

async fn found(world: &World, filter: TenantFilter) -> Vec<String> {
    ids(&world.store.find_tenants(&filter, "", 100).await.unwrap())
}

fn ids(tenants: &[ListedTenant]) -> Vec<String> {
    tenants.iter().map(|listed| listed.tenant.cust_space_id.clone()).collect()
}

fn with(text: &str) -> TenantFilter {
    TenantFilter { text: Some(text.to_owned()), ..TenantFilter::default() }
}

fn like(token: TokenState) -> TenantFilter {
    TenantFilter { token: Some(token), ..TenantFilter::default() }
}

/// `cams-alpha`, `cams-beta` and a bakery with labels and no number.
async fn three() -> World {
    let world = World::with_tenants().await;
    let labels = [("customer", "4711"), ("Plan", "Gold")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let bakery = NewTenant {
        cust_space_id: "cams-bakery".to_owned(),
        name: "Bäckerei Müller_100%".to_owned(),
        notes: Some("calls on Mondays".to_owned()),
        labels: BTreeMap::from(labels),
    };
    world.store.add_tenant(&bakery, &actor()).await.unwrap();
    world
}

#[tokio::test]
async fn a_tenant_is_found_by_name_id_label_number_and_phone_number_id_in_whatever_case() {
    let world = three().await;
    let bakery = ["müller", "BÄCKEREI", "Bakery", "customer=4711", "4711", "plan=gold", "_100%", " bäckerei "];
    for text in bakery {
        assert_eq!(found(&world, with(text)).await, ["cams-bakery"], "{text}");
    }
    for text in ["15550000002", "+1 555 000-0002", "0002", "100000000000002"] {
        assert_eq!(found(&world, with(text)).await, [BETA], "{text}");
    }
    for nothing in ["mondays", "gold plan", "M_ller", "bäck%", "9999", "12"] {
        assert!(found(&world, with(nothing)).await.is_empty(), "{nothing}");
    }
    assert_eq!(found(&world, with(" ")).await.len(), 3, "blank asks for nothing");

    let name = Some("Konditorei".to_owned());
    let change = TenantChange { name, labels: Some(BTreeMap::new()), ..TenantChange::default() };
    world.store.space("cams-bakery").change_tenant(&change, &actor()).await.unwrap();
    assert_eq!(found(&world, with("konditorei")).await, ["cams-bakery"]);
    assert!(found(&world, with("4711")).await.is_empty());
}

#[tokio::test]
async fn tenants_are_filtered_by_status_by_token_and_by_who_may_be_seen() {
    let world = three().await;
    let (alpha, beta) = (world.store.space(ALPHA), world.store.space(BETA));
    alpha.set_credential(&secret("EAAB-token-of-alpha"), &actor()).await.unwrap();
    let ends = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap() + Duration::days(2);
    let (state, next) = (CredentialState::Expiring, std::time::Duration::from_hours(24));
    let check = CredentialCheck { state, reason: None, app_id: None, scopes: Vec::new(), expires_at: Some(ends), next };
    beta.set_checked_credential(&secret("EAAB-token-of-beta"), &check, &actor()).await.unwrap();
    beta.suspend("unpaid", &actor()).await.unwrap();
    for (token, tenant) in
        [(TokenState::Valid, ALPHA), (TokenState::Expiring, BETA), (TokenState::Missing, "cams-bakery")]
    {
        assert_eq!(found(&world, like(token)).await, [tenant], "{token:?}");
    }
    assert!(found(&world, like(TokenState::Invalid)).await.is_empty());
    for (status, tenant) in
        [(TenantStatus::Active, ALPHA), (TenantStatus::Suspended, BETA), (TenantStatus::Pending, "cams-bakery")]
    {
        let filter = TenantFilter { status: Some(status), ..TenantFilter::default() };
        assert_eq!(found(&world, filter).await, [tenant], "{status:?}");
    }
    let listed = world.store.find_tenants(&TenantFilter::default(), "", 10).await.unwrap();
    let told: Vec<_> = listed.iter().map(|one| (one.token_state, one.token_expires_at, one.number_count)).collect();
    assert_eq!(
        told,
        [(TokenState::Valid, None, 1), (TokenState::Missing, None, 0), (TokenState::Expiring, Some(ends), 1)]
    );

    let only = Some(vec![BETA.to_owned(), "cams-nobody".to_owned()]);
    let own = TenantFilter { only, ..TenantFilter::default() };
    assert_eq!(found(&world, own.clone()).await, [BETA]);
    assert!(found(&world, TenantFilter { text: Some("alpha".to_owned()), ..own }).await.is_empty());
    let nobody = TenantFilter { only: Some(Vec::new()), ..TenantFilter::default() };
    assert!(found(&world, nobody).await.is_empty());
}

#[tokio::test]
async fn what_a_program_without_the_search_has_written_is_found_as_it_stands_now() {
    let world = three().await;
    let owner = world.owner().await;
    let renamed =
        "update tenants set name = 'Mill Brothers', labels = '{\"plan\": \"Silver\"}' where cust_space_id = $1";
    sqlx::query(renamed).bind("cams-bakery").execute(&owner).await.unwrap();
    for (text, ids) in [("mill", vec!["cams-bakery"]), ("plan=silver", vec!["cams-bakery"]), ("müller", vec![])] {
        assert_eq!(found(&world, with(text)).await, ids, "{text}");
    }
}

#[tokio::test]
async fn what_is_found_comes_in_pages_and_of_many_tenants_none_takes_long() {
    let world = World::new().await;
    let owner = world.owner().await;
    let many = [
        "alter table tenants disable trigger notify; alter table business_numbers disable trigger user",
        "insert into tenants (cust_space_id, name, searched)
         select 'cams-' || lpad(n::text, 5, '0'), 'Tenant ' || n, 'tenant ' || n || e'\\ncustomer=' || n * 7
         from generate_series(1, 20000) n",
        "insert into business_numbers (cust_space_id, business_number, phone_number_id, waba_id)
         select 'cams-' || lpad(n::text, 5, '0'), (49000000000 + n)::text, (100000000000000 + n)::text, '2'
         from generate_series(1, 20000) n",
        "analyze tenants, business_numbers, credentials",
    ];
    for statement in many {
        sqlx::raw_sql(statement).execute(&owner).await.unwrap();
    }
    let first = world.store.find_tenants(&with("tenant 7"), "", 2).await.unwrap();
    assert_eq!(ids(&first), ["cams-00007", "cams-00070"]);
    let second = world.store.find_tenants(&with("tenant 7"), "cams-00070", 2).await.unwrap();
    assert_eq!(ids(&second), ["cams-00071", "cams-00072"]);

    let asked = [
        TenantFilter::default(),
        with("tenant 19999"),
        with("customer=139993"),
        with("49000019999"),
        with("nobody at all"),
        like(TokenState::Invalid),
        TenantFilter { only: Some(vec!["cams-19999".to_owned()]), ..with("tenant") },
        TenantFilter { status: Some(TenantStatus::Suspended), ..like(TokenState::Missing) },
    ];
    for filter in asked {
        let begun = Instant::now();
        world.store.find_tenants(&filter, "", 100).await.unwrap();
        let took = begun.elapsed();
        assert!(took < std::time::Duration::from_secs(5), "{took:?} {filter:?}");
    }
}
