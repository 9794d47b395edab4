"""The one inquiry that all ways to an answer are held against."""

from correlator import catalog
from correlator.inquiry import Inquiry
from correlator.model.source import Source
from tests.calibrated import calibrated


def inquiry(source: Source) -> Inquiry:
    """With windows of sixty steps, at the step that the source has."""
    return Inquiry(source=source, signals=catalog.load(), parameters=calibrated(window_steps=60), tiers={})
