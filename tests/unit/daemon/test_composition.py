"""What is put together of settings."""

from pathlib import Path

from correlator.daemon.composition import cluster_of
from correlator.settings import KubernetesMode, KubernetesSettings


def test_no_api_is_asked_unless_there_is_one() -> None:
    """Switched off, and by itself outside of a pod: a kubeconfig that lies about is not taken."""
    assert cluster_of(KubernetesSettings(mode=KubernetesMode.OFF, kubeconfig=None, context="")) is None
    assert cluster_of(KubernetesSettings(mode=KubernetesMode.AUTO, kubeconfig=None, context="")) is None


def test_an_api_that_was_named_is_asked_later(tmp_path: Path) -> None:
    """A file that is not there yet stops nothing at the start: following says what is wrong with it."""
    settings = KubernetesSettings(mode=KubernetesMode.KUBECONFIG, kubeconfig=tmp_path / "none", context="")
    cluster = cluster_of(settings)
    assert cluster is not None
    assert cluster.followers[0].turn() > 0
    assert "none cannot be used" in cluster.followers[0].state.problem
