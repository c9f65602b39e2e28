//! Texts that an expression compares fields with: those that the field never has, tags, and personas.

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, operators};

use super::check::path;
use crate::domain::lead::{AddressForm, Salutation};
use crate::domain::stage::{Qualification, Stage};
use crate::domain::temperature::Temperature;
use crate::workspace::code::Code;
use crate::workspace::mention::Noun;
use crate::workspace::source::Finding;

/// A text that a field is compared with.
pub(super) struct Asked<'e> {
    pub node: &'e IdedExpr,
    pub text: &'e str,
    /// What it is the name of, if files define or give it.
    pub noun: Option<Noun>,
    field: &'e str,
}

/// The texts of a comparison.
pub(super) fn asked(call: &CallExpr) -> Vec<Asked<'_>> {
    let [left, right] = call.args.as_slice() else { return Vec::new() };
    match call.func_name.as_str() {
        operators::EQUALS | operators::NOT_EQUALS => [(left, right), (right, left)]
            .into_iter()
            .filter_map(|(field, text)| compared(field, text))
            .collect(),
        operators::IN => match (&right.expr, lead_field(right)) {
            (Expr::List(list), _) => list.elements.iter().filter_map(|text| compared(left, text)).collect(),
            (_, Some("tags")) => literal(left)
                .map(|text| Asked { node: left, text, noun: Some(Noun::Tag), field: "tags" })
                .into_iter()
                .collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn compared<'e>(field: &'e IdedExpr, text: &'e IdedExpr) -> Option<Asked<'e>> {
    let field = lead_field(field)?;
    let noun = (field == "persona").then_some(Noun::Persona);
    Some(Asked { node: text, text: literal(text)?, noun, field })
}

fn literal(node: &IdedExpr) -> Option<&str> {
    if let Expr::Literal(LiteralValue::String(text)) = &node.expr { Some(text.inner()) } else { None }
}

/// `country` of `lead.country`.
fn lead_field(node: &IdedExpr) -> Option<&str> {
    match path(node)?.1.as_slice() {
        ["lead", field] => Some(field),
        _ => None,
    }
}

impl Asked<'_> {
    /// What is wrong if the field never has this text.
    pub fn never_equal(&self) -> Option<Finding> {
        let words = match self.field {
            "stage" => Stage::words(),
            "qualification" => Qualification::words(),
            "temperature" => Temperature::words(),
            "salutation" => Salutation::words(),
            "address_form" => AddressForm::words(),
            "country" => return self.country(),
            _ => return None,
        };
        let finding = self.finding();
        (!words.contains(&self.text)).then(|| finding.did_you_mean(self.text, words))
    }

    fn country(&self) -> Option<Finding> {
        let two_letters = self.text.len() == 2 && self.text.bytes().all(|byte| byte.is_ascii_alphabetic());
        let fine = two_letters && self.text.bytes().all(|byte| byte.is_ascii_uppercase());
        let help = match two_letters {
            true => format!("write it in capitals: \"{}\"", self.text.to_uppercase()),
            false => "a country is written with its two letters, such as \"DE\" or \"AT\"".to_owned(),
        };
        (!fine).then(|| self.finding().help(help))
    }

    fn finding(&self) -> Finding {
        let message = format!("no lead has the {} \"{}\"", self.field.replace('_', " "), self.text);
        Finding::new(Code::NeverEqual, message)
    }
}
