//! `POST /companies/{domain or name}/deal`: what a CRM says of a whole company.

use axum::Json;
use axum::extract::{Path, State};

use super::fields::Fields;
use crate::http::Site;
use crate::http::error::Problem;
use crate::http::guard::uninterrupted;
use crate::nurture::company::report_deal;
use crate::nurture::record::Found;

/// `open`: whether sales has an open deal with the company. It is carried out also if the caller hangs up.
pub async fn deal(
    State(site): State<Site>,
    Path(company): Path<String>,
    mut body: Fields,
) -> Result<Json<Found>, Problem> {
    let open = body.flag("open");
    if open.is_none() {
        body.wrong("open", "is missing");
    }
    body.finish()?;
    let open = open.unwrap_or_default();
    let reported = uninterrupted(async move { report_deal(&site.engine, &company, open).await });
    Ok(Json(reported.await??))
}
