//! `dripline.toml` as a [`Schema`].

use super::FILE;
use crate::workspace::schema::takes::{ADDRESS, DURATION, RATE, SHARE};
use crate::workspace::schema::{Key, Schema, Takes, key};

/// The operator's settings.
pub const DRIPLINE: Schema = Schema {
    name: "dripline",
    file: FILE,
    about: "The operator's settings. Each can be given by the environment instead, as in DRIPLINE_SERVER__LISTEN.",
    keys: KEYS,
};

const KEYS: &[Key] = &[
    key("server", Takes::Table(SERVER), "Where this process serves, and where it keeps its data."),
    key(
        "relay",
        Takes::Named("main", RELAY),
        "A mail server that takes our mail. Without any, mails go into files.",
    ),
    key("lane", Takes::Named("gmail", LANE), "Recipient domains that share a provider, and its limits."),
    key("inbound", Takes::Table(INBOUND), "How answers and bounces come back."),
    key("mailbox", Takes::Named("replies", MAILBOX), "A mailbox from which mail is taken in, by IMAP."),
    key(
        "webhook",
        Takes::Named("crm", WEBHOOK),
        "A program of yours that is told what happens to leads, by Standard Webhooks.",
    ),
    key("tracking", Takes::Table(TRACKING), "How opens and clicks are judged."),
    key("safety", Takes::Table(SAFETY), "For staging: who gets mail at all."),
    key("fuse", Takes::Table(FUSE), "What halts all sending because something has run wild."),
];

const SERVER: &[Key] = &[
    key("listen", Takes::Form("\\S+:[0-9]+"), "Address and port of HTTP.")
        .default("127.0.0.1:8080")
        .example("0.0.0.0:8080"),
    key(
        "public_url",
        Takes::Form("https?://[^\\s?#]+"),
        "What links in mails begin with. It must reach this server from outside.",
    )
    .default("http://localhost:8080")
    .example("https://mail.example.com"),
    key(
        "database",
        Takes::Form("(sqlite:|postgres://|postgresql://).*"),
        "sqlite:FILE, below the workspace unless its path is absolute, or postgres://USER:PASSWORD@HOST/NAME.",
    )
    .default("sqlite:dripline.db")
    .example("postgres://dripline:PASSWORD@db.example.com/dripline"),
    key("node", Takes::Text, "The name of this process, which no other one on the same database has.")
        .default("main")
        .example("a"),
];

const CONNECTIONS: Takes = Takes::Integer(1, 1000);

const RELAY: &[Key] = &[
    key(
        "url",
        Takes::Form("(smtp://|smtps://|file:).+"),
        "smtp://HOST:PORT, smtps://USER:PASSWORD@HOST, or file:DIR for a file a mail.",
    )
    .example("smtp://mx.example.com:587?tls=required")
    .required(),
    key("max_connections", CONNECTIONS, "SMTP connections at once, on each node.").default("16").example("4"),
    key("rate", RATE, "Mails at most, all nodes together. With several relays, each rate counts all mails.")
        .otherwise("unlimited")
        .example("100/second"),
];

const LANE: &[Key] = &[
    key("domains", Takes::Texts, "The recipients' domains.").example("gmail.com").required(),
    key("max_connections", CONNECTIONS, "SMTP connections at once for these domains, on each node.")
        .otherwise("the relay's")
        .example("4"),
    key("rate", RATE, "Mails at most for these domains, all nodes together.")
        .otherwise("unlimited")
        .example("2000/hour"),
];

const INBOUND: &[Key] = &[
    key("domain", Takes::Text, "The domain of signed reply and bounce addresses.")
        .otherwise("answers go to the sender")
        .example("in.example.com"),
    key("key", Takes::Text, "What your mail server, or a provider, proves itself with at /inbound/mime.")
        .otherwise("no mail is taken in by HTTP")
        .example("a long random text"),
    key(
        "soft_bounces",
        Takes::Integer(0, 1000),
        "After so many mails in a row that came back, though the address may exist, nothing is sent any more. 0: never.",
    )
    .default("5")
    .example("3"),
];

const MAILBOX: &[Key] = &[
    key(
        "url",
        Takes::Form("(imaps|imap)://.+"),
        "imaps://USER:PASSWORD@HOST, or imap://USER:PASSWORD@HOST?tls=required for STARTTLS.",
    )
    .example("imaps://replies%40example.com:PASSWORD@imap.example.com")
    .required(),
    key("password", Takes::Text, "The password of the mailbox.")
        .otherwise("the one in the URL")
        .example("a long random text"),
    key("folder", Takes::Text, "Which of its folders.").default("INBOX").example("Replies"),
    key(
        "then",
        Takes::Form("(keep|seen|move .+)"),
        "What is done to a mail there once it is recorded: nothing, marked as seen, or moved to a folder.",
    )
    .default("seen")
    .example("move Processed"),
    key(
        "sent",
        Takes::Flag,
        "It is a rep's folder of sent mail: mails to leads that are with sales stop the clock, and all others are left alone.",
    )
    .default("false")
    .example("true"),
    key("since", DURATION, "How far back the first look goes; older mails are left alone.")
        .default("1 day")
        .example("2 weeks"),
    key(
        "poll",
        DURATION,
        "How often the mailbox is looked at, whatever its server tells by itself: from 1 to 25 minutes.",
    )
    .default("1 minute")
    .example("5 minutes"),
];

const WEBHOOK: &[Key] = &[
    key(
        "url",
        Takes::Form("https?://[^\\s#@]+"),
        "Where each call is posted. Nobody is told without encryption, unless `allow_private` says so.",
    )
    .example("https://crm.example.com/hooks/dripline")
    .required(),
    key(
        "secret",
        Takes::Texts,
        "What calls are signed with: whsec_ and 24 to 64 random bytes in base64. Of a list, each signs.",
    )
    .example("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    .required(),
    key(
        "events",
        Takes::Texts,
        "What it is told of by itself, by the words of the timeline; \"*\" is everything.",
    )
    .otherwise("hand-overs, and what sales makes of them")
    .example("handed_over"),
    key(
        "allow_private",
        Takes::Flag,
        "Whether it may be on this machine or in a private network, and without encryption.",
    )
    .default("false")
    .example("true"),
];

const TRACKING: &[Key] = &[key(
    "judge_after",
    DURATION,
    "How long an open or a click waits until it is judged: by then scanners have shown themselves.",
)
.default("1 minute")
.example("2 minutes")];

const SAFETY: &[Key] = &[
    key("only_to", Takes::Texts, "Patterns of addresses, in which * is anything. Nobody else gets mail.")
        .otherwise("everybody")
        .example("*@example.com"),
    key(
        "redirect_all_to",
        ADDRESS,
        "Every mail goes to this address instead; a header names whom it was for.",
    )
    .otherwise("mail goes to whom it is for")
    .example("test@example.com"),
];

const MAILS: Takes = Takes::Integer(1, 1_000_000_000);

const FUSE: &[Key] = &[
    key("per_lead_per_day", MAILS, "Mails to one lead within a day.").default("10").example("3"),
    key("per_step_per_hour", MAILS, "Mails of one step within an hour, on one node.")
        .otherwise("unlimited")
        .example("5000"),
    key("complaint_rate", SHARE, "Complaints among the mails of a week. Three at least.")
        .default("0.3%")
        .example("0.1%"),
    key(
        "bounce_rate",
        SHARE,
        "Dead addresses among the last 500 mails. Five at least; five in a row are always too many.",
    )
    .default("5%")
    .example("2%"),
];
