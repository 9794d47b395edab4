"""The PrometheusRule is the plain files."""

import yaml

from tests.rules.files import PLAIN, groups_of
from tests.rules.prometheusrule import TARGET, written


def test_committed_manifest_is_that_of_the_plain_files() -> None:
    """`make rules` writes it anew."""
    assert TARGET.read_text(encoding="utf-8") == written()


def test_manifest_says_what_the_plain_files_say() -> None:
    """Every group with every rule, in order; and the label that kube-prometheus-stack looks for."""
    manifest = yaml.safe_load(written())
    assert (manifest["apiVersion"], manifest["kind"]) == ("monitoring.coreos.com/v1", "PrometheusRule")
    assert manifest["metadata"]["labels"]["release"]
    assert manifest["spec"]["groups"] == [
        group for path in PLAIN for group in groups_of(path.read_text(encoding="utf-8"))
    ]
