"""Push-down into sources: the same answers as without it, and what is done where."""

import os

import pytest

from sources.push_down_queries import Queries
from sources.push_down_sources import KINDS, same_rows, sides

QUERIES = int(os.environ.get("PINTAIL_PUSH_DOWN_QUERIES", "250"))
SEED = int(os.environ.get("PINTAIL_SEED", "1"))

pushed = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def open_sides():
    opened = {}
    contexts = []

    def get(kind):
        if kind not in opened:
            contexts.append(sides(kind, SEED))
            opened[kind] = contexts[-1].__enter__()
        return opened[kind]

    yield get
    for context in reversed(contexts):
        context.__exit__(None, None, None)


@pushed
@pytest.mark.timeout(900)
def test_random_statements_have_the_same_answers_wherever_they_are_computed(open_sides, kind):
    both = open_sides(kind)
    queries = Queries(SEED, kind)
    went_there = 0
    for number in range(QUERIES):
        query = queries.query()
        inside = both.inside(query)
        outside = both.outside(query)
        if not same_rows(inside, outside):
            both.switch(False)
            plain = both.outside(query)
            both.switch(True)
            raise AssertionError(f"query {number} of seed {SEED}:\n{query}\nhere      {inside}\npushed    {outside}\nnot pushed {plain}\n{both.plan(query)}")
        went_there += "Statement:" in both.plan(query)
    # The generator has to reach what it is about.
    assert went_there > QUERIES / 4, went_there
