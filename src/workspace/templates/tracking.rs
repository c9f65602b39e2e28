//! Links that are followed through the server, for leads that agreed to be tracked.
//!
//! Every link of a mail is compiled into `{{#tracked N}}…{{/tracked}}`. In a mail that is not tracked that shows what is
//! in it, and nothing else. In one that is, it leaves marks, in whose place [`follow`] writes the address that leads
//! there by way of the server: only there it is known, and can be signed.

use std::collections::BTreeSet;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, Renderable, StringOutput,
};

use super::html::unescape;

/// The name of the helper. No template may call it: it is not among those that the check knows.
pub(super) const HELPER: &str = "tracked";

// Control characters: nothing that is imported or typed can hold them.
const START: char = '\u{1}';
const MIDDLE: char = '\u{2}';
const END: char = '\u{3}';

// Stand for the tags around a link until all tags are put back: braces would be taken for the marketer's. Unicode keeps
// these for programs; no text has them.
const OPENS: char = '\u{fdd0}';
const OPENED: char = '\u{fdd1}';
const CLOSES: char = '\u{fdd2}';

/// A link with this number, wrapped for the helper; see [`as_tags`].
pub(super) fn wrapped(number: usize, url: &str) -> String {
    format!("{OPENS}{number}{OPENED}{url}{CLOSES}")
}

/// The text with tags around its wrapped links.
pub(super) fn as_tags(text: String) -> String {
    if !text.contains([OPENS, OPENED, CLOSES]) {
        return text;
    }
    text.replace(OPENS, &format!("{{{{#{HELPER} "))
        .replace(OPENED, "}}")
        .replace(CLOSES, &format!("{{{{/{HELPER}}}}}"))
}

/// The helper.
pub(super) struct Tracked;

impl HelperDef for Tracked {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Some(inner) = helper.template() else { return Ok(()) };
        if !context.data()["link"]["pixel"].is_string() {
            return inner.render(registry, context, render, out);
        }
        let mut url = StringOutput::new();
        inner.render(registry, context, render, &mut url)?;
        let number = helper.param(0).and_then(|param| param.value().as_u64()).unwrap_or(0);
        out.write(&format!("{START}{number}{MIDDLE}{}{END}", url.into_string()?))?;
        Ok(())
    }
}

/// How a text writes its links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    Html,
    Plain,
}

/// How many different links of a mail have marks in it: what a template does not show this lead is no link of its mail.
pub(super) fn count(html: &str) -> usize {
    let numbers = html.split(START).skip(1).filter_map(|mark| mark.split_once(MIDDLE));
    numbers.map(|(number, _)| number).collect::<BTreeSet<_>>().len()
}

/// Writes links in the place of their marks: what `link` makes of the number and the target, else the target.
pub(super) fn follow(text: &mut String, writing: Writing, link: &impl Fn(usize, &str) -> Option<String>) {
    if !text.contains(START) {
        return;
    }
    let mut followed = String::with_capacity(text.len() + 512);
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once(START) {
        followed.push_str(before);
        let Some((mark, after)) = behind.split_once(END) else { break };
        let (number, written) = mark.split_once(MIDDLE).unwrap_or(("", mark));
        let target = if writing == Writing::Html { unescape(written) } else { written.to_owned() };
        let tracked = number.parse().ok().and_then(|number| link(number, target.trim()));
        followed.push_str(tracked.as_deref().unwrap_or(written));
        rest = after;
    }
    followed.push_str(rest);
    *text = followed;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_links() {
        let marked =
            format!("a {START}0{MIDDLE}https://x.example/?a=1&amp;b=2{END} b {START}1{MIDDLE}tel:1{END}");
        let link = |number: usize, url: &str| url.starts_with("http").then(|| format!("<{number}:{url}>"));
        assert_eq!(count(&format!("{marked}{marked}")), 2);
        let mut html = marked.clone();
        follow(&mut html, Writing::Html, &link);
        assert_eq!(html, "a <0:https://x.example/?a=1&b=2> b tel:1");
        let mut plain = marked;
        follow(&mut plain, Writing::Plain, &link);
        assert_eq!(plain, "a <0:https://x.example/?a=1&amp;b=2> b tel:1");
    }
}
