"""Wrong use of the command line: one line on stderr with the next step, exit code 2."""

from __future__ import annotations

import errno
import json
import socket
import stat
import sys
from pathlib import Path

import pytest

from obstack_lab.cli import jupyter, stack
from obstack_lab.cli.output import print_json

MISTAKES = [
    (["nonsense"], "No such command 'nonsense'"),
    (["--nonsense"], "No such option: --nonsense"),
    (["up", "--nonsense"], "No such option: --nonsense"),
    (["up", "--port", "nonsense"], "--port"),
    (["up", "--port", "0"], "--port"),
    (["up", "--port", "65536"], "--port"),
    (["up", "--engine", "nonsense"], "'nonsense' is not one of"),
    (["run"], "Missing argument"),
    (["run", "nonsense"], "no scenario 'nonsense'. Known: checkout-stalls"),
    (["run", "checkout-stalls", "--solve", "nonsense"], "Known: reference, larger-pool"),
    (["run", "checkout-stalls", "--speed", "0"], "--speed"),
    (["run", "checkout-stalls", "--speed", "nan"], "--speed"),
    (["run", "checkout-stalls", "--seed", "x"], "--seed"),
    (["run", "checkout-stalls", "--minutes", "-1"], "--minutes"),
    (["run", "checkout-stalls", "more"], "more"),
    (["logs", "-n", "0"], "--lines"),
    (["fix", "rollback", "orders"], "'orders' is not KEY=VALUE. Example: service=orders"),
    (["fix", "rollback", "=orders"], "'=orders' is not KEY=VALUE"),
    (["query", "promql"], "Missing argument"),
    (["query", "promql", "up", "--last", "yesterday"], "--last"),
    (["query", "logql", "{}", "--last", "0s"], "--last"),
    (["query", "sql", "select 1"], "No such command 'sql'"),
    (["scenarios", "show", "nonsense"], "no scenario 'nonsense'"),
    (["scenarios", "validate", "nonsense"], "no scenario 'nonsense'"),
    (["scenarios", "new", "Not An Id"], "lower-case letters"),
    (["scenarios", "new", "checkout-stalls"], "is there already"),
    (["scenarios", "certify"], "Name a scenario, or use `--all`"),
    (["scenarios", "certify", "nonsense"], "no scenario 'nonsense'"),
    (["scenarios", "certify", "checkout-stalls", "--seeds", "0"], "--seeds"),
    (["bench", "nonsense"], "no benchmark 'nonsense'"),
]
NEEDS_A_LAB = [
    ["status"],
    ["logs", "orders"],
    ["fix", "rollback", "service=orders"],
    ["finish"],
    ["review"],
    ["query", "promql", "up"],
    ["query", "logql", "{}"],
    ["query", "traceql", "{}"],
]


@pytest.mark.parametrize(("arguments", "said"), MISTAKES, ids=lambda value: str(value)[:50])
def test_wrong_use_is_one_line_with_exit_code_2(lab, home: Path, arguments, said) -> None:
    lab(*arguments).refused(said)
    assert not home.exists()


@pytest.mark.parametrize("arguments", [["up", "--nonsense"], ["query", "promql"]])
def test_wrong_use_says_where_the_right_use_is_told(lab, arguments) -> None:
    command = " ".join(arguments[: 1 + (arguments[0] == "query")])
    lab(*arguments).refused(f"`./lab {command} --help`")


@pytest.mark.parametrize("arguments", [[], ["scenarios"], ["query"]])
def test_a_group_without_a_command_shows_its_help(lab, arguments) -> None:
    done = lab(*arguments)
    assert done.code == 2
    assert "Usage: ./lab" in done.out
    assert done.err == ""


@pytest.mark.parametrize("arguments", NEEDS_A_LAB, ids=" ".join)
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["", "json"])
def test_what_needs_a_lab_says_how_to_start_one(lab, arguments, more) -> None:
    lab(*arguments, *more).refused("No lab is running", "`./lab up`", code=1)


def test_a_log_that_is_not_there_is_one_line(lab) -> None:
    lab("logs").refused("orchestrator.log", "`./lab up`", code=1)


def test_a_port_in_use_is_one_line_and_starts_nothing(lab, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        lab("up", "--no-browser", "--port", str(port)).refused(f"Port {port} is in use", "--port")
    assert not (home / "jupyter.json").exists()
    assert not (home / "state.json").exists()


def test_a_port_for_root_alone_is_one_line(
    lab, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(jupyter.socket.socket, "bind", deny)
    lab("up", "--no-browser", "--port", "80").refused("Port 80", "1024")


def test_another_port_than_that_of_the_server_that_runs_is_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = jupyter.JupyterServer(
        pid=1, pid_started=0, url="http://127.0.0.1:8899", token="secret"
    )
    monkeypatch.setattr(jupyter, "find", lambda _: running)
    place = jupyter.LabHome(home)
    assert jupyter.launch(place) is running
    assert jupyter.launch(place, port=8899) is running
    with pytest.raises(jupyter.UsageError, match=r"on port 8899 already.*`./lab down`"):
        jupyter.launch(place, port=9000)


@pytest.mark.parametrize("verb", [["up", "--no-browser"], ["run", "checkout-stalls"]])
def test_a_home_that_cannot_be_made_is_one_line(
    lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OBSTACK_LAB_HOME", str(tmp_path / "file" / "lab"))
    lab(*verb).refused("cannot write in", "OBSTACK_LAB_HOME")


def test_a_home_that_cannot_be_made_has_no_lab_to_stop(
    lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OBSTACK_LAB_HOME", str(tmp_path / "file" / "lab"))
    done = lab("down", "--json")
    assert done.code == 0, done
    assert json.loads(done.out)["stopped"] is False


def test_the_doctor_names_a_home_that_cannot_be_made(
    lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OBSTACK_LAB_HOME", str(tmp_path / "file" / "deep" / "lab"))
    done = lab("doctor", "--json")
    assert done.code == 1
    (finding,) = [f for f in json.loads(done.out)["findings"] if f["what"] == "directory"]
    assert finding["state"] == "missing"
    assert "OBSTACK_LAB_HOME" in finding["next_step"]


def test_a_full_disk_is_one_line_before_anything_starts(
    lab, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = type("usage", (), {"free": 3_000_000})()
    monkeypatch.setattr("obstack_lab.orchestrator.daemon.shutil.disk_usage", lambda _: full)
    lab("up", "--no-browser").refused("3 MB", "OBSTACK_LAB_HOME", str(home), code=1)
    assert not (home / "jupyter.json").exists()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "Free some"),
        (errno.EACCES, "OBSTACK_LAB_HOME"),
        (errno.EROFS, "OBSTACK_LAB_HOME"),
        (errno.EMFILE, "Too many open files"),
    ],
)
def test_what_the_system_refuses_is_one_line(
    lab, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def refuse(_: object) -> None:
        raise OSError(number, "Too many open files", "/some/where")

    monkeypatch.setattr(stack.daemon, "attach", refuse)
    lab("status").refused("/some/where", said, code=1)


def test_a_reader_that_goes_away_is_no_trouble(lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> int:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr(sys.stdout, "write", gone)
    done = lab("scenarios", "list", "--json")
    assert (done.code, done.err) == (1, "")


def test_an_interrupt_ends_with_the_shells_code(lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stack.daemon, "attach", interrupt)
    done = lab("status")
    assert (done.code, done.err) == (130, "")


def test_a_review_that_cannot_be_written_is_one_line(
    lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "/nowhere/x.html")

    monkeypatch.setattr(stack.daemon, "attach", refuse)
    lab("review", "--html", "/nowhere/x.html").refused("/nowhere/x.html", code=1)


def test_the_state_of_a_lab_is_for_its_owner_alone(home: Path) -> None:
    stack.LabHome(home).create()
    assert stat.S_IMODE((home / "private").stat().st_mode) == 0o700


def test_figures_that_json_does_not_know_are_written_as_what_it_knows(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_json([{"value": float("nan")}, {"value": float("inf")}, {"value": float("-inf")}])

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    rows = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert [row["value"] for row in rows] == [None, "+Inf", "-Inf"]
