-- When the person did something last, as far as machines can be told apart.
ALTER TABLE leads ADD COLUMN alive_at BIGINT;
UPDATE leads SET alive_at = (
    SELECT MAX(e.at) FROM events e
    WHERE e.lead_id = leads.id AND e.data NOT LIKE '%"machine":%' AND e.kind IN
        ('opened', 'clicked', 'visited', 'replied', 'submitted', 'meeting_booked', 'purchase', 'custom')
);
