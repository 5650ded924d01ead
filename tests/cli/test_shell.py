"""`pintail shell`, driven through a terminal as a person would."""

import os
import pty
import re
import select
import signal

import pytest

from pintail_server import clean_environment, program

LIMIT_SECONDS = 30


class Shell:
    """A shell in a pseudo terminal."""

    def __init__(self, url, home):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            environment = clean_environment(
                {"TERM": "xterm", "HOME": str(home), "COLUMNS": "100", "LINES": "40"})
            os.chdir(home)
            os.execve(program(), [program(), "shell", "--url", url], environment)
        self.text = ""

    def read_until(self, pattern):
        """What was written up to and with the pattern."""
        while not (found := re.search(pattern, self.text)):
            ready, _, _ = select.select([self.terminal], [], [], LIMIT_SECONDS)
            assert ready, f"waited in vain for {pattern!r} in:\n{self.text}"
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:
                piece = b""
            assert piece, f"the shell ended before {pattern!r}:\n{self.text}"
            self.text += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x07", "",
                                piece.decode(errors="replace"))
        before, self.text = self.text[: found.end()], self.text[found.end() :]
        return before

    def type(self, text):
        """Types at the next prompt: what is typed before it may be lost."""
        self.read_until(r"(pintail|\.\.\.)> ")
        os.write(self.terminal, text.encode())

    def press(self, key):
        os.write(self.terminal, key.encode())

    def line(self, text):
        self.type(text + "\r")

    def end(self):
        """Ends it by Ctrl-D and gives the exit code."""
        self.type("\x04")
        presses = 1
        while True:
            if not select.select([self.terminal], [], [], 1)[0]:
                # Pressed while the terminal was still in its own mode, Ctrl-D is no key.
                self.press("\x04")
                presses += 1
                assert presses <= LIMIT_SECONDS, "Ctrl-D does not end it"
                continue
            try:
                if not os.read(self.terminal, 65536):
                    break
            except OSError:
                break
        _, status = os.waitpid(self.pid, 0)
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


@pytest.fixture
def shell(server, tmp_path):
    shell = Shell(server.flight_uri, tmp_path)
    yield shell
    try:
        os.kill(shell.pid, signal.SIGKILL)
        os.waitpid(shell.pid, 0)
    except (ProcessLookupError, ChildProcessError):
        pass


def test_a_statement_is_answered_with_its_time(shell):
    shell.line("SELECT 42 AS answer;")
    assert "42" in shell.read_until(r"\(1 row\)[^\n]*(\d+(\.\d+)? ?m?s)?")
    assert shell.end() == 0


def test_a_statement_may_take_several_lines(shell):
    shell.line("SELECT 'first'")
    shell.line(" || ' second'")
    shell.line(";")
    shell.read_until("first second")
    assert shell.end() == 0


def test_an_error_does_not_end_it(shell):
    shell.line("SELECT * FROM no_such_table;")
    shell.read_until("(?s)no_such_table.*no_such_table")
    shell.line("SELECT 6 * 7 AS n;")
    shell.read_until("42")
    assert shell.end() == 0


def test_tables_and_columns_are_completed(shell, flight_client):
    flight_client.update("CREATE TABLE IF NOT EXISTS completed_table (zebra_column INTEGER)")
    shell.type("SELECT zebra_c\t FROM completed_t\t;\r")
    shell.read_until("zebra_column")
    shell.read_until(r"\(0 rows\)")
    assert shell.end() == 0


def test_temporary_tables_live_as_long_as_the_shell(shell):
    shell.line("CREATE TEMP TABLE mine AS SELECT 7 AS n;")
    shell.line("SELECT n * 11 FROM mine;")
    shell.read_until("77")
    assert shell.end() == 0


def test_ctrl_c_ends_the_statement_not_the_shell(shell):
    shell.line("SELECT count(*) FROM range(10000000) a, range(10000000) b;")
    shell.read_until(r"range\(10000000\) b;\s")
    shell.press("\x03")
    shell.read_until("(?i)cancel|interrupt")
    shell.line("SELECT 6 * 7 AS n;")
    shell.read_until("42")
    assert shell.end() == 0


def test_history_is_kept(server, tmp_path):
    first = Shell(server.flight_uri, tmp_path)
    first.line("SELECT 'from the first time';")
    first.read_until(r"\(1 row\)")
    assert first.end() == 0
    second = Shell(server.flight_uri, tmp_path)
    second.type("\x1b[A\r")
    second.read_until("(?s)from the first time.*from the first time")
    assert second.end() == 0


def test_without_a_terminal_it_reads_statements(pintail):
    done = pintail("shell", input="SELECT 1 AS n;\nSELECT 2\n AS n;\n")
    assert done.returncode == 0, done.stderr
    assert "1" in done.stdout and "2" in done.stdout


def test_it_says_when_no_server_answers(pintail):
    done = pintail("shell", "--url", "grpc://127.0.0.1:1", input="SELECT 1;\n")
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr


def test_a_line_given_up_ends_with_a_line_break(shell):
    shell.type("SELECT 1\x03")
    assert re.search(r"\^C\r?\n", shell.read_until(r"pintail> "))
    shell.press("SELECT 6 * 7 AS n;\r")
    shell.read_until("42")
    assert shell.end() == 0


@pytest.mark.parametrize("word", ["quit", "exit;", "\\q", ".quit"])
def test_the_words_of_other_shells_leave_it(pintail, word):
    done = pintail("shell", input=f"{word}\nSELECT 1;\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_system_views_and_functions_are_completed(shell):
    shell.type("SELECT array_cosine_si\t[1]::FLOAT[1], [1]::FLOAT[1]) AS n FROM pintai\tversi\t;\r")
    shell.read_until(r"\(\d+ rows?\)")
    assert shell.end() == 0


def test_a_plan_is_drawn_in_lines(pintail):
    done = pintail("query", "EXPLAIN SELECT 42")
    assert "\\n" not in done.stdout and len(done.stdout.splitlines()) > 4


def test_the_request_stands_apart_from_the_caret(pintail):
    done = pintail("query", "SELECT nothing")
    assert re.search(r"\^\n\(request [^)]+\)\n$", done.stderr), done.stderr


def test_a_server_that_is_gone_is_said_in_words(start_server, tmp_path):
    server = start_server()
    shell = Shell(server.flight_uri, tmp_path)
    shell.line("SELECT 1 AS n;")
    shell.read_until(r"\(1 row\)")
    server.kill()
    shell.line("SELECT 2 AS n;")
    said = shell.read_until("connection to the server is lost[^\n]*\n")
    assert "gRPC" not in said and "failed to connect" not in said
    assert shell.end() == 0
