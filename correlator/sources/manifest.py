"""What `manifest.json` of a recording says, version 1, and the refusal of everything else.

The format is documented in docs/recording-format.md.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from correlator.model.grid import Grid
from correlator.model.signal import Kind
from correlator.model.source import SourceError

FORMAT = "io-contention-correlator recording"
VERSION = 1
MEMBER = "manifest.json"
CELLS_MAXIMUM = 64_000_000  # of all signals together: 512 MB once read
_STEPS_MAXIMUM = 10_000_000
_START_MAXIMUM = 253_402_300_799  # the year 9999
_COMPLAINTS_SHOWN = 3

Encoding = Literal["plain", "delta"]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


class RecordingError(SourceError):
    """A recording cannot be read or written; the message names file and member. Asking again will not help."""

    def __init__(self, path: Path, complaint: str, member: str = "") -> None:
        place = f"{path}: {member}: " if member else f"{path}: "
        super().__init__(f"{place}{complaint}", retriable=False)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class GridPart(_Part):
    """The steps of every signal, in epoch seconds."""

    start: Annotated[int, Field(ge=0, le=_START_MAXIMUM)]
    step: Annotated[int, Field(ge=1, le=86_400)]
    count: Annotated[int, Field(ge=0, le=_STEPS_MAXIMUM)]

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        if self.start % self.step:
            raise ValueError("start must be a multiple of step")
        return self


class SignalPart(_Part):
    """One signal: what it is, its series in the order of the member's rows, and where the values are."""

    name: _Name
    unit: _Name
    kind: Annotated[Kind, Field(strict=False)]
    interval: Annotated[int, Field(ge=1, le=86_400)] | None = None
    series: Annotated[int, Field(ge=0)]
    labels: list[dict[str, str]]
    member: str = ""
    encoding: Encoding = "plain"

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.series != len(self.labels):
            raise ValueError(f"series is {self.series}, but labels has {len(self.labels)} entries")
        if len({tuple(sorted(labels.items())) for labels in self.labels}) < len(self.labels):
            raise ValueError("two series have the same labels")
        if self.labels and not self.member:
            raise ValueError("a signal with series needs a member")
        return self


class QualityPart(_Part):
    """What the source said of its own answers."""

    signal: str
    reason: str


class Manifest(_Part):
    """The whole of `manifest.json`."""

    format: str
    version: int
    created_at: Annotated[AwareDatetime, Field(strict=False)]
    source: str
    cluster: str = ""
    note: str = ""
    grid: GridPart
    signals: list[SignalPart]
    quality: list[QualityPart] = []

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        names = [signal.name for signal in self.signals]
        if len(set(names)) < len(names):
            raise ValueError("signals: a name stands here twice")
        cells = self.grid.count * sum(signal.series for signal in self.signals)
        if cells > CELLS_MAXIMUM:
            raise ValueError(f"{cells} values are more than the {CELLS_MAXIMUM} that are read")
        return self

    def steps(self) -> Grid:
        """The grid of every signal."""
        return Grid(self.grid.start, self.grid.step, self.grid.count)


def parse_manifest(path: Path, content: bytes) -> Manifest:
    """The manifest, or RecordingError with the first things wrong about it."""
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise RecordingError(path, f"is not JSON: {error}", MEMBER) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise RecordingError(path, f"does not say that this is a recording (format: {FORMAT!r})", MEMBER)
    if told.get("version") != VERSION:
        raise RecordingError(path, f"version {told.get('version')!r}, only {VERSION} can be read", MEMBER)
    try:
        return Manifest.model_validate(told)
    except ValidationError as error:
        raise RecordingError(path, _complaints(error), MEMBER) from error


def dump_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON for people and programs."""
    content: Mapping[str, Any] = manifest.model_dump(mode="json")
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def _complaints(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [f"{'.'.join(map(str, item['loc'])) or 'manifest'}: {item['msg']}" for item in found[:_COMPLAINTS_SHOWN]]
    more = len(found) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")
