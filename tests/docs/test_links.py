"""Links between the documents lead somewhere."""

import re

import pytest

from pintail_server import CHECKOUT

PAGES = sorted(path for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md", "src/**/*.md",
                                    "tests/**/*.md", "benchmarks/**/*.md")
               for path in CHECKOUT.glob(pattern))


def without_code(text):
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(text):
    """The anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+\s+(.*?)\s*$", re.sub(r"^```.*?^```", "", text,
                                                    flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(text):
    return re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", without_code(text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_links_lead_somewhere(page):
    text = page.read_text()
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} leads nowhere"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text()), f"{link}: there is no such heading"


def test_every_document_is_reached_from_the_readme():
    seen = set()
    todo = [CHECKOUT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or not page.exists():
            continue
        seen.add(page)
        for link in links(page.read_text()):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target.is_dir():
                todo += target.glob("*.md")
            elif target.suffix == ".md":
                todo.append(target)
    missing = {str(page.relative_to(CHECKOUT)) for page in CHECKOUT.glob("docs/**/*.md")
               if page not in seen}
    assert not missing
