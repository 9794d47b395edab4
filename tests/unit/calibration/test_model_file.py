"""A file that is no confidence model is refused in words; the one in the package is a sound one."""

import json
from pathlib import Path
from typing import Any

import pytest

import correlator.calibration
from correlator.analysis.confidence import ChainFeatures, CulpritFeatures
from correlator.calibration import CalibrationError, bundled, read
from correlator.settings import SettingsError, load_settings

CHAIN = ChainFeatures(volume_worse=3, victim_exposed=3, load_added=3, explained=1, observed=3, recurred=0, harmful=0)
CULPRIT = CulpritFeatures(share=2, unusual=2, timely=0, tracking=0.8, recurred=0, told=0)
WEAK_CHAIN = ChainFeatures(
    volume_worse=0, victim_exposed=0, load_added=0, explained=0.1, observed=1.4, recurred=0, harmful=0
)
BYSTANDER = CulpritFeatures(share=-4, unusual=0.3, timely=-1, tracking=0, recurred=0, told=0)


def content() -> dict[str, Any]:
    """A valid file."""
    weights = {"chain": vars_of(CHAIN), "culprit": vars_of(CULPRIT)}
    parts = {part: {"intercept": -1.0, "weights": dict.fromkeys(names, 0.5)} for part, names in weights.items()}
    return {"format": 1, **parts, "provenance": {"command": "by hand"}}


def vars_of(features: ChainFeatures | CulpritFeatures) -> list[str]:
    """The features' names."""
    return list(features.__dataclass_fields__)


def written(path: Path, changed: dict[str, Any]) -> Path:
    """The file on disk."""
    path.write_text(json.dumps(changed))
    return path


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    """Intercept and weights as they stand there: −1 + 0.5 × 13."""
    model = read(written(tmp_path / "mine.json", content()))
    assert model.chain.probability(CHAIN) == pytest.approx(1 / (1 + 2.718281828 ** -(-1 + 0.5 * 13)), abs=0.01)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format"),
        ({"chain": {"intercept": 0.0, "weights": {"volume_worse": 1.0}}}, "victim_exposed"),
        ({"culprit": {"intercept": 0.0, "weights": dict.fromkeys([*vars_of(CULPRIT), "luck"], 1.0)}}, "luck"),
        ({"culprit": {"intercept": 0.0, "weights": dict.fromkeys(vars_of(CULPRIT), -1.0)}}, "culprit.weights"),
    ],
)
def test_what_is_no_model_is_refused_in_words(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    """The message names the file and the place."""
    path = written(tmp_path / "mine.json", {**content(), **change})
    with pytest.raises(CalibrationError) as refused:
        read(path)
    assert str(path) in str(refused.value)
    assert words in str(refused.value)


def test_a_missing_file_and_one_that_is_no_json_are_refused(tmp_path: Path) -> None:
    """With the path and the reason."""
    with pytest.raises(CalibrationError, match=r"gone\.json cannot be read"):
        read(tmp_path / "gone.json")
    (tmp_path / "text").write_text("not JSON")
    with pytest.raises(CalibrationError, match="text is no confidence model"):
        read(tmp_path / "text")


def test_the_setting_puts_another_model_in_place(tmp_path: Path) -> None:
    """`engine.confidence_model` is what the engine is then told."""
    path = written(tmp_path / "mine.json", content())
    file = tmp_path / "settings.yaml"
    file.write_text(f"engine: {{confidence_model: {path}}}")
    assert load_settings(file).engine.parameters().confidence == read(path)
    assert load_settings(None).engine.parameters().confidence == bundled()


def test_a_setting_that_names_no_model_is_refused_at_start(tmp_path: Path) -> None:
    """With the key, the file and the reason."""
    file = tmp_path / "settings.yaml"
    file.write_text(f"engine: {{confidence_model: {tmp_path / 'gone.json'}}}")
    with pytest.raises(SettingsError) as refused:
        load_settings(file)
    for words in ("engine.confidence_model", "gone.json", "cannot be read"):
        assert words in str(refused.value)


def test_the_bundled_model_tells_culprits_from_bystanders() -> None:
    """A clear case is accused; a bystander, or anybody where the chain is weak, never."""
    model = bundled()
    clear = model.chain.probability(CHAIN) * model.culprit.probability(CULPRIT)
    assert clear > 0.9
    assert model.culprit.probability(BYSTANDER) < 0.1
    assert model.chain.probability(WEAK_CHAIN) * model.culprit.probability(CULPRIT) < 0.5


def test_the_bundled_model_says_where_it_comes_from() -> None:
    """Command, date, cases and seeds: anybody can fit it again."""
    path = Path(correlator.calibration.__file__).with_name("confidence.json")
    provenance = json.loads(path.read_text())["provenance"]
    assert {"command", "date", "cases", "seeds", "chain", "culprit"} <= set(provenance)
