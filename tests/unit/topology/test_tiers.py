"""Tiers of namespaces: settings, then labels, then what the name says."""

import pytest

from correlator.model.tier import DATA, INFERENCE, PIPELINE, SANDBOX, USUAL_TIERS, known_tier, tier_of
from correlator.topology import join
from correlator.topology.pods import tiers_of_namespaces
from tests.unit.topology.exporters import frames, pod_io, series


@pytest.mark.parametrize(
    ("namespace", "tier"),
    [("rag", "name"), ("rag-eu", "long"), ("rag-x", "short"), ("other", "all"), ("ragtime", "all")],
)
def test_the_name_then_the_longest_pattern(namespace: str, tier: str) -> None:
    """However the settings are ordered."""
    tiers = {"*": "all", "rag-*": "short", "rag-e*": "long", "rag": "name"}
    assert tier_of(namespace, tiers) == tier_of(namespace, dict(reversed(tiers.items()))) == tier


@pytest.mark.parametrize(
    ("namespace", "tier"),
    [
        ("postgres-prod", DATA),
        ("db", DATA),
        ("etl", PIPELINE),
        ("code-sandboxes", SANDBOX),
        ("inference", INFERENCE),
        ("monitoring", ""),
        ("settled", ""),
        ("default", ""),
        ("kube-system", ""),
    ],
)
def test_a_name_that_says_what_it_is_for(namespace: str, tier: str) -> None:
    """And one that does not is left alone."""
    assert tier_of(namespace, USUAL_TIERS) == tier


def test_labels_come_before_what_a_name_says() -> None:
    """And settings, patterns too, before labels."""
    window = frames(
        *(pod_io(f"{name}/x", "/dev/sda") for name in ("db", "sandbox", "rag-1")),
        series("namespace_labels", namespace="db", label_correlator_tier="gold"),
        series("namespace_labels", namespace="rag-1", label_tier="backend"),
    )
    topology = join(window, {"rag-*": PIPELINE}, USUAL_TIERS)
    assert {ref.namespace: pod.tier for ref, pod in topology.pods.items()} == {
        "db": "gold",
        "sandbox": SANDBOX,
        "rag-1": PIPELINE,
    }


def test_nothing_known_is_an_empty_tier() -> None:
    """No guess."""
    assert tiers_of_namespaces(["x"], {}, {}, {}) == {"x": ""}


def test_short_names_mean_known_tiers() -> None:
    """Any other name means none of them."""
    assert [known_tier(name) for name in ("data", "sandbox", "gold", "")] == [DATA, SANDBOX, "", ""]
