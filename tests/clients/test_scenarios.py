"""Holds the clients to the list of scenarios."""

import pathlib
import re

import pytest

from clients.scenarios import NOT_OFFERED, SCENARIOS

HERE = pathlib.Path(__file__).parent


@pytest.mark.parametrize("client", NOT_OFFERED)
def test_every_client_goes_through_every_scenario_it_can(client):
    text = (HERE / f"test_{client}.py").read_text()
    tests = set(re.findall(r"^def test_(\w+)\(", text, re.MULTILINE))
    if client == "jdbc":
        tests |= set(re.findall(r"void (\w+)\(", (HERE / "JdbcScenarios.java").read_text()))
    missing = set(SCENARIOS) - tests - set(NOT_OFFERED[client])
    assert not missing
    assert not tests & set(NOT_OFFERED[client]), "offered after all: take it off the list"
