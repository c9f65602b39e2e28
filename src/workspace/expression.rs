//! [`Expression`]: a condition in CEL about a lead, checked when it is read.

mod check;
mod nulls;
mod syntax;
mod values;

pub use check::{FUNCTIONS, Scope};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, LazyLock};

use cel::common::ast::IdedExpr;
use cel::{Context, Env, Program, Value};

use super::code::Code;
use super::diagnostic::Diagnostic;
use super::source::{Finding, Report, Source};
use super::table::Text;
use crate::domain::lead::{JUDGED_FIELDS, Lead};
use crate::domain::temperature::Temperature;

/// Characters. A longer one is better split by whoever has to read it.
const LONGEST: usize = 2_000;

/// Operators within operators. Each level costs the evaluation some 50 KB of stack in a debug build.
const DEEPEST: usize = 16;

/// What the rules of funnel.toml make of a lead, as far as an expression can ask for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreFacts {
    /// Who they are.
    pub fit: f64,
    /// What they do; it fades with time.
    pub engagement: f64,
    /// `lead.persona`: the name of the `[persona.NAME]` that fits best.
    pub persona: Option<String>,
    /// `lead.complete`: whether all of `[contact] complete` is known.
    pub complete: bool,
    /// `lead.temperature`
    pub temperature: Temperature,
}

impl ScoreFacts {
    /// Fit and engagement together.
    pub fn score(&self) -> f64 {
        self.fit + self.engagement
    }

    /// The value of one of the [`JUDGED_FIELDS`]; none if it has none.
    pub fn judged(&self, field: &str) -> Option<serde_json::Value> {
        match field {
            "persona" => self.persona.clone().map(Into::into),
            "complete" => Some(self.complete.into()),
            "temperature" => Some(self.temperature.as_str().into()),
            _ => None,
        }
    }
}

/// `score 45: fit 10, engagement 35`
impl fmt::Display for ScoreFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fit, engagement, .. } = self;
        write!(f, "score {:.0}: fit {fit:.0}, engagement {engagement:.0}", self.score())
    }
}

/// A checked expression. A missing field is null, and a comparison with null is false.
#[derive(Debug)]
pub struct Expression {
    /// As it is written.
    text: String,
    tree: IdedExpr,
    used: Used,
}

/// The fields that an expression asks for.
#[derive(Debug, Default)]
struct Used {
    lead: BTreeSet<String>,
    /// `lead.fields.NAME`
    free: BTreeSet<String>,
    company: BTreeSet<String>,
}

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

impl Expression {
    /// Reads and checks an expression, which may ask for what its scope has; what is wrong with it is reported.
    pub fn parse(text: &Text, scope: Scope) -> Option<Self> {
        let refuse = |message: String| {
            let help = "name a part of it in a [segment.NAME], or write several shorter rules";
            text.report(Finding::new(Code::Expression, message).help(help));
        };
        if text.value.len() > LONGEST {
            refuse(format!("the condition has {} characters; {LONGEST} are the most", text.value.len()));
            return None;
        }
        let program = Program::compile(text.value).map_err(|errors| syntax::report(text, &errors)).ok()?;
        let used = check::fields(text, &program, scope)?;
        let tree = nulls::guarded(program.expression());
        if nulls::depth(&tree) > DEEPEST {
            refuse(format!("more than {DEEPEST} brackets and operators lie within each other"));
            return None;
        }
        Some(Self { text: text.value.trim().to_owned(), tree, used })
    }

    /// Reads an expression that stands in no file, such as one of a command line, under a name for its mistakes.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn alone(name: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let report = Report::default();
        let source = Source::new(name, text, &report);
        let parsed = Self::parse(&Text { value: text, span: 0..text.len(), source }, Scope::Everything);
        parsed.ok_or_else(|| report.finish())
    }

    /// Whether it holds for this lead. An expression that fails, as by comparing a text with a number, does not.
    pub fn holds(&self, lead: &Lead, score: &ScoreFacts) -> bool {
        let mut context = Context::with_env(ENVIRONMENT.clone());
        context.add_variable_from_value("lead", self.lead(lead, score));
        context.add_variable_from_value("company", self.company(lead));
        context.add_variable_from_value("fit", score.fit);
        context.add_variable_from_value("engagement", score.engagement);
        context.add_variable_from_value("score", score.score());
        matches!(Value::resolve(&self.tree, &context), Ok(Value::Bool(true)))
    }

    /// The fields that it asks for, by the names that [`Lead::field`] takes.
    pub fn asks_for(&self) -> Vec<String> {
        let free = self.used.free.iter().map(|name| format!("fields.{name}"));
        let company = self.used.company.iter().map(|name| format!("company.{name}"));
        self.used.lead.iter().cloned().chain(free).chain(company).collect()
    }

    fn lead(&self, lead: &Lead, score: &ScoreFacts) -> HashMap<String, Value> {
        let field = |name: &String| match name.as_str() {
            "tags" => Value::from(lead.tags.clone()),
            name if JUDGED_FIELDS.contains(&name) => {
                score.judged(name).as_ref().map_or(Value::Null, from_json)
            }
            name => lead.field(name).map_or(Value::Null, Value::from),
        };
        let free = |name: &String| lead.contact.fields.get(name).map_or(Value::Null, from_json);
        let free: HashMap<String, Value> =
            self.used.free.iter().map(|name| (name.clone(), free(name))).collect();
        let fields = self.used.lead.iter().map(|name| (name.clone(), field(name)));
        fields.chain([("fields".to_owned(), Value::from(free))]).collect()
    }

    fn company(&self, lead: &Lead) -> HashMap<String, Value> {
        let field = |name: &String| match name.as_str() {
            "size" => lead.company.as_ref().and_then(|company| company.size).map_or(Value::Null, Value::from),
            name => lead.field(&format!("company.{name}")).map_or(Value::Null, Value::from),
        };
        self.used.company.iter().map(|name| (name.clone(), field(name))).collect()
    }
}

/// As it is written, in one line.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Bool(flag) => Value::from(*flag),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::Null,
        },
        serde_json::Value::String(text) if !text.is_empty() => Value::from(text.clone()),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests;
