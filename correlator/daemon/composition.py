"""From settings to the objects that do the work: the one place where they are put together."""

from collections.abc import Sequence
from dataclasses import replace

from correlator import catalog
from correlator.daemon.connecting import connect_of, kubernetes_mode
from correlator.daemon.errors import CompositionError
from correlator.daemon.given import require_source
from correlator.inquiry import Inquiry
from correlator.kubernetes.census import kubernetes_found
from correlator.kubernetes.cluster import Cluster
from correlator.kubernetes.source import KubernetesSource
from correlator.model.inventory import KubernetesFound
from correlator.model.signal import Signal
from correlator.model.source import Source
from correlator.model.tier import USUAL_TIERS
from correlator.settings import KubernetesMode, KubernetesSettings, PrometheusSettings, Settings, SourceSettings
from correlator.sources.prometheus import PrometheusSource
from correlator.sources.session import Access
from correlator.sources.several import Member, SeveralSources

WHOLE_DISKS = 2_000
"""Of a larger cluster only what looks need is asked for in full."""


def live_source(settings: Settings, signals: Sequence[Signal], retries: int = 3) -> PrometheusSource | SeveralSources:
    """What the settings say to read. Raises CompositionError without any, SourceError for an unreadable secret.

    Whoever asks again in a while needs few `retries` at once.
    """
    require_source(settings)
    if not settings.sources:
        return _prometheus(settings.prometheus, retries)
    return SeveralSources([_member(name, each, signals, retries) for name, each in settings.sources.items()])


def _member(name: str, settings: SourceSettings, signals: Sequence[Signal], retries: int) -> Member:
    known = sorted({signal.exporter for signal in signals})
    unknown = sorted(set(settings.exporters).difference(known))
    if unknown:
        raise CompositionError(
            f"sources.{name}.exporters: the catalogue has no {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return Member(name, _prometheus(settings, retries), frozenset(settings.exporters))


def _prometheus(settings: PrometheusSettings, retries: int) -> PrometheusSource:
    access = Access(
        retries=retries,
        bearer_token_file=settings.bearer_token_file,
        username=settings.username,
        password_file=settings.password_file,
        ca_file=settings.ca_file,
        certificate_file=settings.certificate_file,
        key_file=settings.key_file,
        headers=settings.headers,
        header_files=settings.header_files,
        parameters=settings.parameters,
        match=settings.match,
        replica_labels=settings.replica_labels,
        read_timeout_seconds=settings.timeout.total_seconds(),
    )
    return PrometheusSource(str(settings.url), access)


def kubernetes_stock(settings: KubernetesSettings, cluster: Cluster | None, source: Source) -> KubernetesFound:
    """What there is to say of the Kubernetes API, `source` being what asks it beside the series."""
    why = "the setting kubernetes.mode is off" if settings.mode is KubernetesMode.OFF else "no service account of a pod"
    added = source.added if isinstance(source, KubernetesSource) else {}
    return kubernetes_found(kubernetes_mode(settings).value, "" if cluster else why, cluster, added)


def cluster_of(settings: KubernetesSettings) -> Cluster | None:
    """The Kubernetes API of the settings, not yet started; None where none is to be asked."""
    connect = connect_of(settings)
    return None if connect is None else Cluster(connect)


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
        depends_on=settings.depends_on,
        usual_tiers=USUAL_TIERS,
        step_seconds=None if step is None else int(step.total_seconds()),
        whole_disks=WHOLE_DISKS,
    )
