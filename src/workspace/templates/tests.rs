use std::collections::BTreeMap;

use chrono_tz::Europe::Berlin;
use serde_json::json;

use super::*;
use crate::domain::lead::{AddressForm, Company, Lead, Salutation};
use crate::domain::time::Timestamp;
use crate::workspace::{Files, ScoreFacts, Workspace, fixture};

const FUNNEL: &str = "[company]\nname = 'Nordwerk'\nimprint = 'Nordwerk & Co, Hamburg {{x}}'\n[defaults]\nlanguage = 'de'\n\
                      [sender.anna]\nname = 'Anna'\nemail = 'anna@nordwerk.example'\n";

/// A workspace with these files below `templates`.
fn workspace(files: &[(&str, &str)]) -> Workspace {
    let templates = files.iter().map(|(path, text)| (format!("templates/{path}"), text.as_bytes().to_vec()));
    let files: BTreeMap<_, _> =
        templates.chain([("funnel.toml".to_owned(), FUNNEL.as_bytes().to_vec())]).collect();
    let checked = Workspace::compile(&Files::from_map(files));
    checked.workspace.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics))
}

fn lead() -> Lead {
    let mut lead = fixture::lead("eva@meier.example");
    lead.contact.first_name = Some("Eva".into());
    lead.contact.last_name = Some("<Meier> & \"Co\"".into());
    lead.contact.salutation = Some(Salutation::Ms);
    lead.company = Some(Company { name: "Meier".into(), ..Company::default() });
    lead.tags = vec!["one".into(), "two".into()];
    lead
}

fn context(workspace: &Workspace, lead: &Lead) -> MailContext {
    let links = Links { unsubscribe: "https://n.example/u/1".into(), ..Links::default() };
    let worth = workspace.funnel.rules.worth(lead, Timestamp::default());
    MailContext::new(
        lead,
        &worth,
        &workspace.funnel.senders["anna"],
        &workspace.funnel.company,
        &links,
        Berlin,
    )
}

fn render(workspace: &Workspace, name: &str, language: &str, lead: &Lead) -> Result<Rendered, RenderError> {
    workspace.templates.render(name, language, &context(workspace, lead))
}

fn mail(body: &str) -> String {
    format!("+++\nsubject = \"Hello\"\n+++\n{body}")
}

#[test]
fn values_are_escaped_in_html_only() {
    let text = "+++\nsubject = \"For {{lead.last_name}}\"\npreheader = \"Pre {{lead.last_name}}\"\n+++\n\
                {{greeting}}, {{default lead.city \"A & B\"}} [x](https://x.example/?a={{lead.last_name}})\n";
    let workspace = workspace(&[("mail/a.md", text)]);
    let mail = render(&workspace, "a", "de", &lead()).expect("all variables are there");
    assert_eq!(mail.subject, "For <Meier> & \"Co\"");
    assert_eq!(mail.preheader, "Pre <Meier> & \"Co\"");
    assert!(
        mail.text
            .starts_with("Guten Tag Frau <Meier> & \"Co\", A & B x (https://x.example/?a=<Meier> & \"Co\")"),
        "{}",
        mail.text
    );
    for part in [
        "<title>For &lt;Meier&gt; &amp; &quot;Co&quot;</title>",
        "Pre &lt;Meier&gt; &amp; &quot;Co&quot;</div>",
        "Guten Tag Frau &lt;Meier&gt; &amp; &quot;Co&quot;, A &amp; B",
        "href=\"https://x.example/?a=&lt;Meier&gt; &amp; &quot;Co&quot;\"",
    ] {
        assert!(mail.html.contains(part), "{part} in {}", mail.html);
    }
}

#[test]
fn links_of_a_tracked_mail_lead_by_way_of_the_server() {
    let body = "[Price](https://x.example/?a=1&b={{lead.last_name}} \"price\") and [mail](mailto:a@x.example) and \
                <https://y.example/z>\n";
    let workspace = workspace(&[("mail/a.md", &mail(body))]);
    let lead = lead();
    let plain = render(&workspace, "a", "de", &lead).expect("all variables are there");
    assert!(
        plain.html.contains("href=\"https://y.example/z\"") && !plain.html.contains("<img"),
        "{}",
        plain.html
    );
    let links = workspace.templates.links("a", "de");
    let tracked: Vec<(usize, Option<&str>)> = links
        .iter()
        .enumerate()
        .filter(|(_, link)| link.is_tracked())
        .map(|(n, link)| (n, link.name.as_deref()))
        .collect();
    assert_eq!(tracked, [(0, Some("price")), (2, None)]);
    let own = Links {
        unsubscribe: "https://n.example/u/1".into(),
        pixel: Some("https://n.example/o/1.gif".into()),
        ..Links::default()
    };
    let context = MailContext::new(
        &lead,
        &ScoreFacts::default(),
        &workspace.funnel.senders["anna"],
        &workspace.funnel.company,
        &own,
        Berlin,
    );
    let rendered = workspace.templates.render("a", "de", &context).expect("all variables are there");
    let mail =
        rendered.following(|number, _, url| Some(format!("https://n.example/c/{number}?{}", url.len())));
    let target = "https://x.example/?a=1&b=<Meier> & \"Co\"";
    let price = format!("https://n.example/c/0?{}", target.len());
    for part in [
        &format!("href=\"{price}\""),
        "href=\"https://n.example/c/2?",
        "href=\"mailto:a@x.example\"",
        "src=\"https://n.example/o/1.gif\"",
        "href=\"https://n.example/u/1\"",
    ] {
        assert!(mail.html.contains(part), "{part} in {}", mail.html);
    }
    assert!(mail.text.contains(&format!("Price ({price})")), "{}", mail.text);
    assert!(!mail.text.contains('\u{1}') && !mail.html.contains('\u{1}'));
}

#[test]
fn subjects_hold_no_line_breaks() {
    let workspace = workspace(&[("mail/a.md", "+++\nsubject = \"Hi {{lead.first_name}}\"\n+++\nx")]);
    let mut lead = lead();
    lead.contact.first_name = Some("Eva\r\nBcc: all@x.example\u{0}".into());
    let mail = render(&workspace, "a", "de", &lead).expect("all variables are there");
    assert_eq!(mail.subject, "Hi Eva Bcc: all@x.example");
}

#[test]
fn a_missing_variable_is_named_with_its_place() {
    let workspace = workspace(&[
        ("mail/a.de.md", "+++\nsubject = \"Hi\"\n+++\n\nHallo **Du** aus {{lead.city}}.\n"),
        ("mail/b.md", "+++\nsubject = \"Hi {{lead.city}}\"\n+++\nx\n"),
        ("mail/c.md", "+++\nsubject = \"Hi\"\n+++\n{{> card}}\n"),
        ("mail/d.md", "+++\nsubject = \"Hi\"\n+++\n{{#if lead.first_name}}{{date lead.fields.day}}{{/if}}\n"),
        ("partials/card.html", "<p>\n  ü {{upper company.domain}}</p>"),
    ]);
    for (name, missing, place) in [
        ("a", "lead.city", "templates/mail/a.de.md:5:18"),
        ("b", "lead.city", "templates/mail/b.md:2:15"),
        ("c", "company.domain", "templates/partials/card.html:2:5"),
        ("d", "lead.fields.day", "templates/mail/d.md:4:24"),
    ] {
        let error = render(&workspace, name, "de", &lead()).expect_err(name);
        assert_eq!(error.missing.as_deref(), Some(missing));
        assert_eq!(format!("{}:{}:{}", error.file, error.line, error.column), place);
        assert_eq!((&*error.template, &*error.language), (name, "de"));
    }
    assert!(render(&workspace, "none", "de", &lead()).is_err());
}

#[test]
fn what_may_be_missing_can_be_asked_for() {
    let body = "{{#if lead.city}}in {{lead.city}}{{else}}somewhere{{/if}} {{#if (eq lead.country \"DE\")}}home{{else}}abroad{{/if}} \
                {{default lead.title \"none\"}} {{#unless company.size}}small{{/unless}} {{#each lead.tags}}{{this}}/{{@root.lead.first_name}} {{/each}}";
    let workspace = workspace(&[("mail/a.md", &mail(body))]);
    let mail = render(&workspace, "a", "de", &lead()).expect("nothing is missing");
    let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.starts_with("somewhere abroad none small one/Eva two/Eva"), "{text}");
}

#[test]
fn du_and_sie_have_words_of_their_own() {
    let text = "+++\nsubject = '{{du \"Dein\" \"Ihr\"}} Plan'\n+++\n\
                {{greeting}}, {{du \"hast du\" \"haben Sie\"}} Zeit?\n\n{{#if du}}\nSchreib mir.\n{{else}}\nSchreiben Sie mir.\n{{/if}}\n";
    let workspace = workspace(&[("mail/a.de.md", text)]);
    let mut lead = lead();
    lead.contact.last_name = None;
    for (form, subject, expected) in [
        (Some(AddressForm::Du), "Dein Plan", "Hallo Eva, hast du Zeit? Schreib mir. --"),
        (Some(AddressForm::Sie), "Ihr Plan", "Guten Tag Eva, haben Sie Zeit? Schreiben Sie mir. --"),
        (None, "Ihr Plan", "Guten Tag Eva, haben Sie Zeit? Schreiben Sie mir. --"),
    ] {
        lead.contact.address_form = form;
        let mail = render(&workspace, "a", "de", &lead).expect("nothing is missing");
        let text = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(mail.subject == subject && text.starts_with(expected), "{} {text}", mail.subject);
    }
}

#[test]
fn helpers_speak_the_language_of_the_mail() {
    let body = "{{date lead.fields.start}} {{date lead.fields.start form=\"time\"}} {{number lead.fields.seats}} \
                {{plural lead.fields.seats \"seat\" \"seats\"}} {{upper lead.first_name}} {{lower lead.first_name}}";
    let workspace = workspace(&[("mail/a.de.md", &mail(body)), ("mail/a.en.md", &mail(body))]);
    let mut lead = lead();
    lead.contact.fields.insert("start".into(), json!("2026-07-01T22:30:00Z"));
    lead.contact.fields.insert("seats".into(), json!("1200"));
    let text = |language| render(&workspace, "a", language, &lead).expect("nothing is missing").text;
    assert!(text("de").starts_with("2. Juli 2026 00:30 1.200 seats EVA eva"), "{}", text("de"));
    assert!(text("en").starts_with("2 July 2026 00:30 1,200 seats EVA eva"), "{}", text("en"));
    lead.contact.fields.insert("start".into(), json!("soon"));
    let error = render(&workspace, "a", "de", &lead).expect_err("no date");
    assert!(error.message.contains("\"soon\" is not a date") && error.missing.is_none(), "{error}");
}

#[test]
fn the_footer_is_in_both_parts_wherever_the_layout_puts_it() {
    let own = "+++\nsubject = \"x\"\nlayout = \"LAYOUT\"\npreheader = \"see\"\n+++\nBody\n";
    let workspace = workspace(&[
        ("layouts/top.html", "<html><body class=\"x\">{{> footer}}<hr>{{> body}}</body></html>"),
        ("layouts/none.html", "<html><body class=\"x\"><div>{{> body}}</div></body></html>"),
        ("layouts/bare.html", "{{> body}}"),
        ("mail/top.md", &own.replace("LAYOUT", "top")),
        ("mail/none.en.md", &own.replace("LAYOUT", "none")),
        ("mail/bare.md", &own.replace("LAYOUT", "bare")),
        ("mail/own.md", &own.replace("LAYOUT", "default")),
        ("mail/own.txt", "My own text\nfor {{lead.first_name}}\n"),
    ]);
    for (name, word) in
        [("top", "Abmelden"), ("none", "Unsubscribe"), ("bare", "Abmelden"), ("own", "Abmelden")]
    {
        let mail = render(&workspace, name, "de", &lead()).expect("nothing is missing");
        assert_eq!(mail.html.matches("<a href=\"https://n.example/u/1\"").count(), 1, "{}", mail.html);
        assert!(
            mail.html.contains(&format!(">{word}</a>"))
                && mail.html.contains("Nordwerk &amp; Co, Hamburg {{x}}"),
            "{}",
            mail.html
        );
        assert!(mail.html.contains(">see</div>"), "{}", mail.html);
        let footer = format!("\n\n-- \nNordwerk & Co, Hamburg {{{{x}}}}\n{word}: https://n.example/u/1\n");
        assert!(mail.text.ends_with(&footer), "{}", mail.text);
    }
    let top = render(&workspace, "top", "de", &lead()).expect("nothing is missing").html;
    assert!(top.find("Abmelden") < top.find("<hr>"), "{top}");
    let own = render(&workspace, "own", "de", &lead()).expect("nothing is missing").text;
    assert!(own.starts_with("My own text\nfor Eva\n\n-- \n"), "{own}");
}

#[test]
fn a_workspace_can_replace_the_default_layout() {
    let workspace = workspace(&[
        (
            "layouts/default.html",
            "<html lang=\"{{> language}}\"><style>p { color: red }</style><b>own</b>{{> body}}</html>",
        ),
        ("mail/a.html", &mail("<p>x</p>")),
    ]);
    let mail = render(&workspace, "a", "de", &lead()).expect("nothing is missing");
    assert!(
        mail.html.contains("<html lang=\"de\">")
            && mail.html.contains("<b>own</b><p style=\"color: red;\">x</p>"),
        "{}",
        mail.html
    );
}

#[test]
fn loops_survive_in_tables_and_lists_of_both_kinds() {
    let markdown = "| Tag | x |\n|---|---|\n{{#each lead.tags}}\n| {{this}} | 1 |\n{{/each}}\n\n- first\n{{#each lead.tags}}\n- {{this}}\n{{/each}}\n";
    let html = "<table>{{#each lead.tags}}<tr><td>{{this}}</td><td>1</td></tr>{{/each}}</table>\n<ul><li>first</li>{{#each lead.tags}}<li>{{this}}</li>{{/each}}</ul>";
    let workspace = workspace(&[
        ("mail/m.md", &mail(markdown)),
        ("mail/h.html", &mail(html)),
        ("layouts/default.html", "{{> body}}"),
    ]);
    for name in ["m", "h"] {
        let mail = render(&workspace, name, "de", &lead()).expect("nothing is missing");
        let squeezed: String = mail.html.split_whitespace().collect();
        assert!(
            squeezed
                .contains("<tr><td>one</td><td>1</td></tr><tr><td>two</td><td>1</td></tr></tbody></table>"),
            "{}",
            mail.html
        );
        assert!(
            squeezed.contains("<li>first</li>")
                && squeezed.contains("<li>one</li>")
                && squeezed.contains("<li>two</li>"),
            "{}",
            mail.html
        );
        let lines: Vec<String> =
            mail.text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for line in ["one 1", "two 1", "* first", "* one", "* two"] {
            assert!(lines.iter().any(|have| have == line), "{line} in {}", mail.text);
        }
        assert!(!mail.text.contains("\n\n\n") && !mail.text.contains("* \n"), "{}", mail.text);
    }
}

#[test]
fn the_language_falls_back() {
    let workspace = workspace(&[
        ("mail/all.md", &mail("x")),
        ("mail/all.en.md", &mail("x")),
        ("mail/all.fr.md", &mail("x")),
        ("mail/some.it.md", &mail("x")),
        ("mail/some.fr.md", &mail("x")),
    ]);
    let templates = &workspace.templates;
    for (name, asked, expected) in [
        ("all", "fr", Some("fr")),
        ("all", "en-GB", Some("en")),
        ("all", "FR_ch", Some("fr")),
        ("all", "it", Some("de")),
        ("all", "", Some("de")),
        ("some", "en", Some("fr")),
        ("none", "en", None),
    ] {
        assert_eq!(templates.language(name, asked), expected, "{name} {asked}");
    }
    assert_eq!(templates.languages("all").collect::<Vec<_>>(), ["de", "en", "fr"]);
    assert_eq!(templates.names().collect::<Vec<_>>(), ["all", "some"]);
    assert!(templates.contains("all") && !templates.contains("none"));
}

#[test]
fn links_are_known_by_their_names() {
    let markdown = "[a](https://x.example/a \"guide\") [b](https://x.example/b)";
    let workspace = workspace(&[
        ("mail/a.md", &mail(markdown)),
        ("mail/b.html", &mail("<a href='https://x.example' data-link='y'>z</a>")),
    ]);
    let links = workspace.templates.links("a", "de");
    assert_eq!(links[0], Link { name: Some("guide".into()), href: "https://x.example/a".into() });
    assert_eq!(links[1], Link { name: None, href: "https://x.example/b".into() });
    assert_eq!(workspace.templates.links("b", "de")[0].name.as_deref(), Some("y"));
    let mail = render(&workspace, "b", "de", &lead()).expect("nothing is missing");
    assert!(!mail.html.contains("data-link") && !mail.html.contains("title=\"guide\""), "{}", mail.html);
}
