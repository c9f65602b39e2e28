-- What comes back: hits, engagement, mail that came in.

-- Engagement at a moment; it fades by itself.
ALTER TABLE leads ADD COLUMN engagement DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE leads ADD COLUMN engaged_at BIGINT;

-- Raw opens and clicks. Judged ones stay for a while: what comes after them is judged by them.
DROP TABLE hits;
CREATE TABLE hits (
    id         {key},
    lead_id    BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    head       BOOLEAN NOT NULL,
    -- Which link, and of how many.
    link       BIGINT,
    links      BIGINT,
    target     TEXT,
    agent      TEXT NOT NULL,
    network    TEXT NOT NULL,
    judged     BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX hits_by_time ON hits (at);
CREATE INDEX hits_unjudged ON hits (at) WHERE NOT judged;
CREATE INDEX hits_by_lead ON hits (lead_id);

-- Mail that came in, by the hash of its content: the same one twice is one. The raw mail is base64: it may be in any
-- encoding, or in none.
DROP TABLE inbound;
CREATE TABLE inbound (
    id          {key},
    hash        TEXT NOT NULL UNIQUE,
    raw         TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    kind        TEXT NOT NULL,
    -- The header or line that decided.
    evidence    TEXT NOT NULL,
    -- By what the lead was found: reply_address, bounce_address, message_id, sender.
    matched_by  TEXT,
    lead_id     BIGINT,
    message_id  BIGINT,
    resolved_at BIGINT
);
CREATE INDEX inbound_by_lead ON inbound (lead_id) WHERE lead_id IS NOT NULL;

-- How far each mailbox has been read, by user, server and folder. All mails up to last_uid are taken in; when the UIDs
-- are no longer those of uid_validity, those that came in since `at` are looked at again.
CREATE TABLE mailboxes (
    place        TEXT PRIMARY KEY,
    uid_validity BIGINT NOT NULL,
    last_uid     BIGINT NOT NULL,
    at           BIGINT NOT NULL
);
