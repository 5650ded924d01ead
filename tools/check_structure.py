"""Holds the tree to the rules of ARCHITECTURE.md and CONTRIBUTING.md: rooms, includes, names, lengths.

check_structure.py [ROOT]: prints a line for each breach and fails when there is one.
"""

import pathlib
import re
import sys

CODE = {".cc", ".h"}
TEXT = CODE | {".py", ".sh", ".cmake", ".toml", ".yaml", ".yml", ".json", ".md", ".txt", ".in", ".list", ".sql", ".test", ".proto", ""}
LEFT_OUT = {".git", ".deps", "build", "dist", "pintail-data", "__pycache__", ".pytest_cache", "results", "node_modules"}
LONGEST_FILE = 500
# What is written by a tool, or is data, may be long.
LONG_SUFFIXES = {".md", ".txt", ".json", ".svg", ".test"}
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "info"}
# Spelled in parts, so that this file keeps its own rules.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
SLEEP = re.compile(r"\b(sleep_for|sleep_until|usleep|nanosleep|time\.sleep|asyncio\.sleep)\b")
MACHINE_PATH = re.compile(r"(?<![\w./-])/(work|root|home/\w+)/\w")
ADDRESS = re.compile(r"https?://")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
# Whose headers lie under a name, as a room's LIBS call it. The longest name that fits counts.
LIBRARIES = {
    "CLI": "CLI11::CLI11",
    "absl": "absl::crc32c",
    "arrow": "Arrow::arrow_shared",
    "arrow-adbc": "adbc::driver_manager",
    "arrow/flight": "ArrowFlight::arrow_flight_shared",
    "arrow/flight/sql": "ArrowFlightSql::arrow_flight_sql_shared",
    "boost": "Boost::headers",
    "duckdb": "duckdb::duckdb",
    "google/protobuf": "protobuf::libprotobuf",
    "grpc": "gRPC::grpc++",
    "grpcpp": "gRPC::grpc++",
    "hiredis": "PkgConfig::hiredis",
    "histedit": "edit::edit",
    "parquet": "Parquet::parquet_shared",
    "prometheus": "prometheus-cpp::core",
    "simdjson": "simdjson::simdjson",
    "simdutf": "simdutf::simdutf",
    "spdlog": "spdlog::spdlog",
    "toml++": "tomlplusplus::tomlplusplus",
    "yaml-cpp": "yaml-cpp::yaml-cpp",
}
TEST_LIBRARIES = {"benchmark", "gmock", "gtest"}
# The language's headers and the system's.
PLATFORM = re.compile(
    r"\w+|(arpa|linux|net|netinet|sys)/.+|(fcntl|netdb|poll|pthread|signal|spawn|stdlib|termios|unistd)\.h"
)


class Room:
    """A row of the room table."""

    def __init__(self, uses: set[str], libraries: set[str]):
        self.uses = uses
        self.libraries = libraries


def read_rooms(root: pathlib.Path) -> dict[str, Room]:
    """The table under "The rooms": name, responsibility, may use, only includer of."""
    rooms = {}
    for line in (root / "ARCHITECTURE.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 4 and re.fullmatch(r"`\w+`", cells[0]):
            parts = [{part.strip() for part in cell.split(",")} - {"–", ""} for cell in cells[2:]]
            rooms[cells[0].strip("`")] = Room(*parts)
    return rooms


def files(root: pathlib.Path):
    """Every text file of the project."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if not LEFT_OUT.intersection(relative.parts) and path.is_file() and path.suffix in TEXT:
            yield path, relative


def includes(path: pathlib.Path) -> list[tuple[bool, str]]:
    """(is it quoted, what is included) of each include."""
    return [(mark == '"', name) for mark, name in INCLUDE.findall(path.read_text())]


def library_folder(header: str, known: set[str]) -> str | None:
    """The longest of the known names under which the header lies: arrow/flight of arrow/flight/api.h, zlib of zlib.h."""
    fitting = [name for name in known if header.startswith(name + "/") or re.fullmatch(re.escape(name) + r"\.h(pp)?", header)]
    return max(fitting, key=len, default=None)


def is_for_tests(path: pathlib.Path) -> bool:
    return "testing" in path.parts or path.stem.endswith(("_test", "_benchmark"))


def room_of(relative: pathlib.Path) -> str | None:
    return relative.parts[1] if len(relative.parts) > 2 and relative.parts[0] == "src" else None


def check_rooms(root: pathlib.Path) -> list[str]:
    """The room table, the folders, their build files and their READMEs agree."""
    rooms = read_rooms(root)
    folders = {path.name for path in (root / "src").iterdir() if path.is_dir()}
    breaches = [f"src/{name}: not in the room table of ARCHITECTURE.md" for name in sorted(folders - rooms.keys())]
    breaches += [f"ARCHITECTURE.md: room {name} has no folder" for name in sorted(rooms.keys() - folders)]
    for name in sorted(folders & rooms.keys()):
        unknown = rooms[name].uses - rooms.keys()
        breaches += [f"ARCHITECTURE.md: {name} may use {other}, which is no room" for other in sorted(unknown)]
        folder = root / "src" / name
        if not (folder / "README.md").exists():
            breaches.append(f"src/{name}: has no README.md")
        declared = re.search(r"\bUSES\s+([\w\s]*?)\s*(LIBS|TEST_USES|PROTOS|TEST_LIBS|\))", (folder / "CMakeLists.txt").read_text())
        for other in sorted(set(declared.group(1).split() if declared else []) - rooms[name].uses):
            breaches.append(f"src/{name}/CMakeLists.txt: uses {other}, which the room table does not allow")
    return breaches


def check_uses(root: pathlib.Path) -> list[str]:
    """A room includes only the rooms it may use; the ground is never built on what stands on it.

    A room's testing/ folder builds the whole of what the room stands on, so it is left out.
    """
    rooms = read_rooms(root)
    breaches = []
    for path, relative in files(root):
        room = room_of(relative)
        if path.suffix not in CODE or room not in rooms or "testing" in path.parts:
            continue
        for quoted, name in includes(path):
            used = name.split("/")[0]
            if used in rooms and quoted and used != room and used not in rooms[room].uses:
                breaches.append(f'{relative}: includes "{name}", but {room} may not use {used}')
    return breaches + circles(rooms)


def circles(rooms: dict[str, Room]) -> list[str]:
    """Rooms that may use each other in a circle."""
    left = {name: set(room.uses) for name, room in rooms.items()}
    while free := [name for name, uses in left.items() if not uses & left.keys()]:
        for name in free:
            del left[name]
    return [f"ARCHITECTURE.md: {', '.join(sorted(left))} may use each other in a circle"] if left else []


def check_libraries(root: pathlib.Path) -> list[str]:
    """A library that the table gives to a room is included by no other."""
    rooms = read_rooms(root)
    owners: dict[str, set[str]] = {}
    for name, room in rooms.items():
        for library in room.libraries:
            owners.setdefault(library, set()).add(name)
    breaches = []
    for path, relative in files(root):
        room = room_of(relative)
        if path.suffix not in CODE or room is None:
            continue
        for quoted, name in includes(path):
            library = library_folder(name, owners.keys())
            if library and not (quoted and library in rooms) and room not in owners[library]:
                breaches.append(f"{relative}: includes {name}, which only {' and '.join(sorted(owners[library]))} may")
    return breaches


def linked(build_file: pathlib.Path, keyword: str) -> set[str]:
    """What stands after LIBS, or TEST_LIBS, in a room's build file."""
    found = re.search(rf"\b{keyword}\s([^)]*?)(\s[A-Z_]+\s|\))", build_file.read_text())
    return set(found.group(1).split()) if found else set()


def check_linked(root: pathlib.Path) -> list[str]:
    """A room links what it includes, and nothing else: what comes by way of another room is not its own."""
    breaches = []
    used: dict[str, set[str]] = {path.parent.name: set() for path in (root / "src").glob("*/CMakeLists.txt")}
    for path, relative in files(root):
        room = room_of(relative)
        if path.suffix not in CODE or room not in used:
            continue
        libraries = linked(root / "src" / room / "CMakeLists.txt", "LIBS")
        if is_for_tests(relative):
            libraries |= linked(root / "src" / room / "CMakeLists.txt", "TEST_LIBS")
        for quoted, name in includes(path):
            if name.split("/")[0] in used and quoted:
                continue
            folder = library_folder(name, LIBRARIES.keys() | TEST_LIBRARIES)
            if folder is None:
                if not PLATFORM.fullmatch(name):
                    breaches.append(f"{relative}: includes {name}, of a library that tools/check_structure.py does not know")
            elif folder in TEST_LIBRARIES:
                if not is_for_tests(relative):
                    breaches.append(f"{relative}: includes {name}, which only tests and benchmarks may")
            else:
                used[room].add(LIBRARIES[folder])
                if LIBRARIES[folder] not in libraries:
                    breaches.append(f"{relative}: includes {name}, but {room} does not name {LIBRARIES[folder]} in LIBS")
    for room, libraries in used.items():
        for library in sorted(linked(root / "src" / room / "CMakeLists.txt", "LIBS") - libraries):
            breaches.append(f"src/{room}/CMakeLists.txt: links {library}, of which no file includes anything")
    return breaches


def check_code(root: pathlib.Path) -> list[str]:
    """Headers are guarded, namespaces are folders, names say something."""
    breaches = []
    for path, relative in files(root):
        # FlightInfo and SqlInfo are the protocol's own words.
        words = set(re.split(r"[_.\-]", re.sub(r"(flight|sql)_info", "", relative.stem.lower())))
        if relative.suffix in CODE | {".py"} and words & VAGUE_NAMES:
            breaches.append(f"{relative}: name it after what it holds, not {' '.join(sorted(words & VAGUE_NAMES))}")
        if relative.suffix not in CODE or relative.parts[0] != "src":
            continue
        text = path.read_text()
        if relative.suffix == ".h" and "#pragma once" not in text:
            breaches.append(f"{relative}: has no #pragma once")
        room = room_of(relative)
        if room and not re.search(rf"namespace pintail::{room}\b", text):
            breaches.append(f"{relative}: has nothing in namespace pintail::{room}")
        if relative.suffix == ".h" and not re.search(r"^\s*//", text, re.M):
            breaches.append(f"{relative}: has no comment that says what it is for")
    return breaches


def check_text(root: pathlib.Path) -> list[str]:
    """Lengths, unfinished work, sleeping tests, paths of one machine, addresses of package archives."""
    breaches = []
    for path, relative in files(root):
        lines = path.read_text(errors="replace").splitlines()
        if len(lines) > LONGEST_FILE and relative.suffix not in LONG_SUFFIXES and relative.name != "LICENSE":
            breaches.append(f"{relative}: {len(lines)} lines; {LONGEST_FILE} is the limit")
        is_test = relative.parts[0] == "tests" or relative.stem.endswith("_test")
        is_supply = relative.parts[0] in ("toolbox", "Dockerfile", "Makefile", "cmake", "tools", ".ci") and relative.suffix != ".md"
        for number, line in enumerate(lines, 1):
            where = f"{relative}:{number}"
            if UNFINISHED.search(line):
                breaches.append(f"{where}: unfinished work; do it or say it in the documents")
            if is_test and SLEEP.search(line):
                breaches.append(f"{where}: a test sleeps; wait for the thing itself")
            if MACHINE_PATH.search(line):
                breaches.append(f"{where}: names a path of one machine")
            if is_supply and ADDRESS.search(line) and relative.name != "check_structure.py":
                breaches.append(f"{where}: names an address; take it from the machine's configuration")
    return breaches


CHECKS = [check_rooms, check_uses, check_libraries, check_linked, check_code, check_text]


def main() -> int:
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent)
    breaches = [breach for check in CHECKS for breach in check(root)]
    print(*breaches, sep="\n", end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
