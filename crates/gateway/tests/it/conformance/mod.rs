//! Whether every operation keeps the contract whatever Meta does: made from the table of operations, so that a new one
//! is held to it by itself.
//!
//! | module | what is proved |
//! |---|---|
//! | `refusals` | each of Meta's codes gives the contract's code, with Meta's own words |
//! | `no_answers` | what is no answer of Meta's gives its code, at every call of every operation |
//! | `retry_safe` | `RetrySafe` is true only where nothing has happened |
//! | `written_oddly` | answers as Meta's guide writes them, and not as its reference does, are understood |
//! | `metas_document` | every request fits Meta's own OpenAPI document, and so does every answer of the sandbox |
//! | `own_document` | every answer that is met on the way is one that our own OpenAPI document has |
//! | `hostile_bodies` | no body of a caller's gives a 500, and each is answered in the envelope |

mod cases;
mod document;
mod hostile_bodies;
mod metas_codes;
mod metas_document;
mod multipart;
mod no_answers;
mod own_document;
mod props;
mod recorder;
mod refusals;
mod rehearsal;
mod retry_safe;
mod stage;
mod throwing;
mod written_oddly;

pub(crate) use own_document::expect_schema;
