"""docs/grafana.md and the files for Grafana: known keys, paths that exist, a scrape that Prometheus takes."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dashboards.boards import FOLDER
from tests.dashboards.variables import INFINITY, PROMETHEUS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "grafana.md").read_text(encoding="utf-8")
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
SOURCES = sorted(PROVISIONING.glob("datasources/*.yaml"))

# Grafana's docs/sources/administration/provisioning, and Infinity's docs/sources/configure.md.
FILE_KEYS = {"apiVersion", "deleteDatasources", "prune", "datasources"}
SOURCE_KEYS = {
    *("name", "type", "access", "orgId", "uid", "url", "user", "database", "basicAuth", "basicAuthUser"),
    *("withCredentials", "isDefault", "jsonData", "secureJsonData", "version", "editable"),
}
JSON_KEYS = {
    PROMETHEUS: {
        *("httpMethod", "prometheusType", "prometheusVersion", "timeInterval", "manageAlerts", "disableRecordingRules"),
        *("incrementalQuerying", "httpHeaderName1"),
    },
    INFINITY: {
        *("auth_method", "allowedHosts", "timeoutInSeconds", "customHealthCheckEnabled", "customHealthCheckUrl"),
    },
}
SECURE_KEYS = {PROMETHEUS: {"httpHeaderValue1"}, INFINITY: {"bearerToken"}}
PROVIDER_KEYS = {
    *("name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds", "allowUiUpdates"),
    "options",
}
OPTION_KEYS = {"path", "foldersFromFilesStructure"}
VARIABLES = {"CORRELATOR_URL", "CORRELATOR_TOKEN"}

_VARIABLE = re.compile(r"\$\{?(\w+)\}?")
_MOUNT = re.compile(r"^\| `(?P<ours>deploy/[^`]+)`[^|]*\| `(?P<theirs>/[^`]+)` \|$", re.MULTILINE)
_SCRAPE = re.compile(r"```yaml\n(scrape_configs:\n.*?)```", re.DOTALL)


def read(path: Path) -> Mapping[str, Any]:
    """A file of Grafana's."""
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_data_source_has_keys_that_grafana_knows(path: Path) -> None:
    """A misspelt key is ignored by Grafana without a word: here it fails."""
    content = read(path)
    assert content["apiVersion"] == 1
    assert set(content) <= FILE_KEYS
    (source,) = content["datasources"]
    assert set(source) <= SOURCE_KEYS
    assert set(source["jsonData"]) <= JSON_KEYS[source["type"]]
    assert set(source["secureJsonData"]) <= SECURE_KEYS[source["type"]]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_addresses_and_secrets_come_from_the_environment(path: Path) -> None:
    """No address and no token stands in a file, and the page names the variables."""
    assert set(_VARIABLE.findall(yaml.safe_dump(read(path)["datasources"]))) == VARIABLES
    assert all(f"`{name}`" in PAGE for name in VARIABLES)


def test_infinity_may_reach_what_the_dashboard_asks() -> None:
    """Infinity refuses what does not begin with an allowed host; paths of the dashboard follow the base address."""
    (source,) = read(PROVISIONING / "datasources" / "correlator-api.yaml")["datasources"]
    assert source["jsonData"]["allowedHosts"] == [source["url"]]
    assert source["jsonData"]["customHealthCheckUrl"].startswith(source["url"])


def test_dashboards_are_provided_from_where_they_are_mounted() -> None:
    """The provider's keys are Grafana's, and its path is the one where the page has the dashboards mounted."""
    content = read(PROVISIONING / "dashboards" / "correlator.yaml")
    (provider,) = content["providers"]
    assert set(provider) <= PROVIDER_KEYS
    assert set(provider["options"]) <= OPTION_KEYS
    mounts = {match["ours"]: match["theirs"] for match in _MOUNT.finditer(PAGE)}
    assert all((ROOT / ours).exists() for ours in mounts)
    assert mounts[f"{FOLDER.relative_to(ROOT)}/"] == f"{provider['options']['path']}/"
    files = {str(path.relative_to(ROOT)) for path in PROVISIONING.rglob("*.yaml")}
    assert files == {ours for ours in mounts if ours.endswith(".yaml")}


def test_scrape_of_the_page_is_one_that_prometheus_takes(tmp_path: Path) -> None:
    """The job can be pasted as it stands, and keeps the victims' labels."""
    (job,) = _SCRAPE.findall(PAGE)
    (config := tmp_path / "prometheus.yml").write_text(job, encoding="utf-8")
    done = subprocess.run(["promtool", "check", "config", str(config)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert yaml.safe_load(job)["scrape_configs"][0]["honor_labels"] is True


def test_every_dashboard_is_on_the_page() -> None:
    """The table names each by its title, so that nobody looks for one that is not there."""
    listed = re.findall(r"^\| \*(\w+)\* \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(path.stem.capitalize() for path in FOLDER.glob("*.json"))


def test_rest_of_the_page_is_what_evidence_asks() -> None:
    """The addresses for panels of one's own are those that the dashboard uses."""
    described = set(re.findall(r"^\| `(/api/v1/[^`?]+)", PAGE, re.MULTILINE))
    used = set(re.findall(r'"url": "(/api/v1/[^"]+)"', (FOLDER / "evidence.json").read_text(encoding="utf-8")))
    assert {path.replace("ID", "${incident}") for path in described} <= used
