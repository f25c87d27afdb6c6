"""A Docker engine of our own, of the distribution's packages, unpacked and not installed.

Nothing of it outlives `Engine.close`: no container, network, volume, link, rule, process or control
group. It touches neither the firewall nor an engine that may be there already.
"""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

SUITES = {"engine": "trixie", "host": "bookworm"}
"""Where Docker's packages come from, and those that must fit the C library of the machine."""
NEW = ("docker.io", "containerd", "docker-cli", "docker-compose", "docker-buildx", "tini")
OLD = (
    *("runc", "iptables", "libip4tc2", "libip6tc2", "libxtables12", "libnftnl11", "libmnl0"),
    *("libnetfilter-conntrack3", "libnfnetlink0", "mmdebstrap"),
)
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
POOL = "base=10.213.0.0/16,size=24"
SECONDS = 240
SETUP_SECONDS = 200
"""A machine on which the engine and its images take longer is too busy for what comes then."""
STOP_SECONDS = 30


class Unavailable(Exception):
    """It cannot be had here; the message says why."""


def mirror() -> str:
    """Return where this machine's own packages come from, as its package manager is told."""
    files = [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
    for file in files:
        if file.suffix not in {".list", ".sources"} or not file.is_file():
            continue
        for line in file.read_text(encoding="utf-8").splitlines():
            found = re.match(r"(?:URIs:|deb(?: \[[^]]*\])?)\s+(\S+/debian)/?(?:\s|$)", line)
            if found:
                return found[1]
    raise Unavailable("this machine's package manager has no source of Debian packages")


class Budget:
    """The time that setting up may take, of which each command gets what is left."""

    def __init__(self) -> None:
        self._end: float | None = None

    def begin(self, seconds: float) -> None:
        """Count from now on."""
        self._end = time.monotonic() + seconds

    def end(self) -> None:
        """Count no more."""
        self._end = None

    def left(self, seconds: float) -> float:
        """Return what a command may take. Raise Unavailable where nothing is left."""
        left = seconds if self._end is None else min(seconds, self._end - time.monotonic())
        if left <= 0:
            raise Unavailable("this machine is too busy to set it up in time")
        return left


budget = Budget()


def run(argv: list[str], seconds: float = SECONDS, **more: object) -> str:
    """Run a command; return what it prints, raise Unavailable with its last words."""
    seconds = budget.left(seconds)
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, timeout=seconds, check=False, **more
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{Path(argv[0]).name} took more than {seconds:.0f} s") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-8:]
        raise Unavailable(f"{' '.join(argv[:4])}: {' | '.join(last)}")
    return done.stdout


class Engine:
    """Unpacks and starts the engine in a folder."""

    def __init__(self, folder: Path) -> None:
        if os.geteuid() != 0:
            raise Unavailable("an engine of our own needs root")
        if shutil.which("apt-get") is None or not KEYRING.is_file():
            raise Unavailable("the engine's packages come from Debian, and this is none")
        if int(platform.libc_ver()[1].split(".")[1]) < 34:
            raise Unavailable("the engine's packages need a newer C library")
        self.folder = folder
        self.root = folder / "root"
        self.socket = folder / "run" / "docker.sock"
        self._daemon: subprocess.Popen[bytes] | None = None
        self._groups = set(control_groups())

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use this engine, and no other."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])
        return {
            **os.environ,
            "PATH": path,
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.folder / "config"),
        }

    # --- its packages ---

    def unpack(self) -> None:
        """Fetch the packages by the package manager and unpack them."""
        lists, etc = self.folder / "apt" / "lists", self.folder / "apt" / "etc"
        for made in (lists / "partial", etc, self.folder / "debs", self.folder / "apt/archives"):
            made.mkdir(parents=True, exist_ok=True)
        source = mirror()
        (etc / "sources.list").write_text(
            "".join(
                f"deb [signed-by={KEYRING}] {source} {suite} main\n" for suite in SUITES.values()
            ),
            encoding="ascii",
        )
        (etc / "preferences").write_text(
            f"Package: *\nPin: release n={SUITES['engine']}\nPin-Priority: 100\n", encoding="ascii"
        )
        options = [
            f"Dir::Etc::SourceList={etc}/sources.list",
            "Dir::Etc::SourceParts=/dev/null",
            f"Dir::Etc::Preferences={etc}/preferences",
            "Dir::Etc::PreferencesParts=/dev/null",
            f"Dir::State::Lists={lists}",
            f"Dir::Cache={self.folder}/apt",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            "APT::Sandbox::User=root",
        ]
        apt = ["apt-get", "-q", *(word for option in options for word in ("-o", option))]
        run([*apt, "update"])
        new = [f"{name}/{SUITES['engine']}" for name in NEW]
        old = [f"{name}/{SUITES['host']}" for name in OLD]
        run([*apt, "download", *new, *old], cwd=self.folder / "debs")
        for package in (self.folder / "debs").glob("*.deb"):
            run(["dpkg-deb", "-x", str(package), str(self.root)])
        shutil.rmtree(self.folder / "debs")
        self._link()

    def _link(self) -> None:
        bin_, plugins = self.folder / "bin", self.folder / "config" / "cli-plugins"
        for made in (bin_, plugins, self.folder / "run"):
            made.mkdir(parents=True, exist_ok=True)
        for name in ("iptables", "ip6tables"):
            (bin_ / name).symlink_to(self.root / "usr/sbin/xtables-nft-multi")
        (bin_ / "docker").symlink_to(self.root / "usr/bin/docker")
        for plugin in (self.root / "usr/libexec/docker/cli-plugins").iterdir():
            (plugins / plugin.name).symlink_to(plugin)

    # --- its life ---

    def start(self) -> None:
        """Start the engine; return when it answers."""
        libraries = next(self.root.glob("usr/lib/*-linux-gnu"))
        path = [self.folder / "bin", self.root / "usr/bin", self.root / "usr/sbin"]
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]),
            "LD_LIBRARY_PATH": str(libraries),
            "XTABLES_LIBDIR": str(libraries / "xtables"),
        }
        with (self.folder / "dockerd.log").open("ab") as log:
            self._daemon = subprocess.Popen(
                [
                    *(str(self.root / "usr/sbin/dockerd"), "--data-root", str(self._data)),
                    *("--exec-root", str(self.socket.parent)),
                    *("--pidfile", str(self.socket.parent / "docker.pid")),
                    *("-H", f"unix://{self.socket}", "--bridge=none"),
                    *("--iptables=false", "--ip6tables=false", "--ip-forward=false"),
                    *("--default-address-pool", POOL),
                ],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while True:
            try:
                self.docker("version", "--format", "{{.Server.Version}}", seconds=10)
            except Unavailable as error:
                if self._daemon.poll() is not None or time.monotonic() > deadline:
                    said = (self.folder / "dockerd.log").read_text("utf-8", "replace")
                    last = said.strip().splitlines()[-1:]
                    raise Unavailable(f"dockerd does not run here: {last}") from error
                time.sleep(0.2)
            else:
                return

    def docker(self, *words: str, seconds: float = SECONDS) -> str:
        """Run the client."""
        program = str(self.folder / "bin" / "docker")
        return run([program, *words], seconds, env=self.environment)

    def close(self) -> None:
        """Remove everything, end the engine, and give back what it has left in the kernel."""
        if self._daemon is not None and self._daemon.poll() is None:
            self._empty()
            self._daemon.send_signal(signal.SIGTERM)
            try:
                self._daemon.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self._daemon.pid, signal.SIGKILL)
                self._daemon.wait(STOP_SECONDS)
        for mounted in self._mounts():
            subprocess.run(["umount", "-l", mounted], check=False, capture_output=True)
        for group in set(control_groups()) - self._groups:
            inner = sorted((each for each in group.rglob("*") if each.is_dir()), reverse=True)
            for each in (*inner, group):
                with contextlib.suppress(OSError):
                    each.rmdir()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _empty(self) -> None:
        if containers := self.docker("ps", "-aq").split():
            self.docker("rm", "-f", "-v", *containers)
        self.docker("network", "prune", "-f")
        self.docker("volume", "prune", "-a", "-f")

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    # --- what it could leave ---

    def _mounts(self) -> list[str]:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        mounted = [line.split()[1].replace("\\040", " ") for line in lines]
        return sorted((each for each in mounted if each.startswith(str(self.folder))), reverse=True)

    def processes(self) -> list[str]:
        """Return the command lines of processes that belong to this engine."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(self.folder) in line:
                found.append(line)
        return found


class Kept(Engine):
    """An engine that somebody keeps: it is used and left as it is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._daemon = None


def control_groups() -> list[Path]:
    """Return the control groups named `docker`, which an engine leaves empty."""
    root = Path("/sys/fs/cgroup")
    return [each for each in (root / "docker", *root.glob("*/docker")) if each.is_dir()]


def links() -> set[str]:
    """Return the names of this machine's network links."""
    return {each.name for each in Path("/sys/class/net").iterdir()}
