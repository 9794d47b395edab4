"""The way into the Kubernetes API, as the settings say: for the engine, which reads, and for who writes Events."""

from collections.abc import Callable

from correlator.kubernetes.connection import Connection, from_kubeconfig, has_service_account, in_cluster
from correlator.settings import KubernetesMode, KubernetesSettings


def kubernetes_mode(settings: KubernetesSettings) -> KubernetesMode:
    """Whether the Kubernetes API is asked, and how: what `auto` comes to where we run."""
    if settings.mode is not KubernetesMode.AUTO:
        return settings.mode
    return KubernetesMode.IN_CLUSTER if has_service_account() else KubernetesMode.OFF


def connect_of(settings: KubernetesSettings) -> Callable[[], Connection] | None:
    """The way into the Kubernetes API of the settings; None where none is to be asked."""
    match kubernetes_mode(settings):
        case KubernetesMode.IN_CLUSTER:
            return in_cluster
        case KubernetesMode.KUBECONFIG:
            return lambda: from_kubeconfig(settings.kubeconfig, settings.context)
    return None
