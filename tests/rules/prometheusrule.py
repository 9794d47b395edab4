"""The plain files as one PrometheusRule, text as it is: comments and expressions stay readable."""

from textwrap import indent

from tests.rules.files import PLAIN, ROOT

TARGET = ROOT / "deploy" / "kubernetes" / "prometheusrule.yaml"
_HEAD = """\
# Written by `make rules` from rules/*.yaml: change those.
# kube-prometheus-stack takes rules with the label `release: <name of its Helm release>` only; change it to yours.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: correlator
  labels:
    app.kubernetes.io/name: correlator
    app.kubernetes.io/part-of: correlator
    release: kube-prometheus-stack
spec:
  groups:
"""


def written() -> str:
    """The manifest: the groups of all plain files in their order."""
    return _HEAD + "\n".join(indent(path.read_text(encoding="utf-8").split("\ngroups:\n")[1], "  ") for path in PLAIN)
