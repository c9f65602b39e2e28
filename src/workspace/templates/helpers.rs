//! The Handlebars helpers of mails. [`KNOWN`] is the list that templates are checked against.
//!
//! - `{{greeting}}`: see [`greeting`](super::greeting::greeting).
//! - `{{du "dein" "Ihr"}}`: the first for readers who are addressed with "du", the second for all others. For more than
//!   some words there is `{{#if du}}…{{else}}…{{/if}}`.
//! - `{{default lead.first_name "you"}}`: the value, or else the other one.
//! - `{{date lead.fields.renewal form="short"}}`, `{{number lead.fields.seats decimals=2}}`: see
//!   [`format`](super::format).
//! - `{{plural lead.fields.seats "seat" "seats"}}`: the first word for one, the second for all else.
//! - `{{upper …}}`, `{{lower …}}`
//!
//! All but `default` fail on a variable that is missing.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson,
};
use serde_json::Value;

use super::context::MailContext;
use super::format::{as_number, date, number};
use super::greeting::greeting;
use super::tracking;

/// A helper and the form in which templates may call it.
pub(super) struct Form {
    pub name: &'static str,
    /// `{{#name …}}…{{/name}}`
    pub block: bool,
    /// `{{name …}}` or `(name …)`
    pub inline: bool,
    /// How many values at least, and at most.
    pub params: (usize, usize),
    /// The names in `name=value`.
    pub options: &'static [&'static str],
    /// A call as it should be.
    pub example: &'static str,
}

const fn block(name: &'static str, example: &'static str) -> Form {
    Form { name, block: true, inline: false, params: (1, 1), options: &[], example }
}

const fn test(name: &'static str, params: usize, example: &'static str) -> Form {
    Form { name, block: true, inline: true, params: (params, params), options: &[], example }
}

const fn inline(
    name: &'static str,
    params: usize,
    options: &'static [&'static str],
    example: &'static str,
) -> Form {
    Form { name, block: false, inline: true, params: (params, params), options, example }
}

/// Every helper that a template may call: those of Handlebars that make sense in a mail, and ours.
pub(super) const KNOWN: &[Form] = &[
    block("if", "{{#if lead.city}} … {{/if}}"),
    block("unless", "{{#unless lead.city}} … {{/unless}}"),
    block("each", "{{#each lead.tags}} {{this}} {{/each}}"),
    test("eq", 2, "{{#if (eq lead.country \"DE\")}} … {{/if}}"),
    test("ne", 2, "{{#if (ne lead.country \"DE\")}} … {{/if}}"),
    test("gt", 2, "{{#if (gt lead.fields.seats 10)}} … {{/if}}"),
    test("gte", 2, "{{#if (gte lead.fields.seats 10)}} … {{/if}}"),
    test("lt", 2, "{{#if (lt lead.fields.seats 10)}} … {{/if}}"),
    test("lte", 2, "{{#if (lte lead.fields.seats 10)}} … {{/if}}"),
    test("and", 2, "{{#if (and lead.city lead.country)}} … {{/if}}"),
    test("or", 2, "{{#if (or lead.city lead.country)}} … {{/if}}"),
    test("not", 1, "{{#if (not lead.city)}} … {{/if}}"),
    inline("len", 1, &[], "{{#if (gt (len lead.tags) 1)}} … {{/if}}"),
    inline("greeting", 0, &[], "{{greeting}}"),
    inline("du", 2, &[], "{{du \"deinen\" \"Ihren\"}}"),
    inline("default", 2, &[], "{{default lead.city \"your city\"}}"),
    inline("date", 1, &["form"], "{{date lead.fields.renewal form=\"short\"}}"),
    inline("number", 1, &["decimals"], "{{number lead.fields.seats decimals=0}}"),
    inline("plural", 3, &[], "{{plural lead.fields.seats \"seat\" \"seats\"}}"),
    inline("upper", 1, &[], "{{upper lead.city}}"),
    inline("lower", 1, &[], "{{lower lead.city}}"),
];

/// A registry with these helpers. `escape` makes values safe for where they go.
pub(super) fn registry(escape: fn(&str) -> String) -> Handlebars<'static> {
    let mut registry = Handlebars::new();
    registry.register_escape_fn(escape);
    let ours: [(&str, Compute); 8] = [
        ("greeting", |call| Ok(greeting(call.language, &call.context.data()["lead"]).into())),
        ("du", |call| call.param(if MailContext::du(call.context) { 0 } else { 1 }).cloned()),
        ("default", |call| call.param(0).or_else(|_| call.param(1)).cloned()),
        ("date", |call| {
            let form = call.option("form").and_then(Value::as_str).unwrap_or("long");
            let zone = MailContext::zone(call.context);
            call.param(0)
                .and_then(|value| date(value, form, call.language, zone).map(Value::from).map_err(other))
        }),
        ("number", |call| {
            let decimals =
                call.option("decimals").and_then(Value::as_u64).and_then(|number| number.try_into().ok());
            call.param(0)
                .and_then(|value| number(value, decimals, call.language).map(Value::from).map_err(other))
        }),
        ("plural", |call| {
            let count = call.param(0)?;
            let count = as_number(count).ok_or_else(|| other(format!("{count} is not a number")))?;
            let one = (count - 1.0).abs() < f64::EPSILON;
            call.param(if one { 1 } else { 2 }).cloned()
        }),
        ("upper", |call| Ok(call.text(0)?.to_uppercase().into())),
        ("lower", |call| Ok(call.text(0)?.to_lowercase().into())),
    ];
    for (name, compute) in ours {
        registry.register_helper(name, Box::new(Inline(compute)));
    }
    registry.register_helper(tracking::HELPER, Box::new(tracking::Tracked));
    // What Handlebars calls for a variable that is not there. Its own strict mode would fail comparisons as well.
    registry.register_helper("helperMissing", Box::new(Inline(|call| Err(missing(call.helper.name())))));
    registry
}

type Compute = for<'c> fn(Call<'c, '_>) -> Result<Value, RenderErrorReason>;

/// A helper that answers a value, which Handlebars escapes.
struct Inline(Compute);

/// One call of a helper.
struct Call<'c, 'rc> {
    helper: &'c Helper<'rc>,
    context: &'c Context,
    language: &'c str,
}

impl HelperDef for Inline {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let language = render.get_root_template_name().map_or("", |name| language(name));
        Ok(ScopedJson::Derived((self.0)(Call { helper, context, language })?))
    }
}

/// The name under which a template is compiled says its language, for helpers to know.
pub(super) fn template_name(mail: &str, language: &str) -> String {
    format!("{mail}.{language}")
}

fn language(template_name: &str) -> &str {
    template_name.rsplit_once('.').map_or("", |(_, language)| language)
}

impl Call<'_, '_> {
    /// A value that must be there.
    fn param(&self, place: usize) -> Result<&Value, RenderErrorReason> {
        let param = self
            .helper
            .param(place)
            .ok_or_else(|| other(format!("{} needs more values", self.helper.name())))?;
        match param.value() {
            Value::Null => Err(missing(param.relative_path().map_or("null", String::as_str))),
            value => Ok(value),
        }
    }

    fn text(&self, place: usize) -> Result<String, RenderErrorReason> {
        let value = self.param(place)?;
        Ok(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }

    fn option(&self, name: &str) -> Option<&Value> {
        self.helper.hash_get(name).map(|option| option.value())
    }
}

fn missing(variable: &str) -> RenderErrorReason {
    RenderErrorReason::MissingVariable(Some(variable.to_owned()))
}

fn other(message: String) -> RenderErrorReason {
    RenderErrorReason::Other(message)
}
