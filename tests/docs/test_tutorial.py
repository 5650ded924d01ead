"""The tutorial, followed from its first line to its last, with a PostgreSQL of its own."""

from docs.code_blocks import RUN, blocks_of, same_output
from docs.test_documents import TUTORIAL, Session
from outside_servers import PostgreSql


class WithPostgres(Session):
    """A session in which the document's PostgreSQL is the one of the test."""

    def __init__(self, server, folder, postgres):
        super().__init__(server, folder)
        self.postgres = postgres

    def addressed(self, text):
        return super().addressed(with_port(text, self.postgres))


def with_port(text, postgres):
    return text.replace("127.0.0.1:5432", f"127.0.0.1:{postgres.port}")


def test_the_tutorial_runs(start_server, tmp_path):
    blocks = blocks_of(TUTORIAL.read_text())
    configuration = next(block.text for block in blocks if block.language == "toml")
    with PostgreSql() as postgres:
        config = tmp_path / "pintail.toml"
        path = tmp_path / "hot.duckdb"
        config.write_text(with_port(configuration, postgres).replace('"hot.duckdb"', f'"{path}"'))
        server = start_server("--config", config, database=None)
        folder = tmp_path / "work"
        folder.mkdir()
        session = WithPostgres(server, folder, postgres)
        run = [block for block in blocks if block.language in RUN]
        assert len(run) >= 10
        for block in run:
            output = session.run(block)
            if block.output is not None:
                assert same_output(block.output, output), f"docs/tutorial.md:{block.line}: the output is\n{output}"
