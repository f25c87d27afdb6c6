"""The files by which others start the lab: Binder, dev containers, Ona's old name."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path, PurePath
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
BINDER = ROOT / "binder"
# Name and type of what we use of containers.dev's schema.
DEVCONTAINER: dict[str, type] = {
    "name": str,
    "image": str,
    "features": dict,
    "hostRequirements": dict,
    "forwardPorts": list,
    "portsAttributes": dict,
    "containerEnv": dict,
    "remoteEnv": dict,
    "remoteUser": str,
    "onCreateCommand": str,
    "updateContentCommand": str,
    "postCreateCommand": str,
    "postStartCommand": str,
    "postAttachCommand": str,
    "customizations": dict,
}


@pytest.fixture(scope="module")
def devcontainer() -> dict[str, Any]:
    found = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def verbs(command: str) -> list[str]:
    return re.findall(r"\./lab ([a-z]+)", command)


def test_the_dev_container_has_known_keys_of_the_right_type(devcontainer: dict[str, Any]) -> None:
    for key, value in devcontainer.items():
        assert isinstance(value, DEVCONTAINER[key]), key
    assert set(devcontainer["hostRequirements"]) <= {"cpus", "memory", "storage", "gpu"}
    assert re.fullmatch(r"\d+[gm]b", devcontainer["hostRequirements"]["memory"])
    assert all(isinstance(port, int) for port in devcontainer["forwardPorts"])
    assert set(devcontainer["portsAttributes"]) == set(map(str, devcontainer["forwardPorts"]))
    for attributes in devcontainer["portsAttributes"].values():
        assert set(attributes) <= {"label", "onAutoForward", "protocol", "requireLocalPort"}


def test_the_dev_container_installs_while_it_is_made_and_starts_when_someone_comes(
    devcontainer: dict[str, Any],
) -> None:
    made = verbs(devcontainer["postCreateCommand"])
    assert made == ["up", "down"], "`up` installs Prometheus; `doctor` fails where it is missing"
    assert verbs(devcontainer["postAttachCommand"]) == ["up"]
    assert 8888 in devcontainer["forwardPorts"]


def test_the_dev_containers_python_is_new_enough(devcontainer: dict[str, Any]) -> None:
    found = re.search(r"python:(?:\d+-)?3\.(\d+)", devcontainer["image"])
    assert found
    assert int(found[1]) >= 11


def test_the_old_name_calls_the_same_commands() -> None:
    tasks = yaml.safe_load((ROOT / ".gitpod.yml").read_text("utf-8"))
    assert set(tasks) <= {"tasks", "ports", "image"}
    assert [verbs(task["init"]) for task in tasks["tasks"]] == [["up", "down"]]
    assert [verbs(task["command"]) for task in tasks["tasks"]] == [["up"]]
    assert [port["port"] for port in tasks["ports"]] == [8888]


@pytest.mark.parametrize("script", ["start", "postBuild"])
def test_binders_scripts_run_and_stop_at_the_first_failure(script: str) -> None:
    path = BINDER / script
    text = path.read_text("utf-8")
    assert os.access(path, os.X_OK), "chmod +x"
    assert text.startswith("#!")
    assert "set -euo pipefail" in text
    subprocess.run(["bash", "-n", str(path)], check=True, timeout=10)


def test_binders_start_hands_over_to_the_server_at_once() -> None:
    lines = (BINDER / "start").read_text("utf-8").splitlines()
    assert lines[-1] == 'exec "$@"'
    done = subprocess.run(
        [str(BINDER / "start"), "sh", "-c", 'printf %s "$OBSTACK_LAB_HOME"'],
        capture_output=True,
        text=True,
        check=True,
        timeout=5,
        env={"HOME": "/some/home", "PATH": os.environ["PATH"]},
    )
    assert done.stdout == "/some/home/.obstack-lab"


def test_binder_gets_the_package_a_new_enough_python_and_prometheus() -> None:
    minor = re.fullmatch(r"python-3\.(\d+)", (BINDER / "runtime.txt").read_text("utf-8").strip())
    assert minor
    assert int(minor[1]) >= 11
    wanted = (BINDER / "requirements.txt").read_text("utf-8").splitlines()
    lines = [line for line in wanted if line and not line.startswith("#")]
    assert "-e ." in lines, "pip is called in the repository's root"
    (pins,) = [line.removeprefix("-c ") for line in lines if line.startswith("-c ")]
    assert (BINDER / pins).is_file(), "pip counts this path from the file it stands in"
    assert "prometheus" in (BINDER / "apt.txt").read_text("utf-8").split()


def test_there_is_one_binder_folder_and_no_conda_file() -> None:
    assert not (ROOT / ".binder").exists(), "repo2docker refuses both"
    assert not (BINDER / "environment.yml").exists(), "runtime.txt would be ignored"


def test_no_file_that_binder_needs_is_hidden_from_it() -> None:
    """repo2docker leaves out what `.dockerignore` names."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=20
    ).stdout.split()
    assert not any(line.startswith("!") for line in named), "name what goes, not what stays"
    for path in tracked:
        parts = Path(path).parts
        assert not any(
            PurePath(part).match(line.removeprefix("**/")) for part in parts for line in named
        ), path
