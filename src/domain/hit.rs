//! A [`Hit`]: a raw open or click. [`judge`] tells whether a person or a machine was behind it (promise 8).
//!
//! Mail programs load images for people who never look, and gateways follow every link before the mail is delivered.
//! What such machines do is kept and marked, and has no effect. In doubt it was a machine: a lead that is taken for cold
//! gets the next mail of its sequence, one that is taken for hot gets a call that it never asked for.

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
        }
    }

    /// Whether it shows a machine that goes through the whole mail, so that what comes within [`WINDOW`] is its, too.
    pub const fn goes_through(self) -> bool {
        matches!(self, Machine::Head | Machine::AllLinks | Machine::ManyLeads)
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

/// What a hit is judged by, beside itself.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// All hits on the same mail that are not judged yet, itself among them.
    pub same_mail: &'a [Hit],
    /// When machines that go through whole mails were seen at this mail lately.
    pub machines_at: &'a [Timestamp],
    /// When the mail was delivered; none if that is not known.
    pub delivered_at: Option<Timestamp>,
    /// Mails of how many leads were clicked in from the same network within [`WINDOW`].
    pub leads_of_network: usize,
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

/// Who was behind a hit: none if it was likely a person.
pub fn judge(hit: &Hit, evidence: &Evidence) -> Option<Machine> {
    by_itself(hit, evidence.delivered_at).or_else(|| by_company(hit, evidence))
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

/// What came at the same time shows.
fn by_company(hit: &Hit, evidence: &Evidence) -> Option<Machine> {
    let near = |at: Timestamp| (at - hit.at).abs() <= WINDOW;
    if hit.kind != HitKind::Open && evidence.leads_of_network >= MANY_LEADS {
        return Some(Machine::ManyLeads);
    }
    if all_links_at_once(hit, evidence.same_mail) {
        return Some(Machine::AllLinks);
    }
    if evidence.machines_at.iter().any(|at| near(*at)) {
        return Some(Machine::AllLinks);
    }
    // HEAD beside GET from the same network is one program that looks before it takes.
    let heads = evidence.same_mail.iter().filter(|other| other.head && other.network == hit.network);
    heads.into_iter().any(|other| near(other.at)).then_some(Machine::Head)
}

/// Whether the hit lies in a minute in which two or more links of the mail were followed, and as many as it has. A mail
/// with one link has two: the one to leave is followed by scanners and not by those who are interested.
fn all_links_at_once(hit: &Hit, same_mail: &[Hit]) -> bool {
    let links = same_mail.iter().filter_map(|hit| hit.link).map(|(_, of)| of).max().unwrap_or(0);
    let starts = same_mail.iter().map(|other| other.at).filter(|start| {
        let end = *start + WINDOW;
        *start <= hit.at && hit.at <= end
    });
    starts.into_iter().any(|start| {
        let within = same_mail.iter().filter(|other| other.at >= start && other.at <= start + WINDOW);
        let mut clicked: Vec<i64> = within.clone().filter_map(|other| Some(other.link?.0)).collect();
        clicked.sort_unstable();
        clicked.dedup();
        let left = within.clone().any(|other| other.kind == HitKind::Leave);
        let all = links > 0 && clicked.len() as i64 >= links;
        all && clicked.len() + usize::from(left) >= 2
    })
}

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
        let delivered_at = Some(SENT);
        judge(hit, &Evidence { same_mail, machines_at: &[], delivered_at, leads_of_network: 1 })
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
        let late = click(1, 3, 100 * SECOND);
        let evidence = Evidence {
            same_mail: std::slice::from_ref(&late),
            machines_at: &[SENT + 60 * SECOND],
            delivered_at: Some(SENT),
            leads_of_network: 1,
        };
        assert_eq!(judge(&late, &evidence), Some(Machine::AllLinks));
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
    fn a_gateway_that_clicks_for_many_is_a_machine() {
        let hit = click(1, 5, MINUTE);
        let same_mail = std::slice::from_ref(&hit);
        let of = |leads_of_network| {
            judge(&hit, &Evidence { same_mail, machines_at: &[], delivered_at: None, leads_of_network })
        };
        assert_eq!((of(9), of(10)), (None, Some(Machine::ManyLeads)));
    }
}
