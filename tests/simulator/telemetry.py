"""All exporters of a scene, as Prometheus holds them."""

from tests.simulator.cadvisor import export_pods
from tests.simulator.case import Telemetry
from tests.simulator.databases import export_database
from tests.simulator.kube_state import export_cluster
from tests.simulator.node_exporter import export_nodes
from tests.simulator.running import Outcome
from tests.simulator.scene import Scene
from tests.simulator.scrape import Book
from tests.simulator.vllm import export_victim


def telemetry_of(scene: Scene, outcome: Outcome) -> Telemetry:
    """What Prometheus would hold."""
    book = Book()
    for victim, answered in zip(scene.victims, outcome.answered, strict=True):
        export_victim(book, scene, victim, answered)
    export_nodes(book, scene, outcome)
    export_pods(book, scene, outcome)
    export_cluster(book, scene)
    for database in scene.databases:
        export_database(book, scene, outcome, database)
    return book.telemetry(scene.clock)
