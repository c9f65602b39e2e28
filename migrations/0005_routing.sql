-- Who takes a lead, and what waits for a place with sales.

-- What made a hand-over: reply, rule, step, meeting, person, api.
ALTER TABLE hand_overs ADD COLUMN origin TEXT NOT NULL DEFAULT 'person';
UPDATE hand_overs SET origin = 'reply' WHERE cause = 'replied';
UPDATE hand_overs SET origin = 'meeting' WHERE cause = 'booked a meeting';
CREATE INDEX hand_overs_by_rep ON hand_overs (rep, origin) WHERE closed_at IS NULL;

-- One row, whose lock is the last that a transaction takes: reps are chosen one after the other.
CREATE TABLE routing (
    id      {key},
    -- The number of the last turn.
    turn    BIGINT NOT NULL,
    -- How often a place may have become free, up to which of these times those who wait were looked at, and when they
    -- are to be looked at in any case: a rep comes back, or leaves a deputy.
    freed   BIGINT NOT NULL,
    looked  BIGINT NOT NULL,
    look_at BIGINT
);
INSERT INTO routing (id, turn, freed, looked) VALUES (1, 0, 0, 0);

-- The last turn of each rep, by the key of [team.NAME].
CREATE TABLE rep_turns (
    rep  TEXT PRIMARY KEY,
    turn BIGINT NOT NULL
);

-- Leads that a score would hand over, while everybody who fits has as many as they can have.
CREATE TABLE sales_line (
    lead_id {key} REFERENCES leads (id),
    cause   TEXT NOT NULL,
    since   BIGINT NOT NULL
);

-- While sales works on one lead of a company, or the CRM says that there is an open deal, marketing leaves all of it alone.
CREATE INDEX leads_with_sales ON leads (company_id) WHERE party = 'sales' AND company_id IS NOT NULL;
ALTER TABLE companies ADD COLUMN deal_since BIGINT;

-- Companies whose leads marketing may write to again, so that their walks are to be woken; and how often that was asked for.
CREATE TABLE company_wakes (
    company_id {key},
    asked      BIGINT NOT NULL
);
