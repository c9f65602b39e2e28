-- The outbox is in order for each lead and receiver: a webhook that is down holds up no mail to a rep. Its kind says who
-- is told: `mail`, or `webhook NAME`. Ids are no order: each node has blocks of its own.
ALTER TABLE outbox ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET place = id;
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (kind, due_at) WHERE due_at IS NOT NULL;
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (lead_id, kind, place) WHERE due_at IS NOT NULL;

-- What came of each mail, for the report. Mails that went well have no event, so that a send costs nothing here.
CREATE INDEX events_by_message ON events (message_id, kind) WHERE message_id IS NOT NULL;
-- The few kinds that the report looks for by time.
CREATE INDEX events_reported ON events (kind, at) WHERE kind = 'stage_changed' OR kind = 'feedback';
