"""The README's table of measurements against the recordings that are kept."""

import pytest

from tests.docs.lab_table import README, renewed, shown
from tests.scenarios.table import lines

PAGE = "# Title\n\n<!-- lab -->\n| a |\n| old |\n<!-- /lab -->\n\nMore.\n"


@pytest.mark.timeout(900)  # every recording is judged from its beginning to its end
def test_table_is_what_is_measured() -> None:
    """The README claims of each recording what the engine says of it today; `make docs` writes it anew."""
    assert shown(README.read_text(encoding="utf-8")) == lines()


def test_table_is_renewed_between_its_markers() -> None:
    """What stands before and after stays as it is."""
    assert renewed(PAGE, ["| a |", "| new |", "| b |"]) == PAGE.replace("| old |", "| new |\n| b |")


def test_page_without_markers_is_refused() -> None:
    """A marker that went missing is named, instead of a table that nobody sees."""
    with pytest.raises(ValueError, match=r"README\.md has no table between <!-- lab --> and <!-- /lab -->"):
        shown(PAGE.replace("<!-- /lab -->", ""))
