"""What labels name."""

from correlator.alerting.subject import LabelNames, Subject, subject_of

NAMES = LabelNames()


def test_what_a_series_said_comes_before_what_its_target_is() -> None:
    """Prometheus keeps the scraped target's labels and renames the series' own."""
    labels = {
        "namespace": "monitoring", "exported_namespace": "inference", "pod": "correlator-0", "exported_pod": "vllm-0",
    }  # fmt: skip
    assert subject_of(labels, NAMES) == Subject(namespace="inference", pod="vllm-0")


def test_an_exporter_of_nodes_is_not_what_its_alerts_are_about() -> None:
    """The pod is the exporter's; the node stands in `instance` where nothing else names it."""
    labels = {"job": "node-exporter", "namespace": "monitoring", "pod": "node-exporter-x", "instance": "n1:9100"}
    assert subject_of(labels, NAMES) == Subject(node="n1")
    assert subject_of({**labels, "node": "n2", "device": "/dev/sda"}, NAMES) == Subject(node="n2", device="sda")
    assert subject_of({**labels, "instance": "n1"}, NAMES) == Subject(node="n1")


def test_an_instance_says_nothing_of_other_jobs() -> None:
    """It is the address of a pod then."""
    assert subject_of({"job": "vllm", "instance": "10.0.0.7:8000"}, NAMES) == Subject()


def test_a_claim_is_named_with_its_namespace() -> None:
    """Which need not be a victim's."""
    labels = {"namespace": "rag", "persistentvolumeclaim": "scratch"}
    assert subject_of(labels, NAMES) == Subject(claim="rag/scratch")
    assert subject_of({"persistentvolumeclaim": "scratch"}, NAMES) == Subject(claim="scratch")
    assert subject_of({**labels, "pod": "p"}, NAMES) == Subject(namespace="rag", pod="p", claim="rag/scratch")


def test_labels_may_have_names_of_ones_own() -> None:
    """By setting; what is not mapped says nothing."""
    names = LabelNames(pod=("replica",), namespace=("team",))
    assert subject_of({"replica": "vllm-0", "team": "inference", "pod": "x"}, names) == Subject(
        namespace="inference", pod="vllm-0"
    )
