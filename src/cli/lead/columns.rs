//! [`Columns`]: the columns of an import as flags, `first_name` as `--first-name`.

use clap::{Arg, ArgAction, ArgMatches, Command, Error};

use crate::nurture::import::columns::{Column, Name, UnknownColumn};

const FIELD: &str = "field";

/// What is said about a lead: columns and cells, as in a file.
#[derive(Clone, Debug, Default)]
pub struct Columns(pub Vec<(Column, String)>);

/// The columns that are flags: the address is an argument.
fn names() -> impl Iterator<Item = Name> {
    Name::ALL.iter().copied().filter(|name| *name != Name::Email)
}

/// The flag of a column.
fn flag(name: Name) -> &'static str {
    match name {
        Name::FirstName => "first-name",
        Name::LastName => "last-name",
        Name::AddressForm => "address-form",
        Name::JobTitle => "job-title",
        Name::CompanyDomain => "company-domain",
        Name::CompanyIndustry => "company-industry",
        Name::CompanySize => "company-size",
        Name::CompanyCountry => "company-country",
        Name::ConsentAt => "consent-at",
        Name::ConsentText => "consent-text",
        Name::ExternalId => "external-id",
        one_word => one_word.as_str(),
    }
}

/// What may be written, where that is not plain.
fn form(name: Name) -> &'static str {
    match name {
        Name::Salutation => "mr|ms|neutral",
        Name::AddressForm => "du|sie",
        Name::Language => "de|en-GB|…",
        Name::Timezone => "Europe/Berlin|…",
        Name::Country | Name::CompanyCountry => "DE|AT|…",
        Name::CompanySize => "NUMBER",
        Name::Stage => "tofu|mofu|bofu|customer",
        Name::Tags => "TAG;TAG",
        Name::Basis => "opt_in|double_opt_in|existing_customer",
        Name::ConsentAt => "TIME",
        Name::Tracking => "yes|no",
        _ => "TEXT",
    }
}

/// What the flag says about a lead.
fn about(name: Name) -> &'static str {
    match name {
        Name::Email => "The e-mail address",
        Name::FirstName => "The given name",
        Name::LastName => "The family name",
        Name::Title => "The academic title, such as Dr.: it belongs to the greeting",
        Name::Salutation => "How to greet: Herr or Frau, Mr or Ms, or neither",
        Name::AddressForm => "The German form of address; sie, if it is not given",
        Name::Language => "The language of its mails, if there is a version in it",
        Name::Timezone => "Whose clock its mails go by; else [defaults] timezone of funnel.toml",
        Name::Country => "Two letters",
        Name::City => "The city",
        Name::JobTitle => "What the person does",
        Name::Phone => "The telephone number, for sales",
        Name::Company => "The name of the company",
        Name::CompanyDomain => "The domain of its web site, by which companies are told apart",
        Name::CompanyIndustry => "What the company does; for a company that is named",
        Name::CompanySize => "How many people work for the company",
        Name::CompanyCountry => "Two letters",
        Name::Stage => "The funnel stage, for new leads; tofu, if it is not given",
        Name::Source => "The channel of first contact, such as fair; never overwritten",
        Name::Tags => "Words of your own, with ; between",
        Name::Basis => "Why the person may be written to; without it, nothing is sent",
        Name::ConsentAt => "When the person agreed (RFC 3339); now, if it is not given",
        Name::ConsentText => "What the person agreed to, word for word",
        Name::Tracking => "Whether the person agreed that opens and clicks are seen; no, if it is not given",
        Name::ExternalId => "The key in another system, such as your CRM",
    }
}

fn field(text: &str) -> Result<(Column, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE, such as size=12")?;
    let column = format!("field.{name}")
        .parse()
        .map_err(|_: UnknownColumn| "a name has letters, digits and _ only")?;
    Ok((column, value.to_owned()))
}

impl clap::Args for Columns {
    fn augment_args(command: Command) -> Command {
        let arg =
            |name: Name| Arg::new(name.as_str()).long(flag(name)).value_name(form(name)).help(about(name));
        let free = Arg::new(FIELD).long(FIELD).value_name("NAME=VALUE").value_parser(field);
        let free =
            free.action(ArgAction::Append).help("A field of your own, such as size=12; may be repeated");
        command.args(names().map(arg)).arg(free)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Columns {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given =
            |name: Name| Some((Column::Known(name), matches.get_one::<String>(name.as_str())?.clone()));
        let fields = matches.get_many::<(Column, String)>(FIELD).into_iter().flatten().cloned();
        Ok(Self(names().filter_map(given).chain(fields).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_flag_has_an_underscore() {
        assert!(names().all(|name| flag(name) == name.as_str().replace('_', "-")));
    }
}
