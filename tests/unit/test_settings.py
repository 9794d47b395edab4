"""Settings: promised defaults, precedence, refusals."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.settings import KubernetesMode, SettingsError, format_duration, load_settings, parse_duration
from correlator.settings.load import setting_paths

PROMISED: dict[str, object] = {
    "cluster": "",
    "tiers": {},
    "depends_on": {},
    "sources": {},
    "prometheus.url": None,
    "prometheus.bearer_token_file": None,
    "prometheus.username": "",
    "prometheus.password_file": None,
    "prometheus.ca_file": None,
    "prometheus.certificate_file": None,
    "prometheus.key_file": None,
    "prometheus.headers": {},
    "prometheus.header_files": {},
    "prometheus.parameters": {},
    "prometheus.match": {},
    "prometheus.replica_labels": (),
    "prometheus.timeout": timedelta(seconds=30),
    "kubernetes.mode": "auto",
    "kubernetes.kubeconfig": None,
    "kubernetes.context": "",
    "store.path": Path("~/.local/share/correlator/correlator.db").expanduser(),
    "store.url": None,
    "store.retention": timedelta(days=90),
    "store.series_retention": timedelta(days=15),
    "store.series_max_bytes": 5_000_000_000,
    "engine.step": None,
    "engine.settle": timedelta(seconds=30),
    "engine.catch_up": timedelta(hours=6),
    "engine.window_steps": 240,
    "engine.window_minimum": timedelta(minutes=15),
    "engine.accusation_threshold": 0.8,
    "engine.ttft_ratio": 1.3,
    "engine.ttft_floor": timedelta(milliseconds=10),
    "engine.confidence_model": None,
    "engine.history": timedelta(days=3),
    "web.listen": "127.0.0.1:9920",
    "web.allow_non_loopback": False,
    "web.tokens_file": None,
    "web.signing_key_file": None,
    "web.session_lifetime": timedelta(hours=12),
    "web.link_lifetime": timedelta(days=30),
    "web.certificate_file": None,
    "web.key_file": None,
    "web.host_names": (),
    "web.trusted_proxies": ("127.0.0.1", "::1"),
    "web.requests_per_minute": 6000,
    "web.largest_body_bytes": 1_000_000,
    "web.largest_alerts_bytes": 16_000_000,
    "loki.url": None,
    "loki.tenant": "",
    "loki.bearer_token_file": None,
    "loki.username": "",
    "loki.password_file": None,
    "loki.ca_file": None,
    "loki.timeout": timedelta(seconds=10),
    "loki.namespace_label": "",
    "loki.pod_label": "",
    "loki.error_pattern": (
        "(?i)error|exception|fatal|panic|critical|traceback|timed? ?out|refused|reset by peer|no space left"
    ),
    "loki.max_lines": 5,
    "loki.line_length": 300,
    "loki.max_bytes": 2_000_000,
    "sinks.external_url": None,
    "sinks.loki.url": None,
    "sinks.loki.bearer_token_file": None,
    "sinks.loki.username": "",
    "sinks.loki.password_file": None,
    "sinks.loki.ca_file": None,
    "sinks.loki.timeout": timedelta(seconds=10),
    "sinks.loki.tenant": "",
    "sinks.loki.labels": {},
    "sinks.loki.structured_metadata": True,
    "sinks.kubernetes_events.enabled": False,
    "sinks.grafana.url": None,
    "sinks.grafana.bearer_token_file": None,
    "sinks.grafana.username": "",
    "sinks.grafana.password_file": None,
    "sinks.grafana.ca_file": None,
    "sinks.grafana.timeout": timedelta(seconds=10),
    "sinks.grafana.dashboard_uid": "",
    "sinks.grafana.tags": (),
    "alerting.labels.cluster": ("cluster",),
    "alerting.labels.namespace": ("exported_namespace", "namespace", "kubernetes_namespace"),
    "alerting.labels.pod": ("exported_pod", "pod", "pod_name", "kubernetes_pod_name"),
    "alerting.labels.workload": ("workload", "deployment", "statefulset", "daemonset", "job_name", "cronjob"),
    "alerting.labels.model": ("exported_model_name", "model_name", "model"),
    "alerting.labels.node": ("exported_node", "node", "nodename", "kubernetes_node"),
    "alerting.labels.volume": ("volume",),
    "alerting.labels.claim": ("exported_persistentvolumeclaim", "persistentvolumeclaim"),
    "alerting.labels.device": ("device",),
    "alerting.labels.node_jobs": ("node-exporter", "node_exporter", "node"),
    "alerting.ended_before": timedelta(minutes=10),
    "alerting.begun_after": timedelta(minutes=2),
    "alerting.proxy.alertmanagers": (),
    "alerting.proxy.bearer_token_file": None,
    "alerting.proxy.username": "",
    "alerting.proxy.password_file": None,
    "alerting.proxy.ca_file": None,
    "alerting.proxy.timeout": timedelta(seconds=8),
    "alerting.webhook.receivers": {},
    "alerting.webhook.wait": timedelta(seconds=3),
    "alerting.webhook.update_within": timedelta(minutes=30),
    "alerting.webhook.doubles_within": timedelta(minutes=5),
    "alerting.webhook.keep_trying": timedelta(hours=24),
    "alerting.webhook.first_pause": timedelta(seconds=1),
    "alerting.webhook.longest_pause": timedelta(minutes=1),
    "alerting.webhook.retention": timedelta(days=7),
    "log.level": "info",
    "log.format": "text",
    "catalog.directories": (),
}


def value_at(settings: object, path: str) -> object:
    """The value of a setting by its path."""
    for part in path.split("."):
        settings = getattr(settings, part)
    return settings


def refusal(text: str, tmp_path: Path) -> str:
    """What is said to a file with this content."""
    file = tmp_path / "correlator.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    return str(caught.value)


@pytest.mark.parametrize(("path", "promised"), PROMISED.items())
def test_default_is_as_promised(path: str, promised: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A default changes only on purpose, with its line here and in the changelog."""
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert value_at(load_settings(), path) == promised


def test_every_setting_has_a_promised_default() -> None:
    """No setting is added without a pinned default."""
    assert {path for path, _ in setting_paths()} == set(PROMISED)


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layer overrides the one below, key by key, and leaves its neighbours alone."""
    file = tmp_path / "correlator.yaml"
    file.write_text("engine: {settle: 1s, catch_up: 1h, ttft_ratio: 2}\ncluster: file\n", encoding="utf-8")
    monkeypatch.setenv("CORRELATOR_ENGINE__SETTLE", "2s")
    monkeypatch.setenv("CORRELATOR_ENGINE__CATCH_UP", "2h")
    settings = load_settings(file, {"engine": {"settle": "3s", "step": None}, "web": {"listen": None}})
    assert settings.engine.settle == timedelta(seconds=3)
    assert settings.engine.catch_up == timedelta(hours=2)
    assert settings.engine.ttft_ratio == 2
    assert settings.engine.window_steps == 240
    assert settings.cluster == "file"


def test_off_without_quotes_is_off(tmp_path: Path) -> None:
    """YAML takes the word for a boolean; people do not."""
    file = tmp_path / "correlator.yaml"
    file.write_text("kubernetes: {mode: off}\n", encoding="utf-8")
    assert load_settings(file).kubernetes.mode is KubernetesMode.OFF


def test_structured_values_from_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mappings and lists can be set where only strings can be."""
    monkeypatch.setenv("CORRELATOR_PROMETHEUS__HEADERS", '{"X-Scope-OrgID": "a"}')
    monkeypatch.setenv("CORRELATOR_CATALOG__DIRECTORIES", '["/etc/signals"]')
    settings = load_settings()
    assert settings.prometheus.headers == {"X-Scope-OrgID": "a"}
    assert settings.catalog.directories == (Path("/etc/signals"),)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("engine: {settle: 15}", "engine.settle", "duration with its unit"),
        ("engine: {settle: 15 parsecs}", "engine.settle", "duration with its unit"),
        ("engine: {settle: 0s}", "engine.settle", "longer than nothing"),
        ("engine: {step: 1500ms}", "engine.step", "whole seconds"),
        ("engine: {accusation_threshold: 1.5}", "engine.accusation_threshold", "less than or equal to 1"),
        ("engine: {ttft_ratio: .nan}", "engine.ttft_ratio", "finite"),
        ("engine: {window_steps: 3}", "engine.window_steps", "greater than or equal to 20"),
        ("engine: {windowsteps: 30}", "engine.windowsteps", "did you mean engine.window_steps"),
        ("kubernetes: {mode: maybe}", "kubernetes.mode", "'auto'"),
        ("kubernetes: {context: production}", "kubernetes", "mode kubeconfig together"),
        ("loki: {pod_label: a-b}", "loki.pod_label", "pattern"),
        ("loki: {error_pattern: '('}", "loki.error_pattern", "regular expression"),
        ("loki: {url: 'http://u:p@loki:3100'}", "loki.url", "without credentials"),
        ("loki: {username: me}", "loki", "username and password_file together"),
        ("sinks: {loki: {url: 'loki:3100'}}", "sinks.loki.url", "URL such as"),
        ("sinks: {loki: {username: me}}", "sinks.loki", "username and password_file together"),
        ("sinks: {loki: {labels: {a-b: c}}}", "sinks.loki.labels", "names of labels"),
        ("sinks: {loki: {labels: {app: mine}}}", "sinks.loki.labels", "set already"),
        ("sinks: {loki: {urls: x}}", "sinks.loki.urls", "did you mean sinks.loki.url"),
        ("sinks: {grafana: {dashboard_uid: 'a/b'}}", "sinks.grafana.dashboard_uid", "pattern"),
        ("sinks: {grafana: {timeout: 10}}", "sinks.grafana.timeout", "duration with its unit"),
        ("sinks: {slack: {url: x}}", "sinks.slack", "no such setting"),
        ("promtheus: {url: x}", "promtheus", "did you mean prometheus"),
        ("prometheus: {url: localhost:9090}", "prometheus.url", "URL such as"),
        ("prometheus: {url: 'http://h:1/?a=b'}", "prometheus.url", "without a query"),
        ("prometheus: {username: me}", "prometheus", "username and password_file together"),
        ("prometheus: 3", "prometheus", "expected it to be"),
        ("store: {url: mysql://h/d}", "store.url", "postgresql://user@host/database"),
        ("store: {url: 'postgresql://u:p@h/d'}", "store.url", "without a password"),
        ("web: {listen: '9920'}", "web.listen", "HOST:PORT"),
        ("web: {listen: '127.0.0.1:70000'}", "web.listen", "HOST:PORT"),
        ("web: {listen: '0.0.0.0:9920'}", "web", "allow_non_loopback"),
        ("web: {listen: 'node7:9920'}", "web", "allow_non_loopback"),
        ("web: {key_file: a.pem}", "web", "certificate_file"),
        ("web: {host_names: ['https://correlator.example']}", "web.host_names", "without port"),
        ("web: {trusted_proxies: [ingress]}", "web.trusted_proxies", "networks"),
        ("prometheus: {match: {'a-b': x}}", "prometheus.match", "names of labels"),
        ("sources: {nodes: {exporters: [cAdvisor]}}", "sources.nodes", "expected `url`"),
        ("sources: {nodes: {urll: 'http://h'}}", "sources.nodes.urll", "did you mean sources.nodes.url?"),
        ("sources: {a: {url: 'http://u:hunter2@h'}}", "sources.a.url", "without credentials"),
        (
            "sources: {a: {url: 'http://h'}, b: {url: 'http://h'}, c: {url: 'http://h', exporters: [vLLM]}}",
            "sources",
            "a and b have none",
        ),
        ("log: {level: loud}", "log.level", "'debug', 'info'"),
        ("tiers: {'Rag Prod': sandbox}", "tiers", "a namespace or a pattern"),
        ("tiers: {rag: agentic sandbox}", "tiers", "letters, digits"),
        ("tiers: {rag: ''}", "tiers", "letters, digits"),
        ("tiers: [rag]", "tiers", "expected it to be"),
    ],
)
def test_bad_value_is_refused_with_path_and_expectation(text: str, path: str, expected: str, tmp_path: Path) -> None:
    """What is unknown, without unit or impossible is named with its path and what was expected instead."""
    said = refusal(text, tmp_path)
    assert said.startswith(f"{path}: ")
    assert expected in said
    assert str(tmp_path / "correlator.yaml") in said


def test_one_source_or_several() -> None:
    """Two answers to the question what to read are none."""
    with pytest.raises(SettingsError, match=r"^settings: expected either prometheus\.url or sources, not both$"):
        load_settings(flags={"prometheus": {"url": "http://h"}, "sources": {"a": {"url": "http://h"}}})


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "[::1]:0", "localhost:9920", "127.8.8.8:9920"])
def test_loopback_needs_no_permission(listen: str) -> None:
    """Every spelling of this machine alone is accepted as it is."""
    assert load_settings(flags={"web": {"listen": listen}}).web.listen == listen


def test_other_machines_are_answered_when_said_in_so_many_words() -> None:
    """The permission is all that is missing."""
    web = load_settings(flags={"web": {"listen": "[::]:9920", "allow_non_loopback": True}}).web
    assert (web.host, web.port) == ("::", 9920)


def test_other_machines_are_answered_where_a_token_is_asked_for() -> None:
    """A token is what the other permission is there to replace."""
    web = load_settings(flags={"web": {"listen": "0.0.0.0:9920", "tokens_file": "tokens"}}).web
    assert not web.allow_non_loopback


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    """A person mends the file in one go."""
    assert len(refusal("engine: {settle: 1, catch_up: 2}\nx: 1\n", tmp_path).splitlines()) == 3


def test_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """A secret put at the wrong place does not reach the log."""
    assert "hunter2" not in refusal("prometheus: {url: 'http://me:hunter2@prometheus'}", tmp_path)
    assert "hunter2" not in refusal("sources: {a: {url: 'http://me:hunter2@prometheus'}}", tmp_path)
    assert "hunter2" not in refusal("sinks: {loki: {url: 'http://me:hunter2@loki'}}", tmp_path)


@pytest.mark.parametrize(("text", "expected"), [("a: [", "expected YAML"), ("- 1", "a mapping"), ("1: 2", "a mapping")])
def test_file_that_is_no_mapping_is_refused(text: str, expected: str, tmp_path: Path) -> None:
    """Whatever is in the file, the answer is a sentence that names it."""
    said = refusal(text, tmp_path)
    assert expected in said
    assert "correlator.yaml" in said
    assert "unicode string" not in said


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A file that was asked for is not silently left out."""
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: No such file"):
        load_settings(tmp_path / "nowhere.yaml")


def test_empty_file_changes_nothing(tmp_path: Path) -> None:
    """A file of comments is a valid file."""
    file = tmp_path / "correlator.yaml"
    file.write_text("# nothing yet\n", encoding="utf-8")
    assert load_settings(file) == load_settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CORRELATOR_ENGINE__STEPP", "15s", "did you mean CORRELATOR_ENGINE__STEP"),
        ("CORRELATOR_URL", "x", "no such setting"),
        ("CORRELATOR_PROMETHEUS__HEADERS", "a", "expected JSON, a mapping"),
        ("CORRELATOR_CATALOG__DIRECTORIES", "{}", "expected JSON, a list"),
        ("CORRELATOR_ENGINE__STEP", "15", "engine.step: expected a duration"),
    ],
)
def test_bad_variable_is_refused(name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt or mistyped variable stops the start as a key of the file does."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert expected in str(caught.value)


@given(st.integers(min_value=1, max_value=10**12))
def test_duration_survives_its_spelling(milliseconds: int) -> None:
    """What is written for a duration is read as the same duration."""
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(("text", "seconds"), [("15s", 15), ("1m", 60), ("2h", 7200), ("7d", 604800), ("1h30m", 5400)])
def test_duration_means_what_prometheus_means(text: str, seconds: int) -> None:
    """The spellings of Prometheus' own configuration."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "s", "15", "-1s", "1.5h", "1 m", "1h-", "999999999999999999w"])
def test_other_spellings_are_no_duration(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="expected a duration"):
        parse_duration(text)
