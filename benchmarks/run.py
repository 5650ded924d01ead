"""Runs the benchmarks and writes a table, a JSON file and a plot a row.

    run.py [--name PART] [--runs N] [--warmups N] [--output FOLDER]

`--name` takes the rows whose file name contains PART (row05, tpch, …).
"""

import argparse
import datetime
import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "rows"), str(HERE / "peers")]

import measure  # noqa: E402
import report  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", default="", help="only rows whose file name contains this")
    parser.add_argument("--runs", type=int, default=measure.RUNS)
    parser.add_argument("--warmups", type=int, default=measure.WARMUPS)
    parser.add_argument("--output", type=pathlib.Path, default=HERE.parent / "build" / "bench")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    names = sorted(path.stem for path in (HERE / "rows").glob("row*.py") if options.name in path.stem)
    if not names:
        print(f"no benchmark has '{options.name}' in its name", file=sys.stderr)
        return 2
    options.output.mkdir(parents=True, exist_ok=True)
    machine = measure.machine()
    print(report.machine_line(machine), flush=True)
    for name in names:
        for row in importlib.import_module(name).run(options.runs, options.warmups):
            print(report.text(row), flush=True)
            result = report.as_dict(row, machine, datetime.date.today().isoformat())
            (options.output / f"row{row.number}.json").write_text(json.dumps(result, indent=1) + "\n")
            report.plot(result, options.output / f"row{row.number}.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())
