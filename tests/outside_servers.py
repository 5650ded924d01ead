"""Starts and ends the real databases that sources stand for: PostgreSQL, MariaDB, Redis.

Each is a context manager with a new, empty database in a temporary folder, on a free port of
127.0.0.1. PostgreSQL and MariaDB do not run as root, so as root they run as a user of Debian's
packages. Waiting is done on the process and on what it answers, never by sleeping.
"""

import os
import pathlib
import pwd
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import psycopg
import pymysql
import redis

START_LIMIT_SECONDS = 60
STOP_LIMIT_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class OutsideServer:
    """A database server. `stop`, `start` and `kill` may be called while a test runs; port and data stay."""

    user = None  # whom it runs as when we are root

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="outside-"))
        if self.user and os.geteuid() == 0:
            shutil.chown(self.folder, self.user)
        self.port = free_port()
        self.process = None

    def __enter__(self):
        try:
            self.set_up()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.kill()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def set_up(self):
        """Makes the empty database."""

    def start(self):
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                self.as_user(self.command()),
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._wait_until_it_answers()

    def stop(self):
        """An orderly end."""
        self.process.send_signal(self.stop_signal)
        self._reap()

    def kill(self):
        """As if its machine had lost power."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self._reap()

    stop_signal = signal.SIGTERM

    def as_user(self, command):
        command = [str(part) for part in command]
        if not self.user or os.geteuid() != 0:
            return command
        ids = pwd.getpwnam(self.user)
        return ["setpriv", f"--reuid={ids.pw_uid}", f"--regid={ids.pw_gid}", "--clear-groups", *command]

    def run(self, *command):
        """Runs a program of this database to its end, as its user."""
        done = subprocess.run(
            self.as_user(command),
            cwd=self.folder,
            env={**os.environ, "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_LIMIT_SECONDS,
        )
        assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def _reap(self):
        self.process.wait(STOP_LIMIT_SECONDS)

    def _wait_until_it_answers(self):
        deadline = time.monotonic() + START_LIMIT_SECONDS
        descriptor = os.pidfd_open(self.process.pid)
        try:
            poller = select.poll()
            poller.register(descriptor, select.POLLIN)
            while not self.answers():
                if poller.poll(20) or time.monotonic() > deadline:
                    log = (self.folder / "server.log").read_text(errors="replace")
                    raise AssertionError(f"{type(self).__name__} did not start:\n{log}")
        finally:
            os.close(descriptor)


class PostgreSql(OutsideServer):
    """`settings` are PostgreSQL's own, as max_connections=10. Anyone may log in without a password from 127.0.0.1,
    but for users in `password_users`, who are asked for theirs."""

    stop_signal = signal.SIGINT  # a fast end: it does not wait for its clients

    def __init__(self, password_users=(), **settings):
        self.user = "postgres" if os.geteuid() == 0 else None
        super().__init__()
        self.settings = settings
        self.password_users = password_users

    def set_up(self):
        self.run(self._program("initdb"), "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions")
        rules = self._data / "pg_hba.conf"
        asked = "".join(f"host all {user} 127.0.0.1/32 scram-sha-256\n" for user in self.password_users)
        rules.write_text(asked + rules.read_text())

    @property
    def _data(self):
        return self.folder / "data"

    @staticmethod
    def _program(name):
        folders = sorted(pathlib.Path("/usr/lib/postgresql").iterdir(), key=lambda folder: int(folder.name))
        return folders[-1] / "bin" / name

    def command(self):
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder, "fsync": "off", **self.settings}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", self._data, "-p", self.port, *flags]

    def kill(self):
        # Its processes for clients end by themselves, and until then it cannot be started again.
        backends = self._backends()
        super().kill()
        for descriptor in backends:
            poller = select.poll()
            poller.register(descriptor, select.POLLIN)
            assert poller.poll(STOP_LIMIT_SECONDS * 1000), "a process of PostgreSQL did not end"
            os.close(descriptor)

    def _backends(self):
        if not self.process or self.process.poll() is not None:
            return []
        descriptors = []
        for pid in pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            try:
                descriptors.append(os.pidfd_open(int(pid)))
            except ProcessLookupError:
                pass  # it has ended meanwhile
        return descriptors

    def answers(self):
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def connect(self, **options):
        """A psycopg connection with autocommit."""
        options = {"host": "127.0.0.1", "port": self.port, "user": "postgres", "dbname": "postgres", **options}
        return psycopg.connect(autocommit=True, connect_timeout=10, **options)

    def sql(self, text, parameters=None):
        """The rows of a statement; an empty list when it returns none."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    @property
    def uri(self):
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def words(self):
        """The same as libpq's key words, as DuckDB's extension takes them."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"


class MariaDb(OutsideServer):
    """User root has no password; there is an empty database `shop`."""

    def __init__(self):
        self.user = "mysql" if os.geteuid() == 0 else None
        super().__init__()

    def set_up(self):
        self.run(
            "mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
            f"--datadir={self.folder / 'data'}", "--skip-name-resolve",
        )

    def command(self):
        return [
            "/usr/sbin/mariadbd", "--no-defaults", "--bind-address=127.0.0.1", f"--port={self.port}", "--skip-name-resolve",
            f"--datadir={self.folder / 'data'}", f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}",
        ]

    def answers(self):
        try:
            connection = self.connect(database=None)
        except pymysql.err.OperationalError:
            return False
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE IF NOT EXISTS shop")
        return True

    def connect(self, **options):
        options = {"host": "127.0.0.1", "port": self.port, "user": "root", "database": "shop", **options}
        return pymysql.connect(autocommit=True, connect_timeout=10, **options)

    def sql(self, text, parameters=None):
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return list(cursor.fetchall()) if cursor.description else []

    @property
    def words(self):
        """As DuckDB's extension takes them."""
        return f"host=127.0.0.1 port={self.port} user=root database=shop"


class Redis(OutsideServer):
    """`options` are further arguments of redis-server."""

    def __init__(self, *options):
        super().__init__()
        self.options = options

    def command(self):
        return [
            "redis-server", "--bind", "127.0.0.1", "--port", self.port, "--save", "", "--appendonly", "no", "--dir", self.folder,
            *self.options,
        ]

    def answers(self):
        try:
            return self.client().ping()
        except redis.AuthenticationError:
            return True
        except redis.ConnectionError:
            return False

    def client(self, **options):
        return redis.Redis(host="127.0.0.1", port=self.port, socket_connect_timeout=10, **options)

    @property
    def uri(self):
        return f"redis://127.0.0.1:{self.port}"
