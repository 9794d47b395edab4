"""From settings to the objects that do the work: the one place where they are put together."""

from collections.abc import Sequence
from dataclasses import replace

from correlator import catalog
from correlator.daemon.given import url_of
from correlator.inquiry import Inquiry
from correlator.model.signal import Signal
from correlator.model.source import Source
from correlator.model.tier import USUAL_TIERS
from correlator.settings import PrometheusSettings, Settings
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.session import Access


def prometheus_source(settings: PrometheusSettings, retries: int = 3) -> PrometheusSource:
    """The Prometheus of the settings. Raises CompositionError without one, SourceError for an unreadable secret.

    Whoever asks again in a while needs few `retries` at once.
    """
    access = Access(
        retries=retries,
        bearer_token_file=settings.bearer_token_file,
        username=settings.username,
        password_file=settings.password_file,
        ca_file=settings.ca_file,
        certificate_file=settings.certificate_file,
        key_file=settings.key_file,
        headers=settings.headers,
        parameters=settings.parameters,
        read_timeout_seconds=settings.timeout.total_seconds(),
    )
    return PrometheusSource(url_of(settings), access)


def signals_of(settings: Settings) -> Sequence[Signal]:
    """What is measured. Raises CatalogueError."""
    return catalog.load(settings.catalog.directories)


def inquiry_of(settings: Settings, source: Source, signals: Sequence[Signal]) -> Inquiry:
    """How a source is asked and judged. Raises CatalogueError."""
    step = settings.engine.step
    return Inquiry(
        source=source,
        signals=signals,
        parameters=replace(settings.engine.parameters(), symptoms=catalog.load_symptoms(settings.catalog.directories)),
        tiers=settings.tiers,
        usual_tiers=USUAL_TIERS,
        step_seconds=None if step is None else int(step.total_seconds()),
    )
