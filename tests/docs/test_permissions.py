"""deploy/kubernetes/rbac.yaml against what the program reads."""

from pathlib import Path

import yaml

from correlator.kubernetes.resources import RESOURCES, Resource

ROOT = Path(__file__).parents[2]


def asked(resource: Resource) -> tuple[str, str]:
    """(API group, resource) of a path."""
    parts = resource.path.split("/")[1:]
    return ("" if parts[0] == "api" else parts[1]), parts[-1]


def test_permissions_are_what_is_read_and_no_more() -> None:
    """Every kind of object that is followed, nothing else, and reading alone."""
    text = (ROOT / "deploy" / "kubernetes" / "rbac.yaml").read_text(encoding="utf-8")
    (role,) = [each for each in yaml.safe_load_all(text) if each["kind"] == "ClusterRole"]
    allowed = {(group, name) for rule in role["rules"] for group in rule["apiGroups"] for name in rule["resources"]}
    assert allowed == set(map(asked, RESOURCES))
    assert {verb for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}
