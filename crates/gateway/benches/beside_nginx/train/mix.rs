//! What is called, how often, and how it must be answered.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;

use anyhow::ensure;
use aws_lc_rs::hmac;
use secrecy::SecretString;

use super::signed;
use crate::database;
use crate::groupgate::{APP_SECRET, Groupgate};
use crate::http::Message;
use crate::payloads::Payloads;
use crate::rest;
use crate::stage::FEW;
use crate::tenants::Tenant;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Get,
    Add,
    List,
    Rpc,
    Graph,
    Webhook,
    NoToken,
    NoGroup,
    NoTenant,
}

/// How often each comes, of a hundred calls.
const SHARES: [(Kind, usize); 9] = [
    (Kind::Get, 60),
    (Kind::Add, 8),
    (Kind::List, 6),
    (Kind::Rpc, 8),
    (Kind::Graph, 8),
    (Kind::Webhook, 4),
    (Kind::NoToken, 2),
    (Kind::NoGroup, 2),
    (Kind::NoTenant, 2),
];
/// How far apart in the shares two calls in a row are: kinds are mixed, and each comes as often as it is to. A prime.
const STRIDE: usize = 37;
const JSON: &str = "application/json";

/// Makes requests.
pub(super) struct Mix {
    to: SocketAddr,
    token: String,
    secret: SecretString,
    app_key: hmac::Key,
    payloads: RefCell<Payloads>,
    tenants: Cell<u32>,
}

impl Mix {
    pub(super) fn new(gateway: &Groupgate, token: String) -> anyhow::Result<Self> {
        let tenants: anyhow::Result<Vec<_>> = (0..FEW).map(|index| webhook_tenant(&Tenant::at(index))).collect();
        Ok(Self {
            to: gateway.address,
            token,
            secret: gateway.secret().clone(),
            app_key: hmac::Key::new(hmac::HMAC_SHA256, APP_SECRET.as_bytes()),
            payloads: RefCell::new(Payloads::new(tenants?)),
            tenants: Cell::new(0),
        })
    }

    /// Of which kind the call of this number is.
    pub(super) fn kind(number: usize) -> Kind {
        let mut left = number * STRIDE % 100;
        for (kind, share) in SHARES {
            match left.checked_sub(share) {
                None => return kind,
                Some(rest) => left = rest,
            }
        }
        Kind::Get
    }

    /// A call of this kind; the tenants take turns.
    pub(super) fn request(&self, kind: Kind) -> Vec<u8> {
        let index = self.tenants.get();
        self.tenants.set((index + 1) % FEW);
        let tenant = Tenant::at(index);
        match kind {
            Kind::Get => self.normalized("GetChatGroupInviteLink", &tenant, &self.token),
            Kind::Add => self.normalized("AddChatGroupInviteLink", &tenant, &self.token),
            Kind::List => self.list(&tenant),
            Kind::Rpc => signed::request(self.to, &self.secret, "GetChatGroupInviteLink", &tenant),
            Kind::Graph => self.graph(&tenant),
            Kind::Webhook => self.webhook(),
            Kind::NoToken => self.normalized("GetChatGroupInviteLink", &tenant, "eyJhbGciOiJFZERTQSJ9.e30.c2lnbmVk"),
            Kind::NoGroup => self.normalized(
                "GetChatGroupInviteLink",
                &Tenant { group_id: "no group".to_owned(), ..tenant },
                &self.token,
            ),
            Kind::NoTenant => {
                let nobody = Tenant { cust_space_id: "cams-nobody".to_owned(), ..tenant };
                self.normalized("GetChatGroupInviteLink", &nobody, &self.token)
            }
        }
    }

    fn normalized(&self, operation: &str, tenant: &Tenant, token: &str) -> Vec<u8> {
        let Tenant { cust_space_id, business_number, group_id } = tenant;
        let body = serde_json::json!({
            "CustSpaceId": cust_space_id, "BusinessNumber": business_number, "GroupId": group_id,
        });
        rest::post(self.to, &format!("/v1/{operation}"), JSON, &format!("Bearer {token}"), &body.to_string())
    }

    fn list(&self, tenant: &Tenant) -> Vec<u8> {
        let Tenant { cust_space_id, business_number, .. } = tenant;
        let page = serde_json::json!({"Index": 1, "Size": 10});
        let body = serde_json::json!({"CustSpaceId": cust_space_id, "BusinessNumber": business_number, "Page": page});
        rest::post(self.to, "/v1/ListChatGroup", JSON, &format!("Bearer {}", self.token), &body.to_string())
    }

    fn graph(&self, tenant: &Tenant) -> Vec<u8> {
        let (to, token, group_id) = (self.to, &self.token, &tenant.group_id);
        let head = format!("GET /graph/v23.0/{group_id}/invite_link HTTP/1.1\r\nHost: {to}\r\n");
        format!("{head}Authorization: Bearer {token}\r\n\r\n").into_bytes()
    }

    fn webhook(&self) -> Vec<u8> {
        let body = self.payloads.borrow_mut().next(2, 0);
        let signature = hex::encode(hmac::sign(&self.app_key, &body));
        let head = format!(
            "POST /webhooks/graph HTTP/1.1\r\nHost: {}\r\nContent-Type: {JSON}\r\nX-Hub-Signature-256: sha256={signature}\r\n\
             Content-Length: {}\r\n\r\n",
            self.to,
            body.len()
        );
        [head.into_bytes(), body].concat()
    }
}

impl Kind {
    pub(super) fn is_refused(self) -> bool {
        matches!(self, Self::NoToken | Self::NoGroup | Self::NoTenant)
    }

    /// Fails where it was answered in another way than it must be; the error shows the answer.
    pub(super) fn check(self, answer: &Message<'_>) -> anyhow::Result<()> {
        let refused = match self {
            Self::NoToken => "HTTP/1.1 401 ",
            Self::NoGroup => "HTTP/1.1 400 ",
            Self::NoTenant => "HTTP/1.1 403 ",
            _ => return answer.expect_ok(),
        };
        let shown = String::from_utf8_lossy(answer.head);
        ensure!(shown.starts_with(refused), "not {refused}:\n{shown}{}", String::from_utf8_lossy(answer.body));
        Ok(())
    }
}

/// The tenant as webhooks name it.
fn webhook_tenant(tenant: &Tenant) -> anyhow::Result<database::Tenant> {
    let index = tenant.business_number.parse::<u64>()? - 15_550_000_000;
    Ok(database::Tenant {
        cust_space_id: tenant.cust_space_id.clone(),
        business_number: tenant.business_number.clone(),
        phone_number_id: (100_000_000_000_000 + index).to_string(),
        waba_id: (200_000_000_000_000 + index).to_string(),
    })
}
