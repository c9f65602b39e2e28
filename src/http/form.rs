//! The personal form behind `{{link.form}}`: it asks a lead for what is missing, and for nothing else. GET and HEAD show it
//! and change nothing; POST stores the answers. What is filled already is neither shown nor changed: mails are forwarded.

mod words;

use std::collections::BTreeMap;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::Site;
use super::guard::uninterrupted;
use super::reader::Reader;
use super::recipient::{broken, lead_of};
use crate::domain::token::Purpose;
use crate::nurture::form::{Answers, Filled, Unfit, asked, fill};
use crate::storage::leads::StoredLead;

/// More members than any form of ours has.
const MOST_ANSWERS: usize = 100;

/// `GET /f/{token}`: asks.
pub async fn ask(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let reader = Reader::of(&site.engine, &headers).await;
    match lead_of(&site.engine, Purpose::Form, &token).await {
        Ok(Some((stored, _))) => {
            let reader = reader.who_reads(&stored);
            show(&site, &reader, &stored, &Answers::new(), &BTreeMap::new()).await
        }
        Ok(None) => site.pages.show(StatusCode::NOT_FOUND, &reader.no_such_page()),
        Err(error) => broken(&site, &reader, error.into()),
    }
}

/// `POST /f/{token}`: stores what is answered, as often as it is sent.
pub async fn answer(
    State(site): State<Site>,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let reader = Reader::of(&site.engine, &headers).await;
    let stored = match lead_of(&site.engine, Purpose::Form, &token).await {
        Ok(Some((stored, _))) => stored,
        Ok(None) => return site.pages.show(StatusCode::NOT_FOUND, &reader.no_such_page()),
        Err(error) => return broken(&site, &reader, error.into()),
    };
    let reader = reader.who_reads(&stored);
    // What is no form has no answers.
    let members = form.map_or_else(|_| Vec::new(), |Form(members)| members);
    let answers: Answers = members.into_iter().take(MOST_ANSWERS).collect();
    let (engine, lead, given) = (site.engine.clone(), stored.lead.id, answers.clone());
    match uninterrupted(async move { fill(&engine, lead, &given).await }).await {
        Ok(Ok(Filled::Stored { missing })) => {
            site.pages.show(StatusCode::OK, &words::thanks(&reader, missing.is_empty()))
        }
        Ok(Ok(Filled::Unfit(unfit))) => show(&site, &reader, &stored, &answers, &unfit).await,
        Ok(Err(error)) => broken(&site, &reader, error.into()),
        Err(problem) => broken(&site, &reader, problem),
    }
}

/// The form with what was answered, and what is wrong with it; thanks, if there is nothing to ask for.
async fn show(
    site: &Site,
    reader: &Reader,
    stored: &StoredLead,
    answers: &Answers,
    unfit: &BTreeMap<String, Unfit>,
) -> Response {
    let revision = match site.engine.revision().await {
        Ok(revision) => revision,
        Err(error) => return broken(site, reader, error.into()),
    };
    let asked = asked(&revision.workspace.funnel.rules.completeness, &stored.lead);
    if asked.is_empty() {
        return site.pages.show(StatusCode::OK, &words::nothing_missing(reader));
    }
    let status = if unfit.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    site.pages.show(status, &words::questions(reader, &asked, answers, unfit))
}
