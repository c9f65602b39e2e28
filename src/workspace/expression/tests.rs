use serde_json::json;

use super::*;
use crate::domain::lead::Company;
use crate::workspace::fixture;
use crate::workspace::source::{Report, Source};
use crate::workspace::table::{Document, Table};

/// What reading `when = '…'` finds.
fn parse(expression: &str) -> Result<Expression, Vec<String>> {
    let text = format!("when = '''{expression}'''");
    let report = Report::default();
    let parsed = {
        let document = Document::parse(Source::new("f", &text, &report));
        Table::root(&document).text("when").and_then(|text| Expression::parse(&text, Scope::Everything))
    };
    parsed.ok_or_else(|| report.finish().iter().map(ToString::to_string).collect())
}

fn holds(expression: &str, lead: &Lead) -> bool {
    let score = ScoreFacts { fit: 20.0, engagement: 4.5, ..ScoreFacts::default() };
    parse(expression).unwrap_or_else(|found| panic!("{found:?}")).holds(lead, &score)
}

#[test]
fn what_is_known_of_a_lead_can_be_asked_for() {
    let mut lead = fixture::lead("kim@meier.example");
    lead.contact.country = Some("DE".into());
    lead.tags = vec!["fair".into(), "größe".into()];
    lead.contact.fields.insert("seats".into(), json!(40));
    lead.contact.fields.insert("own-server".into(), json!(true));
    lead.company = Some(Company { name: "Meier".into(), size: Some(120), ..Company::default() });
    for expression in [
        r#"lead.country in ["DE","AT","CH"] && fit >= 20"#,
        "score == 24.5 && engagement < 5",
        r#"lead.email.endsWith("@meier.example")"#,
        r#"lead.tags.exists(tag, tag == "größe")"#,
        r#""fair" in lead.tags && !("x" in lead.tags)"#,
        r#"lead.fields.seats > 39 && lead.fields["own-server"]"#,
        r#"company.size >= 100 && company.name != "Schulz""#,
        r#"lead.stage == "tofu" && lead.qualification == "unqualified""#,
        "has(lead.country) && !has(lead.city)",
        "lead.city == null && lead.country != null && company.domain == null",
    ] {
        assert!(holds(expression, &lead), "{expression}");
    }
}

#[test]
fn a_comparison_with_null_is_false() {
    let lead = fixture::lead("kim@meier.example");
    for comparison in [
        "lead.fields.seats > 1",
        "lead.fields.seats <= 1",
        "1 > lead.fields.seats",
        r#"lead.city == "Kiel""#,
        r#"lead.city != "Kiel""#,
        "lead.city == lead.country",
        r#"lead.city in ["Kiel"]"#,
        "company.size > 5",
        r#""x" in lead.fields.list"#,
    ] {
        assert!(!holds(comparison, &lead), "{comparison}");
        assert!(holds(&format!("!({comparison})"), &lead), "not {comparison}");
        assert!(holds(&format!("{comparison} || true"), &lead), "{comparison} or true");
    }
}

#[test]
fn what_fails_does_not_hold() {
    let mut lead = fixture::lead("kim@meier.example");
    lead.contact.fields.insert("seats".into(), json!("many"));
    for expression in ["lead.fields.seats > 3", "1 / 0 == 1", "lead.city.contains('x')", "fit", "'true'"] {
        assert!(!holds(expression, &lead), "{expression}");
    }
}

#[test]
fn mistakes_have_their_places() {
    let cases: &[(&str, &[&str])] = &[
        ("", &["f:1:8: error[DL006]: `when` is empty"]),
        ("fit >=", &["f:1:17: error[DL040]: the condition stops too early, behind `>=`"]),
        ("ü", &["f:1:11: error[DL040]: `ü` does not fit here"]),
        ("'ü' == lead.contry", &["f:1:18: error[DL041]: `lead.contry` is not known here"]),
        ("fit > 1 &&\n country == 'DE'", &["f:2:2: error[DL041]: `country` is not known here"]),
        ("lead.fields.a.b == 1", &["f:1:11: error[DL041]: `lead.fields.a.b` is not known here"]),
        ("lead == null", &["f:1:11: error[DL041]: `lead` is not known here"]),
        ("lead.tags.exists(t, t == x)", &["f:1:36: error[DL041]: `x` is not known here"]),
        ("fit > 1 && sise(lead.tags) > 2", &["f:1:22: error[DL042]: there is no function `sise`"]),
        (
            "foo && bar",
            &[
                "f:1:11: error[DL041]: `foo` is not known here",
                "f:1:18: error[DL041]: `bar` is not known here",
            ],
        ),
    ];
    for (expression, expected) in cases {
        let found = parse(expression).expect_err(expression);
        assert!(
            found.iter().zip(*expected).all(|(found, expected)| found.starts_with(expected)),
            "{found:#?}"
        );
        assert!(found.len() >= expected.len(), "{expression}");
    }
}

#[test]
fn length_has_a_bound_and_a_chain_is_not_deep() {
    assert!(parse(&["fit > 1"; 100].join(" && ")).is_ok());
    assert!(parse(&"fit > 1 && ".repeat(300)).expect_err("too long")[0].contains("2000 are the most"));
}
