//! How long a gateway takes from its start until it is ready.

use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::net::TcpStream;

use crate::figures::{Figure, median};
use crate::groupgate::Groupgate;
use crate::http::Connection;
use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(30);

/// Started again and again on a migrated database.
pub(crate) async fn measure(stage: &Stage) -> anyhow::Result<Vec<Figure>> {
    let tenants = stage.few().await?;
    let mut milliseconds = Vec::new();
    for _ in 0..stage.scale.starts {
        let begun = Instant::now();
        let gateway = Groupgate::spawn(tenants, stage.upstream, &[])?;
        while !is_ready(&gateway).await? {
            ensure!(begun.elapsed() < PATIENCE, "groupgate is not ready after {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        milliseconds.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let longest = milliseconds.iter().copied().fold(0.0, f64::max);
    let detail = format!("median of {}, longest {longest:.0}", milliseconds.len());
    Ok(vec![Figure::new("start to ready, migrated database, ms", median(milliseconds)).at_most(300.0).from(detail)])
}

/// Whether `/health/ready` answers 200; false where nothing listens yet.
async fn is_ready(gateway: &Groupgate) -> anyhow::Result<bool> {
    let Ok(stream) = TcpStream::connect(gateway.address).await else {
        return Ok(false);
    };
    let mut connection = Connection::new(stream)?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {}\r\n\r\n", gateway.address);
    connection.send(request.as_bytes()).await?;
    let mut ready = false;
    connection
        .receive(|answer| {
            ready = answer.head.starts_with(b"HTTP/1.1 200 ");
            Ok(())
        })
        .await?;
    Ok(ready)
}
