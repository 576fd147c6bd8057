//! What the targets promise, of the inputs that are kept and of made ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpora;
mod signatures;
