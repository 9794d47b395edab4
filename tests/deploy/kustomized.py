"""The base for Kustomize, made of what the chart renders: one Deployment is written by hand, not two."""

from collections.abc import Mapping
from typing import Any

import yaml

from tests.deploy.rendering import Manifest, of_kind, rendered

HEAD = "# Written by `make chart` from the Helm chart: change that.\n"
EVENTS: dict[str, Any] = {"config": {"sinks": {"kubernetes_events": {"enabled": True}}}}
MONITORED: dict[str, Any] = {"serviceMonitor": {"enabled": True}}
_OF_HELM = {"app.kubernetes.io/managed-by", "helm.sh/chart", "helm.sh/resource-policy", "checksum/config"}


def kustomized() -> dict[str, str]:
    """The generated files, by their path from deploy/kustomize/.

    A ConfigMap is left to Kustomize, which names it after its content: a changed setting is another pod.
    """
    base = rendered({})
    (settings,) = [each["data"]["correlator.yaml"] for each in of_kind(base, "ConfigMap")]
    objects = [each for each in base if each["kind"] != "ConfigMap"]
    return {
        "base/correlator.yaml": _yaml(yaml.safe_load(settings)),
        "base/objects.yaml": _documents(objects),
        "events/rbac.yaml": _documents(_beyond(base, rendered(EVENTS))),
        "operator/servicemonitor.yaml": _documents(_monitors(_beyond(base, rendered(MONITORED)))),
    }


def _beyond(base: list[Manifest], more: list[Manifest]) -> list[Manifest]:
    """What is in one release and not in the other."""
    known = {(each["kind"], each["metadata"]["name"]) for each in base}
    return [each for each in more if (each["kind"], each["metadata"]["name"]) not in known]


def _monitors(objects: list[Manifest]) -> list[Manifest]:
    """Monitors look into their own namespace, whichever an overlay moves them to with their Service."""
    specs = [{key: value for key, value in each["spec"].items() if key != "namespaceSelector"} for each in objects]
    return [{**each, "spec": spec} for each, spec in zip(objects, specs, strict=True)]


def _documents(objects: list[Manifest]) -> str:
    return HEAD + "---\n".join(_yaml(_without_helm(each), head="") for each in objects)


def _yaml(value: Mapping[str, Any], head: str = HEAD) -> str:
    return head + yaml.safe_dump(value, sort_keys=False, width=120)


def _without_helm(part: Any) -> Any:  # noqa: ANN401 - YAML
    """The same without what only Helm writes, asks for or reads."""
    if isinstance(part, dict):
        kept = {key: _without_helm(value) for key, value in part.items() if key not in _OF_HELM}
        return {key: value for key, value in kept.items() if value or part[key] == value}
    return [_without_helm(each) for each in part] if isinstance(part, list) else part
