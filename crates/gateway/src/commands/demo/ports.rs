//! The demo's ports, looked at before anything starts: a taken one is the most likely mishap.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::commands::CommandError;

/// `port` on loopback.
pub(super) fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Ports that are held until all are known, so that no two of them are the same.
#[derive(Debug, Default)]
pub(super) struct Ports(Vec<TcpListener>);

impl Ports {
    /// `address`, free until now; its port 0 becomes any free one.
    ///
    /// # Errors
    /// [`CommandError::Listen`] with the flag that chooses another port.
    pub(super) fn take(&mut self, address: SocketAddr, setting: &'static str) -> Result<SocketAddr, CommandError> {
        let not_free = |source| CommandError::Listen { address, setting, source };
        let listener = TcpListener::bind(address).map_err(not_free)?;
        let address = listener.local_addr().map_err(not_free)?;
        self.0.push(listener);
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_told_with_the_flag_that_chooses_another() {
        let taken = TcpListener::bind(loopback(0)).unwrap();
        let address = taken.local_addr().unwrap();
        let error = Ports::default().take(address, "--sandbox-port").unwrap_err().to_string();
        assert!(error.contains(&address.to_string()) && error.contains("--sandbox-port"), "{error}");
    }

    #[test]
    fn one_port_for_two_things_is_refused_too() {
        let mut ports = Ports::default();
        let address = ports.take(loopback(0), "--port").unwrap();
        ports.take(address, "--sandbox-port").unwrap_err();
    }

    #[test]
    fn port_zero_becomes_one_that_can_be_listened_on() {
        let mut ports = Ports::default();
        let address = ports.take(loopback(0), "--port").unwrap();
        drop(ports);
        TcpListener::bind(address).unwrap();
    }
}
