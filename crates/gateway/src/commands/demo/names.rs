//! The demo's fixed names. Only secrets are random, so that every example in the documentation
//! works as it stands.

/// The ISV's Meta app of the demo and the sandbox.
pub const APP_ID: &str = "300000000000001";

/// One tenant of the demo, with all that is not secret about it.
#[derive(Debug, Clone, Copy)]
pub struct DemoTenant {
    /// `CustSpaceId`.
    pub cust_space_id: &'static str,
    /// A name for people.
    pub name: &'static str,
    /// `BusinessNumber`.
    pub business_number: &'static str,
    /// Meta's ID of the number.
    pub phone_number_id: &'static str,
    /// The account that owns the number.
    pub waba_id: &'static str,
    /// A group that the sandbox is born with.
    pub group_id: &'static str,
    /// `AccessKeyId` of the key that acts for this tenant alone.
    pub access_key_id: &'static str,
}

/// The two tenants.
pub const TENANTS: [DemoTenant; 2] = [
    DemoTenant {
        cust_space_id: "cams-demo1",
        name: "First demo tenant",
        business_number: "15550000001",
        phone_number_id: "100000000000001",
        waba_id: "200000000000001",
        group_id: graph_sandbox::DEMO_GROUP_ID_1,
        access_key_id: "LTAI5tDemoTenant00000001",
    },
    DemoTenant {
        cust_space_id: "cams-demo2",
        name: "Second demo tenant",
        business_number: "15550000002",
        phone_number_id: "100000000000002",
        waba_id: "200000000000002",
        group_id: graph_sandbox::DEMO_GROUP_ID_2,
        access_key_id: "LTAI5tDemoTenant00000002",
    },
];

/// What a tenant's key may do.
pub const TENANT_SCOPES: [&str; 4] = ["groups.read", "groups.write", "messages.send", "events.read"];

/// `AccessKeyId` of the administrator's key, which holds every scope for every tenant.
pub const ADMIN_KEY_ID: &str = "LTAI5tDemoAdmin000000001";

/// Owner of the database and its tables.
pub const OWNER_ROLE: &str = "groupgate_owner";

/// The gateway's role.
pub const APP_ROLE: &str = "groupgate_app";

/// The database.
pub const DATABASE: &str = "groupgate";
