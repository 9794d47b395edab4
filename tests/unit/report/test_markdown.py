"""Markdown as a CommonMark reader takes it: names stay text, tables stay tables."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from correlator.report import Document, as_markdown
from correlator.report.document import Code, Items, Paragraph, Picture, Reference, Section, Table
from correlator.report.markdown import text

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HARMFUL = [
    '<img src=x onerror="alert(1)">',
    "[press](javascript:alert(1))",
    "![](http://evil/track.png)",
    "a | b | c",
    "`code` ``` **bold** _it_ ~~gone~~",
    "# heading",
    "1. first",
    "2) second",
    "- item",
    "+ item",
    "> quote",
    "--- ",
    "===",
    "a\n\n# b\r\n| c |",
    "&lt;script&gt; &copy;",
    "back\\slash\\",
    "$x$ http://evil www.evil.org @everyone",
    "\x1b[31mred\x1b[0m \u202eturned",
]


def written(*blocks: object) -> str:
    """A document of some blocks, read as Markdown and turned into HTML."""
    document = Document("t", "l", "", [Section("s", blocks)])  # type: ignore[arg-type]
    return str(READER.render(as_markdown(document)))


def shown(markup: str) -> str:
    """What a reader sees of HTML: its text."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def as_seen(value: str) -> str:
    """A value as one printable line."""
    return " ".join(re.sub(r"[\x00-\x08\x0e-\x1b\u202e]", "\ufffd", value).split())


@pytest.mark.parametrize("harmful", HARMFUL)
def test_names_stay_text_in_paragraphs(harmful: str) -> None:
    """One paragraph with exactly that text comes of it, and no element."""
    rendered = READER.render(text(harmful))
    assert rendered.count("<") == 2
    assert shown(rendered).strip() == as_seen(harmful)


@pytest.mark.parametrize("harmful", HARMFUL)
def test_names_stay_text_everywhere(harmful: str) -> None:
    """In lists, cells, picture and link as well: no other element, as many cells as there should be."""
    rendered = written(
        Items([harmful]),
        Items([harmful], ordered=True),
        Table((harmful, "b"), [(harmful, "c")]),
        Picture("http://d/plot.png", harmful),
        Reference(harmful, "http://d/incidents/1"),
    )
    assert rendered.count("<td") == 2
    assert rendered.count("<th>") == 2
    assert rendered.count("<li>") == 2
    assert rendered.count("<a ") == 1
    assert rendered.count("<img ") == 1
    assert rendered.count("<h1>") == 1
    assert shown(rendered).count(as_seen(harmful)) == 5


@given(st.text(max_size=60))
def test_any_text_is_one_paragraph(value: str) -> None:
    """Whatever a label holds, a reader sees it and nothing else."""
    rendered = READER.render(text(value))
    assert rendered.count("<") in {0, 2}


def test_links_of_plain_text_are_broken() -> None:
    """Readers that make links of bare addresses and names do not: what would start one is escaped."""
    assert text("http://evil www.evil.org @everyone") == r"http\://evil www\.evil.org \@everyone"


def test_code_cannot_end_its_fence() -> None:
    """A fence is longer than any run of backticks inside."""
    rendered = written(Code("echo ```\n````\n# no heading", "sh"), Paragraph("after"))
    assert "echo ```\n````\n# no heading" in html.unescape(rendered)
    assert "<p>after</p>" in rendered
    assert rendered.count("<h1>") == 1


def test_addresses_cannot_leave_their_link() -> None:
    """Brackets, blanks and quotes of an address are percent-encoded."""
    rendered = written(Reference("x", 'http://d/a) <b> "c'))
    assert 'href="http://d/a%29%20%3Cb%3E%20%22c"' in rendered
