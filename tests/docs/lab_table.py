"""The lab's table in the README, measured anew: `python -m tests.docs.lab_table` writes it between its markers."""

from pathlib import Path

from tests.scenarios.table import lines

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- lab -->\n", "<!-- /lab -->\n"


def shown(text: str) -> list[str]:
    """The lines between the markers. Raises ValueError where a marker is missing."""
    before, _, rest = text.partition(BEGIN)
    table, end, _ = rest.partition(END)
    if not (before and end):
        raise ValueError(f"{README.name} has no table between {BEGIN.strip()} and {END.strip()}")
    return table.splitlines()


def renewed(text: str, table: list[str]) -> str:
    """The text with another table between the markers."""
    old = "".join(f"{line}\n" for line in shown(text))
    new = "".join(f"{line}\n" for line in table)
    return text.replace(f"{BEGIN}{old}{END}", f"{BEGIN}{new}{END}")


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8"), lines()), encoding="utf-8")
