//! What the demo prints when it is ready: one screen, with one call that works when pasted.

use std::path::Path;

use super::{
    Facts, env_file,
    names::{ADMIN_KEY_ID, TENANTS},
    state::Secret,
};

/// The screen. `env_file` is shown as a path that works from the current directory.
pub(super) fn text(facts: &Facts, env_file: &Path) -> String {
    let [first, second] = TENANTS;
    let secret = |secret| facts.secrets.expose(secret);
    format!(
        "\
groupgate demo is ready: PostgreSQL, a sandbox of the Graph API and the gateway run on this machine.

  Swagger UI     {gateway}/docs/   (Authorize with a key from below)
  API            {gateway}
  Upstream       {graph}
  Sandbox        {sandbox}/_sandbox/   (what a phone can do: …/_sandbox/docs/)

  tenant      business number  AccessKeyId               AccessKeySecret
  {space1:<11} {number1:<16} {key1:<25} {secret1}
  {space2:<11} {number2:<16} {key2:<25} {secret2}
  administrator                {admin:<25} {admin_secret}

A new invite link for a group of {space1}; paste this into another terminal:

curl -u {key1}:{secret1} \\
  {gateway}/v1/AddChatGroupInviteLink -H 'Content-Type: application/json' \\
  -d '{{\"CustSpaceId\":\"{space1}\",\"BusinessNumber\":\"{number1}\",
       \"GroupId\":\"{group1}\"}}'

The same values for scripts:  set -a; . {env_file}; set +a
Ctrl-C stops everything. The data stays; `groupgate demo --fresh` begins anew.
",
        gateway = facts.gateway_url,
        graph = facts.graph_url,
        sandbox = facts.sandbox_url,
        space1 = first.cust_space_id,
        number1 = first.business_number,
        key1 = first.access_key_id,
        secret1 = secret(Secret::AccessKey(0)),
        group1 = first.group_id,
        space2 = second.cust_space_id,
        number2 = second.business_number,
        key2 = second.access_key_id,
        secret2 = secret(Secret::AccessKey(1)),
        admin = ADMIN_KEY_ID,
        admin_secret = secret(Secret::AdminKey),
        env_file = env_file::quoted(&env_file.to_string_lossy()),
    )
}
