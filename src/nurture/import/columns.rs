//! The columns of a file of leads: what they are called, and what they mean.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::domain::suggest::nearest;
use crate::domain::words::words;

words! {
    /// The columns with a fixed name.
    pub enum Name {
        Email = "email",
        FirstName = "first_name",
        LastName = "last_name",
        Title = "title",
        Salutation = "salutation",
        AddressForm = "address_form",
        Language = "language",
        Timezone = "timezone",
        Country = "country",
        City = "city",
        JobTitle = "job_title",
        Phone = "phone",
        Company = "company",
        CompanyDomain = "company_domain",
        CompanyIndustry = "company_industry",
        CompanySize = "company_size",
        CompanyCountry = "company_country",
        Stage = "stage",
        Source = "source",
        Tags = "tags",
        Basis = "basis",
        ConsentAt = "consent_at",
        ConsentText = "consent_text",
        Tracking = "tracking",
        ExternalId = "external_id",
    }
}

/// What a column is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    Known(Name),
    /// `field.NAME`: a free field.
    Field(String),
}

/// A column that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownColumn {
    /// As the file calls it.
    pub name: String,
    /// What is probably meant.
    pub meant: Option<String>,
    /// Else the name of a free field that would keep it, if one can be made of its own.
    pub field: Option<String>,
}

impl UnknownColumn {
    fn new(name: &str, folded: &str) -> Self {
        let meant = nearest(folded, Name::words()).map(str::to_owned);
        let field = if meant.is_none() { free_field(name) } else { None };
        Self { name: name.chars().take(100).collect(), meant, field }
    }

    /// What helps, to be put behind what is said; empty if nothing is known.
    pub fn hint(&self) -> String {
        match (&self.meant, &self.field) {
            (Some(meant), _) => format!("; did you mean \"{meant}\"?"),
            (None, Some(field)) => format!("; write field.{field} to keep it as a field of your own"),
            (None, None) => String::new(),
        }
    }
}

/// `budget` of `budget`, and of `Fields.budget`.
fn free_field(name: &str) -> Option<String> {
    let name = match name.split_once('.') {
        Some((first, rest)) if ["field", "fields"].contains(&first.to_lowercase().as_str()) => rest,
        _ => name,
    };
    Some(name.trim().replace([' ', '-'], "_")).filter(|name| is_name(name))
}

impl FromStr for Column {
    type Err = UnknownColumn;

    /// Case does not matter, and a blank or a hyphen is as good as `_`. Names of free fields are kept as they are.
    fn from_str(text: &str) -> Result<Self, UnknownColumn> {
        let text = text.trim();
        if let Some(field) = text.strip_prefix("field.").filter(|field| is_name(field)) {
            return Ok(Column::Field(field.to_owned()));
        }
        let folded = text.to_lowercase().replace([' ', '-'], "_");
        folded.parse().map(Column::Known).map_err(|_| UnknownColumn::new(text, &folded))
    }
}

/// Whether conditions and templates can name a field so: `lead.fields.NAME`.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Column::Known(name) => name.fmt(f),
            Column::Field(name) => write!(f, "field.{name}"),
        }
    }
}

/// A pair of `--map`: their column is our column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    theirs: String,
    ours: Column,
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (theirs, ours) = text.split_once('=').ok_or("write THEIRS=ours, such as \"E-Mail=email\"")?;
        let ours = ours.parse().map_err(|unknown: UnknownColumn| unknown.to_string())?;
        Ok(Self { theirs: theirs.trim().to_owned(), ours })
    }
}

impl fmt::Display for UnknownColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" is no column that is known here{}", self.name, self.hint())
    }
}

/// The first line of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// None: the column is ignored.
    columns: Vec<Option<Column>>,
    pub ignored: Vec<UnknownColumn>,
}

impl Header {
    /// Reads the names of the columns.
    ///
    /// # Errors
    /// No column `email`, two columns that mean the same, a mapping of a column that is not there.
    pub fn read(names: &[&str], mappings: &[Mapping]) -> Result<Self, String> {
        let same = |name: &str, mapping: &&Mapping| mapping.theirs.eq_ignore_ascii_case(name.trim());
        if let Some(lost) = mappings.iter().find(|mapping| !names.iter().any(|name| same(name, mapping))) {
            return Err(format!(
                "--map: the file has no column \"{}\"; it has: {}",
                lost.theirs,
                list(names)
            ));
        }
        let mut header = Header::default();
        for name in names {
            let mapped =
                mappings.iter().find(|mapping| same(name, mapping)).map(|mapping| Ok(mapping.ours.clone()));
            let column = mapped.unwrap_or_else(|| name.parse::<Column>());
            let column = column.map_err(|unknown| header.ignored.push(unknown)).ok();
            if let Some(twice) =
                column.as_ref().filter(|column| header.columns.contains(&Some((*column).clone())))
            {
                return Err(format!("two columns of the file are \"{twice}\""));
            }
            header.columns.push(column);
        }
        header.ignored.retain(|column| !column.name.is_empty());
        match header.has(Name::Email) {
            true => Ok(header),
            false => Err(format!(
                "the file has no column \"email\"; it has: {}. Say which with --map",
                list(names)
            )),
        }
    }

    /// Whether the file has this column.
    pub fn has(&self, name: Name) -> bool {
        self.columns.contains(&Some(Column::Known(name)))
    }

    /// How many columns there are, ignored ones included.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// The cells of a row with the columns that are known.
    pub fn cells<'a>(
        &'a self,
        row: impl Iterator<Item = &'a str>,
    ) -> impl Iterator<Item = (&'a Column, &'a str)> {
        self.columns.iter().zip(row).filter_map(|(column, cell)| Some((column.as_ref()?, cell)))
    }
}

/// The names of a file's columns as they may be shown.
fn list(names: &[&str]) -> String {
    names.iter().take(30).map(|name| name.chars().take(40).collect()).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str], mappings: &[&str]) -> Result<Header, String> {
        let mappings: Result<Vec<Mapping>, String> = mappings.iter().map(|mapping| mapping.parse()).collect();
        Header::read(names, &mappings?)
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        let read =
            header(&["Email", "First Name", "job-title", "field.Size", "Colour"], &[]).expect("a header");
        let row = ["a@x.example", "Ann", "CTO", "12", "red"];
        let cells: Vec<String> =
            read.cells(row.into_iter()).map(|(column, cell)| format!("{column}={cell}")).collect();
        assert_eq!(cells, ["email=a@x.example", "first_name=Ann", "job_title=CTO", "field.Size=12"]);
        assert_eq!(
            read.ignored,
            [UnknownColumn { name: "Colour".into(), meant: None, field: Some("Colour".into()) }]
        );
    }

    #[test]
    fn a_mapping_gives_a_column_another_name() {
        let read =
            header(&["Mail", "KdNr", "Größe"], &["mail=email", "KdNr=external_id", "Größe=field.size"]);
        assert!(read.is_ok_and(|read| read.has(Name::ExternalId) && read.ignored.is_empty()));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_is_there() {
        for (names, mappings, why) in [
            (&["mail", "name"][..], &[][..], "no column \"email\"; it has: mail, name"),
            (&["email", "E-Mail", "Email"], &[], "two columns of the file are \"email\""),
            (&["email"], &["KdNr=external_id"], "no column \"KdNr\""),
            (&["email"], &["email=emial"], "did you mean \"email\"?"),
            (&["email"], &["email"], "write THEIRS=ours"),
        ] {
            let refused = header(names, mappings).expect_err("no header");
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn an_unknown_column_says_what_is_probably_meant() {
        let read = header(&["email", "fist_name", "field.", "field.a b"], &[]).expect("a header");
        let ignored: Vec<String> = read.ignored.iter().map(ToString::to_string).collect();
        assert_eq!(ignored[0], "\"fist_name\" is no column that is known here; did you mean \"first_name\"?");
        assert_eq!(ignored.len(), 3);
    }

    #[test]
    fn an_unknown_column_says_how_it_would_be_kept() {
        for (name, hint) in [
            ("budget", "; write field.budget to keep it as a field of your own"),
            ("Fields.budget", "; write field.budget to keep it as a field of your own"),
            ("Annual budget", "; write field.Annual_budget to keep it as a field of your own"),
            ("lead.budget", ""),
            ("field.", ""),
            ("42 %", ""),
        ] {
            assert_eq!(name.parse::<Column>().expect_err("unknown").hint(), hint, "{name}");
        }
    }
}
