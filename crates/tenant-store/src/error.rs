//! What can go wrong between the gateway and PostgreSQL, in the words that the gateway needs to answer with.

use std::fmt;

use sqlx::error::DatabaseError;

/// Why the store could not do what was asked. Neither `Display` nor `Debug` shows a stored value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL is away, starting, stopping, gave no connection in time, or is short of something. Trying again later is
    /// right. What it is, in a sentence.
    #[error("{0}")]
    Unavailable(String),
    /// Something of this name exists already, perhaps with another tenant, which is not named.
    #[error("this {what} is already in use")]
    Conflict {
        /// What is taken: `phone number ID`, `CustSpaceId`, ….
        what: &'static str,
    },
    /// There are as many of these as there may be.
    #[error("there are {most} {what} already, and no more may be; remove one that is not needed first")]
    TooMany {
        /// Of what, in the plural: `endpoints`, ….
        what: &'static str,
        /// How many there may be.
        most: u16,
    },
    /// The thing that the call names does not exist in this tenant.
    #[error("no such {what}")]
    NotFound {
        /// What was looked for: `tenant`, `access key`, ….
        what: &'static str,
    },
    /// What was to be changed is no longer as the caller has seen it: read it again, and decide anew.
    #[error("it was changed since it was read")]
    Stale,
    /// A sealed value does not open: its master key is not configured, or it was not sealed for this place.
    #[error(
        "the sealed value at {place} does not open; is the master key it was sealed under still in GROUPGATE_MASTER_KEY?"
    )]
    Unreadable {
        /// Table, column and row, never the value.
        place: String,
    },
    /// PostgreSQL takes no such value, now or later: it is nested too deeply, for one. The SQLSTATE, never the value.
    #[error("PostgreSQL takes no such value (SQLSTATE {0})")]
    Unfit(String),
    /// A mistake of ours, or a database that is not as the migrations left it.
    #[error("PostgreSQL did not do what was asked: {0}")]
    Internal(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(refusal) => refused(refusal.as_ref()),
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_)
            | sqlx::Error::BeginFailed => Self::out_of_reach(&error),
            sqlx::Error::RowNotFound => Self::NotFound { what: "row" },
            other => Self::Internal(other.to_string()),
        }
    }
}

impl StoreError {
    /// PostgreSQL is not there, as far as can be seen from here.
    pub(crate) fn out_of_reach(why: &impl fmt::Display) -> Self {
        Self::Unavailable(format!(
            "PostgreSQL cannot be reached ({why}); look whether it runs and whether DATABASE_URL is right"
        ))
    }
}

/// An error that PostgreSQL itself sent. Its message and detail may quote values, so neither is kept.
fn refused(refusal: &dyn DatabaseError) -> StoreError {
    let code = refusal.code().unwrap_or_default();
    if refusal.is_unique_violation() {
        return StoreError::Conflict { what: refusal.constraint().map_or("name", what_is_taken) };
    }
    if let Some(unavailable) = unavailable(&code) {
        return unavailable;
    }
    match code.as_ref() {
        // The tenant was erased after the caller looked it up. When tried again, the caller sees that.
        "23503"
            if matches!(refusal.constraint(), Some("changes_cust_space_id_fkey" | "idempotency_keys_tenant_fkey")) =>
        {
            StoreError::Unavailable(format!("the tenant was erased meanwhile (SQLSTATE {code})"))
        }
        // Data that is wrong, and more of it than PostgreSQL can work with.
        class if class.starts_with("22") || class.starts_with("54") => StoreError::Unfit(class.to_owned()),
        _ => StoreError::Internal(format!(
            "SQLSTATE {code}, table {}, constraint {}",
            refusal.table().unwrap_or("none"),
            refusal.constraint().unwrap_or("none"),
        )),
    }
}

/// What passes, or is mended at PostgreSQL, by its code
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn unavailable(code: &str) -> Option<StoreError> {
    let told = |words: &str| Some(StoreError::Unavailable(format!("PostgreSQL {words} (SQLSTATE {code})")));
    match code {
        // A server that starts or stops, or ends an idle session.
        "57P01" | "57P02" | "57P03" | "57P05" => Some(StoreError::out_of_reach(&format_args!("SQLSTATE {code}"))),
        class if class.starts_with("08") => Some(StoreError::out_of_reach(&format_args!("SQLSTATE {code}"))),
        "53100" => told("has no room on its disk; make some"),
        class if class.starts_with("53") => told("is short of memory or connections"),
        // Not the other codes of class 58: a file that was deleted, or a mistake of PostgreSQL's, is not gone later.
        "58000" | "58030" => told("cannot read or write a file; look at its log"),
        "25006" => told("takes no changes: it is a standby, or was made read-only"),
        "40001" | "40P01" | "55P03" => told("was kept from it by another transaction"),
        "28000" | "28P01" | "3D000" => told("refuses the role, the password or the database of DATABASE_URL"),
        // So it is, too, for a moment while the migrations run.
        "42501" | "42883" | "42P01" | "42703" => {
            told("lacks a right or an object of this version; run `groupgate migrate`, as the owner of the tables")
        }
        _ => None,
    }
}

/// The field that a unique constraint guards, in the reader's words.
fn what_is_taken(constraint: &str) -> &'static str {
    match constraint {
        "tenants_pkey" => "CustSpaceId",
        "business_numbers_pkey" => "business number",
        "business_numbers_phone_number_id_key" | "business_numbers_cust_space_id_phone_number_id_key" => {
            "phone number ID"
        }
        "access_keys_pkey" => "AccessKeyId",
        "signing_keys_pkey" => "key ID",
        "issuers_issuer_key" => "issuer",
        "changes_pkey" => "UniqueCode",
        _ => "name",
    }
}

#[cfg(test)]
mod tests {
    use super::unavailable;

    #[test]
    fn what_passes_is_told_apart_from_a_mistake_and_from_a_server_that_is_away() {
        let words = |code: &str| unavailable(code).map(|error| error.to_string()).unwrap_or_default();
        for code in ["08006", "57P01", "57P03"] {
            assert!(words(code).contains("cannot be reached"), "{code}");
        }
        for code in [
            "53100", "53200", "53300", "58000", "58030", "25006", "40001", "40P01", "55P03", "28P01", "42501", "42883",
            "42P01", "42703",
        ] {
            let words = words(code);
            assert!(words.contains(code) && !words.contains("cannot be reached"), "{code}: {words}");
        }
        // A statement that is wrong, a file that is gone, and whatever nobody thought of stay mistakes.
        for code in ["42601", "22P02", "54001", "58P01", "58P02", "57014", "XX000", ""] {
            assert!(unavailable(code).is_none(), "{code}");
        }
    }
}
