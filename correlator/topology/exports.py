"""NFS exports: what a persistent volume mounts, and which mounts are one share of a server."""

from collections import defaultdict
from collections.abc import Iterable

from correlator.topology.claims import PersistentVolume

NFS_DRIVER = "nfs.csi.k8s.io"
FEWEST_SIBLINGS = 2


def export_of(volume: PersistentVolume) -> str:
    """`server:/path` as the kernel mounts it; empty for what is no NFS volume."""
    if volume.nfs_server:
        return joined(volume.nfs_server, volume.nfs_path)
    server, share, folder = _handle(volume)
    return joined(server, f"{share}/{folder}") if server else ""


def shares_of(volumes: Iterable[PersistentVolume]) -> frozenset[str]:
    """Exports that several mounts lie in.

    The CSI driver names the share; a provisioner that makes a folder for each claim shows by the folder's siblings.
    """
    shares, folders = set(), defaultdict(set)
    for volume in volumes:
        server, share, _ = _handle(volume)
        if server:
            shares.add(joined(server, share))
        elif volume.nfs_server and volume.storageclass:
            parent = volume.nfs_path.rstrip("/").rpartition("/")[0]
            folders[volume.storageclass, joined(volume.nfs_server, parent)].add(volume.nfs_path)
    return frozenset(shares | {share for (_, share), those in folders.items() if len(those) >= FEWEST_SIBLINGS})


def share_of(export: str, shares: Iterable[str]) -> str:
    """The share that an export is a folder of; itself where none is known."""
    within = [share for share in shares if export == share or export.startswith(share.rstrip("/") + "/")]
    return max(within, key=len, default=export)


def joined(server: str, path: str) -> str:
    """`server:/path` with single slashes."""
    return f"{server}:/" + "/".join(part for part in path.split("/") if part)


def _handle(volume: PersistentVolume) -> tuple[str, str, str]:
    """Server, share and folder from the CSI driver's handle, `server#share#folder#…`; empty for other handles."""
    parts = volume.csi_volume_handle.split("#")
    if volume.csi_driver != NFS_DRIVER or len(parts) < 3:  # noqa: PLR2004 - server, share, folder
        return "", "", ""
    return parts[0], parts[1], parts[2]
