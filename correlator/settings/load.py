"""Layers into settings: file, environment, flags; and what is wrong with them, in words."""

import difflib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import EnvSettingsSource

from correlator.settings.groups import Settings, SourceSettings
from correlator.settings.receivers import AlertReceiverSettings

Layer: TypeAlias = Mapping[str, Any]
_PREFIX = "CORRELATOR_"
_RECEIVERS = ("alerting", "webhook", "receivers")
_OF_ONE_SOURCE = 2  # so many parts name a source: sources.nodes
_WITHHELD = {
    "prometheus.url",
    "prometheus.headers",
    "sources",
    "store.url",
    "loki.url",
    "sinks",
    "alerting.webhook.receivers",
}  # may hold a secret by mistake


class SettingsError(Exception):
    """The settings cannot be used; one line for each fault, with the key's path and what was expected."""


def load_settings(file: Path | None = None, flags: Layer | None = None) -> Settings:
    """Defaults < `file` < environment < `flags` (nested as the settings are; None: not given)."""
    layers = {
        str(file): {} if file is None else _read_file(file),
        "the environment": _read_environment(),
        "the command line": _without_none(flags or {}),
    }
    merged: dict[str, Any] = {}
    for layer in layers.values():
        merged = _merge(merged, layer)
    try:
        return Settings(**merged)
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(fault, layers) for fault in error.errors())) from error


def _read_file(path: Path) -> Layer:
    try:
        with path.open(encoding="utf-8") as file:  # a file has a name that the parser's messages give
            content = yaml.safe_load(file)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: expected YAML: {' '.join(str(error).split())}") from error
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise SettingsError(f"{path}: expected a mapping of settings, such as `cluster: production`")
    return content


def _read_environment() -> Layer:
    unknown = [name for name in os.environ if name.startswith(_PREFIX) and not _is_setting(name)]
    if unknown:
        raise SettingsError(
            "\n".join(f"{name}: no such setting{_hint(name, _variables())}" for name in sorted(unknown))
        )
    for name, expected in _structured_variables():
        if name in os.environ and not _is_json(os.environ[name], expected):
            raise SettingsError(f"{name}: expected JSON, a {'list' if expected is list else 'mapping'}")
    return EnvSettingsSource(Settings)()


def _is_setting(variable: str) -> bool:
    return any(variable == known or variable.startswith(f"{known}__") for known in _variables())


def _variables() -> list[str]:
    return [_variable(path) for path, _ in setting_paths()]


def _variable(path: str) -> str:
    return _PREFIX + path.replace(".", "__").upper()


def _structured_variables() -> Iterator[tuple[str, type]]:
    for path, field in setting_paths():
        kind = get_origin(field.annotation)
        if kind in {Mapping, tuple}:
            yield _variable(path), dict if kind is Mapping else list


def _is_json(text: str, expected: type) -> bool:
    try:
        return isinstance(json.loads(text), expected)
    except ValueError:
        return False


def setting_paths(model: type[BaseModel] = Settings, above: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting: its path, such as `prometheus.url`, and its type, default and description."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_paths(field.annotation, f"{above}{name}.")
        else:
            yield above + name, field


def _without_none(layer: Layer) -> Layer:
    nested = {key: _without_none(value) if isinstance(value, Mapping) else value for key, value in layer.items()}
    return {key: value for key, value in nested.items() if value is not None and value != {}}


def _merge(below: Layer, above: Layer) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _sentence(fault: ErrorDetails, layers: Mapping[str, Layer]) -> str:
    path = ".".join(str(part) for part in fault["loc"]) or "settings"
    origin = _origin(fault["loc"], layers)
    if fault["type"] == "extra_forbidden":
        return f"{path}: no such setting{_hint(path, _known_beside(fault['loc']))}{origin}"
    expected = fault["msg"].removeprefix("Value error, ").replace("Input should be", "expected it to be")
    given = fault["input"]
    shown = isinstance(given, str | int | float) and not any(path.startswith(secret) for secret in _WITHHELD)
    return f"{path}: {expected}{f', not {given!r}' if shown else ''}{origin}"


def _known_beside(location: tuple[int | str, ...]) -> list[str]:
    """The settings that a misspelt one may have meant."""
    if location[:3] == _RECEIVERS and len(location) > len(_RECEIVERS) + 1:
        return [f"{'.'.join(_RECEIVERS)}.{location[3]}.{name}" for name in AlertReceiverSettings.model_fields]
    if location[0] == "sources" and len(location) > _OF_ONE_SOURCE:
        return [f"sources.{location[1]}.{name}" for name in SourceSettings.model_fields]
    return [known for known, _ in setting_paths()]


def _hint(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"


def _origin(location: tuple[int | str, ...], layers: Mapping[str, Layer]) -> str:
    """The highest layer that says anything at the place; none for what is wrong with all of them together."""
    if not location:
        return ""
    for name, layer in reversed(tuple(layers.items())):
        value: object = layer
        for part in location:
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is not None:
            return f" (from {name})"
    return ""
