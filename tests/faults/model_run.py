"""Runs one random history on a server and on a plain DuckDB, step by step, and compares every answer.

Several clients take turns. Each has a cursor of the plain DuckDB as its twin, so that what runs inside a client's transaction
runs inside its twin's, and whatever others do meanwhile lies between the same two statements on both sides.
"""

import collections
import itertools
import random
import re

import duckdb

from faults.model_sides import CLIENTS, PlainSide
from faults.model_statements import NAMES, Statements
from faults.model_values import ARROW, batch

SHOWN_STEPS = 30
# How the doors tell that a statement lost against another client.
_CONFLICT = re.compile(r"ABORTED|conflict", re.IGNORECASE)
_COLUMNS = ("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE table_name IN"
            " (SELECT table_name FROM duckdb_tables() WHERE table_name SIMILAR TO 't[0-9]')"
            " ORDER BY table_name, column_index")


# DuckDB may refuse a change of a table that nobody has open any more, after a transaction had altered it and was rolled back beside
# others. The server gives way sooner, so that only its twin gets there.
_STUCK = re.compile(r"has altered this table|has been altered by a different transaction")


class TwinStuck(Exception):
    """The plain DuckDB can no longer tell what is right; what came before was."""


class Difference(AssertionError):
    """The two sides answered differently; the text has the seed and the last steps."""


class Actor:
    """A client, its twin, and what they are in the middle of."""

    def __init__(self, client, twin):
        self.client, self.twin = client, twin
        self.open = False
        self.changed = set()  # tables this transaction has rows of its own in
        self.altered = set()  # tables this transaction has made, altered or dropped
        self.prepared = False

    def forget(self):
        self.open = False
        self.changed, self.altered = set(), set()


class Run:
    """One history. `start` starts a server on the same file; `folder` is for the files of COPY."""

    def __init__(self, seed, start, folder):
        self.seed, self.start = seed, start
        self.chance = random.Random(seed)
        self.ids = itertools.count(1)
        self.statements = Statements(self.chance, self.ids)
        self.steps = collections.deque(maxlen=SHOWN_STEPS)
        self.count = self.given_way = 0
        self.files = [folder / "here", folder / "plain"]
        for place in self.files:
            place.mkdir(parents=True)
        self.plain = duckdb.connect(str(folder / "plain.duckdb"))
        self.checker = PlainSide(self.plain)
        self.actors = []
        self._connect()
        for name in NAMES[:2]:
            self._both("begin with", self.actors[0], "define",
                       f"CREATE TABLE {name} (id BIGINT, a BIGINT, b VARCHAR, c DOUBLE, d DECIMAL(12,2))")
        self._both("begin with", self.actors[0], "define", "CREATE TABLE anchor (x BIGINT)")
        for view in ("VIEW v0 AS SELECT id FROM t0", "VIEW v1 AS SELECT id FROM t1",
                     "MACRO m0(x) AS x + 1", "MACRO m1(x) AS TABLE SELECT x AS id"):
            self._both("begin with", self.actors[0], "define", f"CREATE {view}")

    def _connect(self):
        self.server = self.start()
        self.actors = [Actor(client(self.server), PlainSide(self.plain)) for client in CLIENTS]

    def run(self, steps):
        kinds = {"read": 30, "put": 26, "change": 14, "returning": 2, "definition": 9, "begin": 5,
                 "end": 6, "prepare": 4, "execute": 8, "look": 3, "checkpoint": 1, "restart": 0.5}
        try:
            for _ in range(steps):
                kind = self.chance.choices(list(kinds), list(kinds.values()))[0]
                getattr(self, "_" + kind)(self.chance.choice(self.actors))
        except TwinStuck:
            self.close()
            return
        for actor in self.actors:
            if actor.open:
                self._finish(actor, commit=True)
        self._look(None)
        self._restart(None)
        self.close()
        assert self.given_way * 20 <= self.count, f"seed {self.seed}: {self.given_way} conflicts"

    def close(self):
        for actor in self.actors:
            actor.client.close()
            actor.twin.close()
        self.plain.close()

    # The steps.

    def _read(self, actor):
        tables = self._tables(actor)
        self._both("read", actor, "read", self.statements.read(tables or {"anchor": {"id": "BIGINT"}}))

    def _put(self, actor):
        tables = self._free(actor, self._tables(actor))
        # The other doors put in a transaction of their own.
        if tables and (not actor.open or actor.client.kind == "flight"):
            name, columns = self.statements.table(tables)
            if any(kind not in ARROW for kind in columns.values()):
                return
            data = batch(self.chance, columns, self.ids)
            if self._both(f"put into {name}", actor, "put", name, data) and actor.open:
                actor.changed.add(name)

    def _change(self, actor, make=None, way="change"):
        tables = self._free(actor, self._tables(actor))
        if tables:
            sql, name = (make or self.statements.change)(tables)
            if self._both("change", actor, way, sql) and actor.open:
                actor.changed.add(name)

    def _returning(self, actor):
        self._change(actor, self.statements.returning, "read")

    def _definition(self, actor):
        # Nobody defines what another's open transaction has changed: who waits for whom is not what is compared here.
        others = set().union(*(a.changed for a in self.actors if a is not actor))
        tables = {name: columns for name, columns in self._free(actor, self._tables(actor)).items()
                  if name not in others}
        if not tables or actor.open and self.chance.random() < 0.7:
            return
        sql, name = self.statements.definition(tables)
        taken = set().union(*(a.altered | a.changed for a in self.actors if a is not actor))
        if name in taken or any(f" {other} " in sql + " " for other in taken):
            return
        # An index is dropped by its name alone, which another's transaction may have made.
        if "INDEX" in sql and any(a.open for a in self.actors):
            return
        # DuckDB itself cannot read a log back in which a table was renamed by an open transaction while others wrote, and forgets
        # what was updated when a column's type is changed while an older transaction is open.
        if "RENAME TO" in sql and actor.open or " TYPE " in sql and any(a.open for a in self.actors):
            return
        if self._both("define", actor, "define", sql) and actor.open:
            actor.altered |= {name} | {table for table in NAMES if f" {table} " in sql + " "}

    def _begin(self, actor):
        if not actor.open:
            self._both("begin", actor, "begin")
            actor.open = True
            # DuckDB takes its snapshot with the first table that is read, on both sides.
            tables = self._tables(actor)
            self._both("read", actor, "read", f"SELECT count(*) FROM {next(iter(tables), 'anchor')}")

    def _end(self, actor):
        if actor.open:
            self._finish(actor, commit=self.chance.random() < 0.7)

    def _finish(self, actor, commit):
        actor.forget()
        self._both("commit" if commit else "roll back", actor, "end", commit)

    def _prepare(self, actor):
        tables = self._tables(actor)
        if tables and not actor.open:
            actor.prepared = False
            if actor.client.kind != "flight":
                actor.client.change("DEALLOCATE p")
            self._both("prepare", actor, "prepare", self.statements.prepared(tables))
            actor.prepared = True

    def _execute(self, actor):
        # A statement whose columns have become others is prepared anew: a handle promises what it answers with.
        actor.prepared = actor.prepared and actor.twin.answers_as_announced()
        if actor.prepared and not actor.open:
            self._both("execute", actor, "execute", self.chance.randrange(300))

    def _look(self, _):
        """All that has been committed, by a client of its own."""
        for name, columns in self._tables(None).items():
            fresh = Actor(CLIENTS[self.chance.randrange(len(CLIENTS))](self.server), self.checker)
            try:
                self._both("look", fresh, "read", f"SELECT * FROM {name}")
            finally:
                fresh.client.close()

    def _checkpoint(self, actor):
        if not any(each.open for each in self.actors):
            self._both("checkpoint", actor, "define", "CHECKPOINT")

    def _restart(self, _):
        """Ends the server as it stands; what was open is gone, what was acknowledged is there."""
        self._note("kill and restart", None, "")
        self.server.kill()
        for actor in self.actors:
            if actor.open:
                actor.twin.end(False)
            actor.client.close()
            actor.twin.close()
        self._connect()
        self._look(None)

    # What they are made of.

    def _tables(self, actor):
        """The tables as the actor sees them."""
        tables = {}
        outcome = (actor.twin if actor else self.checker).read(_COLUMNS)
        assert outcome[0] == "rows", outcome
        for table, column, kind in outcome[2]:
            tables.setdefault(table, {})[column] = kind
        return {name: columns for name, columns in tables.items() if "id" in columns}

    def _free(self, actor, tables):
        """Without those that another's open transaction has altered."""
        taken = set().union(*(each.altered for each in self.actors if each is not actor))
        return {name: columns for name, columns in tables.items() if name not in taken}

    def _note(self, what, actor, text):
        self.count += 1
        who = actor.client.kind + ("*" if actor.open else "") if actor else ""
        self.steps.append(f"{self.count:5} {who:7} {what}: {text}")

    def _both(self, what, actor, way, *arguments):
        """Does it on both sides; whether it was done. A refusal inside a transaction ends that on both sides."""
        texts = [" ".join(str(each) if not hasattr(each, "to_pydict") else
                          str(each.slice(0, 3).to_pydict()) + f" … {each.num_rows} rows"
                          for each in arguments)]
        self._note(what, actor, texts[0])
        here, plain = ([each.replace("{files}", str(place)) if isinstance(each, str) else each
                        for each in arguments] for place in self.files)
        found, expected = getattr(actor.client, way)(*here), getattr(actor.twin, way)(*plain)
        self.steps[-1] += f" -> {_short(found)}"
        if self._may_give_way(actor, found, expected):
            self.given_way += 1
        else:
            stuck = expected[0] == "refused" and not actor.open and _STUCK.search(expected[1])
            if found[0] != "refused" and stuck:
                raise TwinStuck
            self._compare(found, expected)
        if found[0] == "refused" and actor.open:
            actor.forget()
            self._both("roll back", actor, "end", False)
        return found[0] != "refused"

    def _may_give_way(self, actor, found, expected):
        """A transaction may lose where DuckDB's would not: against rows that were moved into the table after it began."""
        return (actor.open and found[0] == "refused" and expected[0] != "refused"
                and _CONFLICT.search(found[1]) is not None)

    def _compare(self, found, expected):
        if found[0] == expected[0] == "refused":
            return
        if found[0] == expected[0] == "rows":
            if found[1] == expected[1] and _in_order(found[2]) == _in_order(expected[2]):
                return
        elif found[0] == expected[0] == "count":
            if found[1] == expected[1]:
                return
        raise Difference(
            f"seed {self.seed}, step {self.count}: the answers differ\n"
            f"  here:  {_short(found, expected)}\n  plain: {_short(expected, found)}\nthe last steps:\n"
            + "\n".join(self.steps))


def _in_order(rows):
    return sorted(rows, key=repr)


def _short(outcome, other=None):
    """The outcome in a line; of rows those that the other has not."""
    if outcome[0] != "rows":
        return " ".join(str(each) for each in outcome)[:300]
    shown = outcome[2]
    if other and other[0] == "rows":
        extra = collections.Counter(map(repr, outcome[2])) - collections.Counter(map(repr, other[2]))
        shown = list(extra.elements())
        return f"{len(outcome[2])} rows of {outcome[1]}, {len(shown)} of them only here: {shown[:5]}"
    return f"{len(shown)} rows"
