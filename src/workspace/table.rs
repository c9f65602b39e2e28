//! [`Table`]: reads a table of a TOML file key by key, and finds every mistake in it.
//!
//! A reader asks for the keys that it knows, in the kind that it needs; what has another kind is reported and counts
//! as absent. [`Table::finish`] reports the keys that nobody asked for. So one run over a file tells all that is wrong
//! with it, and a reader is little more than the list of its keys.

use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::code::Code;
use super::kind::Kind;
use super::mention::{Noun, Role};
use super::source::{Finding, Source};
use super::syntax;

/// A TOML file, read as far as its grammar allows.
pub struct Document<'a> {
    source: Source<'a>,
    root: Spanned<DeTable<'a>>,
    texts_only: bool,
}

impl<'a> Document<'a> {
    /// Reads a file and reports where it does not follow the grammar.
    pub fn parse(source: Source<'a>) -> Self {
        let (root, errors) = DeTable::parse_recoverable(source.text);
        syntax::report(source, &errors);
        Self { source, root, texts_only: false }
    }

    /// The same for a document whose values are all texts, as variables of the environment are:
    /// numbers, flags and lists are read from texts.
    pub fn parse_texts(source: Source<'a>) -> Self {
        Self { texts_only: true, ..Self::parse(source) }
    }

    pub fn source(&self) -> Source<'a> {
        self.source
    }

    fn layer(&self) -> Layer<'_> {
        let span = 0..self.source.text.lines().next().map_or(0, str::len);
        Layer { source: self.source, entries: self.root.get_ref(), span, texts_only: self.texts_only }
    }
}

/// A table while it is read.
pub struct Table<'a> {
    /// What it is in messages, such as `[server]`.
    name: String,
    /// Where it begins, and what is missing in it is reported; where its parent begins if it is not there.
    place: (Source<'a>, Range<usize>),
    /// A later layer overrides an earlier one, key by key.
    layers: Vec<Layer<'a>>,
    asked: Vec<&'static str>,
    /// Keys that are reported already.
    told: Vec<&'static str>,
}

#[derive(Clone)]
struct Layer<'a> {
    source: Source<'a>,
    entries: &'a DeTable<'a>,
    span: Range<usize>,
    texts_only: bool,
}

/// A value with the key that it stands under, and the layer that it is from.
struct Found<'a> {
    key: &'a str,
    value: &'a DeValue<'a>,
    text: Text<'a>,
    layer: Layer<'a>,
}

/// A text value and its place.
#[derive(Clone)]
pub struct Text<'a> {
    pub value: &'a str,
    /// The place of the value in the file, quotes and all.
    pub span: Range<usize>,
    pub source: Source<'a>,
}

impl<'a> Table<'a> {
    /// The whole of a file.
    pub fn root(document: &'a Document<'_>) -> Self {
        let layer = document.layer();
        Self::new(document.source.name.to_owned(), layer)
    }

    /// The whole of a file, and of another that overrides it, key by key.
    pub fn layered(document: &'a Document<'_>, overrides: &'a Document<'_>) -> Self {
        let mut table = Self::root(document);
        table.layers.push(overrides.layer());
        table
    }

    fn new(name: String, layer: Layer<'a>) -> Self {
        Self {
            name,
            place: (layer.source, layer.span.clone()),
            layers: vec![layer],
            asked: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Whether a key is there. Counts as asking for it.
    pub fn has(&mut self, key: &'static str) -> bool {
        self.find(key).is_some()
    }

    /// A text that is not empty.
    pub fn text(&mut self, key: &'static str) -> Option<Text<'a>> {
        let found = self.find(key)?;
        found.text(Kind::Text).filter(|text| not_empty(key, text))
    }

    /// A text that must be there. Its absence is reported where the table begins.
    pub fn required(&mut self, key: &'static str, example: &str) -> Option<Text<'a>> {
        if !self.has(key) {
            let finding = Finding::new(Code::Missing, format!("`{key}` is missing in {}", self.name));
            self.report(finding.help(format!("write {key} = {example}")));
            return None;
        }
        self.text(key)
    }

    /// A text or a list of texts.
    pub fn texts(&mut self, key: &'static str) -> Vec<Text<'a>> {
        let Some(found) = self.find(key) else { return Vec::new() };
        let kind = Kind::Texts;
        let texts: Vec<Text> = match found.value {
            DeValue::Array(items) if items.is_empty() => vec![found.text],
            DeValue::Array(items) => items.iter().filter_map(|item| found.at(item).text(kind)).collect(),
            DeValue::String(text) if found.layer.texts_only => {
                text.split(',').map(|part| Text { value: part.trim(), ..found.text.clone() }).collect()
            }
            _ => found.text(kind).into_iter().collect(),
        };
        texts.into_iter().filter(|text| not_empty(key, text)).collect()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let found = self.find(key)?;
        match found.value {
            DeValue::Boolean(flag) => Some(*flag),
            DeValue::String(text) if found.layer.texts_only => found.checked(text.parse().ok(), Kind::Flag),
            _ => found.checked(None, Kind::Flag),
        }
    }

    /// A whole number within bounds.
    pub fn integer(&mut self, key: &'static str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let found = self.find(key)?;
        let number = match found.value {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            DeValue::String(text) if found.layer.texts_only => text.parse().ok(),
            _ => None,
        };
        let number = found.checked(number, Kind::Whole)?;
        if !bounds.contains(&number) {
            let message = format!("{number} is out of bounds for `{key}`");
            let help = format!("write a whole number from {} to {}", bounds.start(), bounds.end());
            found.text.report(Finding::new(Code::BadValue, message).help(help));
            return None;
        }
        Some(number)
    }

    /// A text that is read as some type, whose error says what is wrong with it.
    pub fn parse<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        self.text(key)?.parse()
    }

    /// A table under this key, called `[key]` in messages; an empty one if there is none.
    pub fn table(&mut self, key: &'static str) -> Table<'a> {
        let layers: Vec<Layer<'a>> = self.find_all(key).filter_map(|found| found.table()).collect();
        let place = layers.first().map_or(self.place.clone(), |layer| (layer.source, layer.span.clone()));
        Table { name: format!("[{key}]"), place, layers, asked: Vec::new(), told: Vec::new() }
    }

    /// The tables of a list of tables, `[[key]]`; none if there is none. None if it is something else.
    pub fn tables(&mut self, key: &'static str) -> Option<Vec<Table<'a>>> {
        let Some(found) = self.find(key) else { return Some(Vec::new()) };
        let list = if let DeValue::Array(items) = found.value { Some(items) } else { None };
        let items = found.checked(list, Kind::Tables)?.iter();
        let layers = items.filter_map(|item| found.at(item).table());
        Some(layers.map(|layer| Table::new(format!("[[{key}]]"), layer)).collect())
    }

    /// The tables `[key.NAME]` with their names, in the order in which they are written.
    pub fn named(&mut self, key: &'static str) -> Vec<(Text<'a>, Table<'a>)> {
        let mut named: Vec<(Text<'a>, Table<'a>)> = Vec::new();
        for layer in self.table(key).layers {
            for (name, value) in layer.entries {
                let name = Text { value: name.get_ref(), span: name.span(), source: layer.source };
                let Some(inner) = Found::new(&layer, name.value, value).table() else { continue };
                match named.iter_mut().find(|(known, _)| known.value == name.value) {
                    Some((_, table)) => table.layers.push(inner),
                    None => {
                        let table = Table::new(format!("[{key}.{}]", name.value), inner);
                        named.push((name, table));
                    }
                }
            }
        }
        named.sort_by_key(|(name, _)| name.span.start);
        named
    }

    /// Every key and its value, for tables whose keys are free.
    pub fn entries(self) -> Vec<(Text<'a>, &'a DeValue<'a>, Text<'a>)> {
        let entries = self.layers.iter().flat_map(|layer| {
            layer.entries.iter().map(|(name, value)| {
                let name = Text { value: name.get_ref(), span: name.span(), source: layer.source };
                let found = Found::new(layer, name.value, value);
                (name, found.value, found.text)
            })
        });
        entries.collect()
    }

    /// The place of a key and its value, whatever it is.
    pub fn value(&mut self, key: &'static str) -> Option<Text<'a>> {
        self.find(key).map(|found| found.text)
    }

    /// Reports a mistake of the table as a whole, where it begins.
    pub fn report(&self, finding: Finding) {
        let (source, span) = &self.place;
        source.report(span.clone(), finding);
    }

    /// Where the table begins.
    pub fn place(&self) -> Text<'a> {
        let (source, span) = self.place.clone();
        Text { value: "", span, source }
    }

    /// Reports keys that stand at the wrong place.
    pub fn misplaced(&mut self, keys: &[&'static str], finding: impl Fn(&str) -> Finding) {
        for key in keys {
            let place = self
                .layers
                .iter()
                .find_map(|layer| Some((layer.source, layer.entries.get_key_value(*key)?.0.span())));
            if let Some((source, span)) = place.filter(|_| !self.asked.contains(key)) {
                source.report(span, finding(key));
            }
        }
        // They are told; nobody would mean them by another key.
        self.told.extend(keys);
    }

    /// Reports the keys that nobody asked for; whether there were none.
    pub fn finish(self) -> bool {
        let mut fine = true;
        for layer in &self.layers {
            for (key, _) in layer.entries {
                let name: &str = key.get_ref();
                fine &= !self.told.contains(&name);
                if !self.asked.contains(&name) && !self.told.contains(&name) {
                    let finding =
                        Finding::new(Code::UnknownKey, format!("there is no key `{name}` in {}", self.name));
                    layer.source.report(key.span(), finding.did_you_mean(name, self.asked.iter().copied()));
                    fine = false;
                }
            }
        }
        fine
    }

    fn find(&mut self, key: &'static str) -> Option<Found<'a>> {
        self.find_all(key).last()
    }

    fn find_all(&mut self, key: &'static str) -> impl Iterator<Item = Found<'a>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let layers = self.layers.iter();
        layers.filter_map(move |layer| layer.entries.get(key).map(|value| Found::new(layer, key, value)))
    }
}

impl<'a> Found<'a> {
    fn new(layer: &Layer<'a>, key: &'a str, value: &'a Spanned<DeValue<'a>>) -> Self {
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            _ => "",
        };
        let text = Text { value: text, span: value.span(), source: layer.source };
        Self { key, value: value.get_ref(), text, layer: layer.clone() }
    }

    /// An item of this list.
    fn at(&self, item: &'a Spanned<DeValue<'a>>) -> Self {
        Self::new(&self.layer, self.key, item)
    }

    fn text(&self, kind: Kind) -> Option<Text<'a>> {
        self.checked(self.value.is_str().then(|| self.text.clone()), kind)
    }

    fn table(&self) -> Option<Layer<'a>> {
        let entries = self.checked(self.value.as_table(), Kind::Table)?;
        Some(Layer { entries, span: self.text.span.clone(), ..self.layer.clone() })
    }

    /// Reports that the value is of another kind if it could not be read as the one that is needed.
    fn checked<T>(&self, read: Option<T>, kind: Kind) -> Option<T> {
        if read.is_none() {
            let given = if self.layer.texts_only { None } else { Some(self.value) };
            self.text.report(kind.wrong(self.key, given, self.text.value));
        }
        read
    }
}

impl<'a> Text<'a> {
    /// The whole of a file.
    pub fn whole(source: Source<'a>) -> Self {
        Self { value: source.text, span: 0..source.text.len(), source }
    }

    /// Reports a mistake in this value.
    pub fn report(&self, finding: Finding) {
        self.source.report(self.span.clone(), finding);
    }

    /// Keeps this name until all files are read.
    pub fn mention(&self, noun: Noun, role: Role) {
        self.source.mention(noun, role, self.value, self.span.clone());
    }

    /// Reports a mistake in a part of this value, by its bytes.
    pub fn report_part(&self, part: Range<usize>, finding: Finding) {
        self.source.report(self.part(part), finding);
    }

    /// The place in the file of a part of this value. With escapes in it, that is the whole value.
    pub fn part(&self, part: Range<usize>) -> Range<usize> {
        let written = self.source.text.get(self.span.clone()).unwrap_or("");
        match written.find(self.value) {
            Some(at) if !self.value.is_empty() => {
                let start = self.span.start + at;
                start + part.start.min(self.value.len())..start + part.end.min(self.value.len())
            }
            _ => self.span.clone(),
        }
    }

    /// The value of a header or a heading, in which a line break can only be a slip, which is reported.
    pub fn one_line(&self) -> &'a str {
        if self.value.contains(char::is_control) {
            self.report(Finding::new(Code::BadValue, "this is one line, without control characters"));
        }
        self.value.trim()
    }

    /// Reads the value; what is wrong with it is reported.
    pub fn parse<T: FromStr<Err: Display>>(&self) -> Option<T> {
        self.read(T::from_str)
    }

    /// Reads the value with a function; what is wrong with it is reported.
    pub fn read<T, E: Display>(&self, read: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let refuse = |error: E| self.report(Finding::of_words(Code::BadValue, &error.to_string()));
        read(self.value).map_err(refuse).ok()
    }
}

fn not_empty(key: &str, text: &Text) -> bool {
    let empty = text.value.trim().is_empty();
    if empty {
        text.report(
            Finding::new(Code::Empty, format!("`{key}` is empty")).help("fill it in or leave it out"),
        );
    }
    !empty
}
