//! The tenants of a world, each with an account of its own at Meta.

use secrecy::SecretString;
use serde_json::{Value, json};
use tenant_store::{Grant, NewAccessKey, NewNumber, NewTenant, Store};

use super::{Meta, World};
use crate::support::{Answered, Client, Credentials, actor};

/// A tenant with a number, a key and, once the world is ready, a group.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub(crate) cust_space_id: String,
    pub(crate) business_number: String,
    pub(crate) phone_number_id: String,
    pub(crate) waba_id: String,
    pub(crate) graph_token: String,
    pub(crate) group_id: String,
    pub(crate) key: Credentials,
}

impl Tenant {
    fn nth(nth: usize) -> Self {
        Self {
            cust_space_id: format!("cams-shape{nth}"),
            business_number: format!("1555100{nth:04}"),
            phone_number_id: format!("17000000000{nth:04}"),
            waba_id: format!("27000000000{nth:04}"),
            graph_token: format!("EAAshape{nth}"),
            group_id: String::new(),
            key: Credentials::new(&format!("key-of-shape{nth}"), &format!("the secret of tenant {nth}, long enough")),
        }
    }

    /// An operation's parameters beside the tenant and its number.
    pub(crate) fn parameters(&self, more: Value) -> Value {
        let mut all = json!({"CustSpaceId": self.cust_space_id, "BusinessNumber": self.business_number});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    }

    /// The head and the body of a call over a connection of one's own, with these lines in the head, each ended.
    pub(crate) fn written(&self, operation: &str, lines: &str, more: Value) -> (String, String) {
        let body = self.parameters(more).to_string();
        let head = format!(
            "POST /v1/{operation} HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nContent-Type: application/json\r\n{lines}\
             Content-Length: {}\r\n\r\n",
            self.key.basic(),
            body.len()
        );
        (head, body)
    }

    /// Calls an operation of the gateway that `client` calls.
    pub(crate) async fn call(&self, client: &Client, operation: &str, more: Value) -> Answered {
        client.call_as(&self.key, operation, self.parameters(more)).await
    }
}

/// Makes them, at Meta and in the store. Their mirrors rest, so that what is asked of Meta is what a test asks.
pub(super) async fn onboard(store: &Store, meta: &Meta, count: usize) -> Vec<Tenant> {
    let mut tenants = Vec::new();
    for tenant in (1..=count).map(Tenant::nth) {
        let account = json!({
            "waba_id": tenant.waba_id,
            "token": tenant.graph_token,
            "numbers": [{
                "phone_number_id": tenant.phone_number_id,
                "display_phone_number": format!("+{}", tenant.business_number),
            }],
        });
        let (status, body) = meta.control.post("wabas", account).await;
        assert_eq!(status, 200, "{body}");
        add(store, &tenant).await;
        tenants.push(tenant);
    }
    tenants
}

async fn add(store: &Store, tenant: &Tenant) {
    let id = tenant.cust_space_id.clone();
    let new = NewTenant { cust_space_id: id.clone(), name: "A tenant".to_owned(), ..NewTenant::default() };
    store.add_tenant(&new, &actor()).await.unwrap();
    let number = NewNumber {
        business_number: tenant.business_number.clone(),
        phone_number_id: tenant.phone_number_id.clone(),
        waba_id: tenant.waba_id.clone(),
    };
    let space = store.space(&tenant.cust_space_id);
    space.add_number(&number, &actor()).await.unwrap();
    space.set_credential(&SecretString::from(tenant.graph_token.as_str()), &actor()).await.unwrap();
    let scopes = ["groups.read", "groups.write", "messages.send", "events.read"].map(str::to_owned).to_vec();
    let key = NewAccessKey {
        name: "A key".to_owned(),
        grants: vec![Grant { cust_space_ids: vec![id], scopes }],
        access_key_id: Some(tenant.key.id.clone()),
        secret: Some(SecretString::from(tenant.key.secret.as_str())),
        ..NewAccessKey::default()
    };
    store.create_access_key(&key, &actor()).await.unwrap();
}

/// Gives each tenant a group, through the balancer.
pub(super) async fn open_groups(world: &mut World) {
    let client = Client::new(world.balancer.url.clone());
    for tenant in &mut world.tenants {
        let subject = json!({"Subject": "The first group", "WaitSeconds": 30});
        let made = tenant.call(&client, "AddChatGroup", subject).await.expect(200, "OK");
        made["GroupId"].as_str().expect("the webhook came").clone_into(&mut tenant.group_id);
    }
}
