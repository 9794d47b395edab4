"""The four tiers of deploy/tiers: what Kubernetes would admit there, and how the daemon reads them."""

from typing import Any

import pytest
import yaml

from correlator.kubernetes.reading import read_namespace
from correlator.model.tier import KNOWN_TIERS, known_tier
from tests.deploy.rendering import ROOT, Manifest, of_kind, the

FOLDER = ROOT / "deploy" / "tiers"
MONITORING = {"kubernetes.io/metadata.name": "monitoring"}
NAMES = {"kubernetes.io/metadata.name": "kube-system"}
_SIZES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "m": 0.001, "": 1}


def objects(tier: str) -> list[Manifest]:
    """Those of a tier's file."""
    return list(yaml.safe_load_all((FOLDER / f"{tier}.yaml").read_text(encoding="utf-8")))


def priorities() -> dict[str, Manifest]:
    """The priority classes by name."""
    text = (FOLDER / "priority-classes.yaml").read_text(encoding="utf-8")
    return {each["metadata"]["name"]: each for each in yaml.safe_load_all(text)}


def amount(quantity: str) -> float:
    """A quantity of Kubernetes as a number."""
    digits = quantity.rstrip("KMGTim")
    return float(digits) * _SIZES[quantity.removeprefix(digits)]


def quota(tier: str) -> dict[str, str]:
    """The hard limits of a tier's namespace."""
    (spec,) = [each["spec"] for each in of_kind(objects(tier), "ResourceQuota") if "scopeSelector" not in each["spec"]]
    hard = spec["hard"]
    assert isinstance(hard, dict)
    return hard


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a selector of labels fits."""
    wanted = selector.get("matchLabels", {}).items() <= labels.items()
    return wanted and all(labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", []))


def may_talk(sender: dict[str, str], receiver: dict[str, str], senders_policy: Any, receivers: Any) -> bool:  # noqa: ANN401
    """Whether pods of one namespace reach those of another, by the labels of both and the peers of both policies."""
    leaves = "Egress" not in senders_policy["policyTypes"] or any(
        "namespaceSelector" in peer and selects(peer["namespaceSelector"], receiver)
        for rule in senders_policy["egress"]
        if "ports" not in rule
        for peer in rule["to"]
    )
    arrives = any(
        "namespaceSelector" in peer and selects(peer["namespaceSelector"], sender)
        for rule in receivers["ingress"]
        for peer in rule["from"]
    )
    return leaves and arrives


def labels_of(tier: str) -> dict[str, str]:
    """The labels of a tier's namespace, with the one that Kubernetes gives."""
    metadata = the(objects(tier), "Namespace")["metadata"]
    return {"kubernetes.io/metadata.name": metadata["name"], **metadata["labels"]}


@pytest.mark.parametrize("tier", KNOWN_TIERS)
def test_daemon_knows_the_tier_by_its_label(tier: str) -> None:
    """The label says the tier as advice knows it, however the namespace is called."""
    namespace = the(objects(tier), "Namespace")
    namespace["metadata"] |= {"name": "other", "uid": "1", "creationTimestamp": "2026-11-26T00:00:00Z"}
    assert known_tier(read_namespace(namespace).correlator_tier) == tier


def test_there_is_a_file_for_each_tier_and_no_other() -> None:
    """What is applied is what is there."""
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    assert sorted(listed) == sorted(path.name for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")
    assert {f"{tier}.yaml" for tier in KNOWN_TIERS} == set(listed) - {"priority-classes.yaml"}


@pytest.mark.parametrize("tier", KNOWN_TIERS)
def test_a_pod_that_says_nothing_is_admitted(tier: str) -> None:
    """A quota on requests or limits refuses containers that have none: the LimitRange gives each, within its most."""
    limits = the(objects(tier), "LimitRange")["spec"]["limits"]
    (container,) = [each for each in limits if each["type"] == "Container"]
    (claim,) = [each for each in limits if each["type"] == "PersistentVolumeClaim"]
    hard = quota(tier)
    given = {"requests": container["defaultRequest"], "limits": container["default"]}
    for kind, what in (
        name.split(".", 1) for name in hard if name.split(".", 1)[-1] in {"cpu", "memory", "ephemeral-storage"}
    ):
        assert 0 < amount(given[kind][what]) <= amount(hard[f"{kind}.{what}"])
    for what, most in container["max"].items():
        assert amount(container["defaultRequest"][what]) <= amount(container["default"][what]) <= amount(most)
    assert amount(claim["max"]["storage"]) <= amount(hard["requests.storage"])


def test_fast_storage_is_for_those_who_answer_people() -> None:
    """Pipelines and agents get no claim of that class: it keeps them off the disks of models and databases."""
    fast = "fast.storageclass.storage.k8s.io/requests.storage"
    assert {tier for tier in KNOWN_TIERS if amount(quota(tier)[fast])} == {"data-infrastructure", "model-inference"}


def test_nobody_takes_a_higher_priority_than_the_tiers() -> None:
    """In each namespace the classes above its own are forbidden, and waiting work puts nobody out."""
    classes = priorities()
    assert set(classes) == set(KNOWN_TIERS)
    for tier in KNOWN_TIERS:
        above = {name for name, each in classes.items() if each["value"] > classes[tier]["value"]}
        scoped = [each["spec"] for each in of_kind(objects(tier), "ResourceQuota") if "scopeSelector" in each["spec"]]
        forbidden = {
            name for spec in scoped for one in spec["scopeSelector"]["matchExpressions"] for name in one["values"]
        }
        assert forbidden == above
        assert all(spec["hard"] == {"pods": "0"} for spec in scoped)
    waiting = {name for name, each in classes.items() if each.get("preemptionPolicy") == "Never"}
    assert waiting == {"deterministic-pipeline", "agentic-sandbox"}
    assert classes["agentic-sandbox"]["value"] < 0 < classes["deterministic-pipeline"]["value"]


def test_who_reaches_whom() -> None:
    """Everybody reaches data, pipelines and agents reach models, nobody reaches pipelines or agents."""
    policies = {tier: the(objects(tier), "NetworkPolicy")["spec"] for tier in KNOWN_TIERS}
    reached = {
        (sender, receiver)
        for sender in KNOWN_TIERS
        for receiver in KNOWN_TIERS
        if sender != receiver and may_talk(labels_of(sender), labels_of(receiver), policies[sender], policies[receiver])
    }
    assert reached == {
        ("model-inference", "data-infrastructure"),
        ("deterministic-pipeline", "data-infrastructure"),
        ("agentic-sandbox", "data-infrastructure"),
        ("deterministic-pipeline", "model-inference"),
        ("agentic-sandbox", "model-inference"),
    }
    free = {"policyTypes": ["Ingress"]}
    assert all(may_talk(MONITORING, labels_of(tier), free, policies[tier]) for tier in KNOWN_TIERS)


def test_agents_ask_for_names_and_nothing_else_outside() -> None:
    """A sandbox that could not resolve names would reach nobody at all."""
    (ports,) = [rule for rule in the(objects("agentic-sandbox"), "NetworkPolicy")["spec"]["egress"] if "ports" in rule]
    assert [selects(peer["namespaceSelector"], NAMES) for peer in ports["to"]] == [True]
    assert [(each["port"], each["protocol"]) for each in ports["ports"]] == [(53, "UDP"), (53, "TCP")]


def test_sandboxes_are_restricted() -> None:
    """Pod security admits there only what the restricted standard does."""
    assert labels_of("agentic-sandbox")["pod-security.kubernetes.io/enforce"] == "restricted"
