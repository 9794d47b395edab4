"""The fit finds what is there, and feedback becomes samples."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.calibration.fit import Fitted, Samples, fit
from tests.calibration.given import given_records
from tests.calibration.looks import CHAIN, CULPRIT, chain_samples, culprit_samples

RNG = np.random.default_rng(3)


def drawn(intercept: float, weights: list[float], number: int = 6000) -> Samples:
    """Samples of a logistic model with these coefficients."""
    features = RNG.normal(size=(number, len(weights)))
    odds = Fitted(intercept, np.array(weights)).probability(features)
    labels = (RNG.random(number) < odds).astype(float)
    return Samples(
        tuple(f"f{i}" for i in range(len(weights))), np.zeros(len(weights)), features, labels, np.ones(number)
    )


def test_the_coefficients_are_found() -> None:
    """Within what six thousand samples allow."""
    found = fit(drawn(-1.0, [2.0, 0.5, 0.0]))
    assert found.intercept == pytest.approx(-1.0, abs=0.15)
    assert found.weights == pytest.approx([2.0, 0.5, 0.0], abs=0.15)


def test_no_weight_is_negative() -> None:
    """A feature that speaks against guilt by chance is left out."""
    assert fit(drawn(0.0, [1.0, -1.0])).weights[1] == 0.0


def test_no_weight_falls_below_half_of_what_is_expected() -> None:
    """However much the cases speak against it: they are those that got so far."""
    samples = replace(drawn(0.0, [1.0, 0.0]), expected=np.array([1.0, 0.8]))
    assert fit(samples, penalty=0.0).weights == pytest.approx([1.0, 0.4], abs=0.1)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    """At the optimum without bounds no small step in any direction is likelier."""
    samples = drawn(0.3, [0.7, 1.2], 800)
    best = fit(samples, penalty=0.0)

    def likelihood(model: Fitted) -> float:
        p = model.probability(samples.features)
        return float((samples.labels * np.log(p) + (1 - samples.labels) * np.log1p(-p)).sum())

    for direction in np.eye(3):
        for step in (-0.05, 0.05):
            moved = np.array([best.intercept, *best.weights]) + step * direction
            assert likelihood(Fitted(float(moved[0]), moved[1:])) < likelihood(best)


def test_what_no_case_speaks_of_is_as_expected() -> None:
    """A feature that never varies keeps the weight that it had before; others are found."""
    samples = drawn(-1.0, [2.0, 0.0])
    samples.features[:, 1] = 0.0
    found = fit(replace(samples, expected=np.array([0.0, 0.8])))
    assert found.weights == pytest.approx([2.0, 0.8], abs=0.15)


def test_one_label_is_no_ground_to_fit_on() -> None:
    """It says so."""
    with pytest.raises(ValueError, match="both labels"):
        fit(Samples(("a",), np.zeros(1), np.ones((3, 1)), np.ones(3), np.ones(3)))


def looks() -> pd.DataFrame:
    """Two looks: a contention with a culprit and a bystander, and a slow accelerator with somebody listed."""
    features = {**{f"chain.{name}": 1.0 for name in CHAIN}, **{f"culprit.{name}": 1.0 for name in CULPRIT}}
    common = {"victim": "v", "at": 1, "of_event": 1, **features}
    return pd.DataFrame(
        [
            {"kind": "writer", "seed": 1, "truth": "contention", "label": 1, **common},
            {"kind": "writer", "seed": 1, "truth": "contention", "label": 0, **common},
            {"kind": "compute", "seed": 2, "truth": "other", "label": 0, **common},
        ]
    )


def test_a_look_is_one_sample_of_the_chain_and_each_suspect_of_a_contention_one_of_guilt() -> None:
    """Cases weigh the same."""
    chain, culprit = chain_samples(looks()), culprit_samples(looks())
    assert sorted(chain.labels.tolist()) == [0.0, 1.0]
    assert culprit.labels.tolist() == [1.0, 0.0]
    assert chain.weights == pytest.approx([1.0, 1.0])


def incident(verdict_right: bool, culprits: list[str]) -> dict[str, object]:
    """An incident as the REST interface answers it, with feedback; it accused n/a."""
    suspects = [
        {"namespace": "n", "pod": name, "kind": "pod", "accused": name == "a", "features": {"chain.observed": 1.0}}
        for name in ("a", "b")
    ]
    return {
        "verdict": "contention",
        "victim": {"namespace": "i", "pod": "v"},
        "updated_at": "2026-11-23T02:10:15Z",
        "suspects": suspects,
        "feedback": {"verdict_right": verdict_right, "culprits": culprits, "note": ""},
    }


@pytest.mark.parametrize(
    ("right", "culprits", "truth", "guilty"),
    [
        (True, [], "contention", ["a"]),
        (True, ["n/b"], "contention", ["b"]),
        (False, ["n/b"], "contention", ["b"]),
        (False, [], "other", []),
    ],
)
def test_feedback_becomes_a_labelled_look(
    tmp_path: Path, right: bool, culprits: list[str], truth: str, guilty: list[str]
) -> None:
    """Named culprits count; where nobody is named, a right verdict confirms the accused."""
    path = tmp_path / "incidents.json"
    path.write_text(json.dumps({"items": [incident(right, culprits), {"feedback": None}]}))
    given = given_records(looks(), path).iloc[3:]
    assert given["truth"].tolist() == [truth, truth]
    assert [suspect for suspect, label in zip("ab", given["label"], strict=True) if label] == guilty


def test_a_file_that_is_no_list_of_incidents_is_refused(tmp_path: Path) -> None:
    """With its path."""
    path = tmp_path / "other.json"
    path.write_text("[]")
    with pytest.raises(ValueError, match=r"other\.json: expected incidents"):
        given_records(looks(), path)
