"""Kustomize's base, components and example, as `kubectl kustomize` builds them, and the dashboards' ConfigMaps."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from correlator.settings import load_settings
from tests.deploy.generated import KUSTOMIZE
from tests.deploy.kustomized import kustomized
from tests.deploy.rendering import ROOT, Manifest, manifests_in, of_kind, rendered, the
from tests.deploy.schemas import check

KUBECTL = Path(sys.executable).with_name("kubectl")
BASE, EXAMPLE, TIERS = KUSTOMIZE / "base", KUSTOMIZE / "example", ROOT / "deploy" / "tiers"
DASHBOARDS = ROOT / "deploy" / "grafana"


@cache
def _text(folder: Path) -> str:
    return subprocess.run([KUBECTL, "kustomize", folder], check=True, capture_output=True, text=True).stdout


def built(folder: Path) -> list[Manifest]:
    """What comes of a kustomization."""
    return list(manifests_in(_text(folder)))


def pod_of(manifests: list[Manifest]) -> dict[str, Any]:
    """The daemon's pod."""
    pod = the(manifests, "Deployment")["spec"]["template"]["spec"]
    assert isinstance(pod, dict)
    return pod


def test_generated_files_are_those_that_would_be_written() -> None:
    """The base is what `make chart` makes of the chart."""
    wanted = kustomized()
    assert {path: (KUSTOMIZE / path).read_text(encoding="utf-8") for path in wanted} == wanted


@pytest.mark.parametrize("folder", [BASE, EXAMPLE, TIERS, DASHBOARDS], ids=lambda folder: folder.name)
def test_kubernetes_takes_every_object(folder: Path) -> None:
    """Schemas that refuse unknown keys, of the oldest version that the chart admits and of the newest."""
    manifests = built(folder)
    for manifest in manifests:
        check(manifest)
    names = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in manifests]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("path", sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml")), ids=lambda path: path.stem)
def test_kubernetes_takes_the_plain_files(path: Path) -> None:
    """What is applied without Helm and Kustomize is held against the same schemas."""
    manifests = list(manifests_in(path.read_text(encoding="utf-8")))
    assert manifests
    for manifest in manifests:
        check(manifest)


def test_base_is_the_chart_as_it_comes() -> None:
    """The same objects, the same pod but for the settings' name, which is one of their content."""
    ours, charts = built(BASE), rendered({})
    assert sorted(each["kind"] for each in ours) == sorted(each["kind"] for each in charts)
    pods = [pod_of(ours), pod_of(charts)]
    names = [pod["volumes"].pop(0)["configMap"]["name"] for pod in pods]
    assert pods[0] == pods[1]
    assert names == [the(ours, "ConfigMap")["metadata"]["name"], "correlator"]
    for kind in ("ClusterRole", "NetworkPolicy", "Service"):
        first, second = (the(each, kind) for each in (ours, charts))
        assert (first.get("rules"), first.get("spec")) == (second.get("rules"), second.get("spec"))


@pytest.mark.parametrize("folder", [BASE, EXAMPLE], ids=lambda folder: folder.name)
def test_daemon_takes_the_settings(folder: Path, tmp_path: Path) -> None:
    """The file that the pod gets is read by the daemon's own loader."""
    file = tmp_path / "correlator.yaml"
    file.write_text(the(built(folder), "ConfigMap")["data"]["correlator.yaml"], encoding="utf-8")
    settings = load_settings(file)
    assert settings.prometheus.url
    assert settings.web.port == pod_of(built(folder))["containers"][0]["ports"][0]["containerPort"]


def test_example_moves_everything_to_its_namespace() -> None:
    """Objects, and the account that roles are bound to: one left behind would have no permission."""
    manifests = built(EXAMPLE)
    homes = {each["metadata"].get("namespace") for each in manifests if not each["kind"].startswith("ClusterRole")}
    bound = {each["namespace"] for one in of_kind(manifests, "ClusterRoleBinding") for each in one["subjects"]}
    assert homes == bound == {"observability"}
    assert "namespaceSelector" not in the(manifests, "ServiceMonitor")["spec"]


def test_example_says_image_secret_class_and_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an overlay changes arrives in the pod; the component's variable is a setting that the loader knows."""
    pod = pod_of(built(EXAMPLE))
    (container,) = pod["containers"]
    assert container["image"] == "registry.example/correlator:0.1.0"
    for variable in container["env"]:
        monkeypatch.setenv(variable["name"], variable["value"])
    file = tmp_path / "correlator.yaml"
    file.write_text(the(built(EXAMPLE), "ConfigMap")["data"]["correlator.yaml"], encoding="utf-8")
    settings = load_settings(file)
    assert settings.sinks.kubernetes_events.enabled
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    assert settings.prometheus.bearer_token_file is not None
    secret = mounts[str(settings.prometheus.bearer_token_file.parent)]
    assert secret in {each["name"] for each in pod["volumes"] if "secret" in each}
    assert the(built(EXAMPLE), "PersistentVolumeClaim")["spec"]["storageClassName"] == "standard"
    plain = manifests_in((ROOT / "deploy" / "kubernetes" / "rbac-events.yaml").read_text(encoding="utf-8"))
    roles = [each["rules"] for each in of_kind(built(EXAMPLE), "ClusterRole")]
    assert the(list(plain), "ClusterRole")["rules"] in roles


def test_every_dashboard_is_there_for_the_sidecar() -> None:
    """A dashboard that is added has to be named here as well."""
    config_maps = built(DASHBOARDS)
    assert {each["metadata"]["labels"]["grafana_dashboard"] for each in config_maps} == {"1"}
    files = {f"correlator-{path.name}": path for path in DASHBOARDS.glob("dashboards/*.json")}
    assert {name: json.loads(text) for each in config_maps for name, text in each["data"].items()} == {
        name: json.loads(path.read_text(encoding="utf-8")) for name, path in files.items()
    }


def test_nothing_of_helm_is_left() -> None:
    """Annotations and labels that only Helm reads would mislead whoever reads the objects."""
    metadata = [each["metadata"] for each in built(BASE)]
    names = {name for each in metadata for kind in ("labels", "annotations") for name in each.get(kind, {})}
    assert names == {f"app.kubernetes.io/{name}" for name in ("name", "instance", "version")}
