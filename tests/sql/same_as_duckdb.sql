-- Statements whose answers over Flight SQL must equal DuckDB's own, one after the other in one session.
-- An empty line ends a statement.

CREATE TABLE people (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL, born DATE, height DOUBLE, tags VARCHAR[])

INSERT INTO people VALUES (1, 'Ada', '1815-12-10', 1.65, ['math', 'poet']), (2, 'Grace', '1906-12-09', 1.68, ['navy']), (3, 'Edsger', '1930-05-11', NULL, []), (4, 'Barbara', '1939-11-07', 1.60, NULL)

CREATE TABLE events AS SELECT range AS id, range % 4 + 1 AS person, TIMESTAMP '2024-01-01' + range * INTERVAL '37 minutes' AS at_time, (range * 7919) % 1000 / 10.0 AS amount FROM range(5000)

SELECT * FROM people ORDER BY id

SELECT * FROM events ORDER BY id

SELECT count(*) FROM events

SELECT person, count(*), sum(amount), min(at_time), max(at_time) FROM events GROUP BY person ORDER BY person

SELECT p.name, count(e.id) AS n FROM people p LEFT JOIN events e ON e.person = p.id AND e.amount > 99 GROUP BY ALL ORDER BY n DESC, name

SELECT name FROM people WHERE height IS NULL

SELECT name, tags[1] FROM people ORDER BY name

SELECT id, unnest(tags) AS tag FROM people ORDER BY id, tag

SELECT DISTINCT person FROM events ORDER BY person DESC

SELECT DISTINCT ON (person) person, amount FROM events ORDER BY person, amount DESC, id

SELECT date_trunc('day', at_time) AS day, avg(amount) FROM events GROUP BY day ORDER BY day LIMIT 10

SELECT person, amount, rank() OVER (PARTITION BY person ORDER BY amount DESC, id) AS place FROM events QUALIFY place <= 3 ORDER BY person, place

SELECT id, sum(amount) OVER (ORDER BY id ROWS 10 PRECEDING) FROM events ORDER BY id LIMIT 50

SELECT id, first_value(amount) OVER w, last_value(amount) OVER w FROM events WINDOW w AS (PARTITION BY person ORDER BY id) ORDER BY id LIMIT 20

SELECT id, ntile(4) OVER (ORDER BY amount, id) FROM events ORDER BY id LIMIT 20

SELECT percent_rank() OVER (ORDER BY id), cume_dist() OVER (ORDER BY id) FROM people ORDER BY id

SELECT lead(name, 1, 'nobody') OVER (ORDER BY born) FROM people ORDER BY born

SELECT CASE WHEN height > 1.62 THEN 'tall' WHEN height IS NULL THEN 'unknown' ELSE 'other' END FROM people ORDER BY id

SELECT coalesce(height, 0), nullif(name, 'Ada'), ifnull(tags, ['none']) FROM people ORDER BY id

SELECT upper(name), lower(name), reverse(name), length(name), name[2:3] FROM people ORDER BY id

SELECT concat_ws('-', name, born, height) FROM people ORDER BY id

SELECT format('{} is {}', name, height), printf('%05d', id) FROM people ORDER BY id

SELECT string_split('a,b,c', ','), array_to_string([1, 2], '/'), split_part('x:y', ':', 2)

SELECT lpad('7', 3, '0'), rpad('x', 3, '.'), trim('  a '), ltrim('xxa', 'x'), replace('aaa', 'a', 'b')

SELECT 'duck' LIKE 'd_ck', 'duck' SIMILAR TO 'd.*', 'duck' GLOB 'd*', starts_with('duck', 'du'), contains('duck', 'uc')

SELECT regexp_matches('a1b22', '\d+'), regexp_extract_all('a1b22', '\d+'), regexp_split_to_array('a1b22c', '\d+')

SELECT md5('duck'), sha256('duck'), hash('duck') = hash('duck')

SELECT base64('duck'::BLOB), from_base64('ZHVjaw=='), hex('duck'), unhex('6475636B'), encode('größe'), decode('\x61'::BLOB)

SELECT levenshtein('duck', 'dock'), jaro_winkler_similarity('duck', 'dock'), hamming('duck', 'dock')

SELECT strip_accents('größé'), ascii('a'), chr(100), unicode('鴨'), nfc_normalize('é')

SELECT 7 / 2, 7 // 2, 7 % 2, -7 % 3, 2 ** 10, 5 & 3, 5 | 3, xor(5, 3), 1 << 4, ~5

SELECT abs(-1), sign(-2.5), ceil(1.2), floor(-1.2), round(2.567, 2), trunc(2.9), even(3), factorial(10)

SELECT sqrt(2), cbrt(27), exp(1), ln(10), log10(1000), log2(8), pi(), sin(1), atan2(1, 2), degrees(1), radians(180)

SELECT greatest(1, 3, 2), least(1, 3, 2), gcd(12, 18), lcm(4, 6), bit_count(255), isnan('nan'::DOUBLE), isinf('inf'::DOUBLE)

SELECT 1::TINYINT, 2::SMALLINT, 3::INTEGER, 4::BIGINT, 5::UTINYINT, 6::USMALLINT, 7::UINTEGER, 8::UBIGINT

SELECT 1.5::FLOAT, 2.5::DOUBLE, 3.25::DECIMAL(5, 2), 12345678901234567890.123456789::DECIMAL(38, 9)

SELECT 0.1 + 0.2, 0.1::DOUBLE + 0.2::DOUBLE, 1e-320, 1.7976931348623157e308

SELECT 123::HUGEINT, (-5)::HUGEINT, 7::UHUGEINT

SELECT true, false, NULL::BOOLEAN, NOT true, true <> false, 1 IS DISTINCT FROM NULL

SELECT DATE '2024-02-29', DATE '0001-01-01', DATE '9999-12-31', TIME '23:59:59.999999'

SELECT TIMESTAMP '2024-02-29 12:00:00.123456', TIMESTAMP_S '2024-01-01', TIMESTAMP_MS '2024-01-01 00:00:00.123', TIMESTAMP_NS '2024-01-01 00:00:00.123456789'

SELECT TIMESTAMPTZ '2024-06-01 12:00:00+02', (TIMESTAMPTZ '2024-06-01 12:00:00+02')::VARCHAR

SELECT TIMETZ '12:00:00+02'

SELECT INTERVAL '1 year 2 months 3 days 4 hours', INTERVAL 5 DAY, to_seconds(90), INTERVAL '-1 second'

SELECT age(TIMESTAMP '2024-03-01', TIMESTAMP '2023-01-15'), date_diff('month', DATE '2023-01-15', DATE '2024-03-01'), date_part('week', DATE '2024-05-17')

SELECT DATE '2024-01-31' + INTERVAL 1 MONTH, DATE '2024-03-31' - INTERVAL 1 MONTH, DATE '2024-01-01' + 5, last_day(DATE '2024-02-01')

SELECT strftime(TIMESTAMP '2024-02-03 04:05:06', '%Y/%m/%d %H-%M-%S'), strptime('03.02.2024', '%d.%m.%Y'), dayname(DATE '2024-02-03'), monthname(DATE '2024-02-03')

SELECT epoch_ms(1700000000000), make_timestamp(2024, 1, 2, 3, 4, 5.6), make_date(2024, 2, 29), epoch_ns(TIMESTAMP '2024-01-01')

SELECT time_bucket(INTERVAL '1 hour', at_time) AS bucket, count(*) FROM events GROUP BY bucket ORDER BY bucket LIMIT 5

SELECT generate_series(DATE '2024-01-01', DATE '2024-01-04', INTERVAL 1 DAY)

SELECT [1, 2, 3], ['a', NULL], [[1], []], []::DOUBLE[]

SELECT list_value(1, 2), list_concat([1], [2]), list_contains([1, 2], 2), list_position(['a', 'b'], 'b'), len([1, 2, 3])

SELECT list_sort([3, 1, 2]), list_reverse([1, 2]), list_distinct([1, 1]) , list_sum([1, 2]), list_aggregate([1, 2, 3], 'avg')

SELECT list_filter([1, 2, 3], lambda x: x > 1), list_reduce([1, 2, 3], lambda x, y: x + y), [x + 1 FOR x IN [1, 2]]

SELECT list_slice([1, 2, 3, 4], 2, 3), [1, 2, 3][-1], flatten([[1], [2, 3]]), list_zip([1, 2], ['a', 'b'])

SELECT array_value(1, 2, 3), [1.0, 2.0]::FLOAT[2], array_distance([1, 2]::FLOAT[2], [4, 6]::FLOAT[2])

SELECT {'a': 1, 'b': {'c': [1, 2]}}, struct_pack(x := 1, y := 'z'), row(1, 'a')

SELECT struct_extract({'a': 1}, 'a'), struct_insert({'a': 1}, b := 2)

SELECT MAP {'a': 1, 'b': 2}, map_keys(MAP {1: 'x'}), map_values(MAP {1: 'x'}), map_entries(MAP {1: 'x'}), cardinality(MAP {1: 2})

SELECT MAP {'a': 1}['a'], element_at(MAP {'a': 1}, 'b'), map_from_entries([{'k': 1, 'v': 'x'}])

SELECT union_value(k := 1), union_tag(union_value(k := 1))

CREATE TYPE size AS ENUM ('small', 'medium', 'large')

SELECT 'medium'::size, 'small'::size < 'large'::size, enum_range(NULL::size)

SELECT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID

SELECT '101'::BIT, '\xAA\xBB'::BLOB

SELECT '{"a": [1, {"b": null}]}'::JSON, json_extract('{"a": 1}', '$.a'), '{"a": "x"}'::JSON ->> 'a'

SELECT json_keys('{"a": 1, "b": 2}'), json_type('[1]'), json_valid('{'), to_json({'a': 1}), json_object('k', 1), json_array(1, 'a')

SELECT json_group_array(name), json_group_object(name, id) FROM (SELECT * FROM people ORDER BY id)

SELECT from_json('{"a": 1, "b": ["x"]}', '{"a": "INTEGER", "b": ["VARCHAR"]}')

SELECT sum(amount), avg(amount), stddev(amount), variance(amount), skewness(amount), kurtosis(amount) FROM events

SELECT median(amount), quantile_disc(amount, 0.9), quantile_cont(amount, [0.1, 0.5]), mad(amount) FROM events

SELECT count(DISTINCT amount), approx_count_distinct(person), bool_and(amount >= 0), bool_or(amount > 1e6), bit_xor(id) FROM events

SELECT arg_min(id, amount), arg_max(id, amount), first(id ORDER BY id), last(id ORDER BY id), any_value(person ORDER BY id) FROM events

SELECT corr(id, amount), covar_pop(id, amount), regr_slope(amount, id), regr_r2(amount, id) FROM events

SELECT histogram(person), list(DISTINCT person ORDER BY person), string_agg(DISTINCT person::VARCHAR, ',' ORDER BY person::VARCHAR) FROM events

SELECT min(amount, 3), max(amount, 3), min_by(id, amount, 2) FROM events

SELECT product(x), entropy(x), geomean(x) FROM (VALUES (1), (2), (4)) t(x)

SELECT person, date_part('hour', at_time) AS h, count(*) FROM events GROUP BY CUBE (person, h) ORDER BY ALL NULLS LAST

SELECT person, amount > 50 AS high, count(*), grouping(person) FROM events GROUP BY GROUPING SETS ((person), (high), ()) ORDER BY ALL

PIVOT (SELECT person, date_trunc('month', at_time) AS month FROM events) ON person USING count(*) GROUP BY month ORDER BY month

PIVOT (SELECT person, amount > 50 AS high, amount FROM events) ON high USING round(sum(amount), 3) AS total, count(*) AS n ORDER BY person

UNPIVOT (SELECT id, height, id * 2.0 AS double_id FROM people) ON height, double_id INTO NAME what VALUE v ORDER BY id, what

WITH tall AS (SELECT * FROM people WHERE height > 1.62) SELECT name FROM tall ORDER BY name

WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100) SELECT sum(n) FROM c

WITH RECURSIVE t(a, path) AS (SELECT 1, [1] UNION ALL SELECT a * 2, list_append(path, a * 2) FROM t WHERE a < 50) SELECT * FROM t ORDER BY a

SELECT * FROM (SELECT 1 AS a UNION ALL SELECT 2) UNION SELECT 2 ORDER BY a

SELECT id FROM people INTERSECT SELECT person FROM events ORDER BY id

SELECT id FROM people EXCEPT SELECT 2 ORDER BY id

SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS b ORDER BY ALL

SELECT name FROM people WHERE id IN (SELECT person FROM events WHERE amount > 99) ORDER BY name

SELECT name FROM people p WHERE EXISTS (SELECT 1 FROM events e WHERE e.person = p.id AND e.amount = 0) ORDER BY name

SELECT name, (SELECT max(amount) FROM events e WHERE e.person = p.id) FROM people p ORDER BY name

SELECT * FROM people WHERE height > ALL (SELECT height FROM people WHERE id = 4) ORDER BY id

SELECT a.name, b.name FROM people a, people b WHERE a.id < b.id ORDER BY a.id, b.id

SELECT * FROM people NATURAL JOIN (SELECT id, 'x' AS extra FROM people) ORDER BY id

SELECT p.name, e.at_time FROM people p ASOF JOIN events e ON p.id = e.person AND (TIMESTAMP '2024-01-02' + p.id * INTERVAL 1 HOUR) >= e.at_time ORDER BY p.id

SELECT p.id, x.total FROM people p, LATERAL (SELECT sum(amount) AS total FROM events WHERE person = p.id) x ORDER BY p.id

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t(x, y) POSITIONAL JOIN (VALUES (TRUE), (FALSE)) u(z)

SELECT id FROM people SEMI JOIN (SELECT 1 AS id) USING (id)

SELECT id FROM people ANTI JOIN (SELECT 1 AS id) USING (id) ORDER BY id

SELECT * EXCLUDE (tags) FROM people ORDER BY id

SELECT * REPLACE (upper(name) AS name) FROM people ORDER BY id

SELECT COLUMNS(c -> c LIKE 'h%' OR c = 'id') FROM people ORDER BY id

SELECT min(COLUMNS(*)) FROM (SELECT id, height FROM people)

FROM people SELECT name WHERE id = 1

FROM people ORDER BY id LIMIT 1

SELECT name AS n, n || '!' AS shouted FROM people ORDER BY id

SELECT * FROM people ORDER BY height DESC NULLS LAST, id

SELECT id FROM events ORDER BY amount, id LIMIT 10 OFFSET 100

SELECT count(*) FROM events TABLESAMPLE 100 PERCENT

SELECT 'it''s', "name" FROM people WHERE id = 1

SELECT $$dollar 'quoted'$$, E'tab\tnew\nline'

SELECT 1 AS "select", 2 AS "a b", 3 AS "ä"

VALUES (1, 'a', NULL), (2, NULL, 3.5)

SELECT NULL

SELECT 1 WHERE false

SELECT * FROM range(0)

SELECT * FROM range(3, 10, 2)

SELECT * FROM generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-01-02', INTERVAL 6 HOUR)

SELECT unnest({'a': 1, 'b': 2})

SELECT unnest([{'a': 1}, {'a': 2}], recursive := true)

SELECT * FROM repeat('duck', 3)

SELECT * FROM unnest(['x', 'y'])

SELECT repeat('x', 100000)

SELECT range::VARCHAR || repeat('y', (range % 50)::INTEGER) FROM range(3000)

SELECT CASE WHEN range % 3 = 0 THEN NULL ELSE range END FROM range(10000)

SELECT range % 2 = 0, range::TINYINT, range / 3 FROM range(100)

SELECT [range, range + 1], {'r': range} FROM range(3000)

SELECT MAP {range: range::VARCHAR} FROM range(100)

CREATE VIEW tall AS SELECT name, height FROM people WHERE height > 1.62

SELECT * FROM tall ORDER BY name

CREATE MACRO half(x) AS x / 2

SELECT half(5), half(height) FROM people ORDER BY id

CREATE MACRO top_events(n) AS TABLE SELECT id, amount FROM events ORDER BY amount DESC, id LIMIT n

SELECT * FROM top_events(4)

CREATE SEQUENCE counter START 10 INCREMENT 5

SELECT nextval('counter'), nextval('counter')

SELECT currval('counter')

UPDATE people SET height = 1.80 WHERE id = 3

INSERT INTO people VALUES (5, 'Alan', '1912-06-23', 1.78, ['code']) RETURNING id, name

INSERT INTO people SELECT id + 100, name || ' II', born, height, tags FROM people WHERE id < 3

DELETE FROM people WHERE id > 100 RETURNING name

INSERT INTO people VALUES (1, 'Ada L.', NULL, NULL, NULL) ON CONFLICT (id) DO UPDATE SET name = excluded.name

MERGE INTO people p USING (VALUES (2, 'Grace H.'), (9, 'Ken')) s(id, name) ON p.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)

SELECT id, name FROM people ORDER BY id

ALTER TABLE people ADD COLUMN note VARCHAR DEFAULT 'new'

ALTER TABLE people RENAME COLUMN note TO remark

SELECT id, remark FROM people ORDER BY id

ALTER TABLE people DROP COLUMN remark

DESCRIBE people

DESCRIBE SELECT id, amount FROM events

SHOW TABLES

SELECT * FROM (SUMMARIZE people)

SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'main' AND table_name IN ('people', 'tall') ORDER BY table_name

SELECT column_name, data_type, is_nullable FROM information_schema.columns WHERE table_name = 'people' ORDER BY ordinal_position

PRAGMA table_info('people')

SELECT constraint_type, constraint_text FROM duckdb_constraints() WHERE table_name = 'people' ORDER BY ALL

SELECT typeof(1), typeof('a'), typeof([1.5]), typeof({'a': DATE '2024-01-01'}), typeof(NULL)

SELECT current_schema(), current_setting('null_order')

SET VARIABLE threshold = 99.5

SELECT count(*) FROM events WHERE amount > getvariable('threshold')

PREPARE q AS SELECT name FROM people WHERE id = $1

EXECUTE q(2)

BEGIN

DELETE FROM events

SELECT count(*) FROM events

ROLLBACK

SELECT count(*) FROM events

EXPLAIN SELECT 1

SELECT 1; SELECT 2

CREATE TABLE gen (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) VIRTUAL)

INSERT INTO gen VALUES (21)

SELECT * FROM gen

CREATE TEMP TABLE scratch AS SELECT id, name FROM people

SELECT count(*) FROM scratch

TRUNCATE scratch

DROP TABLE scratch

CREATE SCHEMA pond

CREATE TABLE pond.fish AS SELECT 'carp' AS name, 3 AS n

SELECT * FROM pond.fish

DROP SCHEMA pond CASCADE

SELECT * FROM missing_table

SELECT missing_column FROM people

SELEC 1

SELECT 'x'::INTEGER

SELECT 1 / 0, 1 % 0

INSERT INTO people VALUES (1, NULL, NULL, NULL, NULL)

INSERT INTO people (id, name) VALUES (1, 'twice')

SELECT no_such_function(1)

DROP TABLE no_such_table

SELECT sum(name) FROM people
