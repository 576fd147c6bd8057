//! nginx, as the one core's proxy.

pub(crate) mod lua;
pub(crate) mod plain;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;

use super::{cpu, process};

/// A running nginx; ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Nginx {
    process: Child,
    pub(crate) pid: u32,
    pub(crate) address: SocketAddr,
    _directory: tempfile::TempDir,
}

/// What an nginx does, in the words of its configuration.
struct Server {
    /// Which modules it loads.
    modules: String,
    /// Settings of `http`.
    settings: String,
    /// What it answers.
    locations: String,
}

impl Nginx {
    /// Starts nginx in front of `upstream`; `server` is told of a directory of its own.
    async fn start(upstream: SocketAddr, server: impl FnOnce(&Path) -> Server) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let address = process::free_address()?;
        let file = directory.path().join("nginx.conf");
        let server = server(directory.path());
        std::fs::write(&file, configuration(directory.path(), address, upstream, &server))?;
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).arg("-p").arg(directory.path()).args(["-e", "stderr"]).stderr(Stdio::piped());
        let hint = "nginx does not start; install it: apt install nginx-light";
        let mut process = cpu::spawn_beside(&mut command).context(hint)?;
        process::collect(process.stderr.take());
        let nginx = Self { pid: process.id(), process, address, _directory: directory };
        process::reachable(address, "nginx").await?;
        Ok(nginx)
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

/// Keep-alive on both sides, one worker.
fn configuration(directory: &Path, address: SocketAddr, upstream: SocketAddr, server: &Server) -> String {
    let Server { modules, settings, locations } = server;
    let directory = directory.display();
    format!(
        "{modules}
         daemon off;
         worker_processes 1;
         pid {directory}/nginx.pid;
         error_log stderr crit;
         events {{ worker_connections 4096; }}
         http {{
             {settings}
             client_body_temp_path {directory}/body;
             proxy_temp_path {directory}/proxy;
             fastcgi_temp_path {directory}/fastcgi;
             uwsgi_temp_path {directory}/uwsgi;
             scgi_temp_path {directory}/scgi;
             keepalive_timeout 300s;
             keepalive_requests 1000000000;
             upstream graph {{
                 server {upstream};
                 keepalive 512;
                 keepalive_requests 1000000000;
             }}
             server {{
                 listen {address} backlog=1024;
                 proxy_http_version 1.1;
                 proxy_set_header Connection \"\";
                 {locations}
             }}
         }}
        "
    )
}
