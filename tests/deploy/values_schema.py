"""The schema of the chart's values: its own, and below `config` that of the daemon's settings."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from correlator.settings import Settings

Schema: TypeAlias = dict[str, Any]

STRING: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
LABELS: Schema = {"type": "object", "additionalProperties": STRING}
ANYTHING: Schema = {"type": "object"}  # what Kubernetes itself knows better
LIST: Schema = {"type": "array", "items": {"type": "object"}}
WORDS: Schema = {"type": "array", "items": STRING}
PERIOD: Schema = {"type": "string", "pattern": r"^(\d+(ms|[smhdwy]))+$"}
QUANTITY: Schema = {"type": "string", "pattern": r"^\d+(\.\d+)?([EPTGMk]i?)?$"}
NAME: Schema = {"type": "string", "pattern": "^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$", "maxLength": 63}
_NOT_CHECKED = {"default", "title", "format"}  # defaults are the daemon's; formats are Python's


def schema() -> Schema:
    """The whole of values.schema.json."""
    settings = _settings()
    definitions = settings.pop("$defs")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart correlator",
        **_object(_properties(settings)),
        "$defs": definitions,
    }


def _properties(settings: Schema) -> Schema:
    return {
        "global": ANYTHING,
        "nameOverride": NAME,
        "fullnameOverride": NAME,
        "image": _object(
            {
                "repository": {"type": "string", "minLength": 1},
                "tag": STRING,
                "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
                "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
            }
        ),
        "imagePullSecrets": LIST,
        "config": settings,
        "secrets": {
            "type": "object",
            "propertyNames": NAME,
            "additionalProperties": _object({"secretName": {"type": "string", "minLength": 1}}, ["secretName"]),
        },
        "serviceAccount": _object({"create": FLAG, "name": STRING, "annotations": LABELS}),
        "rbac": _object({"create": FLAG}),
        "persistence": _object(
            {
                "enabled": FLAG,
                "existingClaim": STRING,
                "storageClass": STRING,
                "size": QUANTITY,
                "annotations": LABELS,
            }
        ),
        "resources": ANYTHING,
        "tmp": _object({"sizeLimit": QUANTITY}),
        "service": _object(
            {
                "type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
                "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                "annotations": LABELS,
                "labels": LABELS,
            }
        ),
        "podAnnotations": LABELS,
        "podLabels": LABELS,
        "priorityClassName": STRING,
        "nodeSelector": LABELS,
        "tolerations": LIST,
        "affinity": ANYTHING,
        "terminationGracePeriodSeconds": {"type": "integer", "minimum": 5},
        "podSecurityContext": ANYTHING,
        "securityContext": ANYTHING,
        "extraArgs": WORDS,
        "extraEnv": LIST,
        "extraVolumes": LIST,
        "extraVolumeMounts": LIST,
        "serviceMonitor": _of_the_operator(
            {
                "interval": PERIOD,
                "scrapeTimeout": PERIOD,
                "relabelings": LIST,
                "metricRelabelings": LIST,
                "endpoint": ANYTHING,
            }
        ),
        "prometheusRule": _of_the_operator(
            {
                "annotations": LABELS,
                "disabled": WORDS,
                "links": _object(dict.fromkeys(("grafana", "runbooks", "correlator"), STRING)),
            }
        ),
        "grafana": _object(
            {
                "dashboards": _for_the_sidecar({"correlatorUrl": STRING}),
                "datasources": _for_the_sidecar({"infinity": FLAG}),
            }
        ),
        "networkPolicy": _object({"enabled": FLAG, "fromNamespaces": WORDS, "from": LIST, "egress": LIST}),
        "extraManifests": LIST,
    }


def _object(properties: Mapping[str, Any], required: list[str] | None = None) -> Schema:
    """An object whose misspelt keys are refused."""
    demanded = {"required": required} if required else {}
    return {"type": "object", "additionalProperties": False, "properties": dict(properties), **demanded}


def _of_the_operator(more: Schema) -> Schema:
    return _object({"enabled": FLAG, "namespace": NAME, "additionalLabels": LABELS, **more})


def _for_the_sidecar(more: Schema) -> Schema:
    return _object({"enabled": FLAG, "namespace": NAME, "labels": LABELS, "annotations": LABELS, **more})


def _settings() -> Schema:
    """The daemon's settings as they stand in a file."""
    found: Schema = _without(Settings.model_json_schema())
    found["$defs"]["KubernetesMode"] = {"enum": [*found["$defs"]["KubernetesMode"]["enum"], False]}  # YAML's `off`
    return found


def _without(part: Any, *, names: bool = False) -> Any:  # noqa: ANN401 - JSON
    """The same without what is not checked; below `properties` and `$defs` keys are names, not keywords."""
    if isinstance(part, dict):
        return {
            key: _without(value, names=not names and key in {"properties", "$defs"})
            for key, value in part.items()
            if names or key not in _NOT_CHECKED
        }
    return [_without(each) for each in part] if isinstance(part, list) else part
