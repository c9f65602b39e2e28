//! Where the history of a mail begins: the line above a quote, or the header that mail programs write there.

use super::html::HISTORY;
use super::words::{has_phrase, plain};

/// Lines that the line above a quote may be broken into.
const BROKEN: usize = 4;
/// Characters of it.
const LONGEST: usize = 400;

/// What begins the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// `On Monday Kim wrote:`, in so many lines. A quote with marks follows, unless it says so precisely who and when that
    /// nobody would write it himself.
    Attribution { lines: usize, precise: bool },
    /// A rule or a header: all below is history.
    Rest,
}

/// Verbs of the line above a quote.
const VERBS: &[&str] = &[
    "wrote",
    "writes",
    "schrieb",
    "schrieben",
    "geschrieben",
    "a écrit",
    "escribió",
    "escribió lo siguiente",
    "ha scritto",
    "schreef",
    "skrev",
    "napisał",
    "napisał(a)",
    "napisała",
    "escreveu",
    "kirjoitti",
    "napsal",
    "napsal(a)",
    "írta",
    "написал",
    "написал(а)",
    "пишет",
    "a scris",
    "yazdı",
    "schrieb am",
    "het volgende geschreven",
    "shkroi",
    "έγραψε",
    "写道",
    "のメッセージ",
    "님이 작성",
];

/// Rules above a history that is not quoted.
const RULES: &[&str] = &[
    "original message",
    "original appointment",
    "original email",
    "forwarded message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "urspruengliche nachricht",
    "ursprünglicher termin",
    "weitergeleitete nachricht",
    "mensaje original",
    "mensaje reenviado",
    "message d'origine",
    "message original",
    "message transféré",
    "messaggio originale",
    "messaggio inoltrato",
    "oorspronkelijk bericht",
    "doorgestuurd bericht",
    "ursprungligt meddelande",
    "vidarebefordrat meddelande",
    "oprindelig meddelelse",
    "original besked",
    "opprinnelig melding",
    "alkuperäinen viesti",
    "mensagem original",
    "mensagem encaminhada",
    "wiadomość oryginalna",
    "původní zpráva",
    "eredeti üzenet",
    "исходное сообщение",
    "reply message",
    "原始邮件",
    "元のメッセージ",
];

/// Such rules that need no dashes.
const BARE_RULES: &[&str] = &[
    "begin forwarded message:",
    "anfang der weitergeleiteten nachricht:",
    "anfang der weitergeleiteten e-mail:",
    "début du message réexpédié :",
    "inizio messaggio inoltrato:",
    "reply above this line",
    "please type your reply above this line",
    "bitte antworten sie oberhalb dieser linie",
];

/// Words that the line above a quote begins with.
const OPENINGS: &[&str] = &[
    "on ", "am ", "le ", "el ", "il ", "op ", "den ", "em ", "w dniu ", "dne ", "pe ", "a ", "в ", "pada ",
    "vào ",
];

/// How webmail programs begin that line, without a verb at its end.
const QUOTING: &[&str] =
    &["quoting ", "zitat von ", "zitiere ", "citando ", "citaat van ", "cytowanie ", "citat från "];

/// Labels of the header that mail programs write above a history: who, when, to whom, about what.
const LABELS: [&[&str]; 4] = [
    &[
        "from",
        "von",
        "de",
        "da",
        "van",
        "från",
        "fra",
        "lähettäjä",
        "od",
        "от",
        "feladó",
        "expéditeur",
        "差出人",
        "发件人",
        "kimden",
    ],
    &[
        "sent",
        "date",
        "datum",
        "gesendet",
        "sent at",
        "envoyé",
        "envoyé le",
        "enviado",
        "enviado el",
        "enviada em",
        "fecha",
        "inviato",
        "data",
        "verzonden",
        "skickat",
        "sendt",
        "dato",
        "lähetetty",
        "data wysłania",
        "wysłano",
        "отправлено",
        "дата",
        "odesláno",
        "送信日時",
        "发送时间",
    ],
    &[
        "to",
        "an",
        "para",
        "à",
        "a",
        "aan",
        "till",
        "til",
        "vastaanottaja",
        "do",
        "кому",
        "komu",
        "címzett",
        "destinataire",
        "宛先",
        "收件人",
        "cc",
        "kopie",
        "risposta",
        "reply to",
        "antwort an",
        "reply-to",
    ],
    &[
        "subject",
        "betreff",
        "asunto",
        "objet",
        "oggetto",
        "onderwerp",
        "ämne",
        "emne",
        "aihe",
        "assunto",
        "temat",
        "тема",
        "předmět",
        "tárgy",
        "件名",
        "主题",
    ],
];

/// Whether the history begins at the first of these lines.
pub fn begins(lines: &[&str]) -> Option<Beginning> {
    let first = bare(lines.first()?);
    if first.is_empty() {
        return None;
    }
    if first == HISTORY || is_rule(first, &lines[1..]) || is_header(lines) {
        return Some(Beginning::Rest);
    }
    let length = attribution(lines)?;
    let words = plain(&lines[..length].join(" "));
    Some(Beginning::Attribution {
        lines: length,
        precise: words.contains('@') || has_time(&words) || has_year(&words),
    })
}

/// A line without quote marks.
fn bare(line: &str) -> &str {
    line.trim_start_matches(['>', ' ', '\t']).trim_end()
}

fn is_rule(line: &str, below: &[&str]) -> bool {
    let lower = plain(line);
    if lower.chars().count() > 120 {
        return false;
    }
    let dashes = |letter: char| matches!(letter, '-' | '_' | '*' | '=' | '—' | '–' | '#' | ' ' | '~' | '+');
    let inner = lower.trim_matches(dashes);
    let dashed = lower.starts_with(dashes) && inner.len() < lower.len();
    // Whatever the language: a title between dashes, and a header below it.
    let titled = lower.starts_with("--") && lower.ends_with("--") && !inner.is_empty();
    let header = below.iter().position(|line| !bare(line).is_empty());
    if titled && header.is_some_and(|at| is_header(&below[at..])) {
        return true;
    }
    dashed
        && RULES.iter().any(|rule| {
            inner.trim_end_matches(':') == *rule || inner.starts_with(rule) && lower.starts_with("--")
        })
        || BARE_RULES.iter().any(|rule| inner.starts_with(rule))
}

/// How many lines the words above a quote take, if they begin with the first of these.
fn attribution(lines: &[&str]) -> Option<usize> {
    let lines: Vec<&str> = lines.iter().take(BROKEN).map(|line| bare(line)).collect();
    let lines = lines.split(|line| line.is_empty()).next().unwrap_or_default();
    let whole = |from: usize, to: usize| is_attribution(&lines[from..to].join(" "));
    let length = (1..=lines.len()).find(|length| whole(0, *length))?;
    // What stands before it in the paragraph is no part of it.
    let later = (1..length).filter(|from| whole(*from, length));
    let better = later.clone().any(|from| opens(lines[from])) || !opens(lines[0]) && later.count() > 0;
    (!better).then_some(length)
}

/// Whether a line begins as the words above a quote do.
fn opens(line: &str) -> bool {
    let line = plain(line);
    let line = line.trim_start_matches(['*', '_', '-', ' ']);
    line.starts_with(|letter: char| letter.is_ascii_digit())
        || OPENINGS.iter().any(|word| line.starts_with(word))
}

fn is_attribution(text: &str) -> bool {
    if text.len() > LONGEST {
        return false;
    }
    let text = plain(text);
    let text = text.trim_matches(['*', '_', '-', ' ', '"']);
    let quoting = QUOTING.iter().any(|words| text.starts_with(words)) && text.ends_with(':');
    if quoting && text.contains('@') || is_dated_name(text) {
        return true;
    }
    let Some(said) = text.strip_suffix([':', '：']).or_else(|| text.strip_suffix("wrote")) else {
        return false;
    };
    let said = said.trim_end();
    let verb = text.ends_with("wrote") || VERBS.iter().any(|verb| has_phrase(said, verb));
    let known = said.contains('@') || said.contains(|letter: char| letter.is_ascii_digit());
    // What somebody wrote himself is no history.
    let own = !said.contains('@') && ["ich", "i", "wir", "we"].iter().any(|own| has_phrase(said, own));
    verb && !own && (known || opens(said) && said.split(' ').count() > 3)
}

/// `8:30`
fn has_time(text: &str) -> bool {
    text.as_bytes().windows(4).any(|four| matches!(four, [b'0'..=b'9', b':', b'0'..=b'9', b'0'..=b'9']))
}

/// `2026`
fn has_year(text: &str) -> bool {
    text.as_bytes()
        .windows(4)
        .any(|four| matches!(four, [b'1' | b'2', b'9' | b'0', b'0'..=b'9', b'0'..=b'9']))
}

/// When and who, without a verb: `2011/3/1 Kim <kim@example.org>`, `Mi., 30. Apr. 2025, 15:19, Kim <kim@example.org>:`.
fn is_dated_name(text: &str) -> bool {
    let named = text.ends_with(">:") || text.ends_with('>');
    let date = text.split(' ').next().is_some_and(|word| {
        word.starts_with(|letter: char| letter.is_ascii_digit()) && word.matches(['/', '-', '.']).count() == 2
    });
    let address = named && text.contains('@') && text.contains('<');
    address && date
        || address && has_time(text) && text.ends_with(':')
        || date && has_time(text) && text.contains(" gmt")
}

/// Whether a header begins here: who, and two more.
fn is_header(lines: &[&str]) -> bool {
    let mut seen = [false; 4];
    let mut blank = 0;
    // Notes draws a box around each value.
    let lines = || lines.iter().take(30).map(|line| bare(line)).filter(|line| !is_box(line));
    for (number, line) in lines().take(12).enumerate() {
        if line.is_empty() {
            blank += 1;
            if blank > 1 { break } else { continue }
        }
        match label(line) {
            Some(label) => seen[label] = true,
            None if number == 0 => return false,
            // A long value goes on in the next line.
            None => {}
        }
    }
    let first_counts = lines().next().and_then(label).is_some_and(|label| label < 2);
    first_counts && seen[0] && seen.iter().filter(|seen| **seen).count() >= 3
}

/// Whether a line is the edge of a box, drawn with letters.
fn is_box(line: &str) -> bool {
    line.len() >= 8
        && line.contains('|')
        && line.chars().all(|letter| matches!(letter, '|' | '-' | '>' | '+' | '=' | ' '))
}

/// Which label a line begins with.
fn label(line: &str) -> Option<usize> {
    let line = line.trim_start_matches(['*', '_', '|', ' ']);
    let (name, _) = line.split_once([':', '：'])?;
    if name.chars().count() > 24 {
        return None;
    }
    let name = plain(name.trim_end_matches(['*', '_', ' ']));
    LABELS.iter().position(|names| names.contains(&name.as_str()))
}
