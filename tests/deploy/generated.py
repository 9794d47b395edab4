"""Files of deploy/ that are made of others: copies in the chart, the schema of its values, the base for Kustomize."""

import json

from tests.deploy.kustomized import kustomized
from tests.deploy.rendering import CHART, ROOT
from tests.deploy.values_schema import schema

KUSTOMIZE = ROOT / "deploy" / "kustomize"
COPIES = {
    "files": "deploy/kubernetes/rbac*.yaml",
    "files/dashboards": "deploy/grafana/dashboards/*.json",
    "files/datasources": "deploy/grafana/provisioning/datasources/*.yaml",
    "files/rules": "rules/*.yaml",
}


def of_the_chart() -> dict[str, str]:
    """What each generated file of the chart has to hold, by its path in it."""
    copies = {
        f"{folder}/{path.name}": path.read_text(encoding="utf-8")
        for folder, pattern in COPIES.items()
        for path in sorted(ROOT.glob(pattern))
    }
    return copies | {"values.schema.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"}


def strays() -> set[str]:
    """Files below the chart's files/ that nothing writes any more."""
    present = {str(path.relative_to(CHART)) for path in CHART.glob("files/**/*") if path.is_file()}
    return present - set(of_the_chart())


def write() -> None:
    """Write all of them; the base comes last, since the chart's files go into it."""
    for path in strays():
        (CHART / path).unlink()
    for folder, made in ((CHART, of_the_chart), (KUSTOMIZE, kustomized)):
        for name, text in made().items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
