"""Runs the gtest programs that a build folder lists, two at a time, and leaves a JUnit file of each.

unit_tests.py BUILD_FOLDER RESULTS_FOLDER [NAME]: with NAME only the tests whose name contains it; with PINTAIL_UNIT_TESTS
only the programs that it names.
A program that ends without its results, by a crash say, is itself a failed test.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys
from xml.sax.saxutils import quoteattr

# A whole room's tests; one that hangs must not hang the run.
TIMEOUT_S = 900


def run(program: pathlib.Path, results: pathlib.Path, name: str) -> tuple[str, str]:
    """Runs one program; gives its name and what to show of it."""
    report = (results / f"{program.name}.xml").resolve()
    command = [str(program), f"--gtest_output=xml:{report}", "--gtest_brief=1"]
    if name:
        command.append(f"--gtest_filter=*{name}*")
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
        )
        status, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        status, output = -1, (late.stdout or b"").decode(errors="replace") + "\ntimed out"
        report.unlink(missing_ok=True)
    failed = report.exists() and "<failure" in report.read_text(errors="replace")
    if not report.exists() or (status != 0 and not failed):
        what = f"ended with status {status}" + ("" if report.exists() else " before its results were written")
        crash = results / f"{program.name}-crash.xml"
        crash.write_text(
            f'<testsuites><testsuite name="{program.name}"><testcase name="the program ends well" classname="{program.name}">'
            f"<failure message={quoteattr(what)}/></testcase></testsuite></testsuites>\n"
        )
        output += f"\n{program.name} {what}\n"
        return f"{program.name}: FAILED", output
    return f"{program.name}: " + ("FAILED" if failed else "ok"), output if status else ""


def main() -> None:
    build, results = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    name = sys.argv[3] if len(sys.argv) > 3 else ""
    programs = [pathlib.Path(line) for line in (build / "unit_tests.list").read_text().split()]
    if only := os.environ.get("PINTAIL_UNIT_TESTS", "").split():
        programs = [program for program in programs if program.name in only]
    if not programs:
        sys.exit(f"{build / 'unit_tests.list'} names no program")
    with concurrent.futures.ThreadPoolExecutor(min(len(programs) or 1, os.cpu_count() or 1)) as executor:
        for line, output in executor.map(lambda program: run(program, results, name), programs):
            print(line, flush=True)
            if output:
                print(output, flush=True)


if __name__ == "__main__":
    main()
