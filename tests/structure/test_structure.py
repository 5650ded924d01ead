"""The tree keeps the rules of ARCHITECTURE.md, and the script that says so notices when it does not."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import check_structure as structure  # noqa: E402

TABLE = """
| room | responsibility | may use | only includer of |
|---|---|---|---|
| `base` | ground | – | – |
| `engine` | store | base | duckdb |
| `door` | door | base, engine | boost |
"""


@pytest.mark.parametrize("check", structure.CHECKS, ids=lambda check: check.__name__)
def test_the_tree_keeps_the_rules(check):
    assert check(ROOT) == []


@pytest.fixture
def tree(tmp_path):
    """A small project that keeps every rule."""
    (tmp_path / "ARCHITECTURE.md").write_text(TABLE)
    for room, links in {"base": "", "engine": " USES base LIBS duckdb::duckdb", "door": " USES base engine"}.items():
        folder = tmp_path / "src" / room
        folder.mkdir(parents=True)
        (folder / "README.md").write_text("what it is for\n")
        (folder / "CMakeLists.txt").write_text(f"pintail_room({room}{links})\n")
    (tmp_path / "src/base/clock.h").write_text("// The time.\n#pragma once\nnamespace pintail::base {}\n")
    (tmp_path / "src/engine/database.cc").write_text("#include <duckdb.hpp>\nnamespace pintail::engine {}\n")
    return tmp_path


def breaches(tree):
    return [breach for check in structure.CHECKS for breach in check(tree)]


def add(tree, path, text):
    (tree / path).parent.mkdir(parents=True, exist_ok=True)
    (tree / path).write_text(text)


def test_a_tree_that_keeps_the_rules_has_no_breach(tree):
    assert breaches(tree) == []


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("src/base/up.cc", '// x\n#include "engine/database.h"\nnamespace pintail::base {}', "base may not use engine"),
        ("src/base/db.cc", "// x\n#include <duckdb.hpp>\nnamespace pintail::base {}", "which only engine may"),
        ("src/base/db.cc", '// x\n#include "duckdb/main/config.hpp"\nnamespace pintail::base {}', "which only engine may"),
        ("src/engine/web.h", "// x\n#pragma once\n#include <boost/beast.hpp>\nnamespace pintail::engine {}", "only door may"),
        ("src/base/flags.cc", "// x\n#include <CLI/CLI.hpp>\nnamespace pintail::base {}", "base does not name CLI11::CLI11 in LIBS"),
        ("src/base/flags_test.cc", "// x\n#include <CLI/CLI.hpp>\nnamespace pintail::base {}", "base does not name CLI11::CLI11 in LIBS"),
        ("src/base/bell.cc", "// x\n#include <chimes/bell.h>\nnamespace pintail::base {}", "does not know"),
        ("src/base/bell.cc", "// x\n#include <gtest/gtest.h>\nnamespace pintail::base {}", "only tests and benchmarks may"),
        ("src/door/CMakeLists.txt", "pintail_room(door\n  USES base engine\n  LIBS Boost::headers\n  TEST_USES base)", "links Boost::headers"),
        ("src/engine/open.h", "// x\nnamespace pintail::engine {}", "#pragma once"),
        ("src/engine/open.cc", "// x\nnamespace pintail::base {}", "pintail::engine"),
        ("src/engine/open.h", "#pragma once\nnamespace pintail::engine {}", "has no comment"),
        ("src/engine/string_utils.cc", "// x\nnamespace pintail::engine {}", "name it after what it holds"),
        ("src/engine/CMakeLists.txt", "pintail_room(engine USES base door LIBS x)", "uses door"),
        ("src/cellar/README.md", "x", "not in the room table"),
        ("src/base/long.cc", "// x\nnamespace pintail::base {\n" + "\n" * 600 + "}", "500 is the limit"),
        ("src/base/late.cc", "// TO" "DO\nnamespace pintail::base {}", "unfinished work"),
        ("src/base/slow_test.cc", "// x\nnamespace pintail::base { sleep_" "for(1); }", "a test sleeps"),
        ("docs/guide.md", "look into /ro" "ot/project/x", "a path of one machine"),
        ("toolbox/fetch.sh", "curl http" "s://example.org/x", "names an address"),
    ],
)
def test_a_breach_is_named(tree, path, text, said):
    add(tree, path, text)
    found = breaches(tree)
    assert any(said in breach for breach in found), found


def test_a_room_without_a_folder_is_named(tree):
    (tree / "ARCHITECTURE.md").write_text(TABLE + "| `loft` | none | base | – |\n")
    assert breaches(tree) == ["ARCHITECTURE.md: room loft has no folder"]


def test_rooms_that_use_each_other_are_named(tree):
    (tree / "ARCHITECTURE.md").write_text(TABLE.replace("| `base` | ground | – |", "| `base` | ground | door |"))
    assert any("in a circle" in breach for breach in breaches(tree))
