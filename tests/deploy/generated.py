"""Files of the chart that are made of others: copies, and the schema of its values."""

import json
from pathlib import Path

from tests.deploy.values_schema import schema

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "correlator"
COPIES = {
    "files": "deploy/kubernetes/rbac*.yaml",
    "files/dashboards": "deploy/grafana/dashboards/*.json",
    "files/datasources": "deploy/grafana/provisioning/datasources/*.yaml",
    "files/rules": "rules/*.yaml",
}


def contents() -> dict[str, str]:
    """What each generated file has to hold, by its path in the chart."""
    copies = {
        f"{folder}/{path.name}": path.read_text(encoding="utf-8")
        for folder, pattern in COPIES.items()
        for path in sorted(ROOT.glob(pattern))
    }
    return copies | {"values.schema.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"}


def strays() -> set[str]:
    """Files below files/ that nothing writes any more."""
    present = {str(path.relative_to(CHART)) for path in CHART.glob("files/**/*") if path.is_file()}
    return present - set(contents())
