//! Mistakes in a small workspace, each alone and all together.

use std::collections::BTreeMap;

use super::{found, lines};

/// A change to a file of a small sound workspace, and what is then found.
pub struct Mistake {
    file: &'static str,
    from: &'static str,
    to: &'static str,
    found: &'static [&'static str],
}

const fn mistake(
    file: &'static str,
    from: &'static str,
    to: &'static str,
    found: &'static [&'static str],
) -> Mistake {
    Mistake { file, from, to, found }
}

const FUNNEL: &str = r#"[company]
imprint = "Nordwerk"
[sender.anna]
name = "Anna"
email = "anna@nordwerk.example"
[topic.guides]
[segment.dach]
when = '''
lead.country == "DE"'''
"#;

const FIRST: &str = r#"title = "First"
stage = "tofu"
enroll_if = "in segment dach"

[[step]]
mail = "guide"

[[step]]
wait = "3 days"
only_if = [
  "clicked guide",
  "has city",
]
mail = ["short", "long"]

[[step]]
wait = "1 week"
until = "visited /prices"
hand_over = "prices"

[[step]]
only_if = "not clicked guide"
mail = "short"
id = "other"
"#;

const SECOND: &str = r#"title = "Second"
stage = "mofu"

[[step]]
mail = "guide"

[[step]]
mail = "short"
thread = "guide"
"#;

const MAIL: &str = "+++\nsubject = \"Hello {{lead.first_name}}\"\npreheader = \"see\"\n+++\n\n{{greeting}}, **x** {{lead.city}}\n\n{{> card}}\n\n[y](https://y.example)\n";

const MISTAKES: &[Mistake] = &[
    mistake("sequences/first.toml", "wait = \"3 days\"", "wiat = \"3 days\"", &["9:1 DL003"]),
    mistake("sequences/first.toml", "clicked guide", "clickd guide", &["11:3 DL035"]),
    mistake("sequences/first.toml", "has city", "has ctiy", &["12:8 DL025"]),
    mistake("sequences/first.toml", "1 week", "1 wek", &["17:8 DL007"]),
    mistake("sequences/first.toml", "\"long\"", "\"lang\"", &["14:18 DL023"]),
    mistake("sequences/first.toml", "in segment dach", "in segment dahc", &["3:25 DL022"]),
    mistake("sequences/first.toml", "stage = \"tofu\"", "stage = \"top\"", &["2:9 DL007"]),
    mistake(
        "sequences/first.toml",
        "hand_over = \"prices\"",
        "hand_over = \"prices\"\ntag = \"hot\"",
        &["20:7 DL032"],
    ),
    mistake("sequences/second.toml", "thread = \"guide\"", "thread = \"long\"", &["9:10 DL024"]),
    mistake("sequences/second.toml", "mail = \"short\"", "mail = \"short\"\nid = \"guide\"", &["9:6 DL033"]),
    mistake(
        "sequences/second.toml",
        "mail = \"short\"",
        "webhook = \"our crm\"",
        &["8:11 DL009", "9:10 DL003"],
    ),
    mistake(
        "sequences/second.toml",
        "title = \"Second\"\n",
        "sender = 'ana'\ntopic = 'gides'\n",
        &["1:1 DL005", "1:10 DL020", "2:9 DL021"],
    ),
    mistake(
        "sequences/second.toml",
        "stage = \"mofu\"",
        "stage = \"mofu\"\nsend = 'Mon-Fri 9-17'\n[[step]",
        &["3:17 DL007", "4:8 DL002"],
    ),
    mistake("funnel.toml", "\"DE\"", "\"DE\" && lead.contry", &["9:25 DL041"]),
    mistake("templates/mail/guide.md", "{{lead.city}}", "{{lead.ctiy}}", &["6:23 DL052"]),
    mistake("templates/mail/guide.md", "{{lead.first_name}}", "{{lead.first_nam}}", &["2:20 DL052"]),
    mistake("templates/mail/guide.md", "{{greeting}}", "{{greting x=1}}", &["6:3 DL053"]),
    mistake("templates/mail/guide.md", "{{> card}}", "{{> crad}}", &["8:5 DL054"]),
    mistake("templates/mail/guide.md", "preheader", "preheder", &["3:1 DL003"]),
    mistake("templates/mail/short.md", "**x**", "{{#if lead.city}}", &["6:15 DL051"]),
    mistake("templates/partials/card.html", "card", "{{> card}}", &["1:8 DL055"]),
];

/// The small workspace with these mistakes in it.
pub fn small(mistakes: &[&Mistake]) -> BTreeMap<String, Vec<u8>> {
    let mut files: BTreeMap<&str, String> = BTreeMap::from([
        ("funnel.toml", FUNNEL.to_owned()),
        ("sequences/first.toml", FIRST.to_owned()),
        ("sequences/second.toml", SECOND.to_owned()),
        ("templates/mail/guide.md", MAIL.to_owned()),
        ("templates/mail/short.md", MAIL.to_owned()),
        ("templates/mail/long.md", MAIL.to_owned()),
        ("templates/partials/card.html", "<p>card</p>".to_owned()),
    ]);
    for mistake in mistakes {
        let text = files.get_mut(mistake.file).expect("a file of the workspace");
        assert!(text.contains(mistake.from), "{} in {}", mistake.from, mistake.file);
        *text = text.replacen(mistake.from, mistake.to, 1);
    }
    files.into_iter().map(|(path, text)| (path.to_owned(), text.into_bytes())).collect()
}

#[test]
fn the_small_workspace_has_no_mistakes() {
    assert_eq!(lines(&found(small(&[]))), Vec::<String>::new());
}

#[test]
fn each_mistake_is_found_alone() {
    for mistake in MISTAKES {
        let expected: Vec<String> =
            mistake.found.iter().map(|place| format!("{}:{place}", mistake.file)).collect();
        assert_eq!(lines(&found(small(&[mistake]))), expected, "{} -> {}", mistake.from, mistake.to);
    }
}

/// Mistakes that do not move or hide each other's places, together.
#[test]
fn all_mistakes_are_found_together() {
    let apart = |mistake: &&Mistake| {
        !mistake.to.contains('\n')
            && !["webhook = \"our crm\"", "{{#if lead.city}}", "{{greting x=1}}"].contains(&mistake.to)
    };
    let mistakes: Vec<&Mistake> = MISTAKES.iter().filter(apart).collect();
    let expected = mistakes
        .iter()
        .flat_map(|mistake| mistake.found.iter().map(|place| format!("{}:{place}", mistake.file)));
    let mut expected: Vec<String> = expected.collect();
    assert!(expected.len() >= 14);
    let mut found = lines(&found(small(&mistakes)));
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn mistakes_come_with_help() {
    for (place, help) in [
        ("9:1 DL003", "did you mean `wait`?"),
        ("11:3 DL035", "did you mean `clicked guide`?"),
        ("12:8 DL025", "did you mean `city`?"),
        ("14:18 DL023", "did you mean `long`?"),
        ("3:25 DL022", "did you mean `dach`?"),
    ] {
        let mistake = MISTAKES.iter().find(|mistake| mistake.found == [place]).expect("one of the mistakes");
        let files = small(&[mistake]);
        let text = String::from_utf8(files[mistake.file].clone()).expect("text");
        let found = found(files);
        assert_eq!(found[0].help.as_deref(), Some(help));
        assert!(found[0].render(Some(&text), false).contains(help));
    }
}

#[test]
fn a_sequence_has_mistakes_of_its_own() {
    let check = |text: &str| {
        let mut files = small(&[]);
        files.insert("sequences/second.toml".into(), text.as_bytes().to_vec());
        let found = found(files);
        found
            .iter()
            .filter(|found| found.file == "sequences/second.toml")
            .map(|found| format!("{}:{} {}", found.line, found.column, found.code))
            .collect::<Vec<_>>()
    };
    let head = "title = 'x'\nstage = 'tofu'\n";
    for (text, expected) in [
        ("", vec!["1:1 DL005", "1:1 DL005", "1:1 DL030"]),
        ("step = []", vec!["1:1 DL005", "1:1 DL005", "1:1 DL030"]),
        ("step = 3", vec!["1:1 DL005", "1:1 DL005", "1:8 DL004"]),
        ("[[step]]", vec!["3:1 DL031"]),
        ("[[step]]\nmail = []\nonly_if = ''", vec!["4:8 DL006", "5:11 DL006"]),
        ("[[step]]\nuntil = 'replied'\nmail = 'guide'", vec!["4:9 DL036"]),
        ("[[step]]\nmail = 'guide'\nsend = 'always'\nslots = '0 9 * * Mon'", vec!["6:9 DL037"]),
        ("[[step]]\ntag = 'x y'\nsend = 'always'", vec!["4:7 DL009", "5:8 DL003"]),
        ("[[step]]\nmail = ['guide', 'guide', 5]", vec!["4:18 DL007", "4:27 DL004"]),
        ("[[step]]\nonly_if = 'opened short'\nmail = 'guide'\n[[step]]\nmail = 'short'", vec!["4:19 DL024"]),
        ("enroll_if = 'opened guide'\n[[step]]\nmail = 'guide'", vec!["3:21 DL024"]),
        ("goal = 'opened short'\n[[step]]\nmail = 'guide'", vec!["3:16 DL024"]),
        ("leave_if = 'clicked link none'\n[[step]]\nmail = 'guide'", vec!["3:26 DL026"]),
        ("[[step]]\nmail = 'guide'\nrenamed_from = 'guide'", vec!["5:16 DL038"]),
        ("renamed_from = 'first'\n[[step]]\nmail = 'guide'", vec!["3:16 DL038"]),
        (
            "again = '180 days'\npriority = 'high'\npaused = 'no'\n[[step]]\nend = ''",
            vec!["3:9 DL007", "4:12 DL004", "5:10 DL004", "7:7 DL006"],
        ),
        (
            "[[step]]\nset = { city = 'Kiel', fields.seats = 3, email = 'x', salutation = 'dr', country = 5 }",
            vec!["4:42 DL025", "4:68 DL007", "4:84 DL004"],
        ),
        ("[[step]]\nmail = 'guide'\nslots = '0 9 30 2 *'", vec!["5:10 DL007"]),
        ("[[step]]\nwebhook = 'our crm'", vec!["4:11 DL009"]),
    ] {
        let text = if text.is_empty() || text.starts_with("step =") {
            text.to_owned()
        } else {
            format!("{head}{text}")
        };
        let found: Vec<String> = check(&text);
        let same_places =
            |found: &String, expected: &str| found.split(' ').next_back() == expected.split(' ').next_back();
        assert!(
            found.len() == expected.len() && found.iter().zip(&expected).all(|(f, e)| same_places(f, e)),
            "{text}\n{found:?}\n{expected:?}"
        );
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn files_that_are_no_text_or_of_no_use_are_named() {
    let mut files = small(&[]);
    for (path, bytes) in [
        ("funnel.toml", b"\xef\xbb\xbf[company]\r\nimprint = \"x\"\r\n[sender.a]\r\nname = \"a\"\r\nemail = \"a@x.example\"\r\n\
          [segment.dach]\r\nwhen = 'fit > 1'\r\n[tpic.a]\r\n".as_slice()),
        ("sequences/latin.toml", b"title = \"Gr\xfc\xdfe\""),
        ("templates/mail/long.md", b"+++\nsubject = \"Gr\xfc\xdfe\"\n+++\nx"),
        ("sequences/two words.toml", b"title = 'x'\nstage = 'tofu'\n[[step]]\nmail = 'guide'\n"),
        ("templates/mail/empty.md", b""),
        ("templates/mail/guide.de.md", b"no front matter"),
        ("templates/mail/guide.html", b"+++\nsubject = 'x'\n+++\n"),
        ("templates/mail/alone.txt", b"x"),
        ("templates/mail/logo.png", b"\x89PNG"),
        ("templates/assets/logo.png", b"\x89PNG"),
        ("templates/layouts/bare.html", b"<p>"),
    ] {
        files.insert(path.to_owned(), bytes.to_vec());
    }
    assert_eq!(
        lines(&found(files)),
        [
            "funnel.toml:8:2 DL003",
            "sequences/latin.toml:1:12 DL001",
            "sequences/two words.toml:1:1 DL009",
            "templates/layouts/bare.html:1:1 DL060",
            "templates/mail/alone.txt:1:1 DL005",
            "templates/mail/empty.md:1:1 DL050",
            "templates/mail/guide.de.md:1:1 DL050",
            "templates/mail/guide.html:3:1 DL070",
            "templates/mail/guide.md:1:1 DL057",
            "templates/mail/logo.png:1:1 DL010",
            "templates/mail/long.md:2:14 DL001",
        ]
    );
}

#[test]
fn a_funnel_in_another_encoding_is_one_mistake() {
    let mut files = small(&[]);
    let funnel = files.get_mut("funnel.toml").expect("a file of the workspace");
    let at = funnel.windows(4).position(|bytes| bytes == b"Anna").expect("the sender");
    funnel[at] = 0xc4;
    assert_eq!(lines(&found(files)), ["funnel.toml:4:9 DL001"]);
}

#[test]
fn templates_have_mistakes_of_their_own() {
    let check = |path: &str, text: &str| {
        let mut files = small(&[]);
        files.insert(path.to_owned(), text.as_bytes().to_vec());
        let found = found(files);
        // Nothing uses these files.
        let lines = found.iter().filter(|found| found.file == path && found.code != "DL027");
        lines.map(|found| format!("{}:{} {}", found.line, found.column, found.code)).collect::<Vec<_>>()
    };
    let mail = "+++\nsubject = 'x'\n+++\n";
    for (body, expected) in [
        ("{{{lead.city}}} {{&lead.city}}", vec!["4:4 DL058", "4:20 DL058"]),
        ("{{coupon \"x\"}}", vec!["4:3 DL053"]),
        (
            "{{default lead.city}} {{if lead.city}} {{#date lead.city}}x{{/date}}",
            vec!["4:3 DL053", "4:23 DL051", "4:43 DL053"],
        ),
        ("{{date lead.city from=\"x\"}}", vec!["4:18 DL053"]),
        (
            "{{#each lead.tags}}{{lead.city}} {{@index}} {{../lead.city}} {{../lead.x}}{{/each}} {{@index}}",
            vec!["4:22 DL052", "4:64 DL052", "4:87 DL052"],
        ),
        ("{{#if (eq lead.contry \"DE\")}}{{else if lead.ctiy}}{{/if}}", vec!["4:11 DL052", "4:40 DL052"]),
        ("{{#each lead.tags as |tag|}}{{tag}}{{/each}}{{tag}}", vec!["4:47 DL052"]),
        ("{{> body}} {{> card x=1}} {{#> card}}{{/card}}", vec!["4:5 DL054", "4:16 DL054", "4:27 DL051"]),
        ("{{lead.city", vec!["4:1 DL051"]),
        ("{{/if}}", vec!["4:1 DL051"]),
        (
            "<table><tr><td>a</td></tr><tr><td>{{lead.first_name}}</td></tr>{{lead.city}}</table>",
            vec!["4:64 DL061"],
        ),
        ("<i title=\"{{lead.city}}\" title=\"{{lead.country}}\">x</i>", vec!["4:33 DL061"]),
    ] {
        assert_eq!(check("templates/mail/other.html", &format!("{mail}{body}")), expected, "{body}");
    }
    for (front, expected) in [
        ("+++\nsubject = 'a\n+++\n", vec!["2:13 DL002"]),
        ("+++\n+++\n", vec!["1:1 DL005"]),
        ("+++\r\nsubject = \"a\\nb\"\r\nlayout = 'nice'\r\n+++\r\n", vec!["2:11 DL007", "3:10 DL056"]),
        ("+++\nsubject = 5\nlayuot = 'x'\n+++\n", vec!["2:11 DL004", "3:1 DL003"]),
        ("+++\nsubject = '{{> card}}'\n+++\n", vec!["2:16 DL054"]),
    ] {
        assert_eq!(check("templates/mail/other.md", &format!("{front}x")), expected, "{front}");
    }
    assert_eq!(check("templates/partials/a.html", "x {{> b}}"), ["1:7 DL054"]);
    let deep = format!("{mail}{}{}", "{{#if lead.city}}".repeat(60), "{{/if}}".repeat(60));
    assert_eq!(check("templates/mail/other.md", &deep), ["4:1 DL008"]);
}

#[test]
fn what_is_nested_beyond_all_sense_is_refused() {
    let brackets = |open: &str, close: &str| format!("{}{}", open.repeat(40_000), close.repeat(40_000));
    for (path, text, code) in [
        ("funnel.toml", format!("a = {}", brackets("[", "]")), "DL002"),
        ("sequences/first.toml", format!("a = {}", brackets("{a=", "}")), "DL002"),
        ("templates/mail/guide.md", format!("+++\nsubject = 'x'\n+++\n{{{{{}", brackets("(", ")")), "DL008"),
        (
            "templates/mail/guide.md",
            format!("+++\nsubject = 'x'\n+++\n{}", brackets("{{#if a}}", "{{/if}}")),
            "DL008",
        ),
    ] {
        let mut files = small(&[]);
        files.insert(path.to_owned(), text.into_bytes());
        assert!(found(files).iter().any(|found| found.code == code && found.file == path), "{path}");
    }
    let expression = |expression: String| {
        let text = FUNNEL.replace("lead.country", &expression);
        let mut files = small(&[]);
        files.insert("funnel.toml".to_owned(), text.into_bytes());
        found(files).iter().any(|found| found.code == "DL040")
    };
    for brackets in [("(", ")"), ("[", "]"), ("!(", ")"), ("has(", ")"), ("-(", ")"), ("{1:", "}")] {
        let (open, close) = brackets;
        for depth in [15, 30, 300, 40_000] {
            let refused = expression(format!("{}1{}", open.repeat(depth), close.repeat(depth)));
            assert!(refused || depth < 300, "{open} {depth}");
        }
    }
}
