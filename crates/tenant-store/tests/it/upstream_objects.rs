//! Whose is an object at Meta.

use tenant_store::{GroupUpdate, ObjectKind, ObjectOwner};

use crate::helpers::{ALPHA, ALPHA_PHONE, BETA, BETA_PHONE, WABA, World, actor};

fn of_number(kind: ObjectKind, cust_space_id: &str, phone_number_id: &str) -> ObjectOwner {
    let phone_number_id = Some(phone_number_id.to_owned());
    ObjectOwner { kind, cust_space_id: cust_space_id.to_owned(), phone_number_id, waba_id: None }
}

fn of_account(kind: ObjectKind, cust_space_id: &str, waba_id: &str) -> ObjectOwner {
    let waba_id = Some(waba_id.to_owned());
    ObjectOwner { kind, cust_space_id: cust_space_id.to_owned(), phone_number_id: None, waba_id }
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn every_kind_of_object_is_found_by_its_id_alone() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    space.apply_group(ALPHA_PHONE, &GroupUpdate { group_id: "G1".to_owned(), ..GroupUpdate::default() }).await.unwrap();
    space.record_media(ALPHA_PHONE, &ids(&["m1", "m2", "m1"])).await.unwrap();
    space.record_templates(WABA, &ids(&["t1"])).await.unwrap();
    let owners = async |id: &str| world.store.owners_of_object(id).await.unwrap();
    assert_eq!(owners(ALPHA_PHONE).await, [of_number(ObjectKind::Number, ALPHA, ALPHA_PHONE)]);
    assert_eq!(owners("G1").await, [of_number(ObjectKind::Group, ALPHA, ALPHA_PHONE)]);
    assert_eq!(owners("m2").await, [of_number(ObjectKind::Media, ALPHA, ALPHA_PHONE)]);
    assert_eq!(owners("t1").await, [of_account(ObjectKind::Template, ALPHA, WABA)]);
    let both = [of_account(ObjectKind::Waba, ALPHA, WABA), of_account(ObjectKind::Waba, BETA, WABA)];
    assert_eq!(owners(WABA).await, both);
    for nobodys in ["", "m3", "g1", "G1\0", "%"] {
        assert_eq!(owners(nobodys).await, [], "{nobodys:?}");
    }
}

#[tokio::test]
async fn a_template_of_a_shared_account_is_of_each_tenant_that_listed_it() {
    let world = World::with_tenants().await;
    for tenant in [ALPHA, BETA] {
        world.store.space(tenant).record_templates(WABA, &ids(&["t1"])).await.unwrap();
    }
    let owners = world.store.owners_of_object("t1").await.unwrap();
    assert_eq!(owners.iter().map(|owner| owner.cust_space_id.as_str()).collect::<Vec<_>>(), [ALPHA, BETA]);
}

#[tokio::test]
async fn files_are_recorded_for_a_number_of_the_tenant_and_go_with_it() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    space.record_media(BETA_PHONE, &ids(&["m1"])).await.unwrap();
    assert_eq!(world.store.owners_of_object("m1").await.unwrap(), []);
    space.record_media(ALPHA_PHONE, &ids(&["m1"])).await.unwrap();
    space.record_media(ALPHA_PHONE, &ids(&["m1"])).await.unwrap();
    space.remove_number("15550000001", &actor()).await.unwrap();
    assert_eq!(world.store.owners_of_object("m1").await.unwrap(), []);
}

#[tokio::test]
async fn records_of_files_that_meta_has_no_more_are_dropped_a_few_at_a_time() {
    let world = World::with_tenants().await;
    let space = world.store.space(ALPHA);
    space.record_media(ALPHA_PHONE, &ids(&["m1", "m2", "m3"])).await.unwrap();
    space.record_templates(WABA, &ids(&["t1"])).await.unwrap();
    let age = "update upstream_objects set seen_at = now() - interval '32 days' where id <> 'm3'";
    sqlx::query(age).execute(&world.owner().await).await.unwrap();
    assert_eq!(world.store.forget_old_media(1).await.unwrap(), 1);
    assert_eq!(world.store.forget_old_media(10).await.unwrap(), 1);
    assert_eq!(world.store.forget_old_media(10).await.unwrap(), 0);
    for kept in ["m3", "t1"] {
        assert_eq!(world.store.owners_of_object(kept).await.unwrap().len(), 1, "{kept}");
    }
}
