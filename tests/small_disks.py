"""File systems that are soon full; only root can mount them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """A file system of that size, mounted on `folder`, which is made."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "correlator-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte free; the file whose removal makes room again."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as output:
            while True:
                output.write(bytes(4096))
    except OSError:
        return filler
