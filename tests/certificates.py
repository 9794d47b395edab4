"""Certificates for this machine, made by OpenSSL as people make them."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Authority:
    """An authority of one's own, in a folder."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """What to trust."""
        return self.folder / "ca.pem"

    def trusted(self) -> ssl.SSLContext:
        """A client's context that believes this authority and no other."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def issue(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of a server on this machine, under a common name."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        _openssl(
            f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name}",
            "-addext subjectAltName=IP:127.0.0.1,DNS:localhost -addext basicConstraints=critical,CA:FALSE",
            f"-CA {self.certificate} -CAkey {self.folder / 'ca.key'} -keyout {key} -out {certificate}",
        )
        return certificate, key


def authority(folder: Path) -> Authority:
    """A new one; `folder` is made."""
    folder.mkdir(parents=True)
    _openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority",
        f"-addext keyUsage=critical,keyCertSign -keyout {folder / 'ca.key'} -out {folder / 'ca.pem'}",
    )
    return Authority(folder)


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *" ".join(words).split()], check=True, capture_output=True)
