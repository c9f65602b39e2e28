-- Complaints are counted since a person last looked at them and let the sending go on.
ALTER TABLE deployment ADD COLUMN resumed_at BIGINT;
CREATE INDEX addresses_complained ON addresses (suppressed_at) WHERE suppressed_by = 'complaint';
