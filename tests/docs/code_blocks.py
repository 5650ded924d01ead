"""The code blocks of a Markdown document, and what is done with each.

`sh` and `python` blocks run in order, in one folder, against one server; a `text` block right after
one is its output. `sql` blocks run over Flight SQL, `toml` blocks are checked as
configurations, `json` blocks must parse. `console` blocks are shown, not run.
"""

import dataclasses
import re

RUN = ("sh", "python", "sql")
CHECKED = ("toml", "json")
SHOWN = ("console", "text", "yaml", "java", "")


@dataclasses.dataclass
class Block:
    language: str
    text: str
    line: int
    output: str | None = None  # of the `text` block that follows


def blocks_of(markdown):
    found = []
    lines = markdown.splitlines()
    at = 0
    previous_end = -2
    while at < len(lines):
        opening = re.match(r"^(\s*)```(\w*)\s*$", lines[at])
        if not opening:
            if lines[at].strip():
                previous_end = -2
            at += 1
            continue
        indent, language = len(opening.group(1)), opening.group(2)
        start = at
        at += 1
        body = []
        while not re.match(r"^\s*```\s*$", lines[at]):
            body.append(lines[at][indent:])
            at += 1
        at += 1
        text = "\n".join(body)
        if language == "text" and found and previous_end >= 0:
            found[-1].output = text
        found.append(Block(language, text, start + 1))
        previous_end = at if language in RUN else -2
    return found


def same_output(expected, found):
    """Whether the output is as shown; a line `...` stands for any lines."""
    parts = re.split(r"^\.\.\.$", expected.strip(), flags=re.MULTILINE)
    pattern = r"[\s\S]*".join(
        re.escape("\n".join(line.rstrip() for line in part.splitlines())) for part in parts)
    return re.fullmatch(pattern, "\n".join(
        line.rstrip() for line in found.strip().splitlines())) is not None
