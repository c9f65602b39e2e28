//! `/s/{token}`: what a rep says of a lead. GET and HEAD show a page with a form and change nothing; POST is its button,
//! and pressed again it changes nothing more.

mod form;
mod words;

use std::collections::HashMap;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::Site;
use super::error::Problem;
use super::guard::uninterrupted;
use super::language::Language;
use super::pages::{Link, Page};
use crate::domain::sales_link::{SalesAction, SalesLink};
use crate::domain::schedule::local;
use crate::domain::time::Timestamp;
use crate::nurture::Everything;
use crate::nurture::revision::Revision;
use crate::nurture::sales::{self, Answered, Look, Sheet};
use crate::nurture::{NurtureError, NurtureResult};
use crate::workspace::Funnel;
use form::Wish;
use words::{Of, Words, words};

/// What the form of a page sends.
type Sent = HashMap<String, String>;

/// `GET /s/{token}`: asks.
pub async fn ask(State(site): State<Site>, Path(token): Path<String>) -> Response {
    match asked(&site, &token, None).await {
        Ok((status, page)) => site.pages.show(status, &page),
        Err(error) => broken(&site, error).await,
    }
}

/// `POST /s/{token}`: does it.
pub async fn answer(
    State(site): State<Site>,
    Path(token): Path<String>,
    form: Result<Form<Sent>, FormRejection>,
) -> Response {
    let sent = form.map(|Form(sent)| sent).unwrap_or_default();
    match answered(&site, &token, sent).await {
        Ok((status, page)) => site.pages.show(status, &page),
        Err(error) => broken(&site, error).await,
    }
}

/// A page for a rep, in the language of the house, in which its mails are.
fn page(funnel: &Funnel, title: impl Into<String>, lines: Vec<String>) -> Page {
    let company = Some(funnel.company.name.clone()).filter(|name| !name.is_empty());
    Page { company, ..Page::new(language(funnel), title, lines) }
}

fn language(funnel: &Funnel) -> Language {
    Language::of(&funnel.defaults.language).unwrap_or(Language::En)
}

/// The page of a link; with what was sent and what is wrong with it, if that is to be mended.
async fn asked(site: &Site, token: &str, wrong: Option<(Sent, String)>) -> NurtureResult<(StatusCode, Page)> {
    let engine = &site.engine;
    let revision = engine.revision().await?;
    let Some(link) = SalesLink::read(&engine.keys, token) else { return Ok(gone(&revision)) };
    let sheet = match sales::look(engine, &revision, &link).await? {
        Look::Open(sheet) => sheet,
        refused => return Ok(refusal(&revision, refused.into())),
    };
    let funnel = &revision.workspace.funnel;
    let words = words(language(funnel));
    if link.action == SalesAction::Page {
        return Ok((StatusCode::OK, overview(funnel, words, &sheet)));
    }
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (sent, wrong) = wrong.unzip();
    let form = form::fields(link.action, funnel, words, sent.as_ref());
    let of = words.of(link.action);
    let page = Page {
        wrong,
        inputs: form,
        button: Some(of.button.to_owned()),
        links: back(words, &sheet),
        ..page(funnel, format!("{}: {}", of.title, sheet.name), vec![of.meaning.to_owned()])
    };
    Ok((status, page))
}

/// Everything on one page.
fn overview(funnel: &Funnel, words: &Words, sheet: &Sheet) -> Page {
    let actions = sheet.ways.links.iter().filter(|(action, _)| *action != SalesAction::Page);
    let link = |(action, url): &(SalesAction, String)| Link {
        url: url.clone(),
        label: words.of(*action).title.to_owned(),
        first: *action == SalesAction::Accept,
    };
    let Everything { notes, write, sections, copy } = &sheet.everything;
    let write = write.clone().map(|(label, url)| Link { url, label, first: true });
    let lines = notes.iter().cloned().chain([words.overview.to_owned()]);
    Page {
        write,
        links: actions.map(link).collect(),
        sections: sections.clone(),
        below: copy.clone(),
        ..page(funnel, sheet.name.clone(), lines.collect())
    }
}

/// The way to everything.
fn back(words: &Words, sheet: &Sheet) -> Vec<Link> {
    let all = sheet.ways.links.iter().find(|(action, _)| *action == SalesAction::Page);
    all.map(|(_, url)| Link { url: url.clone(), label: words.all.to_owned(), first: false })
        .into_iter()
        .collect()
}

async fn answered(site: &Site, token: &str, sent: Sent) -> NurtureResult<(StatusCode, Page)> {
    let engine = site.engine.clone();
    let revision = engine.revision().await?;
    let Some(link) = SalesLink::read(&engine.keys, token) else { return Ok(gone(&revision)) };
    let funnel = &revision.workspace.funnel;
    let words = words(language(funnel));
    if link.action == SalesAction::Page {
        return asked(site, token, None).await;
    }
    let Wish { change, feedback } = match form::read(link.action, &sent, funnel, words, engine.clock.now()) {
        Ok(wish) => wish,
        Err(wrong) => return asked(site, token, Some((sent, wrong))).await,
    };
    let (action, hand_over) = (link.action, link.hand_over);
    let work = async move { sales::answer(&engine, &link, change, feedback).await };
    let done = match uninterrupted(work).await {
        Ok(Err(NurtureError::Refused(why))) => return asked(site, token, Some((sent, why))).await,
        Ok(done) => done?,
        Err(problem) => return Ok((problem.status, try_again(funnel, words))),
    };
    let of = words.of(action);
    Ok(match done {
        Answered::Done(_) => {
            let until = sales::lasts_until(&site.engine, hand_over).await?;
            (StatusCode::OK, page(funnel, of.done, then(of, words, until, funnel).into_iter().collect()))
        }
        Answered::Already => (StatusCode::OK, page(funnel, of.done, vec![words.already.to_owned()])),
        Answered::With(rep) => {
            let line = words.with_another.replace("{}", name(funnel, Some(&rep), words));
            (StatusCode::OK, page(funnel, of.title, vec![line]))
        }
        refused => refusal(&revision, refused),
    })
}

/// What follows; none if it would tell of a day, and there is none.
fn then(of: &Of, words: &Words, until: Option<Timestamp>, funnel: &Funnel) -> Option<String> {
    if !of.then.contains("{}") {
        return Some(of.then.to_owned());
    }
    let day = local(until?, funnel.defaults.timezone).format(words.date);
    Some(of.then.replace("{}", &day.to_string()))
}

/// Why nothing can be said by a link any more.
fn refusal(revision: &Revision, refused: Answered) -> (StatusCode, Page) {
    let funnel = &revision.workspace.funnel;
    let words = words(language(funnel));
    let nothing_changed = words.nothing_changed.to_owned();
    let (title, lines) = match refused {
        Answered::Closed(state) => {
            let line = words.closed_as.replace("{}", words.state(state));
            (words.closed, vec![line, nothing_changed, words.slip.to_owned()])
        }
        Answered::Elsewhere(rep) => {
            let line = words.elsewhere_with.replace("{}", name(funnel, rep.as_deref(), words));
            (words.elsewhere, vec![line, nothing_changed])
        }
        _ => return gone(revision),
    };
    (StatusCode::OK, page(funnel, title, lines))
}

/// What a rep is called.
fn name<'n>(funnel: &'n Funnel, rep: Option<&str>, words: &'n Words) -> &'n str {
    rep.and_then(|rep| funnel.rep(rep)).map_or(words.somebody, |rep| rep.name.as_str())
}

fn gone(revision: &Revision) -> (StatusCode, Page) {
    let funnel = &revision.workspace.funnel;
    let words = words(language(funnel));
    (StatusCode::NOT_FOUND, page(funnel, words.gone[0], vec![words.gone[1].to_owned()]))
}

fn try_again(funnel: &Funnel, words: &Words) -> Page {
    page(funnel, words.broken[0], vec![words.broken[1].to_owned()])
}

async fn broken(site: &Site, error: NurtureError) -> Response {
    let problem = Problem::from(error);
    match site.engine.revision().await {
        Ok(revision) => {
            let funnel = &revision.workspace.funnel;
            site.pages.show(problem.status, &try_again(funnel, words(language(funnel))))
        }
        Err(_) => {
            let words = words(Language::En);
            site.pages.show(
                problem.status,
                &Page::new(Language::En, words.broken[0], vec![words.broken[1].to_owned()]),
            )
        }
    }
}
