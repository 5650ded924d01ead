"""`tests/run` and `.ci/run` count as failed whatever did not run: in a tree of the real scripts, with tools that do as each case says."""

import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ONE_PASSED = '<testsuites><testsuite><testcase classname="c" name="n"/></testsuite></testsuites>'
ONE_FAILED = '<testsuites><testsuite><testcase classname="c" name="n"><failure/></testcase></testsuite></testsuites>'

# What the client tests do, given as the script that runs them; $results is their folder.
GOOD_CLIENTS = f"echo '{ONE_PASSED}' >$results/clients.xml"
GOOD_UNIT = f"""for word; do case $word in --gtest_output=xml:*) echo '{ONE_PASSED}' >"${{word#*xml:}}" ;; esac; done"""


@pytest.fixture
def tree(tmp_path):
    """A checkout that holds the real scripts and passes: `tree(clients=…, unit=…, lint=…)` makes a part do something else."""

    def script(path, text):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("#!/bin/bash\n" + text + "\n")
        target.chmod(0o755)

    def make(clients=GOOD_CLIENTS, unit=GOOD_UNIT, lint="true", programs="unit_test"):
        for path in (".ci/run", "tests/run", "tests/summary.py", "tests/unit_tests.py"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, tmp_path / path)
        script("toolbox/deps", "true")
        script("toolbox/enter", 'shift\nexec "$@"')
        script("tools/build", "true")
        script("tools/bundle", "true")
        script("tools/lint", lint)
        what = "results=build/results/all; case $PINTAIL_BIN in *sanitized*) results=build/results/sanitized ;; esac"
        script("tests/environment", what + "\n" + clients)
        for preset in ("release", "debug-asan-ubsan"):
            script(f"build/{preset}/unit_test", unit)
            (tmp_path / f"build/{preset}/unit_tests.list").write_text(
                "".join(f"{tmp_path}/build/{preset}/{program}\n" for program in programs.split()))
        (tmp_path / "Makefile").write_text(
            "lint:\n\t@tools/lint\ntest:\n\t@tests/run all\ntest-sanitized:\n\t@tests/run sanitized\n")
        return tmp_path

    return make


def run(tree, *command):
    """The exit status and the last line."""
    done = subprocess.run(list(command), cwd=tree, capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"]}, check=False)
    assert done.stdout, done.stderr
    return done.returncode, done.stdout.splitlines()[-1]


def test_a_run_in_which_all_passed_is_green(tree):
    folder = tree()
    assert run(folder, "tests/run", "all") == (0, "2 passed, 0 failed")
    status, line = run(folder, ".ci/run")
    assert status == 0 and line.endswith(" passed, 0 failed")


@pytest.mark.parametrize(
    "broken",
    [
        {"clients": "exit 137"},
        {"clients": GOOD_CLIENTS + "; exit 137"},
        {"clients": GOOD_CLIENTS + "; exit 3"},
        {"clients": "true"},
        {"clients": "exit 5"},
        {"clients": f"echo '{ONE_FAILED}' >$results/clients.xml; exit 1"},
        {"clients": f"echo '{ONE_PASSED[:30]}' >$results/clients.xml; exit 1"},
        {"unit": "exit 139"},
        {"unit": GOOD_UNIT + "; exit 134"},
        {"programs": ""},
        {"programs": "unit_test gone"},
    ],
    ids=str,
)
def test_what_did_not_run_is_a_failed_test_in_both(tree, broken):
    folder = tree(**broken)
    for command in (["tests/run", "all"], [".ci/run"]):
        status, line = run(folder, *command)
        assert status == 1, command
        assert not line.endswith(", 0 failed"), (command, line)


def test_a_failed_lint_is_a_failed_test(tree):
    status, line = run(tree(lint="exit 1"), ".ci/run")
    assert status == 1 and line.endswith(", 1 failed")


def test_results_of_an_earlier_run_are_not_summed(tree):
    folder = tree()
    fresh = run(folder, ".ci/run")
    for kind in ("all", "sanitized", "before"):
        old = folder / "build/results" / kind
        old.mkdir(parents=True, exist_ok=True)
        (old / "old.xml").write_text(ONE_FAILED)
    assert run(folder, ".ci/run") == fresh


def test_a_name_that_only_unit_tests_have_is_fine(tree):
    assert run(tree(clients="exit 5"), "tests/run", "all", "NameOfOne") == (0, "1 passed, 0 failed")
