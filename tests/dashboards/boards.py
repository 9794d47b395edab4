"""All dashboards, by the file that each is committed as."""

from pathlib import Path

from tests.dashboards import evidence, incident, itself, overview, volume
from tests.dashboards.finishing import finished

FOLDER = Path(__file__).parents[2] / "deploy" / "grafana" / "dashboards"
BOARDS = (overview, incident, volume, itself, evidence)


def written() -> dict[str, str]:
    """File names and what they hold."""
    return {f"{board.__name__.rpartition('.')[2]}.json": finished(board.build()) for board in BOARDS}
