"""A server over a PostgreSQL that it has attached as `pg`, and REST calls that say where answers came from."""

import requests

from pintail_server import Server


class Cached:
    """REST calls to one server."""

    def __init__(self, server):
        self.url = server.http_url
        self.session = requests.Session()

    def get(self, path, **options):
        return self.session.get(self.url + path, timeout=60, **options)

    def post(self, path, **options):
        return self.session.post(self.url + path, timeout=120, **options)

    def ask(self, sql, control=None, session=None, **body):
        headers = {"Accept": "application/json"}
        if control:
            headers["Cache-Control"] = control
        if session:
            headers["Pintail-Session"] = session
        return self.post("/v1/query", json={"sql": sql, **body}, headers=headers)

    def sql(self, sql, **options):
        """The rows, as a list of objects."""
        answer = self.ask(sql, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def outcome(self, sql, control=None, session=None, **body):
        answer = self.ask(sql, control, session, **body)
        assert answer.status_code == 200, answer.text
        return answer.headers["Pintail-Cache"]

    def metric(self, name):
        """The sum over all labels."""
        lines = self.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"pintail_{name}"))


def attached(postgres, *options):
    """A server that keeps every answer, however cheap."""
    server = Server("--cache-min-cost", "0s", "--statement-max-running", "300", *options)
    Cached(server).sql(f"ATTACH '{postgres.words}' AS pg (TYPE postgres)")
    return server


def fresh(ask, sql):
    """Asks, so that it is kept."""
    ask.outcome(sql)
    assert ask.outcome(sql) == "hit"
