"""The Dockerfile, without Docker: what it copies, installs and runs as; and the daemon in a pod's confinement."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import correlator
from tests.daemons import Daemon
from tests.deploy.rendering import ROOT, rendered, the
from tests.lab.servers import free_port

FOLDER = ROOT / "deploy" / "docker"
DOCKERFILE = FOLDER / "Dockerfile"
UV = Path(sys.executable).with_name("uv")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
CONFINED = """\
set -eu
mount -o remount,ro,bind /
for folder in "$TMPDIR" "$XDG_DATA_HOME"; do mount -t tmpfs -o size=64m,mode=1777 tmpfs "$folder"; done
exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
"""


def instructions() -> Iterator[tuple[str, str]]:
    """(instruction, arguments) in their order, continued lines joined, arguments of the build put in."""
    text = re.sub(r"(?m)^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8")).replace("\\\n", "")
    arguments: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, _, rest = line.partition(" ")
        for name, value in arguments.items():
            rest = rest.replace(f"${{{name}}}", value)
        if instruction == "ARG":
            name, _, value = rest.partition("=")
            arguments[name] = value
        yield instruction, " ".join(rest.split())


def of(instruction: str) -> list[str]:
    """The arguments of every instruction of a kind."""
    return [rest for name, rest in instructions() if name == instruction]


def copied() -> list[str]:
    """What comes from the repository, by its path there."""
    return [each for rest in of("COPY") if "--from" not in rest for each in rest.split()[:-1]]


def installing() -> list[list[str]]:
    """The commands that install from the lock file, without the program's path."""
    commands = [shlex.split(part) for rest in of("RUN") for part in rest.split("&&")]
    return [command[1:] for command in commands if command[1:2] == ["sync"]]


def project() -> dict[str, object]:
    """pyproject.toml's project."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(found, dict)
    return found


def test_base_is_pinned_and_fits() -> None:
    """Both stages begin with one image, named by its content, of a Python that the project runs on."""
    bases = [rest.partition(" AS ")[0] for rest in of("FROM")]
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert DIGEST.search(bases[0])
    assert f"python:{sys.version_info.major}.{sys.version_info.minor}." in bases[0]


def test_uv_is_the_one_that_everything_else_is_installed_with() -> None:
    """The lock file is read by the version that wrote it."""
    (version,) = re.findall(r"^UV=(\S+)$", (ROOT / ".ci" / "install").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"uv=={version}" in " ".join(of("RUN"))


@pytest.mark.parametrize("platform", ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"])
def test_nothing_has_to_be_compiled(platform: str, tmp_path: Path) -> None:
    """Every dependency has a wheel for it: a slim image has no compiler. riscv64, where some have none, is refused."""
    dependencies = installing()[0]
    assert "--no-build" in dependencies
    for each, works in ((platform, True), ("riscv64-unknown-linux", False)):
        command = [str(UV), *dependencies, "--dry-run", "--offline", "--python-platform", each]
        environment = {
            "UV_PROJECT_ENVIRONMENT": str(tmp_path / "none"),
            "UV_PYTHON": sys.executable,
            "HOME": str(tmp_path),
        }
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is works, done.stderr


def test_what_is_installed_is_what_the_lock_says_without_tools() -> None:
    """Frozen, no development tools, the extra that the chart's PostgreSQL needs."""
    for command in installing():
        assert {"--frozen", "--no-dev"} <= set(command)
        assert command[command.index("--extra") + 1] in project()["optional-dependencies"]  # type: ignore[operator]


def test_package_is_whole() -> None:
    """All that is copied exists and is let in, and where links of the package lead is copied as well."""
    lets_in = re.findall(r"(?m)^!(.+)$", (FOLDER / "Dockerfile.dockerignore").read_text(encoding="utf-8"))
    assert sorted(lets_in) == sorted(copied())
    assert [each for each in copied() if not (ROOT / each).exists()] == []
    package = ROOT / "correlator"
    links = [path.resolve().relative_to(ROOT) for path in package.rglob("*") if path.is_symlink()]
    assert links
    assert {str(link) for link in links} <= set(copied())


def test_nobody_is_root() -> None:
    """The image's user is the chart's, and owns the folder where the chart mounts the claim."""
    pod = the(rendered({}), "Deployment")["spec"]["template"]["spec"]
    user, group = (pod["securityContext"][each] for each in ("runAsUser", "runAsGroup"))
    assert of("USER") == [f"{user}:{group}"]
    assert [name for name, _ in instructions()][-5:] == ["USER", "WORKDIR", "EXPOSE", "ENTRYPOINT", "CMD"]
    assert f"install --directory --owner={user} --group={group} --mode=0750 /data" in " ".join(of("RUN"))
    assert "/data" in {each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}


def test_image_says_what_it_is() -> None:
    """The entry point is the project's script, and the version is the program's."""
    assert of("ENTRYPOINT") == ['["correlator"]']
    assert "correlator" in project()["scripts"]  # type: ignore[operator]
    assert f'org.opencontainers.image.version="{correlator.__version__}"' in " ".join(of("LABEL"))


def test_daemon_runs_as_confined_as_the_pod(tmp_path: Path) -> None:
    """No capability, a root that is read-only, two places to write: it starts, keeps its store and stops in order."""
    log, store, scratch = (tmp_path / name for name in ("daemon.log", "data", "tmp"))
    store.mkdir()
    scratch.mkdir()
    serve = [sys.executable, "-m", "correlator", "serve", "--listen", "127.0.0.1:0"]
    confined = ["unshare", "--mount", "--propagation", "private", "sh", "-c", CONFINED, "sh", *serve]
    environment = {
        "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        "TMPDIR": str(scratch),
        "MPLCONFIGDIR": str(scratch / "matplotlib"),
        "XDG_DATA_HOME": str(store),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CORRELATOR_LOG__FORMAT": "json",
        "CORRELATOR_PROMETHEUS__URL": f"http://127.0.0.1:{free_port()}",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(confined, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    running = Daemon(process, log)
    try:
        page = running.until(lambda: next((entry["page"] for entry in running.said() if "page" in entry), None))
        running.url = str(page).rstrip("/")
        assert running.get("/-/healthy").status_code == 200
        assert running.get("/api/v1/incidents").json()["items"] == []
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        assert re.findall(r"^(?:CapEff|CapBnd):\s*(\d+)$", status, re.MULTILINE) == ["0" * 16] * 2
        seen = Path(f"/proc/{process.pid}/root")
        assert list((seen / store.relative_to("/")).glob("correlator/correlator.db"))
        mounts = Path(f"/proc/{process.pid}/mounts").read_text(encoding="utf-8").splitlines()
        (root,) = [line.split()[3].split(",") for line in mounts if line.split()[1] == "/"]
        assert "ro" in root
    finally:
        process.terminate()
        process.wait(30)
    assert process.returncode == 0, log.read_text(encoding="utf-8")
