"""The files for one small machine: what they use of each other, and what Terraform says of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "stack" / "terraform"
PROVIDER = "terraform-provider-hcloud"
CODE = "\n".join(each.read_text("utf-8") for each in sorted(FOLDER.glob("*.tf")))
TEMPLATE = (FOLDER / "cloud-init.yaml.tftpl").read_text("utf-8")


def test_every_variable_is_declared_and_used() -> None:
    declared = set(re.findall(r'^variable "(\w+)"', CODE, re.MULTILINE))
    assert declared == set(re.findall(r"\bvar\.(\w+)", CODE))


def test_the_first_start_is_told_everything_and_runs_what_the_checkout_has() -> None:
    given = re.search(r'tftpl", \{([^}]*)\}', CODE)
    assert given
    names = set(re.findall(r"(\w+)\s*=", given[1]))
    assert names == set(re.findall(r"\$\{(\w+)\}", TEMPLATE))
    plan = yaml.safe_load(re.sub(r"\$\{(\w+)\}", r"the-\1", TEMPLATE))
    assert TEMPLATE.startswith("#cloud-config\n")
    commands = [" ".join(words) for words in plan["runcmd"]]
    scripts = re.findall(r"observastack/(\S+)", " ".join(commands))
    assert scripts
    assert all(os.access(ROOT / script, os.X_OK) for script in scripts)
    assert any("./lab up --no-browser --port 8888" in command for command in commands)
    assert plan["disable_root"] is True
    assert plan["ssh_pwauth"] is False


def test_only_ssh_is_open_and_nothing_secret_has_a_default() -> None:
    assert re.findall(r'^\s*port\s*=\s*"(\w+)"', CODE, re.MULTILINE) == ["22"]
    token = re.search(r'variable "token" \{(.*?)\n\}', CODE, re.DOTALL)
    assert token
    assert "sensitive   = true" in token[1]
    assert "default" not in token[1]


def test_terraform_accepts_the_files(tmp_path: Path) -> None:
    terraform, provider = shutil.which("terraform"), shutil.which(PROVIDER)
    if terraform is None or provider is None:
        pytest.skip(f"terraform and {PROVIDER} are not both on PATH")
    config = tmp_path / "terraform.rc"
    config.write_text(
        "provider_installation {\n"
        f'  dev_overrides {{ "hetznercloud/hcloud" = "{Path(provider).parent}" }}\n'
        "  direct {}\n}\n",
        encoding="utf-8",
    )
    copy = shutil.copytree(FOLDER, tmp_path / "stack")
    environment = os.environ | {"TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1"}
    for words in (("fmt", "-check", "-diff"), ("validate", "-no-color")):
        done = subprocess.run(
            [terraform, *words],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
