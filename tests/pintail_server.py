"""Starts and ends real Pintail servers for tests.

A `Server` is one process started from the bundle (or from the program that PINTAIL_BIN
names) on free ports of 127.0.0.1, with a working folder of its own. Waiting is done on the
process itself and on its ready file, never by sleeping for a guessed time.
"""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 60


def program():
    """The program under test: PINTAIL_BIN, or the bundle's launcher."""
    path = os.environ.get("PINTAIL_BIN") or str(CHECKOUT / "dist/pintail/bin/pintail")
    if not os.access(path, os.X_OK):
        raise RuntimeError(f"there is no program at {path}: run `make bundle`, or set PINTAIL_BIN")
    return path


def clean_environment(extra=None):
    """The environment without what would configure a server by accident."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PINTAIL_", "HYPRSTREAM_", "ARROWPORT_"))
    }
    kept.update(extra or {})
    return kept


def run_pintail(*arguments, timeout=60, env=None, **options):
    """Runs the command line to its end; a CompletedProcess with text in stdout and stderr."""
    if "input" not in options and "stdin" not in options:
        options["stdin"] = subprocess.DEVNULL
    if not isinstance(options.get("input"), bytes) and "text" not in options:
        options["text"] = True
    return subprocess.run(
        [program(), *map(str, arguments)],
        capture_output=True,
        timeout=timeout,
        env=clean_environment(env),
        **options,
    )


def wait_for_exit(process, seconds):
    """Whether the process ended within the time; blocks on the process, not on a clock."""
    if process.poll() is not None:
        return True
    descriptor = os.pidfd_open(process.pid)
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        poller.poll(seconds * 1000)
    finally:
        os.close(descriptor)
    return process.poll() is not None


def wait_until(condition, seconds, process, what):
    """Polls `condition` until it is true; fails when the time is over or the process ended."""
    deadline = time.monotonic() + seconds
    descriptor = os.pidfd_open(process.pid)
    try:
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        while True:
            value = condition()
            if value:
                return value
            if poller.poll(10) or time.monotonic() > deadline:
                value = condition()
                if value:
                    return value
                raise AssertionError(f"waited {seconds} s in vain for: {what}")
    finally:
        os.close(descriptor)


class StartError(Exception):
    """The server ended instead of serving; carries its exit code and what it wrote."""

    def __init__(self, code, output):
        super().__init__(f"the server ended with code {code} before it served:\n{output}")
        self.code = code
        self.output = output


class Server:
    """A running server. Use as a context manager, or call `stop`.

    `options` are further arguments of `pintail serve`. With `folder` the caller keeps the
    working folder (and in it the database) across several servers. `launcher` is a command
    that ends by executing the one given to it.
    """

    def __init__(self, *options, database=":memory:", folder=None, env=None, listen=True,
                 launcher=()):
        self._own_folder = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="pintail-test-"))
        self.log_path = self.folder / "server.log"
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        command = [*launcher, program(), "serve", "--ready-file", str(ready)]
        if database is not None:
            command += ["--database", str(database)]
        if listen:
            command += ["--flight-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]
        command += [str(option) for option in options]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=clean_environment(env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            wait_until(
                lambda: self._read_ready(ready),
                START_LIMIT_SECONDS,
                self.process,
                "the ready file",
            )
        except AssertionError:
            self.kill()
            raise StartError(self.process.returncode, self.log()) from None

    def _read_ready(self, path):
        try:
            self.ready = json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return False
        return True

    @property
    def pid(self):
        return self.ready["pid"]

    @property
    def flight_address(self):
        return self.ready["flight"][0]

    @property
    def http_address(self):
        return self.ready["http"][0]

    @property
    def flight_uri(self):
        return f"grpc://{self.flight_address}"

    @property
    def http_url(self):
        return f"http://{self.http_address}"

    def log(self):
        """All that the server has written so far."""
        return self.log_path.read_text(errors="replace")

    def resident_bytes(self):
        return self._status_bytes("VmRSS")

    def peak_resident_bytes(self):
        """The highest resident size since the last `forget_peak`."""
        return self._status_bytes("VmHWM")

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def _status_bytes(self, key):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"/proc has no {key} for process {self.pid}")

    def wait_until(self, condition, what, seconds=30):
        return wait_until(condition, seconds, self.process, what)

    def terminate(self):
        """Asks for a drain; returns at once."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds=STOP_LIMIT_SECONDS):
        """The exit code, once the process has ended."""
        assert wait_for_exit(self.process, seconds), f"the server did not end:\n{self.log()}"
        return self.process.returncode

    def kill(self):
        """Ends the process at once, as a power cut would."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop_quietly(self):
        """Ends the server in order; its folder stays until `stop`."""
        self.terminate()
        self.wait()

    def stop(self):
        """Ends the server in order and gives its exit code; removes its folder."""
        try:
            if self.process.poll() is None:
                self.terminate()
                if not wait_for_exit(self.process, STOP_LIMIT_SECONDS):
                    log = self.log()
                    self.kill()
                    raise AssertionError(f"the server did not end on SIGTERM:\n{log}")
            return self.process.returncode
        finally:
            if self._own_folder:
                shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
