"""The table of metrics and the page that documents it."""

import re
from pathlib import Path

from correlator.publish.families import FAMILIES

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>\w+) \| (?P<labels>[^|]+) \| (?P<meaning>[^|]+) \|$", re.MULTILINE)


def documented() -> dict[str, tuple[str, tuple[str, ...], str]]:
    """Kind, labels and meaning by name, as docs/metrics.md has them."""
    rows = ROW.finditer(PAGE.read_text(encoding="utf-8"))
    return {row["name"]: (row["kind"], labels_in(row["labels"]), row["meaning"]) for row in rows}


def labels_in(cell: str) -> tuple[str, ...]:
    """The labels of a cell; a dash is none."""
    return tuple(re.findall(r"\w+", cell))


def test_documentation_is_the_code() -> None:
    """Every metric is documented with its type, labels and meaning, and nothing else is."""
    assert documented() == {family.name: (family.kind, family.labels, family.help) for family in FAMILIES}


def test_names_are_unique_and_well_formed() -> None:
    """Names begin with the program's, and counters, and only they, end in `_total`."""
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names)
    for family in FAMILIES:
        assert re.fullmatch(r"correlator_[a-z_]+", family.name)
        assert family.name.endswith("_total") == (family.kind == "counter")


def test_no_label_identifies_an_incident() -> None:
    """No label is an id, a UID or a rank: series would never end."""
    assert not {"id", "incident_id", "uid", "rank"} & {label for family in FAMILIES for label in family.labels}
