"""Random statements over two tables `items` and `shops`, from a seed: what is pushed into sources, and what nearly is."""

import random

TEXTS = ["a", "A", "a ", "ä", "Ä", "e", "é", "", " ", "it's", "back\\slash", "100%", "a_b", "zebra", "Zebra", "straße", "strasse", "naïve", "日本"]


def rows_of_items(seed, count):
    """id, shop, name, price, amount, big, weight, sold, day."""
    rng = random.Random(seed)

    def maybe(value):
        return None if rng.random() < 0.12 else value

    rows = []
    for number in range(count):
        cents = rng.choice([0, 1, -1, 99, 100, 1250, -99999, rng.randrange(-10**7, 10**7)])
        rows.append((
            number,
            maybe(rng.randrange(-2, 9)),
            maybe(rng.choice(TEXTS)),
            maybe(f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"),
            maybe(rng.choice([0, 1, -1, 7, -7, rng.randrange(-1000, 1000)])),
            maybe(rng.choice([0, 2**62, -(2**62), rng.randrange(-10**12, 10**12)])),
            maybe(rng.choice([0.0, 0.1, -0.5, 1e10, rng.uniform(-5, 5)])),
            maybe(f"20{rng.randrange(10, 30)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d} {rng.randrange(24):02d}:30:15.{rng.randrange(10**6):06d}"),
            maybe(f"20{rng.randrange(10, 14)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"),
        ))
    return rows


def rows_of_shops(seed):
    """id, city, rate."""
    rng = random.Random(seed + 1)
    rows = [(number, rng.choice(TEXTS), f"{rng.randrange(-999, 999) / 1000:.3f}") for number in range(-3, 7)]
    return rows + [(None, "a", "0.500"), (3, None, None), (3, "A", "0.125")]


class Queries:
    """`kind` is the source's: what its columns cannot be is left out for SQLite."""

    def __init__(self, seed, kind):
        self.rng = random.Random(seed)
        self.typed = not kind.endswith("sqlite")

    def _text(self):
        return "'" + self.rng.choice(TEXTS).replace("'", "''") + "'"

    def number(self, t="i"):
        choices = [f"{t}.shop", f"{t}.amount", f"{t}.big", f"{t}.id", f"{t}.amount + {t}.shop", f"{t}.amount * 3 - 1",
                   f"{t}.amount % 7", f"{t}.amount // 7", f"length({t}.name)", f"coalesce({t}.amount, {t}.shop, -1)",
                   f"CASE WHEN {t}.amount > 0 THEN {t}.shop ELSE {t}.amount END", f"abs({t}.amount)", f"-{t}.shop"]
        if self.typed:
            choices += [f"{t}.price", f"{t}.price * {t}.amount", f"{t}.price + 1", f"{t}.price * 1.5", f"year({t}.day)", f"month({t}.sold)"]
        return self.rng.choice(choices)

    def any_value(self, t="i"):
        choices = [self.number(t), f"{t}.name", f"{t}.name || 'x'", f"substring({t}.name, 1, 2)", f"{t}.amount > 0"]
        if self.typed:
            choices += [f"{t}.day", f"{t}.sold", f"date_trunc('month', {t}.sold)", f"date_trunc('year', {t}.day)", f"upper({t}.name)"]
        return self.rng.choice(choices)

    def condition(self, t="i", depth=0):
        rng = self.rng
        if depth < 2 and rng.random() < 0.3:
            glue = rng.choice([" AND ", " OR "])
            return "(" + glue.join(self.condition(t, depth + 1) for _ in range(rng.randrange(2, 4))) + ")"
        comparison = rng.choice(["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"])
        choices = [
            f"{self.number(t)} {comparison} {rng.randrange(-10, 40)}",
            f"{t}.name {comparison} {self._text()}",
            f"{t}.name LIKE {rng.choice(['a%', '%e', '%a%', '%_', 'a_b', '100%', '%\\\\%', '_', '%s%e'])!r}",
            f"{t}.name NOT LIKE 'z%'",
            f"{t}.name IN ('a', 'é', 'A ', 'zebra')",
            f"{t}.shop IN ({', '.join(str(rng.randrange(-3, 9)) for _ in range(rng.randrange(1, 9)))})",
            f"{t}.amount NOT IN (1, 7)",
            f"{t}.{rng.choice(['amount', 'name', 'shop', 'big'])} IS {rng.choice(['', 'NOT '])}NULL",
            f"{t}.amount BETWEEN {rng.randrange(-20, 0)} AND {rng.randrange(0, 500)}",
            f"NOT ({t}.amount > {t}.shop)",
        ]
        if self.typed:
            choices += [
                f"{t}.price {comparison} {rng.choice(['0', '12.50', '-999.99', '0.005'])}",
                f"{t}.weight {comparison} {rng.choice(['0.1', '-0.5', '1e9', '0'])}",
                f"{t}.sold {comparison} TIMESTAMP '2019-06-01 12:00:00'",
                f"{t}.day BETWEEN DATE '2010-06-01' AND DATE '2012-01-31'",
                f"{t}.day {comparison} DATE '2012-02-03'",
            ]
        return rng.choice(choices)

    def aggregate(self, t="i"):
        number = self.number(t)
        choices = ["count(*)", f"count({self.any_value(t)})", f"count(DISTINCT {t}.{self.rng.choice(['name', 'shop', 'amount'])})",
                   f"sum({number})", f"sum(DISTINCT {t}.amount)", f"min({number})", f"max({number})", f"min({t}.name)", f"max({t}.name)",
                   f"avg({t}.amount)", f"avg({t}.big)", f"avg({t}.id)", f"sum({t}.big)",
                   f"sum(CASE WHEN {self.condition(t)} THEN 1 ELSE 0 END)", f"count(*) FILTER (WHERE {self.condition(t)})"]
        if self.typed:
            choices += [f"sum({t}.price)", f"avg({t}.price)", f"sum({t}.weight)", f"avg({t}.weight)", f"min({t}.sold)", f"max({t}.day)",
                        f"sum({t}.price * (1 - {t}.price))"]
        return self.rng.choice(choices)

    def source(self):
        """FROM and WHERE, over `i` always."""
        rng = self.rng
        where = f" WHERE {self.condition()}" if rng.random() < 0.6 else ""
        kind = rng.randrange(8)
        if kind == 0:
            return f"{{items}} i JOIN {{shops}} s ON i.shop = s.id{where}"
        if kind == 1:
            return f"{{items}} i LEFT JOIN {{shops}} s ON i.shop = s.id{where}"
        if kind == 2:
            return f"{{items}} i JOIN {{shops}} s ON i.name = s.city{where}"
        if kind == 3:
            word = rng.choice(["IN", "NOT IN"])
            return f"{{items}} i WHERE i.shop {word} (SELECT s.id FROM {{shops}} s WHERE s.city {rng.choice(['>', '<='])} {self._text()} AND s.id IS NOT NULL)"
        if kind == 4:
            word = rng.choice(["EXISTS", "NOT EXISTS"])
            return f"{{items}} i WHERE {word} (SELECT 1 FROM {{shops}} s WHERE s.id = i.shop AND s.city >= {self._text()})"
        return f"{{items}} i{where}"

    def query(self):
        rng = self.rng
        kind = rng.randrange(8)
        if kind == 0:
            columns = [self.any_value() for _ in range(rng.randrange(1, 4))]
            return f"SELECT DISTINCT {', '.join(columns)} FROM {self.source()}"
        if kind == 1:
            direction, nulls = rng.choice(["ASC", "DESC"]), rng.choice(["NULLS FIRST", "NULLS LAST"])
            return (f"SELECT i.id, {self.number()} AS n, i.name FROM {{items}} i WHERE {self.condition()} "
                    f"ORDER BY n {direction} {nulls}, i.name {nulls}, i.id LIMIT {rng.randrange(1, 20)} OFFSET {rng.randrange(0, 4)}")
        if kind == 2:
            return (f"SELECT count(*), sum(n), max(c) FROM (SELECT i.shop AS n, i.name AS c FROM {{items}} i WHERE {self.condition()} "
                    f"ORDER BY i.amount {rng.choice(['ASC', 'DESC'])} NULLS LAST, i.id LIMIT {rng.randrange(1, 30)})")
        if kind == 3:
            return f"SELECT {', '.join(self.aggregate() for _ in range(rng.randrange(1, 5)))} FROM {self.source()}"
        if kind == 4:
            return (f"SELECT k, count(*), sum(v) FROM (SELECT i.shop AS k, i.name AS m, count(*) AS v FROM {self.source()} GROUP BY i.shop, i.name) "
                    f"GROUP BY k HAVING count(*) > {rng.randrange(0, 3)}")
        keys = [self.any_value() for _ in range(rng.randrange(1, 3))]
        having = f" HAVING {self.aggregate()} IS NOT NULL AND count(*) > {rng.randrange(0, 4)}" if rng.random() < 0.3 else ""
        return (f"SELECT {', '.join(keys)}, {', '.join(self.aggregate() for _ in range(rng.randrange(1, 4)))} "
                f"FROM {self.source()} GROUP BY {', '.join(keys)}{having}")
