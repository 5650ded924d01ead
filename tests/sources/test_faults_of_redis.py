"""A Redis that loses everything, goes away and comes back while a server has it as a source."""

import pytest

from outside_servers import Redis

PASSWORD = "redis-canary-9"


@pytest.fixture
def redis():
    with Redis("--requirepass", PASSWORD) as server:
        yield server


class Kept:
    def __init__(self, server, rest):
        self.server = server
        self.rest = rest(server)

    def sql(self, sql):
        return self.rest.sql(sql)

    def refused(self, sql):
        answer = self.rest.post("/v1/query", json={"sql": sql})
        assert answer.status_code >= 400, answer.text
        assert PASSWORD not in answer.text + self.server.log()
        return answer.json()["error"]["code"], answer.json()["error"]["message"]

    def answers(self, sql):
        return self.rest.post("/v1/query", json={"sql": sql}).status_code == 200


@pytest.fixture
def kept(start_server, rest_of, redis):
    kept = Kept(start_server("--cache-enabled=false"), rest_of)
    kept.sql(f"CREATE SOURCE kv TYPE redis (connection '{redis.uri}', password '{PASSWORD}', connect_timeout 5s)")
    kept.sql("CREATE TABLE kv.main.items (id BIGINT, word VARCHAR)")
    kept.sql("INSERT INTO kv.main.items SELECT i, 'w' || i FROM range(2000) r(i)")
    return kept


COUNT = "SELECT count(*) AS n FROM kv.main.items"


def test_a_flushed_database_has_no_tables_until_they_are_made_again(kept, redis):
    assert kept.sql(COUNT) == [{"n": 2000}]
    redis.client(password=PASSWORD).flushall()
    kept.server.wait_until(lambda: not kept.answers("SELECT * FROM kv.main.items WHERE id = 1"), "the table to be gone")
    kind, text = kept.refused(COUNT)
    assert kind == "not_found" and "items" in text, (kind, text)
    kept.sql("CREATE TABLE kv.main.items (id BIGINT, word VARCHAR)")
    kept.sql("INSERT INTO kv.main.items VALUES (1, 'again')")
    assert kept.sql("SELECT * FROM kv.main.items") == [{"id": 1, "word": "again"}]


def test_one_that_is_down_is_named_and_comes_back_by_itself(kept, redis):
    redis.kill()
    kind, text = kept.refused(COUNT)
    assert kind == "unavailable" and "kv" in text and str(redis.port) in text, (kind, text)
    kind, text = kept.refused("INSERT INTO kv.main.items VALUES (3000, 'lost')")
    assert kind == "unavailable", (kind, text)
    redis.start()  # with nothing in it: this Redis keeps nothing on disk
    kept.server.wait_until(lambda: kept.answers("CREATE TABLE IF NOT EXISTS kv.main.items (id BIGINT, word VARCHAR)"), "the source to be back")
    kept.sql("INSERT INTO kv.main.items VALUES (1, 'new')")
    assert kept.sql(COUNT) == [{"n": 1}]


def test_connections_that_redis_has_ended_cost_a_reader_nothing(kept, redis):
    assert kept.sql(COUNT) == [{"n": 2000}]
    client = redis.client(password=PASSWORD)
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert kept.sql(COUNT) == [{"n": 2000}]


def test_a_changed_password_is_told_and_the_new_one_is_taken(kept, redis):
    client = redis.client(password=PASSWORD)
    client.config_set("requirepass", "redis-canary-10")
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    kind, text = kept.refused(COUNT)
    assert kind == "unavailable" and "kv" in text and "password" in text.lower(), (kind, text)
    kept.sql("ALTER SOURCE kv SET (password 'redis-canary-10')")
    assert kept.sql(COUNT) == [{"n": 2000}]
    assert "canary-10" not in kept.server.log() + str(kept.sql("FROM pintail.sources"))


def test_a_redis_that_is_full_refuses_rows_by_name_and_keeps_what_it_has(kept, redis):
    client = redis.client(password=PASSWORD)
    client.config_set("maxmemory", "1")
    kind, text = kept.refused("INSERT INTO kv.main.items SELECT i, 'more' FROM range(5000, 6000) r(i)")
    assert "kv" in text and "memory" in text.lower(), (kind, text)
    assert kind == "resource_exhausted", (kind, text)
    client.config_set("maxmemory", "0")
    assert kept.sql(COUNT) == [{"n": 2000}]
