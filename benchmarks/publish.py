"""Writes the last results, tables and plots, into docs/benchmarks.md: publish.py [FOLDER of results]."""

import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import report  # noqa: E402

PAGE = HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: benchmarks/publish.py -->\n", "<!-- end of figures -->\n"


def place(path: pathlib.Path):
    """Rows by number; those that have only a name come last."""
    number = re.search(r"\d+", path.stem)
    return (int(number[0]) if number else float("inf"), path.stem)


def main() -> None:
    results = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "build" / "bench"
    pictures = PAGE.parent / "benchmarks"
    pictures.mkdir(exist_ok=True)
    files = sorted(results.glob("row*.json"), key=place)
    rows = [json.loads(path.read_text()) for path in files]
    machines = sorted({f"{report.machine_line(row['machine'])}; {row['date']}" for row in rows})
    sections = [BEGIN, "\n", "Measured on: " + "; ".join(machines) + ".\n\n"]
    for row in rows:
        name = f"row{row['row']}.svg"
        report.plot(row, pictures / name)
        sections.append(report.markdown(row, f"benchmarks/{name}") + "\n")
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + "".join(sections) + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
