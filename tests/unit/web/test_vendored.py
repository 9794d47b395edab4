"""What others wrote and ships with us is what they published."""

import re
from hashlib import sha256
from pathlib import Path

import correlator.web

UPLOT = Path(correlator.web.__file__).parent / "static" / "vendor" / "uplot"


def test_vendored_files_are_unchanged() -> None:
    """Each has the checksum that its page notes, none is without one, and the licence is among them."""
    noted = dict(re.findall(r"\| ([\w.]+) \| `([0-9a-f]{64})` \|", (UPLOT / "README.md").read_text(encoding="utf-8")))
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in UPLOT.iterdir() if path.name != "README.md"}
    assert noted == found
    assert "LICENSE" in found
