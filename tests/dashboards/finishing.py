"""From builders to the JSON that Grafana reads, and what its types do not know."""

import json
from typing import Any

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery, Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

from tests.dashboards import links
from tests.dashboards.promql import largest
from tests.dashboards.variables import METRICS

Json = dict[str, Any]

ACTIVE = largest("correlator_incident_active", "namespace, pod, model_name") + " == 1"
VERDICTS = largest("correlator_incident_info", "namespace, pod, model_name, volume, verdict") + " == 1"
_BUILT_IN = (
    AnnotationQuery()
    .name("Annotations & Alerts")
    .datasource(DataSourceRef(type_val="grafana", uid="-- Grafana --"))
    .enable(enable=True)
    .hide(hide=True)
    .icon_color("rgba(0, 211, 255, 1)")
    .type("dashboard")
)
_LINK = ("title", "url", "targetBlank")
_TEXTS: dict[str, Json] = {
    "Annotations & Alerts": {"builtIn": 1},
    "Incidents": {
        "step": "15s",
        "titleFormat": "Incident of {{namespace}}/{{pod}}",
        "textFormat": "{{model_name}}",
        "tagKeys": "namespace,pod",
    },
    "Verdicts": {
        "step": "15s",
        "titleFormat": "{{verdict}} on {{volume}}",
        "textFormat": "{{namespace}}/{{pod}}",
        "tagKeys": "verdict,volume",
    },
}


def begun(title: str, uid: str, description: str) -> Dashboard:
    """A dashboard with what all have in common: links, a crosshair over all panels, six hours up to now."""
    return (
        Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([links.TAG])
        .time("now-6h", "now")
        .refresh("30s")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(links.others())
        .link(links.page())
        .annotation(_BUILT_IN)
    )


def with_incidents(dashboard: Dashboard, *, verdicts: bool = False) -> Dashboard:
    """The same with a region for each incident; with `verdicts` the regions say what was found instead."""
    return dashboard.annotation(_annotation("Incidents", ACTIVE, "red", enable=not verdicts)).annotation(
        _annotation("Verdicts", VERDICTS, "purple", enable=verdicts)
    )


def finished(dashboard: Dashboard) -> str:
    """Its JSON, as it is committed: keys sorted, panels numbered in their order."""
    made: Json = json.loads(JSONEncoder().encode(dashboard.build()))
    for annotation in made["annotations"]["list"]:
        annotation.update(_TEXTS[annotation["name"]])
    for number, panel in enumerate(made["panels"], start=1):
        panel["id"] = number
        if panel.get("options", {}) is None:
            panel["options"] = {}
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        if "links" in defaults:  # the types take a link of a dashboard for a link of a value
            defaults["links"] = [{key: link[key] for key in _LINK} for link in defaults["links"]]
    for variable in made["templating"]["list"]:
        del variable["id"]  # the same nil UUID for all
    made["id"] = None  # Grafana's own number: another one in every installation
    return json.dumps(made, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _annotation(name: str, expr: str, color: str, *, enable: bool) -> AnnotationQuery:
    return AnnotationQuery().name(name).datasource(METRICS).enable(enable).icon_color(color).expr(expr)
