use proptest::prelude::*;

use super::*;
use crate::nurture::import::columns::Header;

const NOW: Timestamp = Timestamp::from_millis(1_770_000_000_000);

fn header(names: &[&str]) -> Header {
    Header::read(names, &[]).expect("a header")
}

fn read_row(names: &[&str], cells: &[&str], given: Given) -> Result<LeadInput, Vec<Fault>> {
    let header = header(names);
    read(header.cells(cells.iter().copied()), &given.beside(&header), NOW)
}

#[test]
fn every_column_finds_its_place() {
    let names = [
        "email",
        "first_name",
        "salutation",
        "address_form",
        "language",
        "timezone",
        "country",
        "company",
        "company_domain",
        "stage",
        "source",
        "tags",
        "basis",
        "consent_at",
        "consent_text",
        "tracking",
        "external_id",
        "field.size",
    ];
    let cells = [
        "Ann@X.example",
        "Ann",
        "MS",
        "sie",
        "de",
        "Europe/Berlin",
        "de",
        "Acme",
        "acme.example",
        "mofu",
        "fair",
        "a;b",
        "double_opt_in",
        "2026-01-02T03:04:05+01:00",
        "I agree",
        "yes",
        "C-1",
        "12",
    ];
    let input = read_row(&names, &cells, Given::default()).expect("a sound row");
    assert_eq!(input.email.as_str(), "ann@x.example");
    assert_eq!(input.contact.first_name.as_deref(), Some("Ann"));
    assert_eq!(input.contact.country.as_deref(), Some("DE"));
    assert_eq!(input.contact.fields["size"], 12);
    let company = input.company.expect("a company");
    assert_eq!((company.name.as_str(), company.domain.as_deref()), ("Acme", Some("acme.example")));
    assert_eq!((input.stage, input.tags.len(), input.tracking), (Some(Stage::Mofu), 2, true));
    assert_eq!(input.external_id.as_deref(), Some("C-1"));
    let [consent] = &input.consents[..] else { panic!("one consent: {:?}", input.consents) };
    assert_eq!((consent.basis, consent.at.millis()), (Basis::DoubleOptIn, 1_767_319_445_000));
    assert_eq!(consent.wording.as_deref(), Some("I agree"));
}

#[test]
fn every_fault_of_a_row_is_named() {
    let faults = read_row(
        &["email", "language", "stage", "tracking"],
        &["x", "Deutsch", "top", "maybe"],
        Given::default(),
    )
    .expect_err("faults");
    let columns: Vec<&str> = faults.iter().filter_map(|fault| fault.column.as_deref()).collect();
    assert_eq!(columns, ["email", "language", "stage", "tracking"]);
    let nobody = read_row(&["email", "city"], &["", "Kiel"], Given::default()).expect_err("no address");
    assert_eq!(nobody, [Fault::in_column("email", "there is no address")]);
}

#[test]
fn what_is_given_stands_in_for_columns_that_are_missing_and_for_no_others() {
    let given = || Given {
        basis: Some(Basis::OptIn),
        consent_at: Some(NOW - DAY),
        source: Some("fair".into()),
        ..Given::default()
    };
    let input = read_row(&["email"], &["a@x.example"], given()).expect("a sound row");
    assert_eq!((input.consents[0].basis, input.consents[0].at), (Basis::OptIn, NOW - DAY));
    assert_eq!(input.source.as_deref(), Some("fair"));
    // The file says itself for whom there is a basis.
    let input =
        read_row(&["email", "basis", "source"], &["a@x.example", "", ""], given()).expect("a sound row");
    assert_eq!((input.consents.len(), input.source), (0, None));
}

#[test]
fn nobody_is_taken_to_have_agreed_on_a_guess() {
    let names = ["email", "consent_text"];
    let faults = read_row(&names, &["a@x.example", "I agree"], Given::default()).expect_err("no basis");
    assert_eq!(faults[0].column.as_deref(), Some("basis"));
    let cells = ["a@x.example", "opt_in", "2031-01-01T00:00:00Z"];
    let faults =
        read_row(&["email", "basis", "consent_at"], &cells, Given::default()).expect_err("yet to come");
    assert_eq!(faults, [Fault::in_column("consent_at", "this time is yet to come")]);
}

#[test]
fn a_consent_without_a_time_counts_from_now() {
    let input =
        read_row(&["email", "basis"], &["a@x.example", "opt_in"], Given::default()).expect("a sound row");
    assert_eq!(input.consents[0].at, NOW);
}

proptest! {
    /// Whatever is in a file: a row is read or refused, and what is refused has a reason.
    #[test]
    fn no_row_breaks_the_reader(cells in proptest::collection::vec(any::<String>(), 0..24), email in any::<bool>()) {
        let names: Vec<&str> = super::Name::words().into_iter().chain(["field.x"]).collect();
        let header = header(&names);
        let mut cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        if let (true, Some(first)) = (email, cells.first_mut()) {
            *first = "a@x.example";
        }
        match read(header.cells(cells.iter().copied()), &Given::default(), NOW) {
            Ok(input) => prop_assert!(!input.email.as_str().is_empty()),
            Err(faults) => prop_assert!(faults.iter().all(|fault| !fault.reason.is_empty()) && !faults.is_empty()),
        }
    }
}
