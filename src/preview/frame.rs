//! The HTML of a mail as a document for a frame, in the colours that somebody wants to see it in.
//!
//! A frame has the colours of the reader's own system; a gallery shows both. So the conditions of the mail's style
//! sheets that ask for dark or light are replaced by ones that always or never hold.

use crate::domain::words::words;

words! {
    /// In which colours a mail is shown.
    pub enum Colours { Light = "light", Dark = "dark" }
}

/// What stands in a document for conditions and colours until they are chosen. The page replaces the same three where it
/// holds documents itself.
const IF_DARK: &str = "(preview-dark)";
const IF_LIGHT: &str = "(preview-light)";
const SCHEME: &str = "preview-scheme";

const ALWAYS: &str = "(min-width:0px)";
const NEVER: &str = "(max-width:0px)";

/// The document of a mail whose colours are still to be chosen. Links open in a window of their own, but for the one to
/// unsubscribe, which is nobody's here.
pub fn document(html: &str, unsubscribe: &str) -> String {
    let html = html.replace(&format!("href=\"{unsubscribe}\""), "href=\"#\" target=\"_self\"");
    let (html, asks) = neutral(&html);
    // A mail that says nothing about dark colours is shown as it is.
    let scheme = if asks || html.contains("\"color-scheme\"") { SCHEME } else { "light" };
    let head = format!(
        "<base target=\"_blank\"><meta name=\"referrer\" content=\"no-referrer\"><style>:root{{color-scheme:{scheme}!important}}</style>"
    );
    let at = html.find("<head>").map_or(0, |at| at + "<head>".len());
    format!("{}{head}{}", &html[..at], &html[at..])
}

/// A document in these colours.
pub fn in_colours(document: &str, colours: Colours) -> String {
    let (dark, light) = match colours {
        Colours::Dark => (ALWAYS, NEVER),
        Colours::Light => (NEVER, ALWAYS),
    };
    document.replace(IF_DARK, dark).replace(IF_LIGHT, light).replace(SCHEME, colours.as_str())
}

/// The text with our words in the place of its conditions on colours, and whether it had any.
fn neutral(html: &str) -> (String, bool) {
    const FEATURE: &str = "prefers-color-scheme";
    // Lower case in ASCII changes no positions.
    let lower = html.to_ascii_lowercase();
    let mut out = String::with_capacity(html.len());
    let (mut done, mut found) = (0, false);
    for (at, _) in lower.match_indices(FEATURE) {
        let open = lower[done.min(at)..at].trim_end().strip_suffix('(').map(|before| done + before.len());
        let close = lower[at..].find(')').map(|end| at + end);
        let (Some(open), Some(close)) = (open, close) else { continue };
        let wanted = lower[at + FEATURE.len()..close].trim_start_matches([' ', ':']).trim();
        out.push_str(&html[done..open]);
        out.push_str(if wanted == "light" { IF_LIGHT } else { IF_DARK });
        (done, found) = (close + 1, true);
    }
    out.push_str(&html[done..]);
    (out, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_colours_are_answered() {
        let html = "<html><head><style>@media screen and ( Prefers-Color-Scheme : dark ){a{}}\
                    @media (prefers-color-scheme:light){b{}}</style></head>é (prefers-color-scheme";
        let document = document(html, "https://n.example/u/1");
        let dark = in_colours(&document, Colours::Dark);
        assert!(dark.contains("@media screen and (min-width:0px){a{}}@media (max-width:0px){b{}}"), "{dark}");
        assert!(
            dark.contains("color-scheme:dark!important") && dark.ends_with("é (prefers-color-scheme"),
            "{dark}"
        );
        let light = in_colours(&document, Colours::Light);
        assert!(
            light.contains("@media screen and (max-width:0px){a{}}@media (min-width:0px){b{}}"),
            "{light}"
        );
    }

    #[test]
    fn a_mail_without_dark_colours_stays_light() {
        let document = document("<p>x</p>", "https://n.example/u/1");
        assert!(in_colours(&document, Colours::Dark).contains("color-scheme:light!important"));
    }

    #[test]
    fn the_way_out_is_nobodys() {
        let html = "<head></head><a href=\"https://n.example/u/1\">x</a><a href=\"https://y.example\">y</a>";
        let document = document(html, "https://n.example/u/1");
        assert!(
            document.contains("<a href=\"#\" target=\"_self\">x</a><a href=\"https://y.example\">y"),
            "{document}"
        );
        assert!(document.starts_with("<head><base target=\"_blank\">"), "{document}");
    }
}
