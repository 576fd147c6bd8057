//! What can go wrong between the gateway and PostgreSQL, in the words that the gateway needs to answer with.

use sqlx::error::DatabaseError;

/// Why the store could not do what was asked. Neither `Display` nor `Debug` shows a stored value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// PostgreSQL is away, starting, stopping, or gave no connection in time. Trying again later is right.
    #[error("PostgreSQL cannot be reached ({0}); look whether it runs and whether DATABASE_URL is right")]
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
            | sqlx::Error::BeginFailed => Self::Unavailable(error.to_string()),
            sqlx::Error::RowNotFound => Self::NotFound { what: "row" },
            other => Self::Internal(other.to_string()),
        }
    }
}

/// An error that PostgreSQL itself sent. Its message and detail may quote values, so neither is kept.
fn refused(refusal: &dyn DatabaseError) -> StoreError {
    let code = refusal.code().unwrap_or_default();
    if refusal.is_unique_violation() {
        return StoreError::Conflict { what: refusal.constraint().map_or("name", what_is_taken) };
    }
    match code.as_ref() {
        // https://www.postgresql.org/docs/current/errcodes-appendix.html: connection exceptions, a server that starts
        // or stops, too many connections, a transaction that was read-only (a standby).
        // Deadlocks, serialization failures and locks that were waited for too long, too, are gone when tried again.
        "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "40001" | "40P01" | "55P03" => unavailable(&code),
        class if class.starts_with("08") => unavailable(&code),
        // The tenant was erased after the caller looked it up. When tried again, the caller sees that.
        "23503"
            if matches!(refusal.constraint(), Some("changes_cust_space_id_fkey" | "idempotency_keys_tenant_fkey")) =>
        {
            unavailable(&code)
        }
        "28000" | "28P01" | "3D000" => StoreError::Unavailable(format!(
            "it refuses the role, the password or the database of the URL, SQLSTATE {code}"
        )),
        _ => StoreError::Internal(format!(
            "SQLSTATE {code}, table {}, constraint {}",
            refusal.table().unwrap_or("none"),
            refusal.constraint().unwrap_or("none"),
        )),
    }
}

fn unavailable(code: &str) -> StoreError {
    StoreError::Unavailable(format!("SQLSTATE {code}"))
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
