//! A door to readers that nothing outside of this crate needs but the fuzz targets (`crates/fuzz`). No part of the
//! gateway uses it.

pub use crate::api::graph::fuzzing as graph;
pub use crate::auth::fuzzing as auth;
pub use crate::events::fuzzing as events;
pub use crate::picture::fuzzing as picture;
