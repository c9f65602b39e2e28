//! What the body of `POST /leads` says: a row of the CSV format as JSON. `tags` is a list, `tracking` a flag, and
//! `fields` an object with the free fields.

use serde_json::Value;

use super::fields::Fields;
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::nurture::import::columns::{Column, Name};
use crate::nurture::import::row::{self, Given};
use crate::nurture::record::LeadInput;

/// Reads a lead. A consent without a time was given now.
///
/// # Errors
/// Every mistake in the body.
pub fn read_lead(mut body: Fields, now: Timestamp) -> Result<LeadInput, Problem> {
    let mut cells: Vec<(Column, String)> =
        Name::ALL.iter().filter_map(|name| Some((Column::Known(*name), cell(&mut body, *name)?))).collect();
    let mut free = body.map("fields");
    free.retain(|_, value| !value.is_null());
    for (name, value) in &free {
        match format!("field.{name}").parse() {
            Ok(column @ Column::Field(_)) => cells.push((column, text(value))),
            _ => body.wrong(&format!("fields.{name}"), "is no name of letters, digits and _"),
        }
    }
    let given = Given { form: Some("api".to_owned()), ..Given::default() };
    let read = row::read(cells.iter().map(|(column, text)| (column, text.as_str())), &given, now);
    for fault in read.as_ref().err().into_iter().flatten() {
        let column = fault.column.as_deref().unwrap_or("email");
        body.wrong(&column.replacen("field.", "fields.", 1), fault.reason.as_str());
    }
    body.finish()?;
    let mut input = read.map_err(|_| Problem::internal())?;
    // A file can only guess what is a number: JSON says it.
    input.contact.fields = free.into_iter().collect();
    Ok(input)
}

/// A member as the text that a file would have.
fn cell(body: &mut Fields, name: Name) -> Option<String> {
    match name {
        Name::Tags => Some(body.texts(name.as_str()).join(";")),
        Name::Tracking => body.flag(name.as_str()).map(|yes| if yes { "yes" } else { "no" }.to_owned()),
        _ => body.text(name.as_str()),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::consent::Basis;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn read(json: &str) -> Result<LeadInput, Problem> {
        read_lead(Fields::parse(json.as_bytes())?, NOW)
    }

    #[test]
    fn a_body_says_what_a_row_says() {
        let lead = read(
            r#"{"email": "Kim@Example.org", "first_name": "Kim", "stage": "mofu", "tags": ["a", "b"], "tracking": true,
                "basis": "opt_in", "company": "Meier AG", "fields": {"seats": 12, "code": "007", "old": null}}"#,
        )
        .expect("a lead");
        assert_eq!(lead.email.as_str(), "kim@example.org");
        assert_eq!((lead.tags, lead.tracking), (vec!["a".to_owned(), "b".to_owned()], true));
        assert_eq!((lead.consents[0].basis, lead.consents[0].at), (Basis::OptIn, NOW));
        let fields: Vec<(&str, &Value)> =
            lead.contact.fields.iter().map(|(name, value)| (name.as_str(), value)).collect();
        assert_eq!(fields, [("code", &Value::from("007")), ("seats", &Value::from(12))]);
    }

    #[test]
    fn every_mistake_is_named_by_its_member() {
        let problem =
            read(r#"{"email": "kim", "timezone": "Berlin", "stage": 1, "nmae": "x", "fields": {"a b": 1}}"#);
        let problem = problem.expect_err("mistakes");
        let mut named: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, ["email", "fields.a b", "nmae", "stage", "timezone"]);
    }

    #[test]
    fn a_lead_needs_an_address() {
        for json in ["{}", r#"{"email": null}"#, r#"{"email": " "}"#, r#"{"email": 5}"#] {
            let problem = read(json).expect_err("no lead");
            assert_eq!(problem.errors.iter().filter(|error| error.field == "email").count(), 1, "{json}");
        }
    }
}
