-- What is made after the rows are in: indexes, references, the guard of the audit trail, views, and sequences that
-- stand where the rows end.

CREATE UNIQUE INDEX index_users_on_email ON users (email);
CREATE UNIQUE INDEX index_users_on_public_id ON users (public_id);
CREATE INDEX index_users_on_created_at ON users (created_at);
CREATE INDEX index_users_unconfirmed ON users (id) WHERE confirmed_at IS NULL;
CREATE UNIQUE INDEX index_links_on_provider_subject ON logi_identity_links (provider, subject);
CREATE INDEX index_links_on_user ON logi_identity_links (user_id);
CREATE INDEX index_deliveries_on_user_created ON logi_webhook_deliveries (user_id, created_at DESC);
CREATE INDEX index_deliveries_on_payload ON logi_webhook_deliveries USING gin ((payload -> 'data') jsonb_path_ops);
CREATE INDEX index_audit_on_created_at ON logi_audit_events USING brin (created_at);

ALTER TABLE logi_identity_links ADD CONSTRAINT fk_links_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE logi_webhook_deliveries ADD CONSTRAINT fk_deliveries_user FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE logi_event_dlqs ADD CONSTRAINT fk_dlqs_delivery FOREIGN KEY (delivery_id) REFERENCES logi_webhook_deliveries (id);

CREATE TRIGGER logi_audit_worm_rows BEFORE UPDATE OR DELETE ON logi_audit_events
  FOR EACH ROW EXECUTE FUNCTION logi_audit_is_worm();
CREATE TRIGGER logi_audit_worm_table BEFORE TRUNCATE ON logi_audit_events
  FOR EACH STATEMENT EXECUTE FUNCTION logi_audit_is_worm();

CREATE VIEW confirmed_users AS SELECT id, email, display_name, created_at FROM users WHERE confirmed_at IS NOT NULL;
CREATE MATERIALIZED VIEW daily_signups AS
  SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*) AS signups FROM users GROUP BY 1;

SELECT setval(pg_get_serial_sequence('users', 'id'), max(id)) FROM users;
SELECT setval('logi_member_numbers', max(member_number)) FROM users;
SELECT setval(pg_get_serial_sequence('logi_identity_links', 'id'), max(id)) FROM logi_identity_links;

INSERT INTO schema_migrations SELECT to_char(timestamp '2026-01-05 09:30' + n * interval '9 days', 'YYYYMMDDHH24MISS') FROM generate_series(0, 34) AS n;
INSERT INTO ar_internal_metadata VALUES ('environment', 'production', '2026-01-05 09:30:00', '2026-01-05 09:30:00');
