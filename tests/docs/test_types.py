"""docs/types.md tells of every Arrow type what it is in the database and what comes back."""

import re

import pyarrow as pa
import pytest

import flight_sql as fs
from arrow_types.sample_values import DIFFERENT, FINER, REFUSED, SAME, TOO_LARGE
from flight_sql import FlightSqlClient
from pintail_server import CHECKOUT

PAGE = (CHECKOUT / "docs/types.md").read_text()


def rows(heading):
    """The cells of the table below a heading, without their backticks."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
            for line in lines]


def arrow_name(type_):
    """The type as the page writes it: parameters by letters, nested types by T."""
    if isinstance(type_, pa.BaseExtensionType):
        return type_.extension_name
    text = str(type_)
    for kind in ("large_list_view", "large_list", "list_view", "list", "dictionary",
                 "run_end_encoded"):
        if text.startswith(kind + "<"):
            return kind + "<T>"
    text = re.sub(r"^fixed_size_list<.*>\[\d+\]", "fixed_size_list<T>[n]", text)
    text = re.sub(r"^map<.*", "map<K, V>", text)
    text = re.sub(r"^(struct|sparse_union|dense_union)<.*", r"\1<…>", text)
    text = re.sub(r"^(decimal\d+)\(.*\)", r"\1(p, s)", text)
    text = re.sub(r"^fixed_size_binary\[\d+\]", "fixed_size_binary[n]", text)
    return re.sub(r", tz=.*\]", ", tz]", text)


def database_name(text):
    text = re.sub(r"^.*\[\]$", "T[]", text, flags=re.DOTALL)
    text = re.sub(r"^.*\[\d+\]$", "T[n]", text, flags=re.DOTALL)
    text = re.sub(r"^DECIMAL\(.*", "DECIMAL(p, s)", text)
    return re.sub(r"^(STRUCT|MAP|UNION)\(.*", r"\1", text, flags=re.DOTALL)


SAMPLES = {**SAME, **{name: array for name, (array, _) in DIFFERENT.items()}}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_type_is_and_comes_back_as_the_page_says(server, table_name, name):
    array = SAMPLES[name]
    with FlightSqlClient(server.flight_uri) as client:
        client.ingest(fs.statement_ingest(table_name, fs.NOT_EXIST_CREATE, fs.EXISTS_FAIL),
                      pa.table({"v": array}))
        [(in_database,)] = client.rows(f"SELECT DISTINCT typeof(v) FROM {table_name}")
        back = client.query(f"SELECT v FROM {table_name}").column(0).type
    found = [arrow_name(array.type), database_name(in_database), arrow_name(back)]
    if pa.types.is_dictionary(array.type) or pa.types.is_run_end_encoded(array.type):
        assert back == array.type.value_type
        found[1:] = ["that of T", "T"]
    assert found in [row[:3] for row in rows("What goes in and comes out")]


def test_every_row_of_the_page_is_tried():
    tried = {arrow_name(array.type) for array in SAMPLES.values()}
    # pyarrow has no values of these; the engine's own tests put them in and out.
    tried |= {"month_interval", "day_time_interval", "large_list_view<T>", "duration[ms]"}
    assert {row[0] for row in rows("What goes in and comes out")} <= tried


@pytest.mark.parametrize("samples", [REFUSED, FINER, TOO_LARGE])
def test_what_is_refused_is_on_the_page(samples):
    listed = [row[0] for row in rows("What is refused")]
    for name, array in samples.items():
        assert any(arrow_name(array.type) in cell for cell in listed), name
