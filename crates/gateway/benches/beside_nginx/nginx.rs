//! The measure: nginx as a plain reverse proxy.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};

use anyhow::Context as _;

use super::groupgate::GROUP_ID;
use super::{load, process};

/// A running nginx; ended when this is dropped.
#[derive(Debug)]
pub(super) struct Nginx {
    process: Child,
    pub(super) pid: u32,
    pub(super) address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Nginx {
    /// Starts nginx in front of `upstream`.
    pub(super) async fn start(upstream: SocketAddr) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let address = process::free_address()?;
        let file = directory.path().join("nginx.conf");
        std::fs::write(&file, configuration(directory.path(), address, upstream))?;
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).arg("-p").arg(directory.path()).args(["-e", "stderr"]);
        let process = load::spawn(&mut command, "nginx does not start; install it: apt install nginx-light")?;
        let nginx = Self { pid: process.id(), process, address, _directory: directory };
        process::reachable(address, "nginx").await.context("nginx")?;
        Ok(nginx)
    }

    /// The Graph call that the gateway makes for one of its own.
    pub(super) fn request(&self) -> Vec<u8> {
        format!(
            "GET /v23.0/{GROUP_ID}/invite_link HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.address,
            "E".repeat(200)
        )
        .into_bytes()
    }
}

impl Drop for Nginx {
    /// The master ends its worker when it is told to end, not when it is killed.
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.pid) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::SIGTERM);
        }
        let _ = self.process.wait();
    }
}

fn configuration(directory: &Path, address: SocketAddr, upstream: SocketAddr) -> String {
    let directory = directory.display();
    format!(
        "daemon off;
         worker_processes 1;
         pid {directory}/nginx.pid;
         error_log stderr crit;
         events {{ worker_connections 1024; }}
         http {{
             access_log off;
             client_body_temp_path {directory}/body;
             proxy_temp_path {directory}/proxy;
             fastcgi_temp_path {directory}/fastcgi;
             uwsgi_temp_path {directory}/uwsgi;
             scgi_temp_path {directory}/scgi;
             keepalive_timeout 300s;
             keepalive_requests 1000000000;
             upstream graph {{
                 server {upstream};
                 keepalive 128;
                 keepalive_requests 1000000000;
             }}
             server {{
                 listen {address};
                 location / {{
                     proxy_pass http://graph;
                     proxy_http_version 1.1;
                     proxy_set_header Connection \"\";
                 }}
             }}
         }}
        "
    )
}
