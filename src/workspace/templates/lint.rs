//! Finds variables, helpers and partials that do not exist, before any mail is rendered.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use handlebars::Template;
use handlebars::template::{
    BlockParam, DecoratorTemplate, HelperTemplate, Parameter, TemplateElement as Element,
};

use super::helpers::{Form, KNOWN};
use super::syntax;
use super::tags::{self, Kind};
use super::values;
use super::variables::{climb, is_known, meant};
use crate::workspace::code::Code;
use crate::workspace::mention::{Noun, Role};
use crate::workspace::source::{Finding, offset};
use crate::workspace::table::Text;

/// Bytes of a template file.
const LARGEST: usize = 512 * 1024;

/// Blocks within blocks, or brackets within brackets: readers of templates follow the structure by recursion.
const DEEPEST: usize = 20;

/// What a layout can include besides partials: the parts that the engine makes.
pub(super) const SLOTS: &[&str] = &[
    "body",
    "footer",
    "preheader",
    "subject",
    "language",
    "color",
    "color_text",
    "link_color",
    "link_color_dark",
];

/// What kind of text is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The body of a mail, or a partial: HTML, or Markdown that becomes it.
    Html,
    Layout,
    /// A subject, a preheader, a plain part.
    Plain,
}

/// An inclusion of a partial, and where it stands.
pub(super) struct Include<'a> {
    pub name: String,
    pub text: Text<'a>,
}

/// What checking a template gave.
pub(super) struct Linted<'a> {
    pub includes: Vec<Include<'a>>,
    /// Whether no mistake was found.
    pub fine: bool,
}

/// Checks a template; what is wrong is reported.
pub(super) fn check<'a>(text: &Text<'a>, part: Part, partials: &BTreeMap<String, Text>) -> Linted<'a> {
    let mut lint =
        Lint { text, part, partials, scopes: Vec::new(), includes: Vec::new(), fine: Cell::new(true) };
    let (template, whole) = compile(text);
    lint.fine.set(whole);
    template.iter().for_each(|template| lint.template(template, 0));
    Linted { includes: lint.includes, fine: lint.fine.get() }
}

/// The template, as far as it can be read, and whether that is all of it. What is wrong is reported.
fn compile(text: &Text) -> (Option<Template>, bool) {
    if text.value.len() > LARGEST || depth(text.value) > DEEPEST {
        let finding =
            Finding::new(Code::TooLarge, "the text is too long, or has too many blocks within blocks");
        text.report_part(0..0, finding.help(format!("at most {DEEPEST} blocks lie within each other")));
        return (None, false);
    }
    let first_line = text.source.position(text.part(0..0).start).0;
    let syntax::Read { mistakes, gone } = syntax::read(text.value, first_line);
    for mistake in &mistakes {
        let finding = Finding::new(Code::Template, mistake.message.as_str());
        text.report_part(mistake.place.clone(), finding.help(mistake.help.as_str()));
    }
    // The rest is read as if these tags were not there, so that what is wrong with it shows at once.
    let mut rest = text.value.to_owned();
    for place in gone {
        let blank = |c: char| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) };
        let blanks: String = text.value[place.clone()].chars().map(blank).collect();
        rest.replace_range(place, &blanks);
    }
    match Template::compile(&rest) {
        Ok(template) => (Some(template), mistakes.is_empty()),
        Err(error) => {
            if mistakes.is_empty() {
                let at = error.pos().map_or(0, |(line, column)| offset(text.value, line, column));
                let finding = Finding::new(Code::Template, "this tag cannot be read");
                text.report_part(at..at, finding.help("write a variable, such as {{lead.city}}"));
            }
            (None, false)
        }
    }
}

/// How deep blocks lie in blocks, or brackets in brackets, at most.
fn depth(text: &str) -> usize {
    let tags = tags::find(text);
    // An `else if` is a block within the one that it belongs to.
    let mut blocks: Vec<usize> = Vec::new();
    let mut deepest = 0;
    for (range, kind) in &tags {
        match kind {
            Kind::Open => blocks.push(1),
            Kind::Else => blocks.last_mut().into_iter().for_each(|block| *block += 1),
            Kind::Close => drop(blocks.pop()),
            _ => {}
        }
        deepest = deepest.max(blocks.iter().sum()).max(brackets(&text[range.clone()]));
    }
    // What begins like a tag and does not end is read as one all the same.
    let rest = &text[tags.last().map_or(0, |(range, _)| range.end)..];
    deepest.max(rest.find("{{").map_or(0, |unclosed| brackets(&rest[unclosed..])))
}

fn brackets(text: &str) -> usize {
    let mut open = 0_usize;
    let depths = text.bytes().map(|byte| {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open
    });
    depths.max().unwrap_or(0)
}

struct Lint<'a, 't> {
    text: &'t Text<'a>,
    part: Part,
    partials: &'t BTreeMap<String, Text<'t>>,
    /// For each `each` around: the names that it binds.
    scopes: Vec<Vec<String>>,
    includes: Vec<Include<'a>>,
    fine: Cell<bool>,
}

impl<'a> Lint<'a, '_> {
    /// `around` is the place of the tag that this template is the content of.
    fn template(&mut self, template: &Template, around: usize) {
        for (number, element) in template.elements.iter().enumerate() {
            let at = template
                .mapping
                .get(number)
                .map_or(around, |place| offset(self.text.value, place.0, place.1));
            self.element(element, at);
        }
    }

    fn element(&mut self, element: &Element, at: usize) {
        match element {
            Element::Expression(call) => self.expression(call, at),
            Element::HtmlExpression(call) => self.unescaped(call, at),
            Element::HelperBlock(call) => self.block(call, at),
            Element::PartialExpression(include) => self.include(include, at),
            Element::PartialBlock(of) | Element::DecoratorExpression(of) | Element::DecoratorBlock(of) => {
                let name = of.name.as_name().unwrap_or("");
                let finding =
                    Finding::new(Code::UnknownHelper, format!("`{name}` cannot be called in this form"));
                self.report(name, at, finding.help("a file of templates/partials is included by {{> name}}"));
            }
            // Text and comments.
            _ => {}
        }
    }

    fn unescaped(&mut self, call: &HelperTemplate, at: usize) {
        let name = call.name.as_name().unwrap_or("");
        let finding = Finding::new(
            Code::Unescaped,
            format!("in three braces, `{name}` could bring HTML of its own into the mail"),
        );
        let tag = if SLOTS.contains(&name) { format!("{{{{> {name}}}}}") } else { format!("{{{{{name}}}}}") };
        self.report(name, at, finding.help(format!("write {tag}")));
    }

    /// `{{name}}` or `{{name value}}`, and `(name value)` within a tag.
    fn expression(&mut self, call: &HelperTemplate, at: usize) {
        let plain_name = call.params.is_empty() && call.hash.is_empty();
        match &call.name {
            Parameter::Subexpression(_) => self.parameter(&call.name, at),
            name => {
                let name = name.as_name().unwrap_or("");
                match KNOWN.iter().find(|form| form.name == name) {
                    Some(form) => self.call(form, call, false, at),
                    None if plain_name => self.variable(name, at),
                    None => self.unknown_helper(name, at),
                }
            }
        }
    }

    fn block(&mut self, call: &HelperTemplate, at: usize) {
        let name = call.name.as_name().unwrap_or("");
        match KNOWN.iter().find(|form| form.name == name) {
            Some(form) => self.call(form, call, true, at),
            None => self.unknown_helper(name, at),
        }
        let scoped = name == "each";
        if scoped {
            self.scopes.push(bound_names(call.block_param.as_ref()));
        }
        call.template.iter().for_each(|content| self.template(content, at));
        if scoped {
            self.scopes.pop();
        }
        call.inverse.iter().for_each(|content| self.template(content, at));
    }

    fn call(&mut self, form: &Form, call: &HelperTemplate, block: bool, at: usize) {
        let (least, most) = form.params;
        let name = form.name;
        let example = form.example;
        let mistake = match call.params.len() {
            count if count < least || count > most => {
                let values = if least == 1 { "1 value".to_owned() } else { format!("{least} values") };
                Some(format!("`{name}` needs {values}, and here it has {count}"))
            }
            _ if block && !form.block => Some(format!("`{name}` does not begin a block")),
            _ if !block && !form.inline => Some(format!("`{name}` begins a block, with a #")),
            _ => None,
        };
        if let Some(message) = mistake {
            let finding = Finding::new(Code::UnknownHelper, message);
            self.report(name, at, finding.help(format!("write it like this: {example}")));
        }
        for (option, value) in &call.hash {
            if !form.options.contains(&option.as_str()) {
                let finding = Finding::new(Code::UnknownHelper, format!("`{name}` has no option `{option}`"));
                self.report(option, at, finding.did_you_mean(option, form.options.iter().copied()));
            } else if let Some(finding) = values::wrong_option(name, option, value) {
                self.report(option, at, finding);
            }
            self.parameter(value, at);
        }
        if let Some((value, finding)) = call.params.first().and_then(|value| values::wrong_value(name, value))
        {
            self.report(&value, at, finding);
        }
        call.params.iter().for_each(|value| self.parameter(value, at));
    }

    fn parameter(&mut self, parameter: &Parameter, at: usize) {
        match parameter {
            Parameter::Subexpression(inner) => {
                let Element::Expression(call) = inner.as_element() else { return };
                let name = call.name.as_name().unwrap_or("");
                if KNOWN.iter().any(|form| form.name == name) {
                    self.expression(call, at);
                } else {
                    self.unknown_helper(name, at);
                }
            }
            // A literal has no name.
            other => other.as_name().into_iter().for_each(|name| self.variable(name, at)),
        }
    }

    fn unknown_helper(&mut self, name: &str, at: usize) {
        let finding = Finding::new(Code::UnknownHelper, format!("there is no helper `{name}`"));
        let finding = if is_known(&name.split('.').collect::<Vec<_>>()) {
            finding.help(format!(
                "`{name}` is a variable: it stands alone, as {{{{{name}}}}}, and without brackets"
            ))
        } else {
            finding.did_you_mean(name, KNOWN.iter().map(|form| form.name))
        };
        self.report(name, at, finding);
    }

    fn variable(&mut self, raw: &str, at: usize) {
        let (levels, path) = climb(raw);
        let scope = if raw.starts_with("@root") { 0 } else { self.scopes.len().saturating_sub(levels) };
        let path = path.trim_start_matches("@root").trim_start_matches(['.', '/']);
        let local = path.starts_with('@') || path.is_empty() || path == "this" || path.starts_with("this.");
        let names: Vec<&str> = path.split(['.', '/']).map(|name| name.trim_matches(['[', ']'])).collect();
        let bound = self.scopes[..scope].iter().flatten().any(|name| *name == names[0]);
        if (scope > 0 && (local || bound)) || (scope == 0 && is_known(&names)) {
            if let ["lead", "fields", field] = names.as_slice() {
                let place = self.text.part(self.locate(field, at));
                self.text.source.mention(Noun::Field, Role::Asks, field, place);
            }
            return;
        }
        let finding = Finding::new(Code::UnknownTemplateVariable, format!("there is no variable `{raw}`"));
        let help = if scope > 0 && is_known(&names) {
            format!("within this block write `@root.{path}`")
        } else {
            meant(path, &names)
        };
        self.report(raw, at, finding.help(help));
    }

    fn include(&mut self, include: &DecoratorTemplate, at: usize) {
        let name = match &include.name {
            Parameter::Subexpression(_) | Parameter::Literal(_) => "",
            name => name.as_name().unwrap_or(""),
        };
        let slot = self.part == Part::Layout && SLOTS.contains(&name);
        let known = slot || self.partials.contains_key(name);
        let finding = if self.part == Part::Plain {
            Finding::new(Code::UnknownPartial, "a partial is HTML, and this is plain text")
                .help("write the words themselves here")
        } else if !include.params.is_empty() || !include.hash.is_empty() {
            Finding::new(Code::UnknownPartial, format!("the partial `{name}` takes no values"))
                .help(format!("write {{{{> {name}}}}}"))
        } else if !known {
            let slots = SLOTS.iter().copied().filter(|_| self.part == Part::Layout);
            let place = self.text.part(self.locate(name, at));
            self.text.source.mention(Noun::Partial, Role::Asks, name, place);
            let finding = Finding::new(Code::UnknownPartial, format!("there is no partial `{name}`"));
            let known = self.partials.keys().map(String::as_str).chain(slots);
            finding.meant_known(name, known, &Noun::Partial.how_to_make(name))
        } else {
            let text = Text { span: self.text.part(self.locate(name, at)), ..self.text.clone() };
            text.source.mention(Noun::Partial, Role::Asks, name, text.span.clone());
            self.includes.push(Include { name: name.to_owned(), text });
            return;
        };
        self.report(name, at, finding);
    }

    fn report(&self, word: &str, at: usize, finding: Finding) {
        self.fine.set(false);
        self.text.report_part(self.locate(word, at), finding);
    }

    /// Where a word is in the tag that begins at a place.
    fn locate(&self, word: &str, at: usize) -> Range<usize> {
        let found = self.text.value[at..].find(word).filter(|_| !word.is_empty());
        found.map_or(at..at, |found| at + found..at + found + word.len())
    }
}

fn bound_names(bound: Option<&BlockParam>) -> Vec<String> {
    let name = |parameter: &Parameter| parameter.as_name().map(str::to_owned);
    match bound {
        Some(BlockParam::Single(one)) => name(one).into_iter().collect(),
        Some(BlockParam::Pair((one, two))) => [name(one), name(two)].into_iter().flatten().collect(),
        _ => Vec::new(),
    }
}
