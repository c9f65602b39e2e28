//! Files changed at random: whatever is in them, reading them ends, and does so with findings that can be shown.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::found;
use super::mistakes::small;

/// One change to the bytes of a file.
#[derive(Clone, Debug)]
enum Damage {
    Delete(Index, usize),
    Insert(Index, Vec<u8>),
    Replace(Index, Vec<u8>),
    /// A part of another file.
    Mix(Index, Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let words = prop::sample::select(vec![
        "{{",
        "}}",
        "{{#if",
        "{{/if}}",
        "{{else}}",
        "{{> ",
        "+++\n",
        "\"",
        "'''",
        "[[step]]",
        "[",
        "]",
        "=",
        "{",
        "}",
        "(",
        "|",
        "\n",
        "\r",
        "\u{feff}",
        "<!--",
        "-->",
        "<table>",
        "<tr>",
        "</",
        "<a href=\"",
        "\\",
        "&lt;",
        "&#123;{",
        "- ",
        "    ",
        "```\n",
        "lead.",
        "@root",
        "../",
        "ü",
        "\u{0}",
        "not ",
        "clicked ",
        "1e9",
        "!",
        "has(",
    ]);
    let bytes = prop_oneof![
        3 => words.prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..6),
    ];
    prop_oneof![
        (any::<Index>(), 1..40_usize).prop_map(|(at, len)| Damage::Delete(at, len)),
        (any::<Index>(), bytes.clone()).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<Index>(), bytes).prop_map(|(at, bytes)| Damage::Replace(at, bytes)),
        (any::<Index>(), any::<Index>(), 1..60_usize).prop_map(|(at, from, len)| Damage::Mix(at, from, len)),
    ]
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>, other: &[u8]) {
        let place = |index: &Index, len: usize| index.index(len + 1);
        match self {
            Damage::Delete(at, len) => {
                let start = place(at, bytes.len());
                bytes.drain(start..(start + len).min(bytes.len()));
            }
            Damage::Insert(at, new) => {
                drop(bytes.splice(place(at, bytes.len())..place(at, bytes.len()), new.clone()))
            }
            Damage::Replace(at, new) => {
                let start = place(at, bytes.len());
                drop(bytes.splice(start..(start + new.len()).min(bytes.len()), new.clone()));
            }
            Damage::Mix(at, from, len) => {
                let (start, from) = (place(at, bytes.len()), place(from, other.len()));
                drop(bytes.splice(start..start, other[from..(from + len).min(other.len())].to_vec()));
            }
        }
    }
}

/// Files that between them have all that files can have, small enough to be damaged often.
fn varied() -> BTreeMap<String, Vec<u8>> {
    let mut files = small(&[]);
    let rich = "+++\nsubject = \"{{default lead.title 'x'}}\"\nlayout = \"own\"\n+++\n# T {{lead.city}}\n\n\
                | A | B |\n|---|---|\n{{#each lead.tags}}\n| {{this}} | `x` |\n{{/each}}\n\n- a\n{{#if (eq lead.city \"K\")}}\n- b\n{{else}}\n- c\n{{/if}}\n\n\
                [x](https://x.example/?a={{lead.city}} \"n\") <b {{#if lead.city}}title=\"q\"{{/if}}>{{plural lead.fields.a 'b' 'c'}}</b>\n\n```\n{{number lead.fields.n decimals=2}}\n```\n";
    let layout = "<!DOCTYPE html><html lang=\"{{> language}}\"><head><title>{{> subject}}</title><style>p > a{color:red}@media (x){p{color:blue}}</style></head>\
                  <body><!-- {{> preheader}} --><table>{{#if lead.city}}<tr><td>{{> body}}</td></tr>{{/if}}</table>{{> footer}}</body></html>";
    files.insert("templates/mail/rich.en.md".into(), rich.into());
    files.insert("templates/mail/rich.en.txt".into(), "Hi {{lead.city}} {{! gone }}\n".into());
    files.insert("templates/layouts/own.html".into(), layout.into());
    files
}

/// As many cases as `PROPTEST_CASES` says, or few: each reads a whole workspace.
fn cases() -> ProptestConfig {
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { default.cases } else { 60 };
    ProptestConfig { cases, ..default }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_damage_is_a_panic(file in any::<Index>(), other in any::<Index>(), damages in prop::collection::vec(damage(), 1..8)) {
        let mut files = varied();
        let paths: Vec<String> = files.keys().cloned().collect();
        let (path, other) = (file.get(&paths), files[other.get(&paths)].clone());
        let bytes = files.get_mut(path).expect("a file of the workspace");
        damages.iter().for_each(|damage| damage.apply(bytes, &other));
        let damaged = files.clone();
        let found = found(files);
        for diagnostic in &found {
            // A panic of a reader would be reported under this number.
            prop_assert_ne!(diagnostic.code, "DL011", "{:?}", String::from_utf8_lossy(&damaged[path]));
            let text = damaged.get(&diagnostic.file).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            prop_assert!(diagnostic.render(text.as_deref(), false).contains(diagnostic.code));
        }
    }
}
