-- Mail that came in and waits for a person: what nobody has resolved yet.

-- How somebody resolved it, in words.
ALTER TABLE inbound ADD COLUMN resolution TEXT;
UPDATE inbound SET resolved_at = received_at
    WHERE lead_id IS NOT NULL OR kind IN ('bounce', 'auto_reply', 'delayed', 'dsn_success', 'auth_failure_report');
CREATE INDEX inbound_waiting ON inbound (id) WHERE resolved_at IS NULL;
