"""docs/settings.md against the code."""

from pathlib import Path

import pytest

from correlator.settings.load import setting_paths
from tests.docs.settings_page import page

PAGE = Path(__file__).parents[2] / "docs/settings.md"


def test_page_is_current() -> None:
    """The page says what the code says; `make docs` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("path", [path for path, _ in setting_paths()])
def test_every_setting_is_explained(path: str) -> None:
    """A setting has a sentence about it, with a full stop."""
    description = dict(setting_paths())[path].description
    assert description
    assert description.endswith(".")
