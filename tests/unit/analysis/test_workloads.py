"""Pods of one workload over days."""

import re

import pytest

from correlator.analysis.workloads import job_of, pods_of, template_of


@pytest.mark.parametrize(
    ("workload", "pod", "same", "other"),
    [
        ("Deployment/vllm", "vllm-7c9f45d8b6-x2x8q", "vllm-6d4b75cb6d-hkz2p", "vllm-api-6d4b75cb6d-hkz2p"),
        ("Deployment/vllm", "vllm-7c9f45d8b6-x2x8q", "vllm-6d4b75cb6d-hkz2p", "vllm-canary-hkz2p"),
        ("ReplicaSet/web", "web-x2x8q", "web-hkz2p", "web-2"),
        ("DaemonSet/vector", "vector-9zk4l", "vector-x2x8q", "vector-agent-x2x8q"),
        ("StatefulSet/db", "db-0", "db-11", "db-0-x2x8q"),
        ("Job/reindex-28812345", "reindex-28812345-h8kz2", "reindex-28813785-x2x8q", "reindex-full-28812345-h8kz2"),
        ("Job/reindex-28812345", "reindex-28812345-0-h8kz2", "reindex-28813785-3-x2x8q", "reindex-h8kz2"),
        ("CronJob/reindex", "reindex-28812345-h8kz2", "reindex-28813785-x2x8q", "reindex-full-28812345-h8kz2"),
        ("CronJob/reindex", "reindex-28812345-0-h8kz2", "reindex-28813785-3-x2x8q", "reindex-h8kz2"),
        ("CronJob/reindex", "by-hand-h8kz2", "reindex-28813785-x2x8q", "by-hand-x2x8q"),
        ("Job/import", "import-h8kz2", "import-x2x8q", "import-28813785-x2x8q"),
        ("Workflow/etl", "etl-step-1", "etl-step-1", "etl-step-2"),
        ("", "shell", "shell", "shell-2"),
        ("Deployment/a.b", "a.b-7c9f45d8b6-x2x8q", "a.b-6d4b75cb6d-hkz2p", "axb-6d4b75cb6d-hkz2p"),
        ("Job/odd", "named-by-hand", "odd-x2x8q", "named-by-hand-2"),
    ],
)
def test_pods_of_one_workload_are_found_by_name(workload: str, pod: str, same: str, other: str) -> None:
    """The pod itself and its like, and nobody else's."""
    rule = re.compile(pods_of(workload, pod))
    assert rule.fullmatch(pod)
    assert rule.fullmatch(same)
    assert not rule.fullmatch(other)


def test_pods_of_one_workload_have_one_rule() -> None:
    """So that what was asked for one of them is known of all."""
    assert pods_of("StatefulSet/db", "db-0") == pods_of("StatefulSet/db", "db-1")


def test_the_jobs_of_a_cron_job_are_one_workload() -> None:
    """The time of a run is no part of a name; digits of another kind are."""
    assert template_of("Job/reindex-28812345") == "Job/reindex"
    assert template_of("Job/reindex-v2") == "Job/reindex-v2"
    assert template_of("CronJob/reindex") == "CronJob/reindex"
    assert template_of("StatefulSet/db-28812345") == "StatefulSet/db-28812345"


def test_the_job_of_a_pod() -> None:
    """As its owner or its name tells; nobody's where neither does."""
    assert job_of("Job/reindex", "reindex-h8kz2") == "reindex"
    assert job_of("CronJob/reindex", "reindex-28812345-h8kz2") == "reindex-28812345"
    assert job_of("CronJob/reindex", "reindex-28812345-3-h8kz2") == "reindex-28812345"
    assert job_of("CronJob/reindex", "by-hand-h8kz2") == job_of("StatefulSet/db", "db-0") == ""


def test_pods_whose_names_follow_no_known_rule_stand_for_themselves() -> None:
    """Nothing is joined on a guess."""
    assert template_of("Workflow/etl") == template_of("") == ""
