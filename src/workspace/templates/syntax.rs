//! What is wrong with the tags of a text, tag by tag, in words for people who only want to write a mail.
//!
//! The handlebars crate stops at the first mistake and names the parts of its grammar that it expected. So each tag is
//! given to it alone, and what opens and closes is followed here.

use std::ops::Range;

use handlebars::Template;

use super::tags::{self, Kind};

/// Helpers that are nothing without a block.
const BLOCKS: [&str; 3] = ["if", "unless", "each"];

const CURLY: [char; 8] = ['“', '”', '„', '‘', '’', '‚', '«', '»'];

/// A mistake in a tag.
pub(super) struct Mistake {
    pub place: Range<usize>,
    pub message: String,
    pub help: String,
}

/// What a tag is alone, or next to the others.
type Words = (String, String);

/// What the tags of a text are like.
pub(super) struct Read {
    /// Every mistake, in order.
    pub mistakes: Vec<Mistake>,
    /// What has to be left out for the rest to be readable: the mistakes, and the blocks that they belong to.
    pub gone: Vec<Range<usize>>,
}

/// Reads the tags of a text whose first line has this number in its file.
pub(super) fn read(text: &str, first_line: usize) -> Read {
    let mut reading = Reading { text, first_line, open: Vec::new(), mistakes: Vec::new(), gone: Vec::new() };
    let tags = tags::find(text);
    for (place, kind) in &tags {
        let tag = &text[place.clone()];
        if !matches!(kind, Kind::Comment | Kind::Escape) && tag[2..].trim_start_matches('{').contains("{{") {
            reading.refuse(unclosed(text, place.start));
            // What it has swallowed is no tag that could be judged.
            reading.gone.push(place.clone());
            continue;
        }
        let wrong = reading.follow(place, kind).or_else(|| alone(tag, kind));
        if let Some((message, help)) = wrong {
            reading.open.iter_mut().for_each(|block| block.bad |= block.tags.contains(place));
            reading.refuse(Mistake { place: place.clone(), message, help });
        }
    }
    let rest = tags.last().map_or(0, |(place, _)| place.end);
    if let Some(start) = text[rest..].find("{{").map(|at| rest + at) {
        reading.refuse(unclosed(text, start));
    }
    while let Some(block) = reading.open.pop() {
        if reading.mistakes.is_empty() {
            reading.refuse(block.unclosed());
        }
        reading.gone.extend(block.tags);
    }
    Read { mistakes: reading.mistakes, gone: reading.gone }
}

/// Follows the blocks of a text.
struct Reading<'t> {
    text: &'t str,
    first_line: usize,
    open: Vec<Block>,
    mistakes: Vec<Mistake>,
    gone: Vec<Range<usize>>,
}

struct Block {
    name: String,
    /// The tag that opens it, and each `else`.
    tags: Vec<Range<usize>>,
    /// The line of a plain `{{else}}` in it.
    else_line: Option<usize>,
    /// Whether one of its tags is wrong.
    bad: bool,
}

impl Block {
    fn unclosed(&self) -> Mistake {
        let message = format!("this block is nowhere closed by {{{{/{}}}}}", self.name);
        let help = format!("write {{{{/{}}}}} where it ends", self.name);
        Mistake { place: self.tags[0].clone(), message, help }
    }
}

impl Reading<'_> {
    fn refuse(&mut self, mistake: Mistake) {
        self.gone.push(mistake.place.clone());
        self.mistakes.push(mistake);
    }

    fn line(&self, at: usize) -> usize {
        self.text[..at].matches('\n').count() + self.first_line
    }

    fn open(&mut self, name: String, place: &Range<usize>) {
        self.open.push(Block { name, tags: vec![place.clone()], else_line: None, bad: false });
    }

    /// Closes the innermost block. If one of its tags is wrong, all of them are left out.
    fn pop(&mut self, place: &Range<usize>, wrong: bool) -> Option<Block> {
        let block = self.open.pop()?;
        if block.bad || wrong {
            self.gone.extend(block.tags.iter().cloned().chain([place.clone()]));
        }
        Some(block)
    }

    /// What is wrong with a tag as one that opens, parts or closes a block.
    fn follow(&mut self, place: &Range<usize>, kind: &Kind) -> Option<Words> {
        let inner = inner(&self.text[place.clone()]).to_owned();
        let word = first_word(inner.trim_start_matches(['#', '/', '^'])).to_owned();
        match kind {
            Kind::Open if word.starts_with("end") => self.wrong_end(place),
            Kind::Open if word.starts_with('>') => {
                let name = first_word(inner.trim_start_matches(['#', '>', ' '])).to_owned();
                self.open(name.clone(), place);
                Some((format!("the partial `{name}` takes no content"), format!("write {{{{> {name}}}}}")))
            }
            Kind::Open => {
                self.open(word, place);
                None
            }
            Kind::Else => self.follow_else(place, &inner),
            Kind::Close => self.close(&word, place),
            Kind::Value if BLOCKS.contains(&word.as_str()) => {
                self.open(word, place);
                Some(("a block begins with #".to_owned(), format!("write {{{{#{inner}}}}}")))
            }
            Kind::Value if ["end", "endif", "endfor", "fi"].contains(&word.as_str()) => self.wrong_end(place),
            Kind::Value if ["elseif", "elsif", "elif"].contains(&word.as_str()) => {
                let rest = inner[word.len()..].trim().to_owned();
                Some((format!("`{word}` is not known here"), format!("write {{{{else if {rest}}}}}")))
            }
            _ => None,
        }
    }

    fn follow_else(&mut self, place: &Range<usize>, inner: &str) -> Option<Words> {
        let line = self.line(place.start);
        let Some(block) = self.open.last_mut() else {
            return Some((
                "this {{else}} belongs to no block".to_owned(),
                "it stands between {{#if …}} and {{/if}}".to_owned(),
            ));
        };
        block.tags.push(place.clone());
        match block.else_line {
            Some(first) => Some((
                format!("the block has an {{{{else}}}} already, in line {first}"),
                "write {{else if …}} first and {{else}} last".to_owned(),
            )),
            None => {
                block.else_line = (inner == "else" || inner == "^").then_some(line);
                None
            }
        }
    }

    fn close(&mut self, word: &str, place: &Range<usize>) -> Option<Words> {
        let fits = self.open.last().is_some_and(|block| block.name == word);
        match self.pop(place, !fits) {
            Some(_) if fits => None,
            Some(block) => {
                let line = self.line(block.tags[0].start);
                let message = format!(
                    "this closes `{word}`, but the block that is open here is `{}`, from line {line}",
                    block.name
                );
                Some((message, format!("write {{{{/{}}}}}", block.name)))
            }
            None => Some((
                "this closes a block that is not open".to_owned(),
                format!("write {{{{#{word} …}}}} where the block begins, or take this tag out"),
            )),
        }
    }

    fn wrong_end(&mut self, place: &Range<usize>) -> Option<Words> {
        let name = self.pop(place, true).map_or_else(|| "if".to_owned(), |block| block.name);
        Some(("a block is closed with a slash".to_owned(), format!("write {{{{/{name}}}}}")))
    }
}

/// What stands between the braces.
fn inner(tag: &str) -> &str {
    tag.trim_matches(['{', '}', '~', '&']).trim()
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or("")
}

/// A tag that does not end: it is marked to where it probably should.
fn unclosed(text: &str, start: usize) -> Mistake {
    let rest = &text[start..];
    let open = rest.len() - rest.trim_start_matches('{').len();
    let content = &rest[open..];
    let line = content.find(['\n', '{']).map_or(content, |end| &content[..end]);
    let brace = line.find('}');
    let end = brace.unwrap_or_else(|| line.find([' ', ',', '!', '?', '<']).unwrap_or(line.len()));
    let name = line[..end].trim();
    let quotes = line[..brace.unwrap_or(line.len())].matches(['"', '\'']).count();
    let (message, help) = if quotes % 2 == 1 {
        (
            "a quote in this tag is not closed",
            "write it on both sides: {{default lead.city \"your city\"}}".to_owned(),
        )
    } else if open > 2 {
        ("this tag begins with three braces and does not end with three", format!("write {{{{{name}}}}}"))
    } else if brace.is_some() {
        ("this tag ends with one brace instead of two", format!("write {{{{{name}}}}}"))
    } else {
        ("this tag is not closed by }}", format!("write {{{{{name}}}}}"))
    };
    let marked = open + line[..end].trim_end().len() + usize::from(brace.is_some());
    Mistake { place: start..start + marked, message: message.to_owned(), help }
}

/// What is wrong with a tag, whatever stands around it.
fn alone(tag: &str, kind: &Kind) -> Option<Words> {
    let inner = inner(tag);
    let readable = match kind {
        Kind::Comment | Kind::Escape | Kind::Close => true,
        Kind::Open => {
            let name = first_word(inner.trim_start_matches('#'));
            Template::compile(&format!("{tag}{{{{/{name}}}}}")).is_ok()
        }
        Kind::Else => Template::compile(&format!("{{{{#if a}}}}{tag}{{{{/if}}}}")).is_ok(),
        Kind::Value | Kind::Include(_) => Template::compile(tag).is_ok(),
    };
    if readable && !without_texts(inner).contains(CURLY) { None } else { Some(unreadable(inner, kind)) }
}

/// A tag without the texts in quotes, in which anything may stand.
fn without_texts(inner: &str) -> String {
    let mut quote = None;
    let keep = |c: &char| match quote {
        Some(open) => {
            if open == *c {
                quote = None;
            }
            false
        }
        None => {
            if *c == '"' || *c == '\'' {
                quote = Some(*c);
            }
            quote.is_none()
        }
    };
    inner.chars().filter(keep).collect()
}

/// What is probably wrong with a tag that cannot be read.
fn unreadable(inner: &str, kind: &Kind) -> Words {
    let bare = without_texts(inner);
    let block = *kind == Kind::Open;
    if inner.is_empty() {
        return (
            "this tag is empty".to_owned(),
            "write what it stands for, such as {{lead.first_name}}".to_owned(),
        );
    }
    if bare.contains(CURLY) {
        let straight = inner.replace(CURLY, "\"");
        let message = "these are curly quotation marks, which a text program has put in";
        return (message.to_owned(), format!("write straight ones: {{{{{straight}}}}}"));
    }
    if let Some(compared) = comparison(inner, &bare) {
        return compared;
    }
    if bare.matches('(').count() != bare.matches(')').count() {
        return (
            "the brackets in this tag do not match".to_owned(),
            "write as many ( as ), such as {{#if (eq lead.city \"Kiel\")}}".to_owned(),
        );
    }
    if let Some((value, filter)) = inner.split_once('|') {
        let (value, filter) = (value.trim(), first_word(filter));
        return ("a variable is followed by nothing".to_owned(), format!("write {{{{{filter} {value}}}}}"));
    }
    if block && inner.trim_start_matches('#').trim_start().contains('.') {
        let name = first_word(inner.trim_start_matches('#'));
        return (
            format!("`{name}` is a variable, and cannot begin a block"),
            format!("write {{{{#if {name}}}}} … {{{{/if}}}}"),
        );
    }
    let first = first_word(inner);
    if first.contains('.')
        && inner.len() > first.len()
        && bare.chars().all(|c| c.is_alphanumeric() || " ._-".contains(c))
    {
        let joined = inner.split_whitespace().collect::<Vec<_>>().join("_");
        return ("a variable has no blanks in its name".to_owned(), format!("write {{{{{joined}}}}}"));
    }
    (
        "this tag cannot be read".to_owned(),
        "write a variable, such as {{lead.city}}, or a helper and its values, such as {{upper lead.city}}"
            .to_owned(),
    )
}

/// A comparison as other languages write it.
fn comparison(inner: &str, bare: &str) -> Option<Words> {
    const OPERATORS: [(&str, &str); 9] = [
        ("===", "eq"),
        ("==", "eq"),
        ("!=", "ne"),
        (">=", "gte"),
        ("<=", "lte"),
        (">", "gt"),
        ("<", "lt"),
        ("&&", "and"),
        ("||", "or"),
    ];
    let head = inner.split_whitespace().next().unwrap_or("");
    let is_test = ["#if", "#unless", "else"].contains(&head);
    let sign = OPERATORS.iter().find(|(sign, _)| bare.contains(sign)).copied();
    let sign = sign.or_else(|| (is_test && bare.contains(" = ")).then_some((" = ", "eq")));
    let (sign, helper) = sign?;
    let (left, right) = inner.split_once(sign)?;
    let head = if is_test { left.trim().split_once(' ').map_or(left, |(head, _)| head) } else { "#if" };
    let left = left.trim().rsplit(' ').next().unwrap_or("").trim_matches('(');
    let right = right.trim().trim_matches(')');
    Some((
        format!("two values are compared by a helper, not by `{}`", sign.trim()),
        format!("write {{{{{head} ({helper} {left} {right})}}}}"),
    ))
}
