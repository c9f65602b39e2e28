//! Where a signature, or what a company adds below each mail, begins.

use super::words::plain;

/// What mobile programs write below.
const SENT_FROM: &[&str] = &[
    "sent from my ",
    "sent from mail for",
    "sent from outlook",
    "sent from yahoo mail",
    "sent from proton",
    "sent from a ",
    "sent with ",
    "sent via ",
    "get outlook for ",
    "von meinem ",
    "von meinem/",
    "von meiner ",
    "von mobil",
    "gesendet von meinem ",
    "gesendet von mein",
    "gesendet mit ",
    "gesendet von outlook",
    "gesendet von mail für",
    "diese nachricht wurde von meinem ",
    "holen sie sich outlook für ",
    "outlook für ",
    "outlook for ",
    "envoyé de mon ",
    "envoyé depuis mon ",
    "enviado desde mi ",
    "inviato da ",
    "inviato dal mio ",
    "verstuurd vanaf mijn ",
    "skickat från min ",
    "sendt fra min ",
    "enviado do meu ",
];

/// What companies write below, at the start of a paragraph.
const LEGAL: &[&str] = &[
    "this e-mail and any attachments",
    "this email and any attachments",
    "this e-mail (and any attachment",
    "this message and any attachments",
    "this e-mail may contain",
    "this email may contain",
    "this e-mail is confidential",
    "this email is confidential",
    "this message is confidential",
    "this message may contain",
    "this email message is",
    "this e-mail message is",
    "the information contained in this",
    "the information in this e-mail",
    "the information in this email",
    "the contents of this e",
    "confidentiality notice",
    "confidentiality:",
    "confidential:",
    "disclaimer",
    "please consider the environment",
    "diese e-mail enthält",
    "diese email enthält",
    "diese nachricht enthält",
    "diese e-mail ist vertraulich",
    "diese e-mail und ",
    "diese nachricht ist vertraulich",
    "der inhalt dieser e-mail",
    "der inhalt dieser mail",
    "der inhalt dieser nachricht",
    "die in dieser e-mail",
    "die informationen in dieser",
    "vertraulichkeitshinweis",
    "haftungsausschluss",
    "rechtlicher hinweis",
    "bitte denken sie an die umwelt",
    "bitte prüfen sie, ob diese",
    "denken sie an die umwelt",
];

/// What a German business letter must name.
const REGISTER: &[&str] = &[
    "amtsgericht",
    "handelsregister",
    "registergericht",
    "geschäftsführer:",
    "geschäftsführung:",
    "geschäftsführerin:",
    "ust-idnr",
    "ust-id",
    "hrb ",
    "sitz der gesellschaft",
];

/// Programs and devices that say so of themselves.
const PRODUCTS: &[&str] = &[
    "iphone",
    "ipad",
    "ipod",
    "android",
    "galaxy",
    "samsung",
    "huawei",
    "xiaomi",
    "pixel",
    "blackberry",
    "windows",
    "outlook",
    "mail",
    "gmx",
    "web.de",
    "yahoo",
    "proton",
    "spark",
    "superhuman",
    "thunderbird",
    "handy",
    "smartphone",
    "mobile",
    "mobiltelefon",
    "telefon",
    "phone",
    "tablet",
    "app",
    "móvil",
    "mobiel",
    "telefoon",
    "mobil",
    "k-9",
    "mailbird",
    "emclient",
    "hotmail",
];

/// Lines that a signature has at most, where a line that people also draw within a text begins it.
const LONGEST: usize = 12;

/// Whether a signature begins with the first of these lines: nothing below is part of what was written.
pub fn begins(lines: &[&str]) -> bool {
    let Some(line) = lines.first() else { return false };
    let short = || lines.iter().filter(|line| !line.trim().is_empty()).count() <= LONGEST;
    line.trim_end() == "--" || is_ruler(line) && short() || is_sent_from(line) || is_legal(line)
}

/// What people draw instead of `-- ` (RFC 3676 section 4.3).
fn is_ruler(line: &str) -> bool {
    let line = line.trim_end();
    let long = line.trim().chars().all(|letter| letter == '_') && line.trim().chars().count() >= 10;
    long || matches!(line, "---" | "__" | "___" | "—" | "–")
}

fn is_sent_from(line: &str) -> bool {
    let line = plain(line);
    let line = line.trim_matches(['*', '_', '<', '[', '(', '-', ' ']);
    let short = line.chars().count() <= 100 && line.split(' ').count() <= 12;
    let sent = SENT_FROM.iter().any(|words| line.starts_with(words))
        || line.starts_with("mit ") && line.trim_end_matches('.').ends_with(" gesendet");
    short && sent && PRODUCTS.iter().any(|name| line.contains(name))
}

fn is_legal(line: &str) -> bool {
    let line = plain(line);
    let line = line.trim_start_matches(['*', '_', '-', '=', ' ', '#']);
    LEGAL.iter().any(|words| line.starts_with(words))
        || REGISTER.iter().filter(|words| line.contains(**words)).count() >= 2
}
