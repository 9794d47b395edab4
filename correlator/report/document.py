"""A document without a format: sections of paragraphs, lists, tables, commands, one picture. All strings are text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `ordered` where its order means something."""

    texts: Sequence[str]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a head, as many cells in each; the columns in `numeric` are set to the right."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that are shown as they are: a command to copy (`language` is `sh`), or what a log said."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its address, which may be a data URI, and what it shows in words."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A link that we made ourselves."""

    text: str
    address: str


Block: TypeAlias = Paragraph | Items | Table | Code | Picture | Reference


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a title."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Document:
    """A title, a sentence that says it all, a warning where there is one, and sections."""

    title: str
    lead: str
    warning: str
    sections: Sequence[Section]
