"""Random statements for the model test: texts that say everything about their order, so that two databases must answer alike."""

from faults.model_values import NUMBERS, TYPES, WIDER, literal, predicate

NAMES = [f"t{index}" for index in range(5)]
INDEXES = ["x0", "x1"]
VIEWS = ["v0", "v1"]


class Statements:
    """Makes statements for tables as `tables` has them: {name: {column: type}}."""

    def __init__(self, chance, ids):
        self.chance, self.ids = chance, ids

    def table(self, tables):
        name = self.chance.choice(list(tables))
        return name, tables[name]

    def _numbers(self, columns):
        return [name for name, kind in columns.items() if kind in NUMBERS]

    def _pick(self, columns):
        return self.chance.choice(list(columns))

    # Reads.

    def read(self, tables):
        t, columns = self.table(tables)
        u, others = self.table(tables)
        where = predicate(self.chance, columns)
        number, column = self.chance.choice(self._numbers(columns)), self._pick(columns)
        some = ", ".join(self.chance.sample(list(columns), self.chance.randrange(1, len(columns) + 1)))
        join = self.chance.choice(["JOIN", "LEFT JOIN", "FULL JOIN"])
        return self.chance.choice([
            lambda: f"SELECT * FROM {t}",
            lambda: f"SELECT * FROM {t} WHERE {where}",
            lambda: f"SELECT {some} FROM {t} WHERE {where}",
            lambda: f"SELECT DISTINCT {some} FROM {t}",
            lambda: f"SELECT count(*), min(id), max(id), count({column}), sum({number}) FROM {t}",
            lambda: f"SELECT count(*), count(DISTINCT {column}), sum({number}), avg(id) FROM {t} WHERE {where}",
            lambda: f"SELECT {column}, count(*), sum({number}), min(id) FROM {t} GROUP BY {column}",
            lambda: f"SELECT id % 7 AS k, count(*) AS n FROM {t} GROUP BY k HAVING n > 1",
            lambda: f"SELECT {column}, id % 3 AS k, count(*) FROM {t} GROUP BY ROLLUP ({column}, k)",
            lambda: f"SELECT * FROM {t} ORDER BY ALL LIMIT {self.chance.randrange(1, 20)} OFFSET {self.chance.randrange(3)}",
            lambda: f"SELECT id, {column} FROM {t} WHERE {where} ORDER BY id DESC, {column} LIMIT 5",
            lambda: f"SELECT x.id, y.id AS other FROM {t} x {join} {u} y ON x.id = y.id + {self.chance.randrange(3)}",
            lambda: f"SELECT count(*), sum(x.id), sum(y.id) FROM {t} x {join} {u} y ON x.id % 10 = y.id % 10",
            lambda: f"SELECT id FROM {t} x {self.chance.choice(['SEMI', 'ANTI'])} JOIN {u} y USING (id)",
            lambda: f"WITH c AS (SELECT id, {column} AS k FROM {t} WHERE {where}) SELECT k, count(*), sum(id) FROM c GROUP BY k",
            lambda: f"WITH c AS MATERIALIZED (SELECT id % 5 AS k FROM {t}) SELECT a.k, count(*) FROM c a JOIN c b USING (k) GROUP BY ALL",
            lambda: f"WITH RECURSIVE r(n) AS (SELECT min(id) FROM {t} UNION SELECT n + 1 FROM r WHERE n + 1 IN (SELECT id FROM {t})) SELECT count(*), max(n) FROM r",
            lambda: f"SELECT id, rank() OVER (PARTITION BY id % 4 ORDER BY id) AS r, sum(id) OVER (PARTITION BY {column}) AS s FROM {t}",
            lambda: f"SELECT id, lag(id) OVER (ORDER BY id) AS before FROM (SELECT DISTINCT id FROM {t})",
            lambda: f"SELECT id FROM {t} QUALIFY dense_rank() OVER (ORDER BY id DESC) <= 3",
            lambda: f"SELECT id FROM {t} {self.chance.choice(['UNION', 'UNION ALL', 'EXCEPT', 'EXCEPT ALL', 'INTERSECT', 'INTERSECT ALL'])} SELECT id FROM {u}",
            lambda: f"SELECT id FROM {t} WHERE id IN (SELECT id FROM {u} WHERE {predicate(self.chance, others)})",
            lambda: f"SELECT id FROM {t} a WHERE EXISTS (SELECT 1 FROM {u} b WHERE b.id = a.id + 1)",
            lambda: f"SELECT id, (SELECT count(*) FROM {u} b WHERE b.id < a.id) AS n FROM {t} a",
            lambda: f"SELECT id FROM {t} WHERE id > (SELECT avg(id) FROM {u})",
            lambda: f"SELECT count(*) = count(DISTINCT rowid) AS right FROM {t}",
            lambda: f"SELECT id FROM {t} WHERE rowid IN (SELECT rowid FROM {t} WHERE {where})",
            lambda: f"SELECT x.id FROM {t} x JOIN {t} y ON x.rowid = y.rowid WHERE {predicate(self.chance, columns, 'y.')}",
            lambda: f"FROM {self.chance.choice(VIEWS)}",
            lambda: f"SELECT v.id, x.id FROM {self.chance.choice(VIEWS)} v JOIN {t} x USING (id)",
            lambda: f"SELECT m0({self.chance.randrange(200)}) AS n, count(*) FROM {t}",
            lambda: f"FROM m1({self.chance.randrange(300)})",
            lambda: f'SELECT column_name, column_type, "null", key FROM (DESCRIBE {t})',
            lambda: "SELECT table_name, column_name, data_type FROM information_schema.columns"
                    " WHERE table_name SIMILAR TO '[tv][0-9]'",
        ])()

    def prepared(self, tables):
        """A query with one parameter."""
        t, columns = self.table(tables)
        column, number = self._pick(columns), self.chance.choice(self._numbers(columns))
        return self.chance.choice([
            f"SELECT id, {column} FROM {t} WHERE id > ?::BIGINT",
            f"SELECT count(*) AS n, sum({number}) AS s FROM {t} WHERE id <> ?::BIGINT",
            f"SELECT id % 8 AS k, count(*) AS n FROM {t} WHERE id > ?::BIGINT GROUP BY ALL",
            f"SELECT {column} AS k, count(*) AS n FROM {t} WHERE id > ?::BIGINT GROUP BY ALL",
            f"SELECT id FROM {t} WHERE id > ?::BIGINT ORDER BY id DESC LIMIT 4",
        ])

    # Changes of rows.

    def change(self, tables):
        t, columns = self.table(tables)
        u, _ = self.table(tables)
        where, column = predicate(self.chance, columns), self._pick([c for c in columns if c != "id"] or ["id"])
        kind = columns[column]
        new = "id" if column == "id" else literal(self.chance, kind)
        far = next(self.ids) * 1000
        rest = [c for c in columns if c != "id"]
        same = ", ".join(["id", *rest])
        moved = ", ".join([f"id + {far}", *rest])
        values = ", ".join(
            "(" + ", ".join([str(next(self.ids)), *(literal(self.chance, columns[c]) for c in rest)]) + ")"
            for _ in range(self.chance.randrange(1, 4)))
        return self.chance.choice([
            lambda: f"INSERT INTO {t} ({same}) VALUES {values}",
            lambda: f"INSERT INTO {t} ({same}) SELECT {moved} FROM {t} WHERE {where}"
                    f" ORDER BY ALL LIMIT 40",
            lambda: f"INSERT INTO {t} (id) SELECT id + {far} FROM {u} ORDER BY ALL LIMIT 10",
            lambda: f"UPDATE {t} SET {column} = {new} WHERE {where}",
            lambda: f"UPDATE {t} SET {column} = {new} FROM (SELECT DISTINCT id AS k FROM {u}) o WHERE {t}.id = o.k",
            lambda: f"UPDATE {t} SET id = id + {far} WHERE id % 9 = 2",
            lambda: f"DELETE FROM {t} WHERE {where} AND id % 3 = 0",
            lambda: f"DELETE FROM {t} USING {u} o WHERE {t}.id = o.id + 3",
            lambda: f"DELETE FROM {t} WHERE rowid IN (SELECT min(rowid) FROM {t} WHERE id % 5 = 1 GROUP BY id HAVING count(*) = 1)",
            lambda: f"MERGE INTO {t} USING (SELECT DISTINCT id AS k FROM {u} WHERE id % 4 = 1) o ON {t}.id = o.k"
                    f" WHEN MATCHED THEN UPDATE SET {column} = {new}"
                    f" WHEN NOT MATCHED THEN INSERT (id) VALUES (o.k)",
            lambda: f"MERGE INTO {t} USING (SELECT DISTINCT id AS k FROM {u} WHERE id % 6 = 1) o ON {t}.id = o.k"
                    " WHEN MATCHED THEN DELETE",
            lambda: f"TRUNCATE {t}" if self.chance.random() < 0.2 else f"DELETE FROM {t} WHERE id % 11 = 0",
        ])(), t

    def returning(self, tables):
        """A change that answers with rows."""
        t, columns = self.table(tables)
        return self.chance.choice([
            lambda: f"INSERT INTO {t} (id) VALUES ({next(self.ids)}) RETURNING *",
            lambda: f"DELETE FROM {t} WHERE id % 13 = 1 RETURNING id",
            lambda: f"UPDATE {t} SET id = id + {next(self.ids) * 1000} WHERE id % 17 = 3 RETURNING id",
        ])(), t

    # Changes of tables; `{files}` is a folder that each side has of its own.

    def definition(self, tables):
        t, columns = self.table(tables)
        u, _ = self.table(tables)
        free = [name for name in NAMES if name not in tables]
        column = self._pick([c for c in columns if c != "id"] or ["id"])
        kinds = [*self.chance.sample(TYPES, 3)]
        made = "id BIGINT, " + ", ".join(f"c{index} {kind}" for index, kind in enumerate(kinds))
        if self.chance.random() < 0.3:
            made = made.replace("id BIGINT", self.chance.choice(
                ["id BIGINT PRIMARY KEY", "id BIGINT NOT NULL", "id BIGINT CHECK (id >= 0)"]))
        if self.chance.random() < 0.2:
            made += " DEFAULT " + literal(self.chance, kinds[-1])
        new = f"n{self.chance.randrange(4)}"
        kind = self.chance.choice(TYPES)
        default = f" DEFAULT {literal(self.chance, kind)}" if self.chance.random() < 0.4 else ""
        wider = self.chance.choice(WIDER.get(columns[column], ["VARCHAR"]))
        name = self.chance.choice(free or NAMES)
        return self.chance.choice([
            lambda: (f"CREATE TABLE {name} ({made})", name),
            lambda: (f"CREATE TABLE {name} ({made})", name),
            lambda: (f"CREATE TABLE {name} AS SELECT * FROM {t}", name),
            lambda: (f"CREATE OR REPLACE TABLE {t} ({made})", t),
            lambda: (f"CREATE OR REPLACE TABLE {t} AS SELECT id, id % 3 AS c0 FROM {u}", t),
            lambda: (f"DROP TABLE {t}", t),
            lambda: (f"ALTER TABLE {t} ADD COLUMN {new} {kind}{default}", t),
            lambda: (f"ALTER TABLE {t} ADD COLUMN {new} {kind}", t),
            lambda: (f"ALTER TABLE {t} DROP COLUMN {column if column != 'id' else new}", t),
            lambda: (f"ALTER TABLE {t} RENAME COLUMN {column if column != 'id' else new} TO {new}", t),
            lambda: (f"ALTER TABLE {t} ALTER {column} TYPE {wider if column != 'id' else 'BIGINT'}", t),
            lambda: (f"ALTER TABLE {t} RENAME TO {name}", t),
            lambda: (f"CREATE INDEX {self.chance.choice(INDEXES)} ON {t} ({column})", t),
            lambda: (f"CREATE UNIQUE INDEX {self.chance.choice(INDEXES)} ON {t} (id)", t),
            lambda: (f"DROP INDEX IF EXISTS {self.chance.choice(INDEXES)}", t),
            lambda: (f"DROP INDEX IF EXISTS {self.chance.choice(INDEXES)}", t),
            lambda: (f"CREATE OR REPLACE VIEW {self.chance.choice(VIEWS)} AS SELECT id, {column} AS k FROM {t}", t),
            lambda: (f"CREATE OR REPLACE MACRO m0(x) AS (SELECT count(*) FROM {t} WHERE id > x)", t),
            lambda: (f"CREATE OR REPLACE MACRO m1(x) AS TABLE SELECT * FROM {t} WHERE id < x", t),
            lambda: (f"COPY (FROM {t} ORDER BY ALL) TO '{{files}}/{t}.parquet'", t),
            lambda: (f"COPY {t} TO '{{files}}/{t}.csv' (HEADER)", t),
            lambda: (f"COPY {t} FROM '{{files}}/{t}.parquet'", t),
            lambda: (f"COPY {t} FROM '{{files}}/{t}.csv' (HEADER)", t),
        ])()
