//! A [`Problem`]: what went wrong with a request, as `application/problem+json` (RFC 9457).

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::error;

use crate::nurture::NurtureError;

/// An answer for what cannot be done. It says what the caller can mend, and nothing about what broke inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    /// One sentence for the person who reads it.
    pub detail: String,
    /// What is wrong with single fields of the body.
    pub errors: Vec<FieldError>,
}

/// What is wrong with one field of a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), errors: Vec::new() }
    }

    /// A body that can be read and makes no sense.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match &errors[..] {
            [one] => format!("{}: {}", one.field, one.message),
            all => format!("{} fields are wrong; nothing was changed", all.len()),
        };
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, detail, errors }
    }

    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Something broke; the log says what.
    pub fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something broke here; the server's log says what")
    }
}

impl From<NurtureError> for Problem {
    fn from(error: NurtureError) -> Self {
        match error {
            NurtureError::NoLead(_) => Self::not_found("there is no such lead"),
            NurtureError::NoCompany(_) => Self::not_found("there is no such company"),
            NurtureError::Refused(why) => Self::new(StatusCode::CONFLICT, why),
            NurtureError::Db(_)
            | NurtureError::NothingApplied
            | NurtureError::Unreadable(..)
            | NurtureError::WrongKeys => {
                error!("a request failed: {error}");
                Self::internal()
            }
        }
    }
}

impl From<crate::storage::DbError> for Problem {
    fn from(error: crate::storage::DbError) -> Self {
        NurtureError::from(error).into()
    }
}

/// The members of the JSON object; an absent `type` would mean the same as `about:blank`.
#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[FieldError]>::is_empty")]
    errors: &'a [FieldError],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Body {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
        };
        // Texts and a number always have a JSON text.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (self.status, Bytes::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
