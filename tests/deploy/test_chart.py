"""The Helm chart: rendered by Helm itself, held against Kubernetes' schemas and the daemon's own loader."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import helm_python
import jsonschema
import pytest
import yaml

import correlator
from correlator.settings import KubernetesMode, load_settings
from tests.deploy.generated import of_the_chart, strays
from tests.deploy.rendering import (
    CHART,
    NAMESPACE,
    ROOT,
    VALUE_SETS,
    Manifest,
    files_of,
    manifests_in,
    of_kind,
    rendered,
    the,
    values_of,
)
from tests.deploy.schemas import check

LARGEST_CONFIG_MAP = 1024 * 1024
STACK = CHART / "ci" / "kube-prometheus-stack-values.yaml"
HARDENED = CHART / "ci" / "hardened-values.yaml"
RULES = """\
groups:
  - name: trouble
    interval: 30s
    rules:
      - record: volume:busy:ratio
        expr: max by (volume) (correlator_volume_utilization_ratio)
      - alert: CorrelatorTrouble
        expr: correlator_incident_active == 1
        for: 1m
        labels: {severity: warning}
        annotations:
          summary: Trouble.
          description: "{{ $labels.pod }} suffers since {{ $value }}."
          runbook_url: https://runbooks.example/alerts.md#correlatortrouble
          dashboard_url: https://grafana.example/d/correlator-overview
  - name: quiet
    rules:
      - alert: CorrelatorNoise
        expr: vector(1) > 0
"""


def named(path: Path) -> str:
    """How a set of values is called in a test's name."""
    return path.name.removesuffix("-values.yaml")


def container_of(manifests: list[Manifest]) -> dict[str, Any]:
    """The daemon's container."""
    (container,) = the(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert isinstance(container, dict)
    return container


def settings_text(manifests: list[Manifest]) -> str:
    """The file of settings that the pod gets."""
    (text,) = [each["data"]["correlator.yaml"] for each in of_kind(manifests, "ConfigMap") if not sidecar(each)]
    return str(text)


def sidecar(config_map: Manifest) -> bool:
    """Whether Grafana's sidecar takes it, or somebody else's it is."""
    labels = config_map["metadata"].get("labels", {})
    return not labels or any(label.startswith("grafana_") for label in labels)


def with_rules(folder: Path, text: str) -> Path:
    """A copy of the chart that holds other rules."""
    chart = folder / "correlator"
    shutil.copytree(CHART, chart)
    shutil.rmtree(chart / "files" / "rules", ignore_errors=True)
    (chart / "files" / "rules").mkdir()
    (chart / "files" / "rules" / "trouble.yaml").write_text(text, encoding="utf-8")
    return chart


def test_generated_files_are_those_that_would_be_written() -> None:
    """Dashboards, rules, permissions and the schema are what `make chart` makes of their one source."""
    wanted = of_the_chart()
    assert {path: (CHART / path).read_text(encoding="utf-8") for path in wanted} == wanted
    assert strays() == set()


def test_helm_finds_nothing_to_mend() -> None:
    """Lint says at most that there is no icon."""
    report = helm_python.lint(CHART, strict=True)
    assert report["errors"] == []
    assert [each for each in report["messages"] if "icon" not in each["error"]] == []


def test_versions_are_the_programs() -> None:
    """The image that is asked for unless another is named is the one of this program."""
    assert helm_python.Chart.load(CHART).metadata["appVersion"] == correlator.__version__


@pytest.mark.parametrize("path", VALUE_SETS, ids=named)
def test_kubernetes_takes_every_object(path: Path) -> None:
    """Schemas that refuse unknown keys, of the oldest version that the chart admits and of the newest."""
    manifests = rendered(values_of(path))
    for manifest in manifests:
        check(manifest)
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert len(set(names)) == len(names)


def test_a_misspelt_key_is_found() -> None:
    """The check above can fail: for Kubernetes' own kinds and for the operator's."""
    manifests = rendered(values_of(STACK))
    the(manifests, "Deployment")["spec"]["template"]["spec"]["enableServiceLink"] = False
    the(manifests, "ServiceMonitor")["spec"]["endpoints"][0]["honourLabels"] = True
    for kind in ("Deployment", "ServiceMonitor"):
        with pytest.raises(jsonschema.ValidationError, match=r"enableServiceLink|honourLabels"):
            check(the(manifests, kind))


@pytest.mark.parametrize("path", VALUE_SETS, ids=named)
def test_daemon_takes_the_settings(path: Path, tmp_path: Path) -> None:
    """What the chart writes is read by the daemon's own loader, and says what the values said."""
    file = tmp_path / "correlator.yaml"
    file.write_text(settings_text(rendered(values_of(path))), encoding="utf-8")
    settings = load_settings(file)
    said = values_of(path).get("config", {})
    assert settings.cluster == said.get("cluster", "")
    assert settings.web.allow_non_loopback
    assert settings.prometheus.url or settings.sources


def test_large_numbers_and_off_survive_helm(tmp_path: Path) -> None:
    """Helm makes 2e+10 of large numbers and false of `off`; neither may change what is set."""
    file = tmp_path / "correlator.yaml"
    file.write_text(settings_text(rendered(values_of(HARDENED))), encoding="utf-8")
    settings = load_settings(file)
    assert settings.store.series_max_bytes == 20_000_000_000
    assert settings.kubernetes.mode is KubernetesMode.OFF


@pytest.mark.parametrize(
    "values",
    [
        {"config": {"engine": {"window_stepps": 240}}},
        {"config": {"engine": {"window_steps": 3}}},
        {"config": {"log": {"level": "loud"}}},
        {"config": {"sinks": {"grafana": {"uri": "http://grafana"}}}},
        {"persistence": {"size": "10 GB"}},
        {"image": {"digest": "latest"}},
        {"serviceMonitors": {"enabled": True}},
        {"secrets": {"thanos": "thanos-token"}},
    ],
    ids=str,
)
def test_wrong_values_are_refused_before_anything_is_installed(values: dict[str, Any]) -> None:
    """A setting that the daemon would refuse is refused by `helm install`, with its path."""
    with pytest.raises(helm_python.HelmError, match=f"at '/{next(iter(values))}|additional properties"):
        files_of(values)


@pytest.mark.parametrize("path", VALUE_SETS, ids=named)
def test_pod_may_do_no_more_than_it_must(path: Path) -> None:
    """The restricted standard, and no place to write to but the store's and /tmp."""
    manifests = rendered(values_of(path))
    pod = the(manifests, "Deployment")["spec"]["template"]["spec"]
    container = container_of(manifests)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] >= 10_000
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"hostNetwork", "hostPID", "hostIPC"} & set(pod) == set()
    assert {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")} == {"/data", "/tmp"}  # noqa: S108
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize("path", VALUE_SETS, ids=named)
def test_names_lead_to_one_another(path: Path) -> None:
    """Labels select the pod, ports have one name, mounts have volumes, and the claim and the account exist."""
    manifests = rendered(values_of(path))
    deployment, service = the(manifests, "Deployment"), the(manifests, "Service")
    template = deployment["spec"]["template"]
    selector = deployment["spec"]["selector"]["matchLabels"]
    assert selector == service["spec"]["selector"]
    assert selector.items() <= template["metadata"]["labels"].items()
    for policy in of_kind(manifests, "NetworkPolicy"):
        assert policy["spec"]["podSelector"]["matchLabels"] == selector
    for monitor in of_kind(manifests, "ServiceMonitor"):
        assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
        assert monitor["spec"]["jobLabel"] in service["metadata"]["labels"]
        assert monitor["spec"]["namespaceSelector"] == {"matchNames": [service["metadata"]["namespace"]]}
    container = container_of(manifests)
    (port,) = container["ports"]
    listening = yaml.safe_load(settings_text(manifests))["web"]["listen"]
    assert listening.endswith(f":{port['containerPort']}")
    assert {each["targetPort"] for each in service["spec"]["ports"]} == {port["name"]}
    assert {container[probe]["httpGet"]["port"] for probe in container if probe.endswith("Probe")} == {port["name"]}
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
    claims = [each["metadata"]["name"] for each in of_kind(manifests, "PersistentVolumeClaim")]
    assert [
        each["persistentVolumeClaim"]["claimName"] for each in volumes.values() if "persistentVolumeClaim" in each
    ] == claims
    accounts = [each["metadata"]["name"] for each in of_kind(manifests, "ServiceAccount")] or ["default"]
    assert [template["spec"]["serviceAccountName"]] == accounts


def test_service_links_are_off() -> None:
    """Kubernetes would say CORRELATOR_PORT to a pod beside a Service of that name: to the daemon an unknown setting."""
    assert the(rendered({}), "Deployment")["spec"]["template"]["spec"]["enableServiceLinks"] is False


def test_there_is_one_writer() -> None:
    """One replica, replaced before the next one starts: claim and store admit no second."""
    spec = the(rendered({}), "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_another_setting_means_another_pod() -> None:
    """The daemon reads its file once: a change has to start it anew."""
    before, after = (rendered({"config": {"cluster": name}}) for name in ("a", "b"))
    annotations = [the(each, "Deployment")["spec"]["template"]["metadata"]["annotations"] for each in (before, after)]
    assert annotations[0] != annotations[1]


@pytest.mark.parametrize(
    ("config", "files"),
    [
        ({}, ["rbac.yaml"]),
        ({"sinks": {"kubernetes_events": {"enabled": True}}}, ["rbac.yaml", "rbac-events.yaml"]),
        ({"kubernetes": {"mode": "off"}}, []),
        ({"kubernetes": {"mode": False}, "sinks": {"kubernetes_events": {"enabled": True}}}, []),
        ({"kubernetes": {"mode": "in-cluster"}}, ["rbac.yaml"]),
    ],
)
def test_permissions_are_those_of_the_plain_files(config: dict[str, Any], files: list[str]) -> None:
    """What is read is allowed, Events only where they are written, and without the API there is no token in the pod."""
    manifests = rendered({"config": config})
    plain = [each for name in files for each in manifests_in((ROOT / "deploy" / "kubernetes" / name).read_text())]
    roles = of_kind(manifests, "ClusterRole")
    assert [each["rules"] for each in roles] == [each["rules"] for each in of_kind(plain, "ClusterRole")]
    bindings = of_kind(manifests, "ClusterRoleBinding")
    assert [each["roleRef"]["name"] for each in bindings] == [each["metadata"]["name"] for each in roles]
    account = {"kind": "ServiceAccount", "name": "correlator", "namespace": NAMESPACE}
    assert all(each["subjects"] == [account] for each in bindings)
    pod = the(manifests, "Deployment")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is bool(files)


def test_metrics_keep_the_labels_of_victims() -> None:
    """Without honorLabels Prometheus renames them, and no dashboard or rule finds anybody."""
    (endpoint,) = the(rendered(values_of(STACK)), "ServiceMonitor")["spec"]["endpoints"]
    assert endpoint["honorLabels"] is True
    assert endpoint["path"] == "/metrics"


def test_what_the_stack_selects_by_carries_its_label() -> None:
    """kube-prometheus-stack overlooks monitors and rules without its release's label."""
    manifests = rendered(values_of(STACK))
    selected = of_kind(manifests, "ServiceMonitor") + of_kind(manifests, "PrometheusRule")
    assert {each["metadata"]["labels"]["release"] for each in selected} == {"kube-prometheus-stack"}


def test_dashboards_are_grafanas_own_but_for_the_address() -> None:
    """One ConfigMap each, labelled for the sidecar, below the limit of Kubernetes, with links to the given address."""
    manifests = [
        each
        for each in of_kind(rendered(values_of(STACK)), "ConfigMap")
        if "grafana_dashboard" in each["metadata"]["labels"]
    ]
    files = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
    texts = {f"correlator-{path.name}": path.read_text(encoding="utf-8") for path in files}
    ours = {
        name: text.replace("http://127.0.0.1:9920", "https://correlator.example.net") for name, text in texts.items()
    }
    assert {name: text for each in manifests for name, text in each["data"].items()} == ours
    assert ours != texts
    assert len(manifests) == len(files)
    assert max(len(yaml.safe_dump(each).encode()) for each in manifests) < LARGEST_CONFIG_MAP
    assert {each["metadata"]["annotations"]["grafana_folder"] for each in manifests} == {"Correlator"}


@pytest.mark.parametrize("infinity", [True, False])
def test_data_sources_lead_to_the_service(infinity: bool) -> None:
    """The address is the Service's, and Infinity is there only where its plugin is."""
    manifests = rendered({"grafana": {"datasources": {"enabled": True, "infinity": infinity}}})
    (found,) = [each for each in of_kind(manifests, "ConfigMap") if "grafana_datasource" in each["metadata"]["labels"]]
    service = the(manifests, "Service")
    address = f"http://{service['metadata']['name']}.{NAMESPACE}.svc:{service['spec']['ports'][0]['port']}"
    urls = [yaml.safe_load(text)["datasources"][0]["url"] for text in found["data"].values()]
    assert urls == ([address] if infinity else []) + [f"{address}/prometheus"]
    assert "CORRELATOR_URL}" not in str(found["data"])


def test_rules_are_those_of_the_files_with_links_of_ones_own(tmp_path: Path) -> None:
    """Templates for Prometheus stay as they are, example addresses become the ones that were given."""
    values = values_of(STACK)
    rule = the(rendered(values, with_rules(tmp_path, RULES)), "PrometheusRule")
    links = {"grafana": "https://grafana.example.net", "runbooks": "https://docs.example.net/correlator"}
    text = RULES
    for name, address in links.items():
        text = text.replace(f"https://{name}.example", address)
    assert rule["spec"] == yaml.safe_load(text)
    check(rule)


def test_single_alerts_may_be_left_out(tmp_path: Path) -> None:
    """A group of which nothing is left is no group."""
    values = {"prometheusRule": {"enabled": True, "disabled": ["CorrelatorNoise"]}}
    (group,) = the(rendered(values, with_rules(tmp_path, RULES)), "PrometheusRule")["spec"]["groups"]
    assert [each.get("alert", each.get("record")) for each in group["rules"]] == [
        "volume:busy:ratio",
        "CorrelatorTrouble",
    ]


def test_every_rules_file_becomes_an_object(tmp_path: Path) -> None:
    """All that rules/ holds is there, word for word but for the links, and Prometheus takes it."""
    specs = {each["metadata"]["name"]: each["spec"] for each in of_kind(rendered(values_of(STACK)), "PrometheusRule")}
    wanted = {}
    for path in ROOT.glob("rules/*.yaml"):
        text = path.read_text(encoding="utf-8")
        for name, address in values_of(STACK)["prometheusRule"]["links"].items():
            text = text.replace(f"https://{name}.example", address.rstrip("/"))
        wanted[f"correlator-{path.stem}"] = yaml.safe_load(text)
    assert specs == wanted
    files = [tmp_path / f"{name}.yaml" for name in specs]
    for file in files:
        file.write_text(yaml.safe_dump(specs[file.stem]), encoding="utf-8")
    done = subprocess.run(["promtool", "check", "rules", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_secrets_are_mounted_where_settings_say() -> None:
    """A file of the settings lies below a mount."""
    manifests = rendered(values_of(HARDENED))
    settings = yaml.safe_load(settings_text(manifests))
    mounts = {mount["mountPath"]: mount["name"] for mount in container_of(manifests)["volumeMounts"]}
    volumes = {each["name"]: each for each in the(manifests, "Deployment")["spec"]["template"]["spec"]["volumes"]}
    folder = settings["sources"]["metrics"]["bearer_token_file"].rpartition("/")[0]
    assert volumes[mounts[folder]]["secret"]["secretName"] == "thanos-token"


def test_with_a_certificate_everybody_speaks_tls(tmp_path: Path) -> None:
    """Probes, scrapes, Grafana and the notes; whichever of the settings' keys this version knows."""
    chart = tmp_path / "correlator"
    shutil.copytree(CHART, chart)
    (chart / "values.schema.json").unlink()
    tls = {"web": {"certificate_file": "/etc/correlator/secrets/tls/tls.crt"}}
    values = {
        "config": tls,
        "secrets": {"tls": {"secretName": "correlator-tls"}},
        "serviceMonitor": {
            "enabled": True,
            "endpoint": {
                "authorization": {"credentials": {"name": "correlator-scraper", "key": "token"}},
                "tlsConfig": {"serverName": "correlator.example"},
            },
        },
        "grafana": {"datasources": {"enabled": True}},
    }
    for config, scheme in ((tls, "https"), ({}, "http")):
        manifests = rendered({**values, "config": config}, chart)
        for manifest in manifests:
            check(manifest)
        container = container_of(manifests)
        probes = {container[each]["httpGet"]["scheme"] for each in container if each.endswith("Probe")}
        assert probes == {scheme.upper()}
        (endpoint,) = the(manifests, "ServiceMonitor")["spec"]["endpoints"]
        assert endpoint["scheme"] == scheme
        assert endpoint["authorization"]["credentials"]["key"] == "token"
        (sources,) = [
            each for each in of_kind(manifests, "ConfigMap") if "correlator.yaml" in each["data"] and sidecar(each)
        ]
        assert f"url: {scheme}://correlator.monitoring.svc:9920/prometheus" in sources["data"]["correlator.yaml"]
        notes = files_of({**values, "config": config}, chart)["correlator/templates/NOTES.txt"]
        assert f"{scheme}://127.0.0.1:9920" in notes


def test_only_those_named_may_come() -> None:
    """The port is open to the own namespace and to those that are named, and to nobody else."""
    (rule,) = the(rendered(values_of(HARDENED)), "NetworkPolicy")["spec"]["ingress"]
    assert [sorted(peer) for peer in rule["from"]] == [["podSelector"], ["namespaceSelector", "podSelector"]]
    assert rule["ports"] == [{"port": "http"}]
    (usual,) = the(rendered({}), "NetworkPolicy")["spec"]["ingress"]
    own, named = usual["from"]
    assert own == {"podSelector": {}}
    assert named["namespaceSelector"]["matchExpressions"][0]["values"] == ["monitoring"]


@pytest.mark.parametrize("name", ["correlator", "prod", "a-release-with-a-name-that-is-as-long-as-helm-lets-it-be"])
def test_names_fit(name: str) -> None:
    """No name is longer than a label may be, whatever the release is called; names of roles are no labels."""
    manifests = [each for each in rendered(values_of(STACK), name=name) if not each["kind"].startswith("ClusterRole")]
    assert max(len(each["metadata"]["name"]) for each in manifests) <= 63


def test_notes_say_what_is_missing() -> None:
    """Whoever installs is told how to see the page, and what the values leave open."""
    notes = {path: files_of(values_of(path))["correlator/templates/NOTES.txt"] for path in VALUE_SETS}
    assert all("port-forward" in text for text in notes.values())
    assert "does not scrape" in notes[CHART / "ci" / "least-values.yaml"]
    assert "does not scrape" not in notes[STACK]
    assert "Nothing is kept" not in notes[HARDENED]


def test_notes_warn_of_an_open_door() -> None:
    """Where neither tokens nor a policy keep anybody out, and nowhere else."""
    opened = {"networkPolicy": {"enabled": False}}
    locked = {**opened, "config": {"web": {"tokens_file": "/etc/correlator/secrets/access/tokens"}}}
    told = [files_of(values)["correlator/templates/NOTES.txt"] for values in (opened, locked, {})]
    assert ["post alerts" in text for text in told] == [True, False, False]
