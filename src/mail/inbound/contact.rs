//! The block of contact data below a greeting, where no line of dashes begins it.

use super::address::address_in;
use super::words::plain;

/// How mails end.
const CLOSINGS: &[&str] = &[
    "mit freundlichen grüßen",
    "mit freundlichem gruß",
    "mit freundlichen grüssen",
    "freundliche grüße",
    "freundliche grüsse",
    "freundlicher gruß",
    "viele grüße",
    "beste grüße",
    "liebe grüße",
    "herzliche grüße",
    "schöne grüße",
    "mit besten grüßen",
    "mit herzlichen grüßen",
    "grüße",
    "gruß",
    "mfg",
    "vg",
    "lg",
    "kind regards",
    "best regards",
    "warm regards",
    "regards",
    "many thanks",
    "best wishes",
    "best",
    "cheers",
    "sincerely",
    "yours sincerely",
    "thanks",
    "thank you",
    "cordialement",
    "bien cordialement",
    "saludos",
    "un saludo",
    "cordiali saluti",
    "saluti",
    "met vriendelijke groet",
    "pozdrawiam",
    "z poważaniem",
    "hälsningar",
    "med vänliga hälsningar",
    "venlig hilsen",
];

/// What stands before a number that can be called.
const PHONES: &[&str] = &[
    "tel",
    "telefon",
    "phone",
    "fon",
    "fax",
    "telefax",
    "mobil",
    "mobile",
    "mobiltelefon",
    "cell",
    "handy",
    "direct",
    "office",
    "t",
    "m",
    "p",
    "f",
    "d",
    "gsm",
    "tél",
    "móvil",
    "teléfono",
    "cellulare",
];

/// What companies are called.
const COMPANIES: &[&str] = &[
    "gmbh",
    "ag",
    "kg",
    "ohg",
    "ug",
    "e.k.",
    "e.v.",
    "se",
    "ltd",
    "ltd.",
    "limited",
    "inc",
    "inc.",
    "llc",
    "plc",
    "s.a.",
    "sarl",
    "b.v.",
    "s.r.l.",
    "sp. z o.o.",
];

/// Lines that a block has at most, and characters that each has.
const LINES: usize = 14;
const WIDTH: usize = 110;

/// The line with which contact data begin, if all below the greeting and the name is nothing else.
pub fn begins(lines: &[&str]) -> Option<usize> {
    let closing = lines.iter().rposition(|line| is_closing(line))?;
    let name = closing + 1 + lines[closing + 1..].iter().position(|line| !line.trim().is_empty())?;
    let block = &lines[name + 1..];
    let said: Vec<&str> = block.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
    let short =
        said.len() <= LINES && said.iter().all(|line| line.chars().count() <= WIDTH && !is_sentence(line));
    let data = said.iter().filter(|line| is_data(line)).count();
    (short && data >= 2).then_some(name + 1)
}

fn is_closing(line: &str) -> bool {
    let line = plain(line);
    let line = line.trim_end_matches([',', '.', '!', ' ']);
    CLOSINGS.iter().any(|closing| {
        line == *closing
            || line
                .strip_prefix(closing)
                .is_some_and(|rest| rest.starts_with([' ', ',']) && rest.split_whitespace().count() <= 4)
    })
}

/// What somebody still writes below his name: `PS: …`, or a question.
fn is_sentence(line: &str) -> bool {
    let lower = plain(line);
    lower.starts_with("ps") && !lower.starts_with("ps-")
        || lower.starts_with("p.s")
        || line.ends_with('?')
        || line.starts_with('>')
}

/// A number to call, an address, a company.
fn is_data(line: &str) -> bool {
    let lower = plain(line);
    let digits = lower.bytes().filter(u8::is_ascii_digit).count();
    let words = || lower.split([' ', '|', ':', '.', ',', '/', '(', '•', '·']).filter(|word| !word.is_empty());
    let phone = digits >= 6 && (words().any(|word| PHONES.contains(&word)) || lower.starts_with('+'));
    let site = lower.starts_with("www.")
        || lower.starts_with("http")
        || lower.contains(" www.")
        || lower.contains("|www.");
    let company = lower.split([' ', ',']).any(|word| COMPANIES.contains(&word));
    let place = words().any(|word| word.len() == 5 && word.bytes().all(|byte| byte.is_ascii_digit()));
    phone || site || company || place || address_in(line).is_some()
}
