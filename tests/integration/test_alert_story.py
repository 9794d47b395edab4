"""The whole story with real servers: storage contention, a rule of the user fires, the first page names who did it.

A recorded contention goes on while the test runs: the Prometheus holds its samples of the minutes to come as well.
"""

import json
import time
from pathlib import Path

from correlator.incidents.book import Book, advance
from correlator.incidents.store import Store
from tests.alert_receivers import receiver
from tests.alertmanagers import alertmanager
from tests.daemons import daemon
from tests.played import as_openmetrics, played
from tests.recorded import CULPRIT, ONSET, START, STEP, VICTIM, contention
from tests.servers import openmetrics_blocks, prometheus

SINCE_ONSET = 180
RESENT_SOON = (
    "--rules.alert.resend-delay=1s"  # the first comes before a Prometheus that has just begun knows whom to tell
)
RULE = """
groups:
  - name: inference
    interval: 1s
    rules:
      - alert: TimeToFirstTokenHigh
        expr: >-
          histogram_quantile(0.95, sum by (namespace, pod, le)
          (rate(vllm:time_to_first_token_seconds_bucket[2m]))) > 0.2
        labels: {severity: page}
        annotations: {summary: 'p95 of {{ $labels.pod }} is {{ $value | humanizeDuration }}'}
"""


def am_config(url: str) -> str:
    """As the documentation has it, but for the waits."""
    return f"""
route: {{receiver: correlator, group_by: [alertname, namespace], group_wait: 0s, group_interval: 1s}}
receivers:
  - name: correlator
    webhook_configs: [{{url: "{url}/api/v1/alertmanager/webhook", send_resolved: true}}]
"""


def test_the_first_page_names_the_culprit(tmp_path: Path) -> None:
    """Prometheus → rule → Alertmanager → webhook → a receiver: verdict, culprit and link are in its first request."""
    later = int(time.time()) // STEP * STEP - SINCE_ONSET - (START + ONSET * STEP)
    storage = openmetrics_blocks(as_openmetrics(played(contention(), later)), tmp_path / "storage")
    (tmp_path / "daemon").mkdir()
    with Store.open(tmp_path / "daemon" / "correlator.db") as store:  # it was stopped before, and catches up
        store.commit_step(advance(Book(cluster=""), START + (ONSET - 20) * STEP + later, []), b"")
    settings = {"CORRELATOR_SINKS__EXTERNAL_URL": "https://correlator.example"}
    with receiver() as held, prometheus(tmp_path / "source", storage=storage) as source:
        settings["CORRELATOR_ALERTING__WEBHOOK__RECEIVERS"] = json.dumps({"oncall": {"url": held.url}})
        with daemon(tmp_path / "daemon", "--prometheus-url", source, settings=settings) as running:
            (incident,) = running.until(lambda: running.get("/api/v1/incidents?state=open").json()["items"])
            with alertmanager(tmp_path / "am", config=am_config(running.url)) as am:
                rules = tmp_path / "rules.yml"
                rules.write_text(RULE)
                config = (
                    f"global: {{evaluation_interval: 1s}}\nrule_files: [{rules}]\n"
                    f"remote_read: [{{url: '{source}/api/v1/read', read_recent: true}}]\n"
                    f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{am.removeprefix('http://')}']}}]}}]}}\n"
                )
                with prometheus(tmp_path / "rules", config=config, arguments=[RESENT_SOON]):
                    running.until(lambda: held.taken)
    first = held.taken[0].json()
    (alert,) = first["alerts"]
    namespace, _, pod = VICTIM.partition("/")
    assert (alert["labels"]["namespace"], alert["labels"]["pod"]) == (namespace, pod)
    assert (alert["labels"]["alertname"], alert["status"]) == ("TimeToFirstTokenHigh", "firing")
    annotations = alert["annotations"]
    assert annotations["correlator_verdict"] == "contention"
    assert annotations["correlator_suspects"].startswith(CULPRIT)
    assert CULPRIT in annotations["correlator_explanation"]
    assert annotations["correlator_link"] == f"https://correlator.example/incidents/{incident['id']}"
    assert annotations["summary"].startswith(f"p95 of {pod} is ")
    print(f"first notification: {annotations}")  # noqa: T201 - what people would read
