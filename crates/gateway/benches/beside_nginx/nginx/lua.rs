//! The other measure: nginx with Lua, doing what the gateway does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Nginx, Server};
use crate::calls::Calls;
use crate::groupgate::APP_SECRET;
use crate::rest;
use crate::tenants::{ACCESS_KEY_ID, TOKEN_LENGTH, Tenant};

/// How to get what it takes.
pub(crate) const INSTALL: &str = "apt install nginx-light libnginx-mod-http-lua lua-cjson";

/// Where distributions put modules.
const MODULES: [&str; 3] = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"];
/// What signs its tokens.
const TOKEN_SECRET: &str = "the secret of measured tokens";
const PROGRAM: &str = include_str!("gateway.lua");

/// Starts it in front of `upstream`, with these many tenants.
pub(crate) async fn start(upstream: SocketAddr, tenants: u32) -> anyhow::Result<Nginx> {
    let Some(modules) = MODULES.map(PathBuf::from).into_iter().find(|path| has_lua(path)) else {
        bail!("nginx has no module for Lua here; install it: {INSTALL}");
    };
    let started = Nginx::start(upstream, |directory| server(&modules, directory, tenants)).await;
    started.with_context(|| format!("nginx with Lua; what it takes: {INSTALL}"))
}

/// The call that is measured, for each tenant, sent to `to`.
pub(crate) fn calls(to: SocketAddr, tenants: u32) -> anyhow::Result<Calls> {
    let token = token()?;
    let call = |tenant: &Tenant| {
        rest::invite_link(to, &token, &tenant.cust_space_id, &tenant.business_number, &tenant.group_id)
    };
    Calls::taking_turns((0..tenants).map(|index| call(&Tenant::at(index))))
}

fn has_lua(modules: &Path) -> bool {
    modules.join("ngx_http_lua_module.so").is_file()
}

fn server(modules: &Path, directory: &Path, tenants: u32) -> Server {
    let program = directory.join("gateway.lua");
    // Where it cannot be written, nginx says so.
    let _ = std::fs::write(&program, PROGRAM);
    let modules = modules.display();
    let modules = format!(
        "load_module {modules}/ndk_http_module.so;
         load_module {modules}/ngx_http_lua_module.so;"
    );
    let settings = format!(
        "lua_package_path '{}/?.lua;;';
         lua_shared_dict keys 1m;
         lua_shared_dict tenants 32m;
         lua_shared_dict limits 32m;
         lua_shared_dict metrics 1m;
         init_by_lua_block {{
             require('gateway').prepare({{
                 token_secret = '{TOKEN_SECRET}', app_secret = '{APP_SECRET}', access_key = '{ACCESS_KEY_ID}',
                 graph_token = string.rep('E', {TOKEN_LENGTH}), tenants = {tenants},
             }})
         }}
         log_format calls escape=json '{{\"timestamp\":\"$time_iso8601\",\"level\":\"INFO\",\"request_id\":\"$call_id\",'
             '\"method\":\"$request_method\",\"path\":\"$uri\",\"status\":$status,\"seconds\":$request_time,'
             '\"operation\":\"GetChatGroupInviteLink\",\"cust_space_id\":\"$cust_space_id\",\"access_key_id\":\"$access_key_id\",'
             '\"code\":\"$code\"}}';
         access_log /dev/stderr calls buffer=16k flush=1s;",
        directory.display()
    );
    let locations = "location = /v1/GetChatGroupInviteLink {
             set $call_id ''; set $cust_space_id ''; set $access_key_id ''; set $code ''; set $graph_path ''; set $graph_authorization '';
             default_type application/json;
             content_by_lua_block { require('gateway').answer() }
         }
         location = /graph {
             internal;
             proxy_pass_request_headers off;
             proxy_pass_request_body off;
             proxy_method GET;
             proxy_set_header Content-Length '';
             proxy_set_header Connection '';
             proxy_set_header Authorization $graph_authorization;
             proxy_set_header User-Agent groupgate/0.0.0;
             proxy_pass http://graph$graph_path;
         }";
    Server { modules, settings, locations: locations.to_owned() }
}

/// A JWT with HS256, since nothing that distributions package for nginx verifies `EdDSA`. It is remembered in any case.
fn token() -> anyhow::Result<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let claims = serde_json::json!({
        "iss": "https://groupgate.example", "sub": ACCESS_KEY_ID, "iat": now, "exp": now + 3_600,
        "scope": "groups.read groups.write", "jti": "0199d6a0-0000-7000-8000-000000000000",
        "tenant_list": ["*"],
    });
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, TOKEN_SECRET.as_bytes());
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()))))
}
