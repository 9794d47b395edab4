"""Whether Kubernetes would take an object: its own schemas, and short ones of ours for the Prometheus operator's.

The operator's are written after its API reference (monitoring.coreos.com/v1) and hold only what the chart uses: a key
that they do not name is an error, as a misspelt one is to an API server that validates strictly.
"""

from typing import Any

import jsonschema
import kubernetes_validate

from tests.deploy.rendering import Manifest

VERSIONS = ("1.25", kubernetes_validate.latest_version())  # the oldest that the chart admits, and the newest known
OPERATOR = "monitoring.coreos.com/v1"

_STRING: dict[str, Any] = {"type": "string"}
_STRINGS: dict[str, Any] = {"type": "object", "additionalProperties": _STRING}
_PERIOD: dict[str, Any] = {"type": "string", "pattern": r"^(\d+(ms|[smhdwy]))+$"}
_RELABELINGS: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "sourceLabels": {"type": "array", "items": _STRING},
            **dict.fromkeys(("separator", "targetLabel", "regex", "replacement", "action"), _STRING),
            "modulus": {"type": "integer"},
        },
    },
}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


def _resource(spec: dict[str, Any]) -> dict[str, Any]:
    metadata = _object(
        {"name": _STRING, "namespace": _STRING, "labels": _STRINGS, "annotations": _STRINGS}, ["name", "labels"]
    )
    return _object(
        {"apiVersion": {"const": OPERATOR}, "kind": _STRING, "metadata": metadata, "spec": spec},
        ["apiVersion", "kind", "metadata", "spec"],
    )


_ENDPOINT = _object(
    {
        "port": _STRING,
        "path": {"type": "string", "pattern": "^/"},
        "scheme": {"enum": ["http", "https"]},
        "honorLabels": {"type": "boolean"},
        "interval": _PERIOD,
        "scrapeTimeout": _PERIOD,
        "relabelings": _RELABELINGS,
        "metricRelabelings": _RELABELINGS,
        "authorization": {"type": "object"},
        "tlsConfig": {"type": "object"},
    },
    ["port"],
)
_RULE = {
    **_object(
        {
            "alert": _STRING,
            "record": _STRING,
            "expr": {"type": ["string", "integer"]},
            "for": _PERIOD,
            "keep_firing_for": _PERIOD,
            "labels": _STRINGS,
            "annotations": _STRINGS,
        },
        ["expr"],
    ),
    "oneOf": [{"required": ["alert"]}, {"required": ["record"]}],
}
OPERATORS = {
    "ServiceMonitor": _resource(
        _object(
            {
                "jobLabel": _STRING,
                "namespaceSelector": _object({"matchNames": {"type": "array", "items": _STRING}}, ["matchNames"]),
                "selector": _object({"matchLabels": _STRINGS}, ["matchLabels"]),
                "endpoints": {"type": "array", "minItems": 1, "items": _ENDPOINT},
            },
            ["selector", "endpoints"],
        )
    ),
    "PrometheusRule": _resource(
        _object(
            {
                "groups": {
                    "type": "array",
                    "minItems": 1,
                    "items": _object(
                        {
                            "name": _STRING,
                            "interval": _PERIOD,
                            "limit": {"type": "integer"},
                            "labels": _STRINGS,
                            "rules": {"type": "array", "minItems": 1, "items": _RULE},
                        },
                        ["name", "rules"],
                    ),
                }
            },
            ["groups"],
        )
    ),
}


def check(manifest: Manifest) -> None:
    """Raises jsonschema.ValidationError for what no API server would take, SchemaNotFoundError for an unknown kind."""
    if manifest["apiVersion"] == OPERATOR:
        jsonschema.Draft202012Validator(OPERATORS[manifest["kind"]]).validate(manifest)
        return
    for version in VERSIONS:
        kubernetes_validate.validate(manifest, version, strict=True)
