//! Mails written for these tests, in the manner of many programs.

mod absences;
mod bounces;
mod bounds;
mod providers;
mod replies;
mod reports;

use super::{InboundMail, read};

/// A mail of a person, with the given fields before the usual ones.
fn mail(fields: &str, body: &str) -> Vec<u8> {
    let usual = "From: Petra Lang <Petra.Lang@kunde.example>\nTo: Jan Nord <jan@nordwerk.example>\n\
                 Date: Thu, 12 Nov 2026 10:15:00 +0100\nMessage-ID: <m1@kunde.example>\nMIME-Version: 1.0\n";
    format!("{fields}{usual}\n{body}").into_bytes()
}

fn judged(fields: &str, body: &str) -> InboundMail {
    read(&mail(fields, body)).expect("a mail")
}

/// What is left of a text.
fn text_of(body: &str) -> String {
    judged("Subject: Re: Angebot\nContent-Type: text/plain; charset=utf-8\n", body).text
}

/// What is left of a mail that is HTML only.
fn text_of_html(body: &str) -> String {
    judged("Subject: Re: Angebot\nContent-Type: text/html; charset=utf-8\n", body).text
}
