"""The OpenAPI description as values that a template can show: operations by tag, and models."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_PREFIX = "#/components/schemas/"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a field of a body or of a model. `type` holds words, and names of models."""

    name: str
    where: str
    type: Sequence[str]
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers of an operation."""

    status: str
    description: str
    type: Sequence[str]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path."""

    method: str
    path: str
    tag: str
    summary: str
    description: str
    fields: Sequence[Field]
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Model:
    """An object that operations take or answer."""

    name: str
    description: str
    fields: Sequence[Field]


def operations_of(openapi: Schema) -> list[Operation]:
    """All operations in the order of the description."""
    models = openapi.get("components", {}).get("schemas", {})
    return [
        Operation(
            method=method.upper(),
            path=path,
            tag=(operation.get("tags") or ["other"])[0],
            summary=operation.get("summary", ""),
            description=operation.get("description", ""),
            fields=[*_parameters(operation, models), *_body(operation, models)],
            answers=list(_answers(operation, models)),
        )
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]


def models_of(openapi: Schema) -> list[Model]:
    """All models with fields, by name."""
    schemas: Mapping[str, Schema] = openapi.get("components", {}).get("schemas", {})
    return [
        Model(name, schema.get("description", ""), list(_properties(schema, "", schemas)))
        for name, schema in sorted(schemas.items())
        if schema.get("properties")
    ]


def type_of(schema: Schema, models: Mapping[str, Schema]) -> list[str]:
    """A type in words; names of models stand alone, so that they can be links. An enumeration is its values."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_PREFIX)
        return type_of(models[name], models) if "enum" in models.get(name, {}) else [name]
    if "anyOf" in schema:
        parts = [type_of(each, models) for each in schema["anyOf"]]
        return [word for index, part in enumerate(parts) for word in (*(["or"] if index else []), *part)]
    if "enum" in schema:
        return [" | ".join(map(str, schema["enum"]))]
    if schema.get("type") == "array":
        return ["list of", *type_of(schema.get("items", {}), models)]
    return [schema.get("format") or schema.get("type") or "anything"]


def _parameters(operation: Schema, models: Mapping[str, Schema]) -> Iterator[Field]:
    for each in operation.get("parameters", ()):
        schema = each.get("schema", {})
        said = each.get("description") or schema.get("description", "")
        yield Field(each["name"], each["in"], type_of(schema, models), each.get("required", False), said)


def _body(operation: Schema, models: Mapping[str, Schema]) -> Iterator[Field]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        name = content["schema"].get("$ref", "").removeprefix(_PREFIX)
        yield from _properties(models.get(name, content["schema"]), "body", models)


def _properties(schema: Schema, where: str, models: Mapping[str, Schema]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, each in schema.get("properties", {}).items():
        yield Field(name, where, type_of(each, models), name in required, each.get("description", ""))


def _answers(operation: Schema, models: Mapping[str, Schema]) -> Iterator[Answer]:
    for status, answer in operation["responses"].items():
        contents = list(answer.get("content", {}).items())
        media_type, content = contents[0] if contents else ("", {})
        schema = content.get("schema") or {}
        yield Answer(status, answer.get("description", ""), type_of(schema, models) if schema else [media_type])
