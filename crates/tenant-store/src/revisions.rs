//! Revisions: whoever changes a resource says which one it has seen, so that nobody undoes what somebody else did since.

use serde::{Deserialize, Serialize};

/// Which state of a resource: each change makes a new one, and no two states of any resources have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Revision(pub i64);
