//! Values that a helper cannot work with, whoever the lead is: the mail would be held for everybody.

use chrono_tz::Tz;
use handlebars::template::Parameter;

use super::format::{DATE_FORMS, as_number, date};
use crate::workspace::code::Code;
use crate::workspace::source::Finding;

/// Fields that hold neither a date nor a number, whoever the lead is.
const WORDS: [&str; 18] = [
    "lead.email",
    "lead.first_name",
    "lead.last_name",
    "lead.title",
    "lead.salutation",
    "lead.address_form",
    "lead.language",
    "lead.timezone",
    "lead.country",
    "lead.job_title",
    "lead.stage",
    "lead.qualification",
    "lead.owner",
    "lead.tags",
    "company.name",
    "company.domain",
    "company.country",
    "sender.name",
];

/// What is wrong with the first value of a helper, and how it is written.
pub(super) fn wrong_value(helper: &str, value: &Parameter) -> Option<(String, Finding)> {
    let (kind, example) = match helper {
        "date" => ("a date", "{{date lead.fields.renewal}}"),
        "number" => ("a number", "{{number lead.fields.seats}}"),
        "plural" => ("a number", "{{plural lead.fields.seats \"seat\" \"seats\"}}"),
        _ => return None,
    };
    let wrong = match value {
        Parameter::Literal(literal) if helper == "date" => date(literal, "long", "en", Tz::UTC).is_err(),
        Parameter::Literal(literal) => as_number(literal).is_none(),
        Parameter::Subexpression(_) => false,
        name => name.as_name().is_some_and(|name| {
            WORDS.contains(&name.trim_start_matches("@root.")) || helper == "date" && name == "company.size"
        }),
    };
    let written = match value {
        Parameter::Literal(literal) => literal.as_str().map_or_else(|| literal.to_string(), str::to_owned),
        name => name.as_name().unwrap_or("").to_owned(),
    };
    let finding =
        Finding::new(Code::HelperValue, format!("`{helper}` needs {kind}, which `{written}` is not"));
    wrong.then(|| (written, finding.help(format!("name a field that holds one, such as {example}"))))
}

/// What is wrong with an option of a helper.
pub(super) fn wrong_option(helper: &str, option: &str, value: &Parameter) -> Option<Finding> {
    match (helper, option) {
        ("date", "form") => {
            let given = match value {
                Parameter::Literal(literal) => {
                    literal.as_str().map_or_else(|| literal.to_string(), str::to_owned)
                }
                // `form=short` without quotes is a variable, which is reported as one that is not there.
                _ => return None,
            };
            let finding = Finding::new(Code::HelperValue, format!("a date has no form `{given}`"));
            (!DATE_FORMS.contains(&given.as_str())).then(|| finding.did_you_mean(&given, DATE_FORMS))
        }
        ("number", "decimals") => {
            let Parameter::Literal(literal) = value else { return None };
            let message = format!("`decimals` takes a whole number, which `{literal}` is not");
            let finding = Finding::new(Code::HelperValue, message.replace('"', ""));
            literal.as_u64().is_none().then(|| finding.help("write it without quotes, such as decimals=2"))
        }
        _ => None,
    }
}
