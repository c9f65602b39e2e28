//! A [`Hit`]: a raw open or click. [`MailHits`] tells whether a person or a machine was behind it (promise 8).
//!
//! Mail programs load images for people who never look, and gateways follow every link before the mail is delivered.
//! What such machines do is kept and marked, and has no effect. In doubt it was a machine: a lead that is taken for cold
//! gets the next mail of its sequence, one that is taken for hot gets a call that it never asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::time::{SECOND, Timestamp};
use super::words::words;

words! {
    /// What was asked for.
    pub enum HitKind {
        /// The picture of one pixel.
        Open = "open",
        /// A link of the mail.
        Click = "click",
        /// The page behind the unsubscribe link, which changes nothing. Scanners follow that link too.
        Leave = "leave",
    }
}

words! {
    /// Why a hit is taken for a machine's.
    pub enum Machine {
        /// Its program says that it loads pictures or pages for others.
        Proxy = "proxy",
        /// Its program is no browser.
        Robot = "robot",
        /// It does not say what its program is.
        Nameless = "nameless",
        /// HEAD: no browser asks so when somebody clicks.
        Head = "head",
        /// Sooner after the delivery than anybody can read.
        TooSoon = "too_soon",
        /// All links of a mail at once.
        AllLinks = "all_links",
        /// Links in the mails of many leads at once, from one network.
        ManyLeads = "many_leads",
        /// A person looked at it and says so.
        SaidSo = "said_so",
    }
}

impl Machine {
    /// In words that end "was a machine, as …".
    pub const fn because(self) -> &'static str {
        match self {
            Machine::Proxy => "its program loads pictures and pages for others",
            Machine::Robot => "its program is no browser",
            Machine::Nameless => "it does not say what its program is",
            Machine::Head => "it asked in a way that no browser does",
            Machine::TooSoon => "it came sooner than anybody can read",
            Machine::AllLinks => "it followed all links at once",
            Machine::ManyLeads => "it followed links in the mails of many leads at once",
            Machine::SaidSo => "sales says that nobody answered",
        }
    }
}

/// A raw open or click, not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub id: i64,
    pub lead: i64,
    pub message: i64,
    pub kind: HitKind,
    pub at: Timestamp,
    /// Asked by HEAD.
    pub head: bool,
    /// Which link of the mail, and how many it has.
    pub link: Option<(i64, i64)>,
    /// What the link is called and where it leads, a line each.
    pub target: Option<String>,
    /// What the program says that it is; empty if it says nothing.
    pub agent: String,
    /// The network that it came from, not the address: the first 24 or 48 bits.
    pub network: String,
}

/// What belongs together: hits that are at most so many milliseconds apart.
pub const WINDOW: i64 = 60 * SECOND;

/// Nobody opens, reads and clicks within so many milliseconds after the delivery.
const SOONEST: i64 = 5 * SECOND;

/// So many leads of one network do not click within one minute, unless something clicks for them.
const MANY_LEADS: usize = 10;

/// What such programs say that they are, in lower case. Pictures fetched by the proxies of mail providers come when the
/// provider likes, whether or not anybody looks.
const PROXIES: &[&str] = &[
    "googleimageproxy",
    "yahoomailproxy",
    "ggpht.com",
    "feedfetcher",
    "outlook-iframe",
    "barracuda",
    "proofpoint",
    "mimecast",
    "safelinks",
    "urldefense",
    "symantec",
    "messagelabs",
    "trendmicro",
    "sophos",
    "fortinet",
    "forcepoint",
    "zscaler",
    "cisco ironport",
    "bitdefender",
    "kaspersky",
    "avast",
    "eset",
    "ms-office; msoffice",
    "microsoft office existence discovery",
    "google-safety",
    "google-read-aloud",
    "googlemessages",
    "linkpreview",
    "slackbot",
    "facebookexternalhit",
    "whatsapp",
    "telegrambot",
    "skypeuripreview",
    "teamsbot",
];

/// Words in the names of programs that are no browsers, in lower case.
const ROBOTS: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "scan",
    "preview",
    "monitor",
    "headless",
    "phantomjs",
    "selenium",
    "curl/",
    "wget/",
    "libwww",
    "python",
    "java/",
    "go-http-client",
    "okhttp",
    "apache-httpclient",
    "node-fetch",
    "axios",
    "ruby",
    "perl",
    "php",
    "httpie",
    "winhttp",
    "libcurl",
    "dotnet",
    "postman",
];

/// The hits on one mail, judged by each other. Built once for a mail.
pub struct MailHits<'a> {
    delivered_at: Option<Timestamp>,
    /// The minutes in which a machine went through the mail: from, to.
    bursts: Vec<(Timestamp, Timestamp)>,
    /// By network: the times about which it asked by HEAD.
    heads: BTreeMap<&'a str, Vec<(Timestamp, Timestamp)>>,
    /// Networks from which machines went through the mail.
    suspects: BTreeSet<&'a str>,
}

impl<'a> MailHits<'a> {
    /// `hits` are all on this mail that are known; `delivered_at` is when it was delivered, if that is known.
    pub fn new(hits: impl IntoIterator<Item = &'a Hit>, delivered_at: Option<Timestamp>) -> Self {
        let mut hits: Vec<&Hit> = hits.into_iter().collect();
        hits.sort_by_key(|hit| hit.at);
        let bursts = bursts(&hits);
        let mut heads: BTreeMap<&str, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
        for hit in hits.iter().filter(|hit| hit.head) {
            add(heads.entry(&hit.network).or_default(), (hit.at - WINDOW, hit.at + WINDOW));
        }
        let within = |hit: &&&Hit| hit.head || bursts.iter().any(|burst| contains(*burst, hit.at));
        let suspects = hits.iter().filter(within).map(|hit| hit.network.as_str());
        // A network that is not known is everybody's.
        let suspects = suspects.filter(|network| !network.is_empty()).collect();
        Self { delivered_at, bursts, heads, suspects }
    }

    /// Who was behind a hit: none if it was likely a person. In the mails of `leads_of_network` leads something from
    /// the same network clicked at about the same time.
    pub fn judge(&self, hit: &Hit, leads_of_network: usize) -> Option<Machine> {
        by_itself(hit, self.delivered_at).or_else(|| self.by_company(hit, leads_of_network))
    }

    /// What came at the same time shows.
    fn by_company(&self, hit: &Hit, leads_of_network: usize) -> Option<Machine> {
        if hit.kind != HitKind::Open && leads_of_network >= MANY_LEADS {
            return Some(Machine::ManyLeads);
        }
        if self.bursts.iter().any(|burst| contains(*burst, hit.at)) {
            return Some(Machine::AllLinks);
        }
        // HEAD beside GET from the same network is one program that looks before it takes.
        let heads = self.heads.get(hit.network.as_str()).map_or(&[][..], Vec::as_slice);
        if heads.iter().any(|times| contains(*times, hit.at)) {
            return Some(Machine::Head);
        }
        self.suspects.contains(hit.network.as_str()).then_some(Machine::AllLinks)
    }
}

/// Adds a span that begins no earlier than those before; what overlaps becomes one.
fn add(spans: &mut Vec<(Timestamp, Timestamp)>, (from, to): (Timestamp, Timestamp)) {
    match spans.last_mut().filter(|last| from <= last.1) {
        Some(last) => last.1 = last.1.max(to),
        None => spans.push((from, to)),
    }
}

fn contains((from, to): (Timestamp, Timestamp), at: Timestamp) -> bool {
    from <= at && at <= to
}

/// What the hit itself shows.
fn by_itself(hit: &Hit, delivered_at: Option<Timestamp>) -> Option<Machine> {
    let agent = hit.agent.trim().to_ascii_lowercase();
    let named = |names: &[&str]| names.iter().any(|name| agent.contains(name));
    if hit.head {
        return Some(Machine::Head);
    }
    // What loads pictures in advance for people of Apple Mail says that it is Mozilla, and nothing more.
    if agent.is_empty() || agent == "mozilla/5.0" {
        return Some(Machine::Nameless);
    }
    if named(PROXIES) {
        return Some(Machine::Proxy);
    }
    if named(ROBOTS) || !agent.contains("mozilla/") && !agent.contains("opera/") {
        return Some(Machine::Robot);
    }
    delivered_at.filter(|delivered| hit.at - *delivered < SOONEST).map(|_| Machine::TooSoon)
}

/// The minutes in which two or more links of the mail were followed, and as many as it has. A mail with one link has two:
/// the one to leave is followed by scanners and not by those who are interested. `hits` are in the order of time.
fn bursts(hits: &[&Hit]) -> Vec<(Timestamp, Timestamp)> {
    let links = hits.iter().filter_map(|hit| hit.link).map(|(_, of)| of).max().unwrap_or(0);
    // The link to leave is none of the numbered ones.
    let followed = |hit: &&Hit| match hit.kind {
        HitKind::Open => None,
        HitKind::Click => Some((hit.at, hit.link.map_or(0, |(link, _)| link))),
        HitKind::Leave => Some((hit.at, LEAVES)),
    };
    let followed: Vec<(Timestamp, i64)> = hits.iter().filter_map(followed).collect();
    let mut bursts = Vec::new();
    let (mut end, mut within) = (0, BTreeMap::<i64, usize>::new());
    for (start, link) in &followed {
        while followed.get(end).is_some_and(|(at, _)| *at - *start <= WINDOW) {
            *within.entry(followed[end].1).or_default() += 1;
            end += 1;
        }
        let clicked = within.len() - usize::from(within.contains_key(&LEAVES));
        if links > 0 && clicked as i64 >= links && within.len() >= 2 {
            add(&mut bursts, (*start, *start + WINDOW));
        }
        if let Some(count) = within.get_mut(link) {
            *count -= 1;
            if *count == 0 {
                within.remove(link);
            }
        }
    }
    bursts
}

const LEAVES: i64 = -1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MINUTE;

    const SENT: Timestamp = Timestamp::from_millis(1_767_600_000_000);
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

    fn click(link: i64, of: i64, after: i64) -> Hit {
        Hit {
            id: link,
            lead: 1,
            message: 1,
            kind: HitKind::Click,
            at: SENT + after,
            head: false,
            link: Some((link, of)),
            target: None,
            agent: FIREFOX.to_owned(),
            network: "192.0.2.0".to_owned(),
        }
    }

    fn judged(hit: &Hit, same_mail: &[Hit]) -> Option<Machine> {
        MailHits::new(same_mail, Some(SENT)).judge(hit, 1)
    }

    #[test]
    fn somebody_who_reads_and_clicks_is_a_person() {
        let open = Hit { kind: HitKind::Open, link: None, ..click(0, 3, 20 * SECOND) };
        let hits = [open.clone(), click(1, 3, 40 * SECOND), click(1, 3, 41 * SECOND)];
        for hit in &hits {
            assert_eq!(judged(hit, &hits), None, "{hit:?}");
        }
        let only = [click(1, 1, 10 * SECOND)];
        assert_eq!(judged(&only[0], &only), None, "the only link of a mail");
        let slowly = [click(1, 2, MINUTE), click(2, 2, 3 * MINUTE)];
        assert_eq!(judged(&slowly[1], &slowly), None, "both links, one after the other");
    }

    #[test]
    fn what_a_program_says_of_itself_is_believed() {
        let agents = [
            ("", Machine::Nameless),
            ("Mozilla/5.0", Machine::Nameless),
            (
                "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
                Machine::Proxy,
            ),
            ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", Machine::Proxy),
            ("Mozilla/5.0 (compatible; Googlebot/2.1)", Machine::Robot),
            ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0", Machine::Robot),
            ("curl/8.5.0", Machine::Robot),
            ("Something/1.0", Machine::Robot),
        ];
        for (agent, machine) in agents {
            let hit = Hit { agent: agent.to_owned(), ..click(1, 9, MINUTE) };
            assert_eq!(judged(&hit, std::slice::from_ref(&hit)), Some(machine), "{agent}");
        }
    }

    #[test]
    fn nobody_reads_within_seconds() {
        let hit = click(1, 9, 4 * SECOND);
        assert_eq!(judged(&hit, std::slice::from_ref(&hit)), Some(Machine::TooSoon));
    }

    #[test]
    fn all_links_within_a_minute_are_a_scanner_and_so_is_what_comes_with_it() {
        let hits = [click(1, 3, 10 * SECOND), click(2, 3, 30 * SECOND), click(3, 3, 60 * SECOND)];
        for hit in &hits {
            assert_eq!(judged(hit, &hits), Some(Machine::AllLinks), "{hit:?}");
        }
        assert_eq!(judged(&hits[0], &hits[..2]), None, "two of three");
        let again: Vec<Hit> = hits.iter().cloned().chain([click(1, 3, 125 * SECOND)]).collect();
        assert_eq!(judged(&again[3], &again), Some(Machine::AllLinks), "the same network once more");
        let somebody = Hit { network: "198.51.100.0".into(), ..again[3].clone() };
        assert_eq!(judged(&somebody, &again), None, "somebody else, later");
    }

    #[test]
    fn who_follows_the_only_link_and_the_one_to_leave_is_a_scanner() {
        let leave = Hit { kind: HitKind::Leave, link: None, ..click(0, 0, 12 * SECOND) };
        let hits = [click(1, 1, 10 * SECOND), leave];
        assert_eq!(judged(&hits[0], &hits), Some(Machine::AllLinks));
    }

    #[test]
    fn head_betrays_the_get_beside_it() {
        let head = Hit { head: true, ..click(1, 5, 10 * SECOND) };
        let hits =
            [head, click(1, 5, 11 * SECOND), Hit { network: "198.51.100.0".into(), ..click(2, 5, MINUTE) }];
        assert_eq!(judged(&hits[0], &hits), Some(Machine::Head));
        assert_eq!(judged(&hits[1], &hits), Some(Machine::Head));
        assert_eq!(judged(&hits[2], &hits), None, "somebody else");
    }

    #[test]
    fn a_flood_is_judged_at_once() {
        let flood: Vec<Hit> = (0..50_000).map(|n| click(n % 3, 4, 10 * SECOND + n)).collect();
        let mail = MailHits::new(&flood, Some(SENT));
        assert!(flood.iter().all(|hit| mail.judge(hit, 1).is_none()), "three of four links");
    }

    #[test]
    fn a_gateway_that_clicks_for_many_is_a_machine() {
        let hit = click(1, 5, MINUTE);
        let mail = MailHits::new(std::slice::from_ref(&hit), None);
        let of = |leads_of_network| mail.judge(&hit, leads_of_network);
        assert_eq!((of(9), of(10)), (None, Some(Machine::ManyLeads)));
    }
}
