"""Reads a confidence model from its file: coefficients, and the provenance that lets anybody fit them again."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from correlator.analysis.confidence import ChainFeatures, ConfidenceModel, CulpritFeatures, Logistic

BUNDLED = "confidence.json"


class CalibrationError(Exception):
    """A file that is no confidence model; the message names the file and what is wrong where."""


class LogisticPart(BaseModel):
    """One logistic model; the weights of all its features, none negative."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    intercept: float
    weights: Mapping[str, Annotated[float, Field(ge=0)]]


class ModelFile(BaseModel):
    """The file. `provenance` says on what it was fitted, when, by which command, and how well it does there."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    format: Annotated[int, Field(ge=1, le=1)]
    chain: LogisticPart
    culprit: LogisticPart
    provenance: Mapping[str, object]


@cache
def bundled() -> ConfidenceModel:
    """The model that comes with the package."""
    content = resources.files("correlator.calibration").joinpath(BUNDLED).read_bytes()
    return _model(BUNDLED, content)


def read(path: Path) -> ConfidenceModel:
    """A model of one's own. Raises CalibrationError that names the file and what is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CalibrationError(f"{path} cannot be read: {error.strerror}") from error
    return _model(str(path), content)


def _model(where: str, content: bytes) -> ConfidenceModel:
    try:
        file = ModelFile.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise CalibrationError(f"{where} is no confidence model: {place}: {first['msg']}") from error
    return ConfidenceModel(
        chain=_part(where, "chain", file.chain, ChainFeatures),
        culprit=_part(where, "culprit", file.culprit, CulpritFeatures),
    )


def _part(where: str, name: str, part: LogisticPart, features: type[ChainFeatures] | type[CulpritFeatures]) -> Logistic:
    expected = {field.name for field in fields(features)}
    wrong = expected.symmetric_difference(part.weights)
    if wrong:
        raise CalibrationError(
            f"{where} is no confidence model: {name}.weights: missing or unknown: {', '.join(sorted(wrong))}"
        )
    return Logistic(intercept=part.intercept, weights=dict(part.weights))
