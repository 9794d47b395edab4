"""Where a click leads: from dashboard to dashboard, and to the daemon's own page."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

TAG: Final = "correlator"
OVERVIEW, INCIDENT, VOLUME, ITSELF, EVIDENCE = (
    "correlator-overview",
    "correlator-incident",
    "correlator-volume",
    "correlator-itself",
    "correlator-evidence",
)
_KEPT = "${datasource:queryparam}&${cluster:queryparam}&${__url_time_range}"


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a value: its title, and its address with Grafana's variables of the value in it."""

    title: str
    url: str
    leaves: bool = False


def as_json(link: Link) -> dict[str, object]:
    """As Grafana keeps it."""
    return {"title": link.title, "url": link.url, "targetBlank": link.leaves}


def to_victim(namespace: str, pod: str) -> Link:
    """The dashboard of a victim's incident; both arguments are expressions for the clicked value."""
    return Link("Incident of this victim", f"/d/{INCIDENT}?var-namespace={namespace}&var-pod={pod}&{_KEPT}")


def to_volume(volume: str) -> Link:
    """The dashboard of a volume."""
    return Link("Who uses this volume", f"/d/{VOLUME}?var-volume={volume}&{_KEPT}")


def to_page(namespace: str, pod: str) -> Link:
    """The incidents of a victim on the daemon's own page."""
    return Link("Its incidents on the daemon's page", f"${{address}}/?namespace={namespace}&pod={pod}", leaves=True)


def field(name: str) -> str:
    """The value of a field in the clicked row, fit for an address."""
    return f"${{__data.fields.{name}:percentencode}}"


def label(name: str) -> str:
    """The value of a label of the clicked curve, fit for an address."""
    return f"${{__field.labels.{name}:percentencode}}"


VICTIM_OF_ROW: Final = to_victim(field("namespace"), field("pod"))
VICTIM_OF_CURVE: Final = to_victim(label("namespace"), label("pod"))
VOLUME_OF_ROW: Final = to_volume(field("volume"))
VOLUME_OF_CURVE: Final = to_volume(label("volume"))
PAGE_OF_ROW: Final = to_page(field("namespace"), field("pod"))
PAGE_OF_CHOSEN: Final = to_page("${namespace:percentencode}", "${pod:percentencode}")


def others() -> DashboardLink:
    """All dashboards of the correlator, with what is chosen here."""
    return (
        DashboardLink("Correlator")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(as_dropdown=True)
        .include_vars(include_vars=True)
        .keep_time(keep_time=True)
        .icon("external link")
    )


def page() -> DashboardLink:
    """The daemon's own page."""
    return (
        DashboardLink("The daemon's page")
        .type(DashboardLinkType.LINK)
        .url("${address}/")
        .tooltip("Incidents with their pictures, the reasons, and what to do")
        .target_blank(target_blank=True)
        .icon("external link")
    )
