"""Ways into an API: a pod's service account, a kubeconfig, certificates; whole answers and odd ones."""

import subprocess
from pathlib import Path

import pytest

from correlator.kubernetes.connection import WHOLE, from_kubeconfig, has_service_account, in_cluster
from correlator.kubernetes.errors import ApiError, RefusedError
from tests.kubernetes_api import Api, Handler, kubeconfig, pod, serving

PATH = "/api/v1/pods"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of a loopback server that nobody vouches for, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    both, key = folder / "both.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=api", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*command, *names, "-keyout", key, "-out", both], check=True, capture_output=True)
    both.write_text(both.read_text() + key.read_text())
    return both


def account(folder: Path, token: str, certificate: Path) -> Path:
    """What the kubelet puts into a pod."""
    (folder / "token").write_text(token)
    (folder / "ca.crt").write_text(certificate.read_text().partition("-----BEGIN PRIVATE")[0])
    return folder


def test_a_service_account_gets_in(certificate: Path, tmp_path: Path) -> None:
    """Address from the environment, token and authority from the mounted files, over TLS."""
    api = Api(token="of-the-pod")
    api.put(PATH, pod("p"))
    with serving(api, certificate) as server:
        host, port = server.url.removeprefix("https://").split(":")
        environment = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
        folder = account(tmp_path, "of-the-pod", certificate)
        assert has_service_account(folder, environment)
        connection = in_cluster(folder, environment)
        assert [item["metadata"]["name"] for item in connection.get(PATH, {}, WHOLE)["items"]] == ["p"]
        connection.close()
        (folder / "token").write_text("of-another")
        with pytest.raises(RefusedError, match="401"):
            in_cluster(folder, environment).get(PATH, {}, WHOLE)


def test_outside_of_a_pod_there_is_no_service_account(tmp_path: Path) -> None:
    """No variable, or no file: not asked by itself, and an error in words where it was wanted."""
    assert not has_service_account(tmp_path, {"KUBERNETES_SERVICE_HOST": "127.0.0.1"})
    (tmp_path / "token").write_text("x")
    assert not has_service_account(tmp_path, {})
    with pytest.raises(ApiError, match="no service account of a pod"):
        in_cluster(tmp_path, {})


def test_a_server_that_nobody_vouches_for_is_refused(certificate: Path, tmp_path: Path) -> None:
    """Its certificate is checked unless the kubeconfig says otherwise."""
    path = tmp_path / "kubeconfig"
    with serving(Api(), certificate) as server:
        path.write_text(kubeconfig(server.url))
        with pytest.raises(ApiError, match=r"(?i)certificate"):
            from_kubeconfig(path, "").get(PATH, {}, WHOLE)


def test_a_page_that_trickles_is_read_to_its_end(tmp_path: Path) -> None:
    """In as many pieces as it comes."""
    path = tmp_path / "kubeconfig"

    def trickle(handler: Handler) -> None:
        handler.begin_stream()
        for piece in (b'{"items"', b":[],", b'"metadata":', b'{"resourceVersion":"7"}}', b""):
            handler.chunk(piece)

    with serving(Api()) as server:
        path.write_text(kubeconfig(server.url))
        server.faults[PATH] = [trickle]
        connection = from_kubeconfig(path, "")
        assert connection.get(PATH, {}, WHOLE) == {"items": [], "metadata": {"resourceVersion": "7"}}
        connection.close()


def test_a_page_that_is_cut_off_is_none(tmp_path: Path) -> None:
    """The connection ends in the middle of it."""
    path = tmp_path / "kubeconfig"

    def cut(handler: Handler) -> None:
        handler.begin_stream()
        handler.chunk(b'{"items":[]')
        handler.close_connection = True

    with serving(Api()) as server:
        path.write_text(kubeconfig(server.url))
        server.faults[PATH] = [cut]
        connection = from_kubeconfig(path, "")
        with pytest.raises(ApiError, match=PATH):
            connection.get(PATH, {}, WHOLE)
        connection.close()


def test_nothing_is_followed_elsewhere(tmp_path: Path) -> None:
    """A redirection is an answer that is no success: credentials go to no other server."""
    path = tmp_path / "kubeconfig"
    with serving(Api()) as other, serving(Api()) as server:
        path.write_text(kubeconfig(server.url, "secret"))
        server.faults[PATH] = [lambda handler: handler.send_body(302, b"", {"Location": other.url + PATH})]
        with pytest.raises(ApiError, match="302"):
            from_kubeconfig(path, "").get(PATH, {}, WHOLE)
        assert other.asked == []
