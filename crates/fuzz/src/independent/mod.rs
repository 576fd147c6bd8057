//! Signers, written from Alibaba Cloud's pages alone ([ACS3][acs3], [RPC][rpc]). They share nothing with
//! `cams_api::signatures` but the primitives, so that what is misread in one is caught by the other.
//!
//! [acs3]: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
//! [rpc]: https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism

mod acs3;
mod encoding;
mod hmac_sha1;

pub use acs3::{sha256, sign_acs3, signature_of_acs3};
pub use encoding::{decoded, encoded, parameters};
pub use hmac_sha1::signature_of_hmac_sha1;
