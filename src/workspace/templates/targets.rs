//! The links and pictures of a file, where they stand in it: before Markdown and HTML are made into a mail, so that a
//! finding has its place, and is told whatever else is wrong.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::tags;

/// A link or a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub image: bool,
    /// All of it.
    pub place: Range<usize>,
    /// The address in it; None if it has none.
    pub address: Option<Range<usize>>,
    /// Whether a picture has words for those who do not see it. In HTML they may be empty on purpose.
    pub described: bool,
}

/// The links and pictures of Markdown, also those in HTML within it.
pub(super) fn of_markdown(text: &str) -> Vec<Target> {
    let masked = mask(text);
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut targets = Vec::new();
    let mut html: Range<usize> = 0..0;
    for (event, place) in Parser::new_ext(&masked, options).into_offset_iter() {
        match event {
            Event::Html(_) | Event::InlineHtml(_) if place.start == html.end => html.end = place.end,
            Event::Html(_) | Event::InlineHtml(_) => {
                targets.extend(of_masked_html(&masked, html));
                html = place;
            }
            Event::Start(Tag::Link { dest_url, .. }) => {
                let address = locate(&masked, &place, &dest_url);
                targets.push(Target { image: false, place, address, described: true });
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                let described = !masked[place.clone()].starts_with("![]");
                let address = locate(&masked, &place, &dest_url);
                targets.push(Target { image: true, place, address, described });
            }
            _ => {}
        }
    }
    targets.extend(of_masked_html(&masked, html));
    targets.sort_by_key(|target| target.place.start);
    targets
}

/// The links and pictures of HTML.
pub(super) fn of_html(text: &str) -> Vec<Target> {
    of_masked_html(&mask(text), 0..text.len())
}

/// The text without tags, as long as it was: what stands for a tag is letters, and line breaks stay.
pub(super) fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for (place, _) in tags::find(text) {
        masked.push_str(&text[from..place.start]);
        let bytes = text[place.clone()].bytes();
        masked.extend(bytes.map(|byte| if byte == b'\n' { '\n' } else { 'q' }));
        from = place.end;
    }
    masked.push_str(&text[from..]);
    masked
}

/// Where the address of a link is: the last time that it is written in it, since its text may be the same. That of a
/// reference stands elsewhere.
fn locate(masked: &str, place: &Range<usize>, address: &str) -> Option<Range<usize>> {
    if address.is_empty() {
        return None;
    }
    let within = masked[place.clone()].rfind(address).map(|at| place.start + at);
    let at = within.or_else(|| masked.find(&format!("]: {address}")).map(|at| at + 3))?;
    Some(at..at + address.len())
}

fn of_masked_html(masked: &str, within: Range<usize>) -> Vec<Target> {
    let mut targets = Vec::new();
    let mut at = within.start;
    while let Some(start) = masked[at..within.end].find('<').map(|found| at + found) {
        let rest = &masked[start..within.end];
        if let Some(comment) = rest.strip_prefix("<!--") {
            at = comment.find("-->").map_or(within.end, |end| start + 4 + end + 3);
            continue;
        }
        let name: String = rest[1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        let (attributes, end) = attributes(masked, start + 1 + name.len(), within.end);
        at = end.max(start + 1);
        let value = |wanted: &str| attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        let filled = |value: &Range<usize>| !masked[value.clone()].trim().is_empty();
        match name.to_ascii_lowercase().as_str() {
            "a" => {
                if let Some((_, href)) = value("href") {
                    let address = Some(href.clone()).filter(filled);
                    targets.push(Target { image: false, place: start..end, address, described: true });
                }
            }
            "img" => {
                let address = value("src").map(|(_, src)| src.clone()).filter(filled);
                targets.push(Target {
                    image: true,
                    place: start..end,
                    address,
                    described: value("alt").is_some(),
                });
            }
            _ => {}
        }
    }
    targets
}

/// The attributes of a tag with the places of their values, and where the tag ends.
fn attributes(html: &str, from: usize, limit: usize) -> (Vec<(&str, Range<usize>)>, usize) {
    let mut found = Vec::new();
    let mut at = from;
    loop {
        let rest = &html[at..limit];
        at += rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/').len();
        let rest = &html[at..limit];
        match rest.chars().next() {
            None => return (found, limit),
            Some('>') => return (found, at + 1),
            Some('<') => return (found, at),
            Some(_) => {}
        }
        let name = &rest[..rest.find(|c: char| c.is_whitespace() || "=>/".contains(c)).unwrap_or(rest.len())];
        // A stray sign, such as a quote, is passed over.
        at += name.len().max(rest.chars().next().filter(|_| name.is_empty()).map_or(0, char::len_utf8));
        let behind = html[at..limit].trim_start();
        let Some(value) = behind.strip_prefix('=') else {
            found.push((name, at..at));
            continue;
        };
        let value = value.trim_start();
        let start = limit - value.len();
        let (inner, length) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => match value[1..].find(quote) {
                Some(end) => (start + 1..start + 1 + end, end + 2),
                None => (start + 1..limit, value.len()),
            },
            _ => {
                let end = value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len());
                (start..start + end, end)
            }
        };
        found.push((name, inner));
        at = start + length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, targets: &[Target]) -> Vec<String> {
        let address = |target: &Target| target.address.clone().map_or("-", |at| &text[at]).to_owned();
        let kind = |target: &Target| match (target.image, target.described) {
            (false, _) => "link",
            (true, true) => "image",
            (true, false) => "bare image",
        };
        targets
            .iter()
            .map(|target| format!("{} {} {}", target.place.start, kind(target), address(target)))
            .collect()
    }

    #[test]
    fn links_of_markdown_have_their_places() {
        let text = "a [https://x.example](https://x.example \"n\") <https://y.example> [e]() ![](z.png)\n\n\
                    {{#if a}}\n[r][1] ![alt]({{b}}/c.png)\n{{/if}}\n\n<a\nhref=\"{{link.unsubscribe}}\">x</a> `[no](code)`\n\n[1]: http://r.example\n";
        let targets = of_markdown(text);
        assert_eq!(
            shown(text, &targets),
            [
                "2 link https://x.example",
                "45 link https://y.example",
                "65 link -",
                "71 bare image z.png",
                "93 link http://r.example",
                "100 image {{b}}/c.png",
                "129 link {{link.unsubscribe}}",
            ]
        );
    }

    #[test]
    fn attributes_of_html_are_found_in_any_form() {
        let text = "<!-- <a href='no'> --><A  HREF = 'x' class=y><img src=z/><img alt src=\"\"><a name=q><br/><a href=\"open";
        assert_eq!(
            shown(text, &of_html(text)),
            ["22 link x", "45 bare image z/", "57 image -", "88 link open"]
        );
    }

    #[test]
    fn a_mask_keeps_every_place() {
        assert_eq!(mask("ü {{a\nb}} {{ö}} c"), "ü qqq\nqqq qqqqqq c");
    }
}
