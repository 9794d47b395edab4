"""A document as GitHub's Markdown, which Confluence, GitLab and chats read as well. What is text stays text."""

import re
from collections.abc import Iterator

from correlator.report.document import Block, Code, Document, Items, Paragraph, Picture, Reference, Section, Table
from correlator.wording.words import printable

_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&!$]")
_BLANK = re.compile(r"\s+")
_BEGINNING = re.compile(r"^(?=[-+=:])|^(\d+)(?=[.)])")
_ADDRESS = re.compile(r"(?i)(?<=\w)(?=://)|(?<=www)(?=\.)|(?=@)")
_UNSAFE = re.compile(r"[^A-Za-z0-9._~:/?%=&;,+@-]")


def as_markdown(document: Document) -> str:
    """The whole document; ends in a line break."""
    return "\n\n".join(_parts(document)) + "\n"


def text(value: str) -> str:
    """A value as one line that nothing in it can turn into markup, a link or a new block."""
    line = printable(_BLANK.sub(" ", value).strip())
    line = _ADDRESS.sub(r"\\", _MARKUP.sub(lambda found: f"\\{found[0]}", line))
    return _BEGINNING.sub(lambda found: f"{found[1]}\\" if found[1] else "\\", line)


def _parts(document: Document) -> Iterator[str]:
    yield f"# {text(document.title)}"
    if document.warning:
        yield f"> **{text(document.warning)}**"
    if document.lead:
        yield f"**{text(document.lead)}**"
    for section in document.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    yield f"## {text(section.title)}"
    for block in section.blocks:
        yield _block(block)


def _block(block: Block) -> str:
    match block:
        case Paragraph(said):
            return text(said)
        case Items(texts, ordered):
            marks = (f"{rank}." if ordered else "-" for rank in range(1, len(texts) + 1))
            return "\n".join(f"{mark} {text(each)}" for mark, each in zip(marks, texts, strict=True))
        case Table():
            return _table(block)
        case Code():
            return _code(block)
        case Picture(address, said):
            return f"![{text(said)}]({_address(address)})"
        case Reference(said, address):
            return f"[{text(said)}]({_address(address)})"


def _table(table: Table) -> str:
    lines = [[text(cell) for cell in row] for row in (table.head, *table.rows)]
    rule = ["---:" if column in table.numeric else "---" for column in range(len(table.head))]
    return "\n".join(f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:]))


def _code(code: Code) -> str:
    """A fence longer than any in the text."""
    said = printable(code.text)
    longest = max((len(run) for run in re.findall(r"`+", said)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{code.language}\n{said}\n{fence}"


def _address(address: str) -> str:
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address)
