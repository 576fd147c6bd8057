//! nginx in front of the replicas, as an operator sets it up.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::program::free_port;
use crate::support::{eventually, http_client};

/// In turn, with connections that are kept, and without setting a replica aside that refuses one: what nginx does of itself,
/// it asks the next one where a connection is refused, also for a POST, since nothing was sent. Below `/unbuffered/` bodies go
/// on as they come.
const CONFIGURATION: &str = r"
daemon off;
master_process off;
pid DIRECTORY/nginx.pid;
error_log DIRECTORY/nginx.log warn;
events { worker_connections 2048; }
http {
    log_format brief '$time_iso8601 $request_method $uri $status by=$upstream_addr:$upstream_status in=$request_time';
    access_log DIRECTORY/access.log brief;
    client_body_temp_path DIRECTORY/nginx-body;
    proxy_temp_path DIRECTORY/nginx-proxy;
    fastcgi_temp_path DIRECTORY/nginx-fastcgi;
    uwsgi_temp_path DIRECTORY/nginx-uwsgi;
    scgi_temp_path DIRECTORY/nginx-scgi;
    client_max_body_size 16m;
    upstream groupgate {
SERVERS
        keepalive 64;
    }
    server {
        listen 127.0.0.1:PORT;
        proxy_http_version 1.1;
        proxy_set_header Connection '';
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_read_timeout 90s;
        proxy_buffering off;
        location / {
            proxy_pass http://groupgate;
        }
        location /unbuffered/ {
            proxy_request_buffering off;
            proxy_pass http://groupgate/;
        }
    }
}
";

/// nginx; it ends when this is dropped.
pub(crate) struct Balancer {
    pub(crate) url: String,
    log: PathBuf,
    errors: PathBuf,
    process: Child,
}

impl Balancer {
    /// In front of the replicas at these ports of 127.0.0.1; it takes calls when this returns.
    pub(super) async fn start(directory: &Path, replicas: &[u16]) -> Self {
        let port = free_port();
        let servers: Vec<_> =
            replicas.iter().map(|port| format!("        server 127.0.0.1:{port} max_fails=0;")).collect();
        let configuration = CONFIGURATION
            .replace("DIRECTORY", directory.to_str().unwrap())
            .replace("PORT", &port.to_string())
            .replace("SERVERS", &servers.join("\n"));
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        let mut command = Command::new("nginx");
        command.arg("-e").arg(directory.join("nginx.log")).arg("-p").arg(directory).arg("-c").arg(&file);
        let process = command.stdin(Stdio::null()).spawn().expect("nginx is installed");
        let (log, errors) = (directory.join("access.log"), directory.join("nginx.log"));
        let balancer = Self { url: format!("http://127.0.0.1:{port}"), log, errors, process };
        let http = http_client();
        let live = format!("{}/health/live", balancer.url);
        eventually("nginx answers", async || http.get(&live).send().await.ok().map(|_| ())).await;
        balancer
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.url.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// A line for each call: when, the method, the path, the status, and which replicas were asked.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The last of what nginx found wrong with replicas: why it answered 502.
    pub(crate) fn errors(&self) -> String {
        let log = fs::read_to_string(&self.errors).unwrap_or_default();
        let lines: Vec<&str> = log.lines().filter(|line| !line.contains("Connection refused")).collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
