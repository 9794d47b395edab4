"""docs/install.md against the files: what it says to run and to write works."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from correlator.settings import load_settings
from tests.deploy.rendering import ROOT, rendered
from tests.deploy.schemas import check
from tests.deploy.test_chart import settings_text

PAGE = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
VALUES = [yaml.safe_load(block) for block in re.findall(r"(?ms)^```yaml\n(.*?)^```", PAGE)]
_PATHS = re.compile(r"(?<![\w/.])(?:deploy|docs|tests|rules)/[\w./-]*\w")


@pytest.mark.parametrize("values", VALUES, ids=lambda values: next(iter(values)))
def test_values_of_the_page_are_values_of_the_chart(values: dict[str, Any], tmp_path: Path) -> None:
    """Rendered, taken by Kubernetes' schemas, and by the daemon."""
    manifests = rendered(values)
    for manifest in manifests:
        check(manifest)
    file = tmp_path / "correlator.yaml"
    file.write_text(settings_text(manifests), encoding="utf-8")
    assert load_settings(file).prometheus.url


def test_there_are_values_on_the_page() -> None:
    """The check above has something to check."""
    assert len(VALUES) == 3


def test_paths_of_the_page_exist() -> None:
    """Nobody is sent to a file that is not there."""
    paths = set(_PATHS.findall(PAGE))
    assert len(paths) > 5
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_figures_of_the_chart_are_those_of_the_page() -> None:
    """The memory that the page was measured to need is what the chart asks for, and more."""
    (measured,) = re.findall(r"at most \| (\d+) MiB", PAGE)
    resources = yaml.safe_load((ROOT / "deploy/helm/correlator/values.yaml").read_text(encoding="utf-8"))["resources"]
    assert int(measured) < int(resources["requests"]["memory"].removesuffix("Mi"))
    assert f"{measured} MiB" in (ROOT / "deploy/helm/correlator/values.yaml").read_text(encoding="utf-8")
