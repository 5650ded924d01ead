"""The command line against the shared server."""

import pytest

from pintail_server import run_pintail


@pytest.fixture
def pintail(server):
    """A function that runs the program with PINTAIL_URL set to the shared server."""

    def run(*arguments, env=None, **options):
        return run_pintail(*arguments, env={"PINTAIL_URL": server.flight_uri, **(env or {})},
                           **options)

    return run
