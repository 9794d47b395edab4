"""From records of looks to samples: one for each chain, one for each suspect where the chain was there."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd

from correlator.analysis.confidence import ChainFeatures, CulpritFeatures
from tests.calibration.fit import Samples

CHAIN = tuple(field.name for field in fields(ChainFeatures))
CULPRIT = tuple(field.name for field in fields(CulpritFeatures))
EXPECTED = {
    "volume_worse": 0.8,
    "victim_exposed": 0.8,
    "load_added": 0.8,
    "explained": 0.5,
    "observed": 0.3,
    "recurred": 0.2,
    "harmful": 0.8,
    "share": 1.5,
    "unusual": 0.5,
    "timely": 0.5,
    "tracking": 0.5,
    "told": 1.0,
}
"""Weights before any look: each link of the chain counts nearly as its probability says, and a share as a share."""

LOOK = ("kind", "seed", "victim", "at")


def read_records(paths: Sequence[Path]) -> pd.DataFrame:
    """All records of some files; a row for each suspect at each look."""
    return pd.concat([pd.read_csv(path, low_memory=False) for path in paths], ignore_index=True)


def chain_samples(records: pd.DataFrame) -> Samples:
    """One for each look; 1 where storage contention really was what the victim suffered from."""
    looks = records.groupby(list(LOOK), as_index=False).first()
    labels = ((looks["truth"] == "contention") & (looks["of_event"] == 1)).to_numpy(dtype=np.float64)
    return _samples(looks, CHAIN, {name: f"chain.{name}" for name in CHAIN}, labels)


def culprit_samples(records: pd.DataFrame) -> Samples:
    """One for each suspect of looks at true contention; 1 where it was a culprit."""
    seen = records[(records["truth"] == "contention") & (records["of_event"] == 1)]
    labels = seen["label"].to_numpy(dtype=np.float64)
    return _samples(seen, CULPRIT, {name: f"culprit.{name}" for name in CULPRIT}, labels)


def _samples(rows: pd.DataFrame, names: tuple[str, ...], columns: Mapping[str, str], labels: np.ndarray) -> Samples:
    """Each case weighs the same, however many looks and suspects it has."""
    sizes = rows.groupby(["kind", "seed"])["at"].transform("size").to_numpy(dtype=np.float64)
    weights = 1.0 / sizes
    features = rows[[columns[name] for name in names]].to_numpy(dtype=np.float64)
    expected = np.array([EXPECTED[name] for name in names])
    return Samples(names, expected, features, labels, weights / weights.mean())
