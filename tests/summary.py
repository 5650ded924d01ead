"""Sums the JUnit files of a run: failures and skips by name, then one last line `N passed, N failed`.

summary.py RESULTS_FOLDER [TROUBLE]: TROUBLE is a step that failed as a whole and counts as one failed test.
"""

import os
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("result") == "skipped":
        return "skipped"
    return "left out" if case.get("status") == "notrun" else "passed"


def main() -> int:
    folder, trouble = pathlib.Path(sys.argv[1]), sys.argv[2:]
    names: dict[str, list[str]] = {"passed": [], "failed": list(trouble), "skipped": [], "left out": []}
    for path in sorted(folder.rglob("*.xml")):
        try:
            root = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as error:
            names["failed"].append(f"{path.name} is not whole: {error}")
            continue
        for case in root.iter("testcase"):
            names[outcome(case)].append(f"{case.get('classname')}.{case.get('name')}")
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    for name in names["skipped"]:
        print(f"skipped: {name}")
    for name in names["failed"]:
        print(f"failed: {name}")
    failed = len(names["failed"]) + (len(names["skipped"]) if in_ci else 0)
    if not names["passed"] and not failed:
        print("no test ran")
        failed = 1
    print(f"{len(names['passed'])} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
