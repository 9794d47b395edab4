"""The compose file and what it mounts, without Docker: by specification, promtool, amtool and the daemon's loader."""

import re
import subprocess
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from correlator.settings import load_settings
from correlator.web.routers.alert_webhook import PATH as WEBHOOK
from tests.deploy.rendering import ROOT

FOLDER = ROOT / "deploy" / "compose"
COMPOSE = FOLDER / "compose.yaml"
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def described() -> dict[str, Any]:
    """The file, anchors put in."""
    found = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


SERVICES = described()["services"]


def mounted(service: str) -> dict[str, Path]:
    """Files and folders of the repository by where the container sees them; named volumes are none."""
    mounts = [each.split(":") for each in SERVICES[service]["volumes"]]
    return {target: (FOLDER / source).resolve() for source, target, *_ in mounts if source.startswith(".")}


def settings_of(name: str) -> Any:  # noqa: ANN401 - YAML
    """A file beside compose.yaml."""
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def parsed(text: dict[str, Any]) -> compose_spec.PyCompose:
    """The file by the specification, after two things that Docker takes and the parser does not.

    They are the word `host-gateway` in place of an address, and images with both a tag and a digest.
    """
    services = {name: dict(service) for name, service in text["services"].items()}
    assert services["correlator"].pop("extra_hosts") == ["host.docker.internal:host-gateway"]
    for service in services.values():
        service["image"] = re.sub(r":[^:@/]+@", "@", service["image"])
    return compose_spec.PyCompose.from_yaml(yaml.safe_dump({**text, "services": services}))


def test_compose_file_is_one() -> None:
    """By the specification; a misspelt key is found."""
    assert sorted(parsed(described()).service_names()) == ["alertmanager", "correlator", "grafana", "prometheus"]
    text = described()
    text["services"]["grafana"]["cap_dropp"] = ["ALL"]
    with pytest.raises(ValueError, match="cap_dropp"):
        parsed(text)


@pytest.mark.parametrize("name", SERVICES)
def test_a_laptop_is_opened_to_nobody(name: str) -> None:
    """Ports on loopback alone, nothing more allowed than needed, images of others named by their content."""
    service = SERVICES[name]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "build" in service or DIGEST.search(service["image"])


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists(name: str) -> None:
    """Docker makes an empty folder of a file that is not there; and named volumes have to be declared."""
    assert [str(path) for path in mounted(name).values() if not path.exists()] == []
    named = {each.split(":")[0] for each in SERVICES[name]["volumes"] if not each.startswith(".")}
    assert named <= set(described()["volumes"])
    assert all(each.endswith(":ro") for each in SERVICES[name]["volumes"] if each.startswith("."))


def test_daemon_takes_the_settings_and_the_command() -> None:
    """Its loader reads the file, it listens where the port leads, and the Dockerfile is there."""
    service = SERVICES["correlator"]
    (port,) = service["ports"]
    settings = load_settings(mounted("correlator")["/etc/correlator/correlator.yaml"])
    assert port.endswith(f":{settings.web.port}")
    assert settings.web.host == "0.0.0.0"  # noqa: S104 - of the container
    assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).exists()
    assert service["command"][-1] == "${CORRELATOR_SOURCE:---demo}"


def test_prometheus_takes_its_settings(tmp_path: Path) -> None:
    """By promtool, which finds the rules where the container sees them."""
    settings = settings_of("prometheus.yml")
    mounts = mounted("prometheus")
    for index, path in enumerate(settings["rule_files"]):
        folder, _, name = path.rpartition("/")
        settings["rule_files"][index] = str(mounts.get(path) or mounts[folder] / name)
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == len(list((ROOT / "rules").glob("*.yaml"))) + 1


def test_alertmanager_takes_its_settings() -> None:
    """So says amtool."""
    done = subprocess.run(
        ["amtool", "check-config", FOLDER / "alertmanager.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("alert", "receiver"),
    [("DemoContention", "correlator"), ("HighLatency", "correlator"), ("CorrelatorDown", "nobody")],
)
def test_alerts_that_are_not_our_own_come_to_us(alert: str, receiver: str) -> None:
    """By amtool: ours would tell of us by way of us."""
    routed = [
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={FOLDER / 'alertmanager.yml'}",
        f"alertname={alert}",
    ]
    done = subprocess.run(routed, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == receiver, done.stderr


def test_receivers_may_be_written_as_the_comment_shows(tmp_path: Path) -> None:
    """Its example, uncommented, is taken by the loader."""
    text = (FOLDER / "correlator.yaml").read_text(encoding="utf-8")
    file = tmp_path / "correlator.yaml"
    file.write_text(text.replace("# alerting:", "alerting:"), encoding="utf-8")
    assert list(load_settings(file).alerting.webhook.receivers) == ["storage"]


def test_everybody_is_found_by_name() -> None:
    """Each address names a service of the file and a port that it listens on."""
    ports = {name: service["ports"][0].rpartition(":")[2] for name, service in SERVICES.items()}
    prometheus = settings_of("prometheus.yml")
    groups = [*prometheus["alerting"]["alertmanagers"], *prometheus["scrape_configs"]]
    targets = [target for group in groups for each in group["static_configs"] for target in each["targets"]]
    (source,) = settings_of("grafana-datasource.yaml")["datasources"]
    (webhook,) = settings_of("alertmanager.yml")["receivers"][1]["webhook_configs"]
    assert webhook["url"].endswith(WEBHOOK)
    urls = [source["url"], SERVICES["grafana"]["environment"]["CORRELATOR_URL"], webhook["url"].removesuffix(WEBHOOK)]
    asked = {target.replace("localhost", "prometheus") for target in targets}
    asked |= {url.removeprefix("http://") for url in urls}
    assert asked <= {f"{name}:{port}" for name, port in ports.items()}


def test_metrics_keep_the_labels_of_victims() -> None:
    """As every other way of scraping the daemon has to, and under the name that the rules look for."""
    (job,) = [each for each in settings_of("prometheus.yml")["scrape_configs"] if each["job_name"] == "correlator"]
    assert job["honor_labels"] is True


def test_grafana_finds_its_files() -> None:
    """Data sources and dashboards lie where docs/grafana.md says, and where the provider looks."""
    mounts = mounted("grafana")
    provider = yaml.safe_load(
        mounts["/etc/grafana/provisioning/dashboards/correlator.yaml"].read_text(encoding="utf-8")
    )
    dashboards = mounts[provider["providers"][0]["options"]["path"]]
    assert dashboards == ROOT / "deploy" / "grafana" / "dashboards"
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (dashboards / home.rpartition("/")[2]).exists()
    sources = [path for target, path in mounts.items() if target.startswith("/etc/grafana/provisioning/datasources/")]
    uids = [yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"][0]["uid"] for path in sources]
    assert sorted(uids) == ["correlator", "correlator-api", "prometheus"]
    wanted = {
        name for path in sources for name in re.findall(r"\$\{?(CORRELATOR_\w+)", path.read_text(encoding="utf-8"))
    }
    assert wanted <= set(SERVICES["grafana"]["environment"])
