//! The CAMS RPC face, by a signer of the tests' own.

mod calls;
mod keys;
mod nonces;
mod signatures;
mod tenants;
