"""How text fits a terminal: columns that are dropped by importance, names that keep both ends, and nothing to obey."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from correlator.wording.words import printable

GAP = 2
NARROWEST_NAME = 28


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `width` cells beside the name's; those of low `importance` go first where there is no room.

    Columns of `words` are set to the left, those of figures to the right.
    """

    title: str
    width: int
    importance: int
    words: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A name and a cell for each column, in a style of rich."""

    name: str
    cells: Sequence[str]
    style: str = ""


def lines_of(title: str, columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Text]:
    """A head and the rows, each exactly one line of at most `width` cells."""
    shown = kept(columns, width)
    room = max(1, width - sum(columns[index].width + GAP for index in shown))
    head = Row(title, [column.title for column in columns], "bold reverse")
    return [_line(row, columns, shown, room) for row in (head, *rows)]


def kept(columns: Sequence[Column], width: int) -> list[int]:
    """Which columns fit beside a readable name, in their order."""
    chosen = list(range(len(columns)))
    while chosen and NARROWEST_NAME + sum(columns[index].width + GAP for index in chosen) > width:
        chosen.remove(min(chosen, key=lambda index: columns[index].importance))
    return chosen


def _line(row: Row, columns: Sequence[Column], shown: Sequence[int], room: int) -> Text:
    cells = [padded(row.name, room)]
    cells += [padded(row.cells[index], columns[index].width, right=not columns[index].words) for index in shown]
    return Text((" " * GAP).join(cells), style=row.style, no_wrap=True, overflow="crop", end="")


def padded(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells."""
    short = shortened(text, width)
    blank = " " * (width - cell_len(short))
    return blank + short if right else short + blank


def shortened(text: str, width: int) -> str:
    """One harmless line of at most `width` cells; a longer one loses its middle, since ends tell pods apart."""
    clean = one_line(text)
    if cell_len(clean) <= width:
        return clean
    if width < 1:
        return ""
    tail = _taken(clean[::-1], (width - 1) // 2)[::-1]
    return f"{_taken(clean, width - 1 - cell_len(tail))}…{tail}"


def one_line(text: str) -> str:
    """What a terminal would obey, line breaks included, replaced by a mark."""
    return "".join("�" if each in "\n\t" else each for each in printable(text))


def _taken(text: str, width: int) -> str:
    """As many characters from the left as fit `width` cells."""
    taken = ""
    for each in text:
        if cell_len(taken + each) > width:
            break
        taken += each
    return taken
