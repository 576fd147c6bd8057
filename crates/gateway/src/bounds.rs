//! What a client may take before it has been found to be anybody: every figure that bounds a connection, a head or a body.
//! What holds for whom is in `docs/bounds.md`, a row a figure.

use std::time::Duration;

/// How long the first head of a connection may take, from the connection.
pub(crate) const FIRST_HEAD: Duration = Duration::from_secs(10);
/// How long each later head may take, from its first byte.
pub(crate) const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may rest between two requests. Longer than the minute for which nginx (`keepalive_timeout` of an
/// `upstream`) and the load balancers of the clouds keep theirs: who closes first is then never the gateway, and nothing is
/// sent into a connection that is being closed.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// The same of clients that are no trusted proxies, where of eight connections that may be open seven are: so that nobody
/// keeps others out with connections that do nothing.
pub(crate) const CROWDED: Duration = Duration::from_secs(5);
/// How long a client may take no byte of an answer.
pub(crate) const READER: Duration = Duration::from_secs(30);
/// How long a client may go on sending what nobody reads any more, so that it sees its answer before the connection is
/// closed.
pub(crate) const CLOSING: Duration = Duration::from_secs(1);
/// How often connections are looked at for those that take too long; the figures above may be exceeded by this.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// While the gateway stops: how long connections are still taken, whose answers end them and by whose readiness balancers
/// learn of it; a tenth of the drain, if that is less. It is waited for also where no connection is open: a balancer that
/// makes one for each call has none just then.
pub(crate) const LAST_CONNECTIONS: Duration = Duration::from_secs(2);
/// After that: how long connections that have just come may take to send what they came for; a tenth of the drain, if that
/// is less.
pub(crate) const LAST_REQUESTS: Duration = Duration::from_secs(1);

/// How long connections that are cut off may take to end.
pub(crate) const CUTTING_OFF: Duration = Duration::from_secs(1);
/// How long a claim of deliveries that is being made may take beyond the drain, and after that the giving back of what was
/// claimed.
pub(crate) const LAST_DELIVERIES: Duration = Duration::from_secs(2);
/// How long what was kept in memory for PostgreSQL may take to be written, at the very end.
pub(crate) const LAST_WRITES: Duration = Duration::from_secs(5);

/// How long the last traces may take to be sent, beside that.
pub(crate) const LAST_TRACES: Duration = Duration::from_secs(2);

/// The longest target of a request (path and query), in bytes, but for the RPC face's. A Graph token of 4 KiB may stand in
/// a query.
pub(crate) const TARGET: usize = 16 * 1024;

/// How long a body may take: a stalled sender must not hold memory for ever.
pub(crate) const BODY: Duration = Duration::from_secs(30);
/// How much more than its limit of a body that is too large is read and thrown away, in bytes: a caller who is still
/// sending would not see the answer on a connection that is closed under it.
pub(crate) const DISCARDED: usize = 32 * 1024 * 1024;
/// The largest webhook, in bytes: Meta sends
/// [up to 3 MB](https://developers.facebook.com/docs/whatsapp/cloud-api/guides/set-up-webhooks).
pub(crate) const WEBHOOK: usize = 4 * 1024 * 1024;

/// Connections that may wait to be accepted, of each address that is listened on.
pub(crate) const BACKLOG: u32 = 1024;
/// Connections to the port of the metrics: it is a few monitoring systems'.
pub(crate) const METRICS_CONNECTIONS: usize = 64;
/// File descriptors that connections leave to all else: PostgreSQL, Meta, endpoints.
pub(crate) const OTHER_FILES: usize = 2048;
