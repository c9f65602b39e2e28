-- What a rep says to a hand-over, and by when. `respond_by` and `accepted_at` are older.

ALTER TABLE hand_overs ADD COLUMN answered_at  BIGINT;
-- The rep asked to be reminded on this day.
ALTER TABLE hand_overs ADD COLUMN later_until  BIGINT;
ALTER TABLE hand_overs ADD COLUMN meeting_at   BIGINT;
ALTER TABLE hand_overs ADD COLUMN offer_at     BIGINT;
ALTER TABLE hand_overs ADD COLUMN reminded_at  BIGINT;
ALTER TABLE hand_overs ADD COLUMN escalated_at BIGINT;
-- When somebody is to be told next: the rep, or whoever stands behind the rep. NULL: nobody.
ALTER TABLE hand_overs ADD COLUMN due_at       BIGINT;
CREATE INDEX hand_overs_due ON hand_overs (due_at) WHERE due_at IS NOT NULL;
