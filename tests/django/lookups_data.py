"""Rows for the project of lookups: the same in every run, spread so that a lookup of one value finds few of them."""

from __future__ import annotations

FILL = """
INSERT INTO lookups_person (id, name, nick, bio, email)
SELECT i, initcap(substr(md5(i::text), 1, 10)), CASE WHEN i % 500 = 0 THEN 'nick ' || i END,
       md5((i * 7)::text) || ' ' || md5((i * 11)::text), substr(md5(i::text), 1, 10) || '@example.org'
  FROM generate_series(1, {rows}) i;

INSERT INTO lookups_event (id, owner_id, created_at, day, at, closed_at, state, archived)
SELECT i, 1 + (i * 7919::bigint) % {rows}, timestamptz '2020-01-01 00:00+00' + i * interval '7 minutes',
       date '1900-01-01' + ((i * 7919::bigint) % 40000)::int, time '00:00' + (i * 7919::bigint % 86400) * interval '1 second',
       CASE WHEN i % 400 <> 0 THEN timestamptz '2020-01-01 00:00+00' + i * interval '9 minutes' END,
       CASE WHEN i % 400 = 0 THEN 'open' ELSE 'done' END, i % 300 <> 0
  FROM generate_series(1, {rows}) i;

INSERT INTO lookups_figure (id, number, other, price, score, length, key, address)
SELECT i, (i * 7919::bigint) % {rows}, (i * 104729::bigint) % {rows}, ((i * 7919::bigint) % {rows})::numeric / 100,
       CASE WHEN i % 100 <> 0 THEN (i * 7919::bigint) % {rows} + 0.5 END, ((i * 7919::bigint) % {rows}) * interval '1 second',
       md5(i::text)::uuid, '10.0.0.0'::inet + i
  FROM generate_series(1, {rows}) i;

INSERT INTO lookups_document (id, data, body, search)
SELECT i, jsonb_build_object('kind', 'k' || i % 5000, 'size', i, 'deep', jsonb_build_object('code', 'c' || i))
          || CASE WHEN i % 1000 = 0 THEN '{{"rare": true}}' ELSE '{{}}' END::jsonb,
       'word' || i % 5000 || ' other' || i % 7000, to_tsvector('english', 'word' || i % 5000 || ' other' || i % 7000)
  FROM generate_series(1, {rows}) i;

INSERT INTO lookups_collection (id, tags, numbers, attributes, span, period, days, room)
SELECT i, ARRAY['t' || i % 5000, 'u' || i % 7000], ARRAY[i % 5000, i % 7000], hstore(ARRAY['k' || i % 5000, 'v']),
       int4range(i, i + 5), tstzrange(timestamptz '2020-01-01 00:00+00' + i * interval '1 hour',
       timestamptz '2020-01-01 00:00+00' + i * interval '1 hour' + interval '30 minutes'),
       daterange(date '1900-01-01' + i % 40000, date '1900-01-03' + i % 40000), i % 50
  FROM generate_series(1, {rows}) i;
"""
