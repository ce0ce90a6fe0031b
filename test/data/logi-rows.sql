-- One batch: the people number data.first to data.last and everything that hangs on them, five rows and more each.
-- The same numbers give the same rows, whoever runs it and in whatever order. data.newest is the instant of the last
-- person's signup; each one before came data.seconds_apart earlier.

CREATE FUNCTION pg_temp.pick(i bigint, salt bigint, n integer) RETURNS integer LANGUAGE sql IMMUTABLE
  RETURN (abs(hashint8extended(i, salt) % n) + 1)::integer;

CREATE FUNCTION pg_temp.signup(i bigint) RETURNS timestamptz LANGUAGE sql STABLE
  RETURN current_setting('data.newest')::timestamptz
    - (current_setting('data.total')::bigint - i) * current_setting('data.seconds_apart')::float8 * interval '1 second';

CREATE TEMP TABLE words AS SELECT
  '{Ada,Jonas,Mina,Yusuf,Zoë,Tomás,Priya,Wei,Amara,Lars,Noor,Ivan,Chloé,Kenji,Fatou,Björn,김민준,이서연,박지후,최하은}'::text[] AS first_names,
  '{Okafor,Lindqvist,Park,García,Novák,Tanaka,Mbeki,Rossi,O''Brien,Schmidt,Dubois,Haddad,Ivanova,Silva,Nguyen,Weber,정,윤,Færøy,Müller}'::text[] AS last_names,
  '{en,ko,de,fr,ja,es}'::text[] AS locales,
  '{google,apple,kakao,naver,github}'::text[] AS providers,
  '{user.created,user.updated,identity.linked,identity.merged,session.revoked,consent.granted}'::text[] AS events,
  '{timeout after 10000 ms,HTTP 502 from endpoint,TLS handshake failed,signature rejected by receiver}'::text[] AS reasons,
  '{sign_in,password_change,identity_merge,export_request,consent_change,admin_view}'::text[] AS actions;

CREATE TEMP TABLE people AS
SELECT i, first_names[pg_temp.pick(i, 1, 20)] AS first, last_names[pg_temp.pick(i, 2, 20)] AS last,
  locales[pg_temp.pick(i, 3, 6)] AS locale, pg_temp.signup(i) AS at
FROM words, generate_series(current_setting('data.first')::bigint, current_setting('data.last')::bigint) AS i;

INSERT INTO users (id, public_id, member_number, email, display_name, locale, settings, confirmed_at, created_at, updated_at)
SELECT i, md5('user ' || i)::uuid, 100000 + i,
  format('%s.%s.%s@example.%s', lower(first), lower(replace(last, '''', '')), i, (ARRAY['com', 'org', 'net'])[pg_temp.pick(i, 4, 3)]),
  first || ' ' || last, locale,
  jsonb_build_object('theme', (ARRAY['light', 'dark'])[pg_temp.pick(i, 5, 2)], 'newsletter', i % 3 = 0,
    'timezone', (ARRAY['Asia/Seoul', 'Europe/Berlin', 'America/New_York'])[pg_temp.pick(i, 6, 3)]),
  CASE WHEN i % 11 <> 0 THEN at + interval '3 minutes' END, at, at + pg_temp.pick(i, 7, 86400) * interval '1 second'
FROM people;

INSERT INTO logi_identity_links (id, user_id, provider, subject, claims, created_at, updated_at)
SELECT i * 2 + n - 2, i, providers[pg_temp.pick(i, 10 + n, 5)], md5(format('subject %s %s', i, n)),
  jsonb_build_object('sub', md5(format('subject %s %s', i, n)), 'name', first || ' ' || last, 'locale', locale,
    'email_verified', i % 7 <> 0, 'iat', extract(epoch FROM at)::bigint),
  at + n * interval '1 minute', at + n * interval '1 minute'
FROM words, people, generate_series(1, 2) AS n
WHERE n = 1 OR i % 2 = 0;

INSERT INTO logi_webhook_deliveries (id, user_id, event, state, attempts, response_status, payload, created_at, delivered_at)
SELECT md5(format('delivery %s %s', i, n))::uuid, i, events[pg_temp.pick(i, 20 + n, 6)],
  (CASE WHEN i % 40 = 0 AND n = 1 THEN 'abandoned' WHEN i % 15 = 0 THEN 'failed' ELSE 'delivered' END)::delivery_state,
  pg_temp.pick(i, 30 + n, 5), CASE WHEN i % 15 = 0 THEN 502 ELSE 200 END,
  jsonb_build_object('id', md5(format('event %s %s', i, n)), 'type', events[pg_temp.pick(i, 20 + n, 6)],
    'api_version', '2026-06-01', 'created', extract(epoch FROM at)::bigint + n * 60,
    'data', jsonb_build_object('object', jsonb_build_object('user', md5('user ' || i), 'display_name', first || ' ' || last,
      'locale', locale, 'score', round((hashint8extended(i, 40 + n) % 100000) / 100.0, 2),
      'tags', jsonb_build_array(providers[pg_temp.pick(i, 11, 5)], locale, 'tier-' || pg_temp.pick(i, 50 + n, 4)))),
    'request', jsonb_build_object('id', 'req_' || md5(format('request %s %s', i, n)), 'ip', format('203.0.113.%s', i % 254 + 1))),
  at + n * interval '1 minute', CASE WHEN i % 15 <> 0 THEN at + n * interval '1 minute' + interval '420 ms' END
FROM words, people, generate_series(1, 3) AS n;

INSERT INTO logi_event_dlqs (delivery_id, reason, payload, created_at)
SELECT md5(format('delivery %s 1', i))::uuid, reasons[pg_temp.pick(i, 60, 4)],
  jsonb_build_object('user', md5('user ' || i), 'attempts', 5, 'last_error', reasons[pg_temp.pick(i, 60, 4)]), at + interval '5 minutes'
FROM words, people WHERE i % 40 = 0 ORDER BY i;

INSERT INTO logi_audit_events (actor_id, action, digest, amount, note, created_at)
SELECT i, actions[pg_temp.pick(i, 70, 6)], sha256(format('audit %s', i)::bytea),
  CASE WHEN i % 9 = 0 THEN (hashint8extended(i, 71) % 10000000) / 100.0 END,
  CASE WHEN i % 5 = 0 THEN format('%s asked from %s, line one' || chr(10) || 'and a second line, with a tab' || chr(9) || 'and \N', first, locale) END,
  at + interval '5 minutes'
FROM words, people ORDER BY i;

DROP FUNCTION pg_temp.pick;
DROP FUNCTION pg_temp.signup;
