//! `GET /leads`: many leads, some at a time.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use serde::Serialize;
use serde_json::Value;

use super::changes::rep;
use super::fields::Fields;
use crate::http::Site;
use crate::http::error::Problem;
use crate::nurture::listing::{Filter, Listed, Listing};
use crate::nurture::revision::Revision;
use crate::workspace::expression::Expression;

/// Some leads, and where the others are.
#[derive(Debug, Serialize)]
pub struct Page {
    /// There may be none while there are more behind them.
    leads: Vec<Listed>,
    /// What `after` is for those behind them; null: there are none.
    next: Option<i64>,
}

/// `stage`, `qualification`, `with`, `rep`, `segment` and `when` leave leads out; `after` is the `next` of the page before.
pub async fn list(
    State(site): State<Site>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Json<Page>, Problem> {
    let revision = site.engine.revision().await?;
    let empty: Vec<String> =
        query.iter().filter(|(_, text)| text.trim().is_empty()).map(|(name, _)| name.clone()).collect();
    let mut fields = Fields::of(query.into_iter().map(|(name, text)| (name, Value::from(text))).collect());
    // A variable that is not set would ask for all of them.
    empty.iter().for_each(|name| fields.wrong(name, "is empty; leave it out instead"));
    let after = fields.text("after").map(|after| after.parse::<i64>());
    if matches!(after, Some(Err(_))) {
        fields.wrong("after", "is no id");
    }
    let filter = filter(&mut fields, &revision);
    fields.finish()?;
    let after = after.and_then(Result::ok).unwrap_or(0);
    let mut listing = Listing::behind(&site.engine, filter, after);
    let leads = listing.step().await?;
    let next = leads.as_ref().map(|_| listing.place());
    Ok(Json(Page { leads: leads.unwrap_or_default(), next }))
}

fn filter(fields: &mut Fields, revision: &Revision) -> Filter {
    let segments: Vec<&str> = revision.workspace.funnel.segments.names().collect();
    let when = fields.text("when").map(|text| Expression::alone("when", &text));
    if let Some(Err(found)) = &when {
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        fields.wrong("when", found.join("; "));
    }
    Filter {
        stage: fields.word("stage"),
        qualification: fields.word("qualification"),
        with: fields.word("with"),
        owner: rep(fields, revision),
        segment: fields.one_of("segment", &segments),
        when: when.and_then(Result::ok),
    }
}
