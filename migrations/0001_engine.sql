-- The tables of the engine. Times are milliseconds since 1970 UTC. JSON is opaque TEXT: what is filtered on has a column.

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE id_blocks (
    id   {key},
    next BIGINT NOT NULL
);
INSERT INTO id_blocks (id, next) VALUES (1, 1);

-- The applied workspaces, by the hash of their files.
CREATE TABLE revisions (
    id         {key},
    hash       TEXT NOT NULL UNIQUE,
    files      TEXT NOT NULL,
    applied_at BIGINT NOT NULL
);

-- One row: what all nodes run, and whether they may send.
CREATE TABLE deployment (
    id             {key},
    revision       BIGINT NOT NULL REFERENCES revisions (id),
    -- Why nothing is sent at all; NULL while sending.
    paused_because TEXT,
    paused_at      BIGINT,
    -- The walks in these sequences (JSON) are decided anew, and leads that walk nowhere are offered a sequence.
    changed        TEXT NOT NULL DEFAULT '[]',
    -- Leads behind this id have not been through that yet; NULL when all have.
    offered_to     BIGINT
);

-- Each step of a sequence has one number for good. A step that is gone has an anchor: the nearest step before it
-- (0: the start) that was still there, which is where the leads that stood on it stand now.
CREATE TABLE steps (
    seq    TEXT NOT NULL,
    number BIGINT NOT NULL,
    step   TEXT NOT NULL,
    anchor BIGINT,
    PRIMARY KEY (seq, number),
    UNIQUE (seq, step)
);

CREATE TABLE lanes (
    lane           {key},
    paused_because TEXT NOT NULL,
    paused_at      BIGINT NOT NULL
);

-- GCRA: the theoretical arrival time of each limit.
CREATE TABLE rates (
    name TEXT PRIMARY KEY,
    tat  BIGINT NOT NULL
);

CREATE TABLE companies (
    id       {key},
    name     TEXT NOT NULL,
    -- What it is found by: its domain, else its name, in lower case.
    found_by TEXT NOT NULL UNIQUE,
    domain   TEXT,
    industry TEXT,
    size     BIGINT,
    country  TEXT
);

-- Addresses by keyed hash: suppressions outlive the lead, and its erasure.
CREATE TABLE addresses (
    hash          TEXT PRIMARY KEY,
    suppressed_by TEXT,
    suppressed_at BIGINT
);

CREATE TABLE imports (
    id         {key},
    file       TEXT NOT NULL,
    started_at BIGINT NOT NULL
);

CREATE TABLE leads (
    id             {key},
    email          TEXT NOT NULL UNIQUE,
    address        TEXT NOT NULL REFERENCES addresses (hash),
    version        BIGINT NOT NULL DEFAULT 1,
    created_at     BIGINT NOT NULL,
    first_name     TEXT,
    last_name      TEXT,
    title          TEXT,
    salutation     TEXT,
    address_form   TEXT,
    language       TEXT,
    timezone       TEXT,
    country        TEXT,
    city           TEXT,
    job_title      TEXT,
    phone          TEXT,
    fields         TEXT NOT NULL DEFAULT '{}',
    tags           TEXT NOT NULL DEFAULT '[]',
    company_id     BIGINT REFERENCES companies (id),
    stage          TEXT NOT NULL,
    qualification  TEXT NOT NULL,
    party          TEXT NOT NULL,
    owner          TEXT,
    closed_by      TEXT,
    basis          TEXT,
    source         TEXT,
    external_id    TEXT UNIQUE,
    import_id      BIGINT REFERENCES imports (id),
    tracking       BOOLEAN NOT NULL,
    enrolls        BOOLEAN NOT NULL,
    example        BOOLEAN NOT NULL,
    prospect_since BIGINT,
    prospect_event BIGINT
);
CREATE INDEX leads_by_company ON leads (company_id) WHERE company_id IS NOT NULL;
CREATE INDEX leads_by_address ON leads (address);

CREATE TABLE consents (
    id           {key},
    lead_id      BIGINT NOT NULL REFERENCES leads (id),
    channel      TEXT NOT NULL,
    basis        TEXT NOT NULL,
    at           BIGINT NOT NULL,
    wording      TEXT,
    form         TEXT,
    network      TEXT,
    withdrawn_at BIGINT
);
CREATE INDEX consents_by_lead ON consents (lead_id);

CREATE TABLE topic_choices (
    lead_id BIGINT NOT NULL REFERENCES leads (id),
    topic   TEXT NOT NULL,
    wanted  BOOLEAN NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (lead_id, topic)
);

-- What closes the gate until its cause ends. Stops are in leads.closed_by and addresses.
CREATE TABLE holds (
    id      {key},
    lead_id BIGINT NOT NULL REFERENCES leads (id),
    kind    TEXT NOT NULL,
    until   BIGINT,
    cause   TEXT
);
CREATE INDEX holds_by_lead ON holds (lead_id);

-- One lead's walk through one sequence.
CREATE TABLE enrollments (
    id         {key},
    lead_id    BIGINT NOT NULL REFERENCES leads (id),
    seq        TEXT NOT NULL,
    state      TEXT NOT NULL,
    -- The numbers of the steps done, in the order in which they were; the last is the lead's place.
    done       TEXT NOT NULL DEFAULT '',
    -- When the last step was done, or the walk began: waits count from here.
    place_at   BIGINT NOT NULL,
    lane       BIGINT NOT NULL,
    due_at     BIGINT,
    -- Why it waits, if it is not for its time to come.
    waits_for  TEXT,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX enrollments_due ON enrollments (lane, due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX enrollments_active ON enrollments (lead_id) WHERE state = 'active';
CREATE INDEX enrollments_by_lead ON enrollments (lead_id);
CREATE INDEX enrollments_by_seq ON enrollments (seq, id);

-- One mail of one step to one lead. States: 1 sending, 2 sent, 3 retry, 4 held, 5 cancelled, 6 failed, 7 unknown.
CREATE TABLE messages (
    id            {key},
    lead_id       BIGINT NOT NULL,
    enrollment_id BIGINT NOT NULL,
    step          BIGINT NOT NULL,
    state         BIGINT NOT NULL,
    node          TEXT NOT NULL,
    revision      BIGINT NOT NULL,
    variant       BIGINT NOT NULL,
    attempt       BIGINT NOT NULL DEFAULT 1,
    -- How often it was lost after the final dot: it may have arrived.
    ambiguous     BIGINT NOT NULL DEFAULT 0,
    first_at      BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    -- What went wrong last, if something did.
    reason        TEXT,
    extra         TEXT,
    UNIQUE (lead_id, enrollment_id, step)
);
CREATE INDEX messages_sending ON messages (node, id) WHERE state = 1;
CREATE INDEX messages_held ON messages (id) WHERE state = 4;

-- Anything that happened; append-only; the timeline.
CREATE TABLE events (
    id         {key},
    lead_id    BIGINT NOT NULL,
    message_id BIGINT,
    kind       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    data       TEXT NOT NULL,
    -- The sender's own key of an event that came by the API: the same one twice is one event.
    client_id  TEXT
);
CREATE INDEX events_by_lead ON events (lead_id, at);
CREATE UNIQUE INDEX events_by_client ON events (lead_id, client_id) WHERE client_id IS NOT NULL;

-- Raw opens and clicks, removed once judged.
CREATE TABLE hits (
    id         {key},
    message_id BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    link       TEXT,
    agent      TEXT,
    network    TEXT
);
CREATE INDEX hits_by_time ON hits (at);

-- Marketing to sales: open -> accepted -> opportunity -> won | lost | returned.
CREATE TABLE hand_overs (
    id          {key},
    lead_id     BIGINT NOT NULL REFERENCES leads (id),
    state       TEXT NOT NULL,
    cause       TEXT NOT NULL,
    rep         TEXT,
    opened_at   BIGINT NOT NULL,
    respond_by  BIGINT,
    accepted_at BIGINT,
    closed_at   BIGINT,
    -- Why it was lost or returned.
    reason      TEXT,
    amount      DOUBLE PRECISION
);
CREATE UNIQUE INDEX hand_overs_open ON hand_overs (lead_id) WHERE closed_at IS NULL;
CREATE INDEX hand_overs_by_lead ON hand_overs (lead_id);

-- Mails to reps and calls to webhooks that are still to be made; in order for each lead.
CREATE TABLE outbox (
    id       {key},
    lead_id  BIGINT NOT NULL,
    kind     TEXT NOT NULL,
    payload  TEXT NOT NULL,
    due_at   BIGINT,
    attempt  BIGINT NOT NULL DEFAULT 0,
    first_at BIGINT NOT NULL,
    done_at  BIGINT,
    reason   TEXT
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX outbox_open ON outbox (lead_id, id) WHERE due_at IS NOT NULL;

-- Mail that came in, by the hash of its content: the same one twice is one.
CREATE TABLE inbound (
    id          {key},
    hash        TEXT NOT NULL UNIQUE,
    raw         TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    kind        TEXT,
    lead_id     BIGINT,
    message_id  BIGINT,
    resolved_at BIGINT
);

CREATE TABLE api_keys (
    id         {key},
    hash       TEXT NOT NULL UNIQUE,
    role       TEXT NOT NULL,
    name       TEXT,
    created_at BIGINT NOT NULL
);
