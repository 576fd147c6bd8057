//! What several parts of the measurement need, made when the first one does.

use std::net::SocketAddr;

use tokio::sync::OnceCell;

use super::groupgate::Groupgate;
use super::options::{Build, Scale};
use super::stub;
use super::tenants::Tenants;

/// How many tenants there are where few are wanted.
pub(super) const FEW: u32 = 10;

/// The upstream and the stores.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) scale: Scale,
    pub(super) build: Build,
    pub(super) upstream: SocketAddr,
    few: OnceCell<Tenants>,
    many: OnceCell<Tenants>,
}

impl Stage {
    pub(super) async fn open(scale: Scale, build: Build) -> anyhow::Result<Self> {
        Ok(Self { scale, build, upstream: stub::start().await?, few: OnceCell::new(), many: OnceCell::new() })
    }

    /// A store with few tenants.
    pub(super) async fn few(&self) -> anyhow::Result<&Tenants> {
        self.few.get_or_try_init(|| Tenants::make(FEW, FEW)).await
    }

    /// A store with as many tenants as any has.
    pub(super) async fn many(&self) -> anyhow::Result<&Tenants> {
        self.many.get_or_try_init(|| Tenants::make(self.scale.tenants, self.scale.in_use)).await
    }

    /// Ends PostgreSQL and removes its data.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        for tenants in [self.few, self.many].into_iter().filter_map(OnceCell::into_inner) {
            tenants.database.stop().await?;
        }
        Ok(())
    }

    /// A gateway for `tenants`.
    pub(super) async fn gateway(&self, tenants: &Tenants) -> anyhow::Result<Groupgate> {
        Groupgate::start(tenants, self.upstream, &[]).await
    }
}
