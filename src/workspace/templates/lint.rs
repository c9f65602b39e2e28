//! Finds variables, helpers and partials that do not exist, before any mail is rendered.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;

use handlebars::template::{
    BlockParam, DecoratorTemplate, HelperTemplate, Parameter, TemplateElement as Element,
};
use handlebars::{Template, TemplateError};

use super::context::{DU, LINK_FIELDS, SENDER_FIELDS};
use super::helpers::{Form, KNOWN};
use super::tags::{self, Kind};
use crate::domain::lead::{COMPANY_FIELDS, LEAD_FIELDS};
use crate::workspace::code::Code;
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
    match compile(text) {
        Some(template) => lint.template(&template, 0),
        None => lint.fine.set(false),
    }
    Linted { includes: lint.includes, fine: lint.fine.get() }
}

fn compile(text: &Text) -> Option<Template> {
    if text.value.len() > LARGEST || depth(text.value) > DEEPEST {
        text.report_part(0..0, Finding::new(Code::TooLarge, "the template is too long or nested too deeply"));
        return None;
    }
    Template::compile(text.value).map_err(|error| report_syntax(text, &error)).ok()
}

fn report_syntax(text: &Text, error: &TemplateError) {
    let (place, message) = match tags::unbalanced(text.value) {
        Some((place, message)) => (place, message.to_owned()),
        None => {
            let at = error.pos().map_or(0, |(line, column)| offset(text.value, line, column));
            (at..at, format!("this is not Handlebars: {}", error.reason()))
        }
    };
    let finding = Finding::new(Code::Template, message);
    text.report_part(place, finding.help("a tag is closed by }}, and every {{#name}} by {{/name}}"));
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
        let finding = Finding::new(Code::Unescaped, format!("`{name}` would be put into the mail unescaped"));
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
        let mistake = match call.params.len() {
            count if count < least || count > most => {
                Some(format!("`{}` takes {least} values, not {count}", form.name))
            }
            _ if block && !form.block => {
                Some(format!("`{}` is not a block: write {{{{{} …}}}}", form.name, form.name))
            }
            _ if !block && !form.inline => {
                Some(format!("`{}` is a block: write {{{{#{} …}}}}", form.name, form.name))
            }
            _ => None,
        };
        if let Some(message) = mistake {
            self.report(form.name, at, Finding::new(Code::UnknownHelper, message));
        }
        for (name, value) in &call.hash {
            if !form.options.contains(&name.as_str()) {
                let finding = Finding::new(Code::UnknownHelper, format!("`{}` takes no `{name}`", form.name));
                self.report(name, at, finding.did_you_mean(name, form.options.iter().copied()));
            }
            self.parameter(value, at);
        }
        call.params.iter().for_each(|value| self.parameter(value, at));
    }

    fn parameter(&mut self, parameter: &Parameter, at: usize) {
        match parameter {
            Parameter::Subexpression(inner) => {
                if let Element::Expression(call) = inner.as_element() {
                    self.expression(call, at);
                }
            }
            // A literal has no name.
            other => other.as_name().into_iter().for_each(|name| self.variable(name, at)),
        }
    }

    fn unknown_helper(&mut self, name: &str, at: usize) {
        let finding = Finding::new(Code::UnknownHelper, format!("there is no helper `{name}`"));
        self.report(name, at, finding.did_you_mean(name, KNOWN.iter().map(|form| form.name)));
    }

    fn variable(&mut self, raw: &str, at: usize) {
        let (levels, path) = climb(raw);
        let scope = if raw.starts_with("@root") { 0 } else { self.scopes.len().saturating_sub(levels) };
        let path = path.trim_start_matches("@root").trim_start_matches(['.', '/']);
        let local = path.starts_with('@') || path.is_empty() || path == "this" || path.starts_with("this.");
        let names: Vec<&str> = path.split(['.', '/']).map(|name| name.trim_matches(['[', ']'])).collect();
        let bound = self.scopes[..scope].iter().flatten().any(|name| *name == names[0]);
        if (scope > 0 && (local || bound)) || (scope == 0 && is_known(&names)) {
            return;
        }
        let finding = Finding::new(Code::UnknownTemplateVariable, format!("there is no variable `{raw}`"));
        let finding = if scope > 0 && is_known(&names) {
            finding.help(format!("within this block write @root.{path}"))
        } else {
            let known = known();
            finding.meant(path, known.iter().map(String::as_str), "fields of your own are lead.fields.NAME")
        };
        self.report(raw, at, finding);
    }

    fn include(&mut self, include: &DecoratorTemplate, at: usize) {
        let name = match &include.name {
            Parameter::Subexpression(_) | Parameter::Literal(_) => "",
            name => name.as_name().unwrap_or(""),
        };
        let slot = self.part == Part::Layout && SLOTS.contains(&name);
        let known = slot || self.partials.contains_key(name);
        let finding = if self.part == Part::Plain {
            Finding::new(Code::UnknownPartial, "plain text cannot include a partial, which is HTML")
        } else if !include.params.is_empty() || !include.hash.is_empty() {
            Finding::new(Code::UnknownPartial, format!("the partial `{name}` takes no values"))
        } else if !known {
            let slots = SLOTS.iter().copied().filter(|_| self.part == Part::Layout);
            let finding = Finding::new(Code::UnknownPartial, format!("there is no partial `{name}`"));
            finding.did_you_mean(name, self.partials.keys().map(String::as_str).chain(slots))
        } else {
            let text = Text { span: self.text.part(self.locate(name, at)), ..self.text.clone() };
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

/// How many times a path goes up by `../`, and the rest of it.
fn climb(raw: &str) -> (usize, &str) {
    let path = raw.strip_prefix("./").unwrap_or(raw);
    match path.strip_prefix("../") {
        Some(rest) => {
            let (levels, path) = climb(rest);
            (levels + 1, path)
        }
        None => (0, path),
    }
}

fn is_known(names: &[&str]) -> bool {
    match names {
        [DU] => true,
        ["lead", "fields", name] => !name.is_empty(),
        ["lead", name] => LEAD_FIELDS.contains(name),
        ["company", name] => COMPANY_FIELDS.contains(name),
        ["sender", name] => SENDER_FIELDS.contains(name),
        ["link", name] => LINK_FIELDS.contains(name),
        _ => false,
    }
}

fn known() -> Vec<String> {
    let roots = [
        ("lead", LEAD_FIELDS),
        ("company", COMPANY_FIELDS),
        ("sender", SENDER_FIELDS),
        ("link", LINK_FIELDS),
    ];
    let fields =
        roots.iter().flat_map(|(root, names)| names.iter().map(move |name| format!("{root}.{name}")));
    fields.chain([DU.to_owned()]).collect()
}
