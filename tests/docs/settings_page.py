"""The page of settings, written from their descriptions: `python -m tests.docs.settings_page > docs/settings.md`."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from correlator.settings import Settings, format_duration
from correlator.settings.load import setting_paths

PIPE = r"\|"  # a plain one ends the cell, in code too

HEAD = """# Settings

Defaults < YAML file (`correlator serve --config FILE`) < environment < flags. Durations carry their unit: `15s`, `1m`,
`2h`, `7d`. Whatever is unknown or impossible stops the start with exit code 2, the key's path and what was expected.
Secrets are read from files. In the environment, mappings and lists are written as JSON.

    # correlator.yaml                      # the same in the environment
    prometheus:
      url: http://prometheus:9090          CORRELATOR_PROMETHEUS__URL=http://prometheus:9090
    engine:
      accusation_threshold: 0.9            CORRELATOR_ENGINE__ACCUSATION_THRESHOLD=0.9
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD]
    group = None
    for path, field in setting_paths():
        above = path.rpartition(".")[0]
        if above != group:
            group = above
            parts.append(
                f"\n## {group or 'Everything'}\n\n{_about(group)}| setting | default | meaning |\n| --- | --- | --- |\n"
            )
        cells = (f"`{path}`", _default(path, field), str(field.description))
        parts.append(f"| {' | '.join(cell.replace('|', PIPE) for cell in cells)} |\n")
    return "".join(parts)


def _about(group: str) -> str:
    model: type[BaseModel] = Settings
    for name in group.split(".") if group else ():
        found = model.model_fields[name].annotation
        assert isinstance(found, type)
        model = found
    return f"{model.__doc__}\n\n" if group else ""


def _default(path: str, field: FieldInfo) -> str:
    if path == "store.path":
        return "`~/.local/share/correlator/correlator.db`"
    value: object = field.get_default(call_default_factory=True, validated_data={})
    match value:
        case None | "":
            return "none"
        case Mapping() | tuple() if not value:
            return "empty"
        case tuple():
            return ", ".join(f"`{each}`" for each in value)
        case timedelta():
            return f"`{format_duration(value)}`"
        case _:
            return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - its one purpose
