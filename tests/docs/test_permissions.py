"""deploy/kubernetes/ against what the program reads and writes."""

from pathlib import Path
from typing import Any

import yaml

from correlator.delivery.pod_events import PodEventSink
from correlator.kubernetes.connection import from_kubeconfig
from correlator.kubernetes.resources import RESOURCES, Resource
from tests.factories import make_suspect, make_victim
from tests.kubernetes_api import Api, kubeconfig, pod, serving
from tests.unit.delivery.stories import opened, updated

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
VERBS = {"GET": "get", "POST": "create", "PATCH": "patch"}


def asked(resource: Resource) -> tuple[str, str]:
    """(API group, resource) of a path."""
    parts = resource.path.split("/")[1:]
    return ("" if parts[0] == "api" else parts[1]), parts[-1]


def role_in(name: str) -> dict[str, Any]:
    """The one cluster role of a file."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    (role,) = [each for each in yaml.safe_load_all(text) if each["kind"] == "ClusterRole"]
    assert isinstance(role, dict)
    return role


def test_permissions_are_what_is_read_and_no_more() -> None:
    """Every kind of object that is followed, nothing else, and reading alone."""
    role = role_in("rbac.yaml")
    allowed = {(group, name) for rule in role["rules"] for group in rule["apiGroups"] for name in rule["resources"]}
    assert allowed == set(map(asked, RESOURCES))
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}


def test_permission_for_events_is_what_is_asked_for_and_no_more(tmp_path: Path) -> None:
    """Whatever a sink asks of a server is allowed, and nothing is allowed that it does not ask for."""
    api = Api()
    api.put("/api/v1/pods", pod("v", "inference"))
    events = [opened, updated]
    with serving(api) as server:
        (tmp_path / "kubeconfig").write_text(kubeconfig(server.url))
        sink = PodEventSink(lambda: from_kubeconfig(tmp_path / "kubeconfig", ""), "c")
        for make in events:
            event = make(victim=make_victim(pod="v"), suspects=(make_suspect(accused=False),))
            for parcel in sink.prepare(event):
                sink.send(parcel.body)
        sink.close()
    used = set()
    for path, _, said in server.asked:
        parts = path.split("/")
        group = "" if parts[1] == "api" else parts[2]
        resource = parts[parts.index("namespaces") + 2]
        used.add((group, resource, VERBS.get(said, "get")))
    allowed = {
        (group, name, verb)
        for rule in role_in("rbac-events.yaml")["rules"]
        for group in rule["apiGroups"]
        for name in rule["resources"]
        for verb in rule["verbs"]
    }
    assert used == allowed
