"""PostgreSQL with a new cluster in a folder, on a free loopback port, until SIGTERM.

Its settings are those that initdb writes: fsync and synchronous_commit are on. Only what is done
before the first row is written is not synced. It does not run as root, so as root it is started as
the user of Debian's package. Prints one JSON line with its port and the folder of its programs.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

USER = "postgres"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def programs() -> pathlib.Path:
    """The folder of the newest PostgreSQL that is installed."""
    folders = sorted(pathlib.Path("/usr/lib/postgresql").iterdir(), key=lambda folder: int(folder.name))
    return folders[-1] / "bin"


def run(program: str, *arguments) -> None:
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"] if os.geteuid() == 0 else []
    command = [*user, programs() / program, *arguments]
    subprocess.run([str(part) for part in command], check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr)


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    data = folder / "data"
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    os.chdir(folder)
    run("initdb", "-D", data, "-U", USER, "-A", "trust", "--no-sync", "--no-instructions")
    port = free_port()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    run("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    pid = int((data / "postmaster.pid").read_text().split()[0])
    print(json.dumps({"pid": pid, "port": port, "user": USER, "programs": str(programs())}), flush=True)
    signal.sigwait([signal.SIGTERM])
    run("pg_ctl", "-D", data, "-w", "-m", "fast", "stop")
