"""Servers under measurement: started as processes of their own, watched, and ended by id."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEERS = pathlib.Path(__file__).resolve().parent / "peers"


def memory_bytes(pid: int, field: str = "VmRSS") -> int:
    """A figure of /proc/PID/status in bytes; VmHWM is the peak."""
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no {field}")


def processor_seconds(pid: int) -> float:
    """Processor time that the process has used so far, in all its threads."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reset_peak(pid: int) -> None:
    """Makes VmHWM start again from now."""
    with open(f"/proc/{pid}/clear_refs", "w") as clear:
        clear.write("5")


class Server:
    """One running server. `address` is what its ready line or ready file told."""

    def __init__(self, name: str, process: subprocess.Popen, address: dict):
        self.name = name
        self.process = process
        self.address = address

    @property
    def pid(self) -> int:
        """The process whose memory counts."""
        return self.address.get("pid", self.process.pid)


@contextlib.contextmanager
def pintail(*flags: str, database: str = ":memory:", log=sys.stderr):
    """The bundled server on free ports; its log goes to the file or descriptor `log`."""
    with tempfile.TemporaryDirectory(prefix="pintail-bench-") as folder:
        ready = os.path.join(folder, "ready")
        command = [
            str(pintail_binary()), "serve", "--database", database,
            "--flight-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0",
            "--ready-file", ready, "--log-level", "warn", *flags,
        ]  # fmt: skip
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=log
        )
        try:
            yield Server("pintail", process, wait_for_ready_file(ready, process))
        finally:
            stop(process)


def pintail_binary() -> pathlib.Path:
    return pathlib.Path(
        os.environ.get("PINTAIL_BIN", ROOT / "dist" / "pintail" / "bin" / "pintail")
    )


def wait_for_ready_file(path: str, process: subprocess.Popen) -> dict:
    """Reads the file as soon as it is there; fails when the process ends before."""
    while not os.path.exists(path):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode} before it was ready")
        os.sched_yield()
    with open(path) as ready:
        return json.load(ready)


@contextlib.contextmanager
def peer(name: str, command: list):
    """A peer that prints one JSON line with its address when it serves."""
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        for line in process.stdout:
            if line.startswith("{"):
                yield Server(name, process, json.loads(line))
                break
        else:
            raise RuntimeError(f"{name} ended before it served")
    finally:
        stop(process)


def flight_peer():
    """The C++ Flight server that drops what it takes and sends what it was filled with."""
    return peer("flight", [os.environ["PINTAIL_FLIGHT_PEER"]])


def arrowport():
    """Arrowport 0.1.0 from PyPI, Flight and REST."""
    return peer("arrowport", [os.environ["ARROWPORT_PYTHON"], PEERS / "arrowport_server.py"])


def quack(database: str):
    """DuckDB's own remote protocol over the same database file."""
    return peer("quack", [sys.executable, PEERS / "quack_server.py", database])


def duckdb_flight(database: str):
    """A pyarrow Flight server over a DuckDB file: one transaction a put."""
    return peer("duckdb", [sys.executable, PEERS / "duckdb_flight_server.py", database])


def postgresql(folder: str):
    """PostgreSQL with a new cluster in the folder, which it takes over."""
    return peer("postgresql", [sys.executable, PEERS / "postgresql_server.py", folder])


@contextlib.contextmanager
def redis():
    """Redis on a free port, that writes nothing to disk."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if not any("Ready to accept connections" in line for line in process.stdout):
            raise RuntimeError(f"redis-server ended with {process.wait()} before it served")
        yield Server("redis", process, {"port": port})
    finally:
        stop(process)


def postgresql_uri(server: Server) -> str:
    return f"postgresql://{server.address['user']}@127.0.0.1:{server.address['port']}/postgres"


@contextlib.contextmanager
def source_file(name: str, kind: str, connection: str, more: str = "", default: bool = False):
    """The path of a configuration file with one source, and `more`."""
    with tempfile.NamedTemporaryFile("w", prefix="pintail-bench-", suffix=".toml") as file:
        file.write(f'[sources.{name}]\ntype = "{kind}"\nconnection = "{connection}"\ndefault = {str(default).lower()}\n\n{more}')
        file.flush()
        yield file.name


@contextlib.contextmanager
def disk_folder():
    """A folder for the databases of a run, gone afterwards. It is on a disk, so that a sync is one."""
    with tempfile.TemporaryDirectory(prefix="pintail-bench-") as folder:
        kind = subprocess.run(["stat", "-f", "-c", "%T", folder], check=True, capture_output=True, text=True)
        if kind.stdout.strip() in ("tmpfs", "ramfs"):
            raise RuntimeError(f"{folder} is in memory, so nothing there is durable; mount a disk there, or set TMPDIR")
        os.chmod(folder, 0o711)  # PostgreSQL's user passes through
        yield folder


def stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout:
        process.stdout.close()
