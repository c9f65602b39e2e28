//! What the engine puts below every mail: the imprint and the way out.

use super::html::escape;
use crate::workspace::funnel::OwnCompany;

/// The words of the engine's own parts.
struct Words {
    unsubscribe: &'static str,
    preferences: &'static str,
    view_online: &'static str,
}

const ENGLISH: Words =
    Words { unsubscribe: "Unsubscribe", preferences: "Preferences", view_online: "View in your browser" };

const GERMAN: Words =
    Words { unsubscribe: "Abmelden", preferences: "Einstellungen", view_online: "Im Browser ansehen" };

/// German for German mails, English for all others.
const fn words(language: &str) -> &'static Words {
    match language.as_bytes() {
        b"de" => &GERMAN,
        _ => &ENGLISH,
    }
}

/// The footer as HTML with Handlebars.
pub(super) fn html(company: &OwnCompany, language: &str) -> String {
    let words = words(language);
    let imprint = literal(&escape(&company.imprint)).replace('\n', "<br>\n");
    let (unsubscribe, preferences, view_online) = (words.unsubscribe, words.preferences, words.view_online);
    format!(
        r#"<p class="footer">{imprint}</p>
<p class="footer"><a href="{{{{link.unsubscribe}}}}">{unsubscribe}</a>{{{{#if link.preferences}}}} · <a href="{{{{link.preferences}}}}">{preferences}</a>{{{{/if}}}}{{{{#if link.view_online}}}} · <a href="{{{{link.view_online}}}}">{view_online}</a>{{{{/if}}}}</p>
"#
    )
}

/// The footer as plain text with Handlebars, below the customary dashes.
pub(super) fn plain(company: &OwnCompany, language: &str) -> String {
    let words = words(language);
    let imprint = literal(&company.imprint);
    let (unsubscribe, preferences) = (words.unsubscribe, words.preferences);
    format!(
        "\n-- \n{imprint}\n{unsubscribe}: {{{{link.unsubscribe}}}}\n{{{{#if link.preferences}}}}\n{preferences}: {{{{link.preferences}}}}\n{{{{/if}}}}\n"
    )
}

/// The picture by which opens are seen, in mails that are tracked.
pub(super) const PIXEL: &str = r#"{{#if link.pixel}}<img src="{{link.pixel}}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">{{/if}}"#;

/// Text in which braces stand for themselves.
fn literal(text: &str) -> String {
    text.replace("{{", "\\{{")
}
