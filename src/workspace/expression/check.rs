//! Which fields an expression asks for, and whether they and its functions exist.

use std::ops::Range;

use cel::Program;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};

use super::{Used, values};
use crate::domain::lead::{COMPANY_FIELDS, JUDGED_FIELDS, LEAD_FIELDS};
use crate::workspace::code::Code;
use crate::workspace::mention::{Noun, Role};
use crate::workspace::source::Finding;
use crate::workspace::table::Text;

const SCORES: &[&str] = &["fit", "engagement", "score"];

/// What an expression may ask for beside the record of a lead and `lead.complete`: nothing that is made of its own answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `[persona.NAME]`: nothing else.
    Persona,
    /// `[[fit]]`: the persona.
    Fit,
    /// Everything that the rules make of a lead.
    Everything,
}

impl Scope {
    /// Why a name is not to be had here; none if it is.
    fn refuses(self, name: &str) -> Option<&'static str> {
        match (self, name) {
            (Scope::Persona, "persona") => Some("which persona a lead has is what these conditions decide"),
            (Scope::Persona | Scope::Fit, "temperature") => {
                Some("a lead is warm by its score, which is not known yet")
            }
            (Scope::Persona, "fit" | "engagement" | "score") => {
                Some("a persona is known before the score is")
            }
            (Scope::Fit, "fit" | "engagement" | "score") => Some("the score is made of such rules"),
            _ => None,
        }
    }
}

/// The functions and macros of CEL that expressions may call.
pub const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
    "int",
    "double",
    "string",
];

/// The fields that the program uses. None if a name in it does not exist, which is reported.
pub(super) fn fields(text: &Text, program: &Program, scope: Scope) -> Option<Used> {
    let mut check = Check { text, program, scope, used: Used::default(), bound: Vec::new(), fine: true };
    check.walk(program.expression());
    check.fine.then_some(check.used)
}

struct Check<'a> {
    text: &'a Text<'a>,
    program: &'a Program,
    scope: Scope,
    used: Used,
    /// Variables of comprehensions, such as `tag` in `lead.tags.exists(tag, …)`.
    bound: Vec<String>,
    fine: bool,
}

impl Check<'_> {
    fn walk(&mut self, node: &IdedExpr) {
        if let Some((root, path)) = path(node)
            && !self.bound.iter().any(|bound| *bound == path[0])
        {
            return self.name(root, &path);
        }
        match &node.expr {
            Expr::Select(select) => self.walk(&select.operand),
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => list.elements.iter().for_each(|element| self.walk(element)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Struct(made) => made.entries.iter().for_each(|entry| self.entry(&entry.expr)),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
        }
    }

    fn entry(&mut self, entry: &EntryExpr) {
        match entry {
            EntryExpr::StructField(field) => self.walk(&field.value),
            EntryExpr::MapEntry(entry) => {
                self.walk(&entry.key);
                self.walk(&entry.value);
            }
        }
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) {
        self.walk(&comprehension.iter_range);
        let outside = self.bound.len();
        self.bound.extend([comprehension.iter_var.clone(), comprehension.accu_var.clone()]);
        self.bound.extend(comprehension.iter_var2.clone());
        self.walk(&comprehension.accu_init);
        self.walk(&comprehension.loop_cond);
        self.walk(&comprehension.loop_step);
        self.walk(&comprehension.result);
        self.bound.truncate(outside);
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) {
        let name = call.func_name.as_str();
        let operator = name.starts_with('@') || name.starts_with('_') || name.ends_with('_');
        if !operator && !FUNCTIONS.contains(&name) {
            let finding = Finding::new(Code::UnknownFunction, format!("there is no function `{name}`"));
            // The place of a call is its bracket.
            let bracket = self.byte(node);
            let start = self.text.value[..bracket].rfind(name).unwrap_or(bracket);
            self.report(start..start + name.len(), finding.did_you_mean(name, FUNCTIONS.iter().copied()));
        }
        self.values(call);
        call.target.iter().for_each(|target| self.walk(target));
        call.args.iter().for_each(|argument| self.walk(argument));
    }

    fn name(&mut self, root: &IdedExpr, path: &[&str]) {
        let judged = matches!(path, ["lead", _] | [_]).then(|| path.last()).flatten();
        if let Some(why) = judged.and_then(|name| self.scope.refuses(name)) {
            let name = path.join(".");
            let finding = Finding::new(Code::UnknownVariable, format!("`{name}` cannot be asked for here"));
            return self.report_name(root, path, finding.help(why));
        }
        match path {
            [score] if SCORES.contains(score) => {}
            ["lead", "fields", field] => {
                self.used.free.insert((*field).to_owned());
                let start = self.byte(root);
                let at = self.text.value[start..].find(field).map_or(start, |at| start + at);
                self.mention(Noun::Field, field, at);
            }
            ["lead", field] if LEAD_FIELDS.contains(field) || JUDGED_FIELDS.contains(field) => {
                self.used.lead.insert((*field).to_owned());
            }
            ["company", field] if COMPANY_FIELDS.contains(field) => {
                self.used.company.insert((*field).to_owned());
            }
            _ => self.unknown(root, path),
        }
    }

    /// Keeps the tags and personas that are asked for, and reports values that a field never has.
    fn values(&self, call: &CallExpr) {
        for value in values::asked(call) {
            let at = self.byte(value.node) + 1;
            if let Some(noun) = value.noun {
                self.mention(noun, value.text, at);
            } else if let Some(finding) = value.never_equal() {
                // The place of a text is its first quote.
                let place = at - 1..(at + value.text.len() + 1).min(self.text.value.len());
                self.text.report_part(place, finding);
            }
        }
    }

    fn mention(&self, noun: Noun, name: &str, at: usize) {
        let place = self.text.part(at..at + name.len());
        self.text.source.mention(noun, Role::Asks, name, place);
    }

    fn unknown(&mut self, root: &IdedExpr, path: &[&str]) {
        let name = path.join(".");
        let last = path.last().copied().unwrap_or_default();
        let finding = Finding::new(Code::UnknownVariable, format!("`{name}` is not known here"));
        let finding = match path {
            ["lead"] => finding.help("name a field of it, such as lead.country"),
            ["company"] => finding.help("name a field of it, such as company.size"),
            // `DE` without its quotes.
            [word] if word.chars().all(|c| c.is_uppercase()) => {
                finding.help(format!("put a text in quotes: \"{word}\""))
            }
            [field] if LEAD_FIELDS.contains(field) || JUDGED_FIELDS.contains(field) => {
                finding.help(format!("write lead.{field}"))
            }
            _ => {
                let lead = LEAD_FIELDS.iter().chain(JUDGED_FIELDS).map(|field| format!("lead.{field}"));
                let company = COMPANY_FIELDS.iter().map(|field| format!("company.{field}"));
                let known: Vec<String> = lead.chain(company).collect();
                let known = known.iter().map(String::as_str).chain(SCORES.iter().copied());
                finding.meant(&name, known, &format!("a field of your own is written lead.fields.{last}"))
            }
        };
        self.report_name(root, path, finding);
    }

    fn report_name(&mut self, root: &IdedExpr, path: &[&str], finding: Finding) {
        let last = path.last().copied().unwrap_or_default();
        let start = self.byte(root);
        let end = self.text.value[start..].find(last).map_or(start, |at| start + at + last.len());
        self.report(start..end, finding);
    }

    fn report(&mut self, place: Range<usize>, finding: Finding) {
        self.fine = false;
        self.text.report_part(place, finding);
    }

    /// Where a node is, in bytes.
    fn byte(&self, node: &IdedExpr) -> usize {
        let start = self.program.source_info().offset_for(node.id).map_or(0, |(start, _)| start);
        self.text.value.floor_char_boundary(usize::try_from(start).unwrap_or(usize::MAX))
    }
}

/// The names of `a.b.c` or `a.b["c"]`, and the node of the first one.
pub(super) fn path(node: &IdedExpr) -> Option<(&IdedExpr, Vec<&str>)> {
    let (of, name) = match &node.expr {
        Expr::Ident(name) => return Some((node, vec![name])),
        Expr::Select(select) => (&*select.operand, select.field.as_str()),
        Expr::Call(CallExpr { func_name, args, target: None }) if func_name == operators::INDEX => {
            match args.as_slice() {
                [of, IdedExpr { expr: Expr::Literal(LiteralValue::String(name)), .. }] => (of, name.inner()),
                _ => return None,
            }
        }
        _ => return None,
    };
    let (root, mut path) = path(of)?;
    path.push(name);
    Some((root, path))
}
