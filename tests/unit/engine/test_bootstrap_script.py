"""`./lab` on machines that lack things: stub programs, a hermetic PATH, a temporary checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

LAB = Path(__file__).parents[3] / "lab"
TOOLS = (
    *("sh", "cat", "cksum", "date", "mkdir", "mv", "rm", "tail", "mktemp", "readlink", "env"),
    *("grep", "chmod", "tee", "touch", "cp", "ln", "true"),
)
# A Python in sh: `$0.version` is its version, `$0.has-run` says that it has the package.
PYTHON = """#!/bin/sh
echo "python $*" >>"$CALLS"
me=$(readlink -f "$0")
case "$1 $2" in
"-c import sys; sys.exit(sys.version_info < (3, 11))") [ "$(cat "$me.version")" != 3.10 ] ;;
"-c import sys; print"*) cat "$me.version" ;;
"-m venv")
    [ ! -e "$me.no-venv" ] || { echo 'ensurepip is not available'; exit 1; }
    mkdir -p "$3/bin" && cp "$me" "$3/bin/python" && cp "$me.version" "$3/bin/python.version" ;;
"-m pip")
    case "$*" in
    *" uv") [ -e "$me.uv-works" ] || exit 1; cp "$STUBS/uv" "${me%/*}/uv" ;;
    *" -c "*) [ ! -e "$STUBS/pins-do-not-fit" ] || exit 1 ;;
    esac
    case "$*" in
    *" uv") ;;
    *) [ ! -e "$STUBS/offline" ] || { echo 'no network'; exit 1; }
       touch "$me.has-run"; case "$*" in *"[dev]"*) touch "$me.has-test" ;; esac ;;
    esac ;;
"-m pytest") echo "pytest in $PWD: $*" ;;
"- "*) [ -e "$me.has-$3" ] ;;
-c*) shift 2; echo "obstack-lab:$*${PYTHONDONTWRITEBYTECODE:+ compiled anew}" ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >>"$CALLS"
[ ! -e "$STUBS/offline" ] || exit 1
for last in "$@"; do :; done
case "$1" in
venv) mkdir -p "$last/bin"; cp "$STUBS/python-master" "$last/bin/python"
      echo 3.12 >"$last/bin/python.version" ;;
pip) python=$5; touch "$python.has-run"; case "$*" in *"[dev]"*) touch "$python.has-test" ;; esac ;;
esac
"""
APT = """#!/bin/sh
echo "apt-get $* policy=$(cat "$OBSTACK_LAB_POLICY_FILE" 2>/dev/null | tail -n 1)" >>"$CALLS"
case "$*" in
*update*) touch "$STUBS/lists" ;;
*download*) [ -e "$STUBS/lists" ] || exit 100; touch prometheus_2_amd64.deb ;;
*install*prometheus*) [ -e "$STUBS/lists" ] || exit 100
    printf '#!/bin/sh\\n' >"$STUBS/prometheus"; chmod 755 "$STUBS/prometheus" ;;
*install*venv*) [ -e "$STUBS/lists" ] || exit 100; rm -f "$STUBS"/*.no-venv ;;
*install*chromium*) printf '#!/bin/sh\\n' >"$STUBS/chromium"; chmod 755 "$STUBS/chromium" ;;
esac
"""
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/bin" && printf '#!/bin/sh\\n' >"$3/usr/bin/prometheus"
chmod 755 "$3/usr/bin/prometheus"
"""


@dataclass
class Machine:
    """A checkout and a PATH that holds what a test puts there."""

    root: Path
    stubs: Path
    calls_file: Path
    env: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, text: str = "#!/bin/sh\n") -> Path:
        path = self.stubs / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def add_python(self, version: str = "3.11", *has: str, name: str = "python3") -> Path:
        path = self.add(name, PYTHON)
        path.with_name(f"{name}.version").write_text(version + "\n")
        for what in has:
            path.with_name(f"{name}.{what}").touch()
        return path

    def be(self, uid: int) -> None:
        self.add("id", f"#!/bin/sh\necho {uid}\n")

    def run(self, *args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "lab"), *args],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            cwd=cwd or self.root,
            env={
                "PATH": str(self.stubs),
                "CALLS": str(self.calls_file),
                "STUBS": str(self.stubs),
                "OBSTACK_LAB_POLICY_FILE": str(self.root.parent / "policy-rc.d"),
                "HOME": str(self.root.parent),
                **self.env,
            },
        )

    @property
    def calls(self) -> list[str]:
        return self.calls_file.read_text().splitlines() if self.calls_file.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    root = tmp_path / "my läb"
    root.mkdir()
    shutil.copy(LAB, root / "lab")
    (root / "pyproject.toml").write_text("[project]\n")
    (root / "constraints.txt").write_text("typer==1\n")
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (stubs / tool).symlink_to(found)
    made = Machine(root, stubs, tmp_path / "calls")
    made.be(1000)
    made.add("python-master", PYTHON)
    return made


def test_a_python_that_has_the_package_is_used_and_nothing_is_installed(machine: Machine) -> None:
    machine.add_python("3.12", "has-run")
    done = machine.run("status", "--json")
    assert (done.returncode, done.stdout) == (0, "obstack-lab:status --json\n")
    assert not (machine.root / ".venv").exists()
    assert not [call for call in machine.calls if "pip" in call]


def test_the_second_time_no_python_is_asked(machine: Machine) -> None:
    machine.add_python("3.12", "has-run")
    machine.run("status")
    machine.calls_file.unlink()
    done = machine.run("logs", "orders", "-f")
    assert done.stdout == "obstack-lab:logs orders -f\n"
    assert done.stderr == ""
    assert len(machine.calls) == 1


def test_a_changed_dependency_is_installed_into_our_environment(machine: Machine) -> None:
    machine.add_python()
    machine.run("status")
    (machine.root / "constraints.txt").write_text("typer==2\n")
    machine.calls_file.unlink()
    machine.run("status")
    assert any(" -m pip install" in call and " -e " in call for call in machine.calls)


def test_the_environment_is_made_and_the_package_installed_with_the_pins(machine: Machine) -> None:
    machine.add_python()
    done = machine.run("status")
    assert done.stdout == "obstack-lab:status\n"
    assert any(f"-m venv {machine.root}/.venv" in call for call in machine.calls)
    (installed,) = [call for call in machine.calls if " -e " in call]
    assert f"-c {machine.root}/constraints.txt -e {machine.root}" in installed
    assert "virtual environment … done" in done.stderr
    assert "Python packages (pip) … done" in done.stderr


def test_uv_is_taken_where_it_can_be_had(machine: Machine) -> None:
    machine.add_python("3.11", "uv-works")
    (machine.stubs / "python3.uv-works").touch()
    machine.add("uv", UV)
    done = machine.run("status")
    assert done.returncode == 0, done.stderr
    assert [call.split()[:2] for call in machine.calls if call.startswith("uv")] == [
        ["uv", "venv"],
        ["uv", "pip"],
    ]


def test_pip_takes_over_where_uv_fails(machine: Machine) -> None:
    machine.add_python()
    machine.add("uv", "#!/bin/sh\nexit 1\n")
    done = machine.run("status")
    assert done.stdout == "obstack-lab:status\n"
    assert "Python packages (pip) … done" in done.stderr


def test_without_constraints_the_package_is_installed_without_pins(machine: Machine) -> None:
    machine.add_python()
    (machine.root / "constraints.txt").unlink()
    assert machine.run("status").returncode == 0
    assert not [call for call in machine.calls if " -c /" in call]


def test_pins_that_do_not_fit_this_python_are_left_out(machine: Machine) -> None:
    machine.add_python()
    (machine.stubs / "pins-do-not-fit").touch()
    done = machine.run("status")
    assert done.stdout == "obstack-lab:status\n"
    assert "Python packages (pip, without the pins) … done" in done.stderr


def test_a_python_that_is_too_old_gets_one_line_with_the_fix(machine: Machine) -> None:
    machine.add_python("3.10", "no-venv")
    done = machine.run("up")
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed (found: 3.10)" in done.stderr
    assert "apt install python3.11" in done.stderr


def test_uv_brings_a_python_where_none_is_new_enough(machine: Machine) -> None:
    machine.add_python("3.10")
    machine.add("uv", UV)
    done = machine.run("status")
    assert done.stdout == "obstack-lab:status\n"
    assert any("--python 3.12" in call for call in machine.calls)


def test_no_python_at_all_gets_one_line(machine: Machine) -> None:
    done = machine.run("up")
    assert done.returncode == 1
    assert "(found: none)" in done.stderr.splitlines()[-1]


def test_a_missing_venv_module_gets_one_line_with_the_fix(machine: Machine) -> None:
    machine.add_python("3.11", "no-venv")
    done = machine.run("up")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("apt install python3.11-venv")
    assert not (machine.root / ".venv").exists()


def test_root_installs_a_missing_venv_module(machine: Machine) -> None:
    machine.add_python("3.11", "no-venv")
    machine.add("apt-get", APT)
    machine.be(0)
    done = machine.run("status")
    assert done.stdout == "obstack-lab:status\n", done.stderr


def test_no_network_gets_one_line(machine: Machine) -> None:
    machine.add_python()
    (machine.stubs / "offline").touch()
    done = machine.run("up")
    assert done.returncode == 1
    assert "could not be installed" in done.stderr.splitlines()[-1]
    assert "HTTPS_PROXY" in done.stderr.splitlines()[-1]


def test_a_half_made_environment_is_mended(machine: Machine) -> None:
    machine.add_python()
    (machine.root / ".venv/bin").mkdir(parents=True)
    (machine.root / ".venv/bin/python").write_text("#!/nowhere\n")
    done = machine.run("status")
    assert done.stdout == "obstack-lab:status\n"


def test_root_installs_prometheus_with_services_kept_from_starting(machine: Machine) -> None:
    machine.add_python("3.11", "has-run")
    machine.add("apt-get", APT)
    machine.be(0)
    done = machine.run("up", "--no-browser")
    assert done.stdout == "obstack-lab:up --no-browser\n", done.stderr
    installs = [call for call in machine.calls if call.startswith("apt-get install")]
    assert installs
    assert all("--no-install-recommends" in call for call in installs)
    assert all("policy=exit 101" in call for call in installs)
    assert not (machine.root.parent / "policy-rc.d").exists()
    assert "package prometheus … done" in done.stderr


def test_a_policy_of_the_administrator_stays(machine: Machine) -> None:
    machine.add_python("3.11", "has-run")
    machine.add("apt-get", APT)
    machine.be(0)
    policy = machine.root.parent / "policy-rc.d"
    policy.write_text("theirs\n")
    machine.run("up")
    assert policy.read_text() == "theirs\n"


def test_sudo_is_used_only_where_it_asks_no_password(machine: Machine) -> None:
    machine.add_python("3.11", "has-run")
    machine.add("apt-get", APT)
    machine.add("sudo", '#!/bin/sh\n[ "$1" = -n ] && shift && exec "$@"\n')
    assert machine.run("up").returncode == 0
    assert (machine.stubs / "prometheus").exists()


def test_without_root_prometheus_is_unpacked_in_the_labs_directory(machine: Machine) -> None:
    machine.add_python("3.11", "has-run")
    machine.add("apt-get", APT)
    machine.add("dpkg-deb", DPKG_DEB)
    machine.add("sudo", "#!/bin/sh\nexit 1\n")
    done = machine.run("up")
    assert done.returncode == 0, done.stderr
    assert (machine.root / ".obstack-lab/programs/usr/bin/prometheus").exists()
    assert any("Dir::State" in call for call in machine.calls), "no lists: makes its own"


@pytest.mark.parametrize(
    "args",
    [
        ["up"],
        ["run", "checkout-stalls"],
        ["bench"],
        ["scenarios", "certify", "--all"],
        ["faults", "verify"],
    ],
    ids=" ".join,
)
def test_where_prometheus_cannot_be_had_one_line_says_what_to_install(
    machine: Machine, args: list[str]
) -> None:
    machine.add_python("3.11", "has-run")
    done = machine.run(*args)
    assert done.returncode == 1
    assert "apt install prometheus" in done.stderr.splitlines()[-1]
    assert done.stdout == ""


@pytest.mark.parametrize("args", [["status"], ["scenarios", "list"], ["up", "--engine", "compose"]])
def test_what_needs_no_prometheus_does_not_ask_for_it(machine: Machine, args: list[str]) -> None:
    machine.add_python("3.11", "has-run")
    assert machine.run(*args).returncode == 0


def test_prometheus_on_the_path_comes_first(machine: Machine) -> None:
    machine.add_python("3.11", "has-run")
    machine.add("apt-get", APT)
    machine.add("prometheus")
    machine.be(0)
    machine.run("up")
    assert not [call for call in machine.calls if call.startswith("apt-get")]


def test_test_installs_what_tests_need_and_runs_pytest_in_the_checkout(
    machine: Machine, tmp_path: Path
) -> None:
    machine.add_python()
    machine.add("apt-get", APT)
    machine.add("prometheus")
    machine.be(0)
    done = machine.run("test", "-k", "two words", cwd=tmp_path)
    expected = f"pytest in {machine.root}: -m pytest --second-chance -k two words\n"
    assert done.stdout == expected, done.stderr
    assert any("[dev]" in call for call in machine.calls)
    assert (machine.stubs / "chromium").exists()


def test_all_tests_are_the_unit_tests_on_each_processor_and_then_the_others(
    machine: Machine,
) -> None:
    machine.add_python("3.11", "has-run", "has-test")
    machine.add("prometheus")
    machine.add("chromium")
    python = machine.stubs / "python3"
    text = python.read_text(encoding="utf-8")
    python.write_text(
        text.replace('"-m pytest") ', '"-m pytest") case "$*" in *=logical*) exit 1;; esac; ')
    )
    done = machine.run("test")
    assert done.returncode == 1, "what fails first is not forgotten"
    assert done.stdout == (
        f"pytest in {machine.root}: -m pytest --second-chance"
        " --numprocesses=2 --dist=loadscope --ignore=tests/unit\n"
    )
    python.write_text(text)
    done = machine.run("test")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == (
        f"pytest in {machine.root}: -m pytest --numprocesses=logical tests/unit"
    )


@pytest.mark.parametrize(("has", "kept"), [((), ""), (("has-run",), " compiled anew")])
def test_compiled_modules_are_kept_in_the_labs_own_environment_alone(
    machine: Machine, has: tuple[str, ...], kept: str
) -> None:
    machine.env["PYTHONDONTWRITEBYTECODE"] = "1"
    machine.add_python("3.11", *has)
    assert machine.run("status").stdout == f"obstack-lab:status{kept}\n"


def test_a_python_without_the_test_tools_is_left_for_one_of_ours(machine: Machine) -> None:
    machine.add_python("3.11", "has-run")
    machine.add("prometheus")
    machine.add("chromium")
    machine.run("status")
    assert machine.run("test").returncode == 0
    assert (machine.root / ".venv").exists()


def test_tests_go_on_without_a_browser_and_say_so(machine: Machine) -> None:
    machine.add_python("3.11", "has-run", "has-test")
    machine.add("prometheus")
    python = machine.stubs / "python3"
    python.write_text(
        PYTHON.replace('case "$1 $2" in', 'case "$1 $2" in\n"-m playwright") exit 1 ;;', 1)
    )
    done = machine.run("test")
    assert done.returncode == 0
    assert "apt install chromium" in done.stderr


def test_it_runs_through_a_link_and_from_anywhere(machine: Machine, tmp_path: Path) -> None:
    machine.add_python("3.11", "has-run")
    link = tmp_path / "link"
    link.symlink_to(machine.root / "lab")
    done = subprocess.run(
        [str(link), "status"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd="/",
        env={"PATH": str(machine.stubs), "CALLS": str(machine.calls_file), "STUBS": "x"},
    )
    assert done.stdout == "obstack-lab:status\n"
    assert (machine.root / ".obstack-lab/bootstrap").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_directory_that_cannot_be_written_gets_one_line(machine: Machine) -> None:
    machine.root.chmod(0o555)
    done = machine.run("up")
    assert "OBSTACK_LAB_HOME" in done.stderr


def test_the_labs_directory_can_be_elsewhere(machine: Machine, tmp_path: Path) -> None:
    machine.add_python("3.11", "has-run")
    machine.env["OBSTACK_LAB_HOME"] = str(tmp_path / "else where")
    assert machine.run("status").returncode == 0
    assert (tmp_path / "else where/bootstrap").exists()
    assert not (machine.root / ".obstack-lab").exists()


def test_a_home_that_is_a_file_gets_one_line(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    machine.env["OBSTACK_LAB_HOME"] = str(tmp_path / "file/home")
    done = machine.run("up")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "OBSTACK_LAB_HOME" in done.stderr
