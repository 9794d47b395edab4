"""YAML nodes that remember their line, so that every complaint names file, line and key."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import yaml

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_Choice = TypeVar("_Choice", bound=StrEnum)


class CatalogueError(ValueError):
    """A catalogue file is not what it should be; the message names file, line and key."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A node of a file with the path of keys that leads to it."""

    file: str
    path: str
    node: yaml.Node

    @property
    def place(self) -> str:
        """File and line."""
        return f"{self.file}:{self.node.start_mark.line + 1}"

    def error(self, complaint: str) -> CatalogueError:
        """The complaint, with where it belongs."""
        return CatalogueError(f"{self.place}: {self.path or 'the file'}: {complaint}")

    def fields(self, required: Collection[str], optional: Collection[str]) -> dict[str, "Entry"]:
        """The values of a mapping by key; unknown, repeated and missing keys are errors."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error(f"expected a mapping with the keys {', '.join(required)}")
        found: dict[str, Entry] = {}
        for key_node, value_node in self.node.value:
            key = str(key_node.value)
            at_key = Entry(self.file, self._below(key), key_node)
            if key not in required and key not in optional:
                raise at_key.error(f"unknown key; known are {', '.join((*required, *optional))}")
            if key in found:
                raise at_key.error("the key stands here twice")
            found[key] = Entry(self.file, at_key.path, value_node)
        missing = [key for key in required if key not in found]
        if missing:
            raise self.error(f"missing {', '.join(missing)}")
        return found

    def pairs(self) -> dict[str, "Entry"]:
        """The values of a mapping by key, whatever the keys; a repeated key is an error."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.error("expected a mapping")
        return self.fields((), [str(key.value) for key, _ in self.node.value])

    def items(self) -> list["Entry"]:
        """The elements of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.error("expected a list")
        return [Entry(self.file, f"{self.path}[{index}]", node) for index, node in enumerate(self.node.value)]

    def text(self, *, empty: bool = False) -> str:
        """A string; `empty` allows the empty one."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != "tag:yaml.org,2002:str":
            raise self.error("expected text")
        if not self.node.value.strip() and not empty:
            raise self.error("must not be empty")
        return str(self.node.value)

    def name(self) -> str:
        """A word of letters, digits and underscores, as names of signals and labels are."""
        value = self.text()
        if not _NAME.fullmatch(value):
            raise self.error(f"{value!r} is no name: letters, digits and _ only, no digit first")
        return value

    def truth(self) -> bool:
        """`true` or `false`."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag != "tag:yaml.org,2002:bool":
            raise self.error("expected true or false")
        return str(self.node.value).lower() in {"true", "yes", "on"}

    def choice(self, kind: type[_Choice]) -> _Choice:
        """A member of an enumeration, by its value."""
        value = self.text()
        try:
            return kind(value)
        except ValueError:
            raise self.error(f"{value!r} is none of {', '.join(kind)}") from None

    def _below(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key


def parse(text: str, file: str) -> Entry:
    """The root of a YAML document; what is no YAML raises CatalogueError with the line where reading stopped."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CatalogueError(f"{file}:{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise CatalogueError(f"{file}:1: not YAML: {error}") from error
    if node is None:
        raise CatalogueError(f"{file}:1: the file is empty")
    return Entry(file, "", node)
