"""The images of a lab where no registry of images is in reach: built, or stood in for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from docker_engine import KEYRING, SUITES, Engine, Unavailable, mirror, run

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
HOOK = HERE / "stand_ins" / "base-hook"
STAND_INS = {
    "python:3.13-slim": "python",
    "postgres:18": "postgres",
    "prom/prometheus:v3.5.0": "prometheus",
    "prom/alertmanager:v0.28.1": "alertmanager",
}
KEPT_VARIABLE = "OBSTACK_TEST_IMAGES"
"""A file that keeps the images between runs on a machine that is kept."""


def prepare(engine: Engine) -> None:
    """Have every image of the profile `light` on the engine."""
    kept = os.environ.get(KEPT_VARIABLE)
    if kept and Path(kept).is_file():
        engine.docker("load", "--quiet", "--input", kept)
    else:
        _base(engine)
        for name, folder in STAND_INS.items():
            engine.docker(
                *("build", "--quiet", "--network", "host", "--tag", name),
                str(HERE / "stand_ins" / folder),
            )
        if kept:
            engine.docker("save", "--output", kept, *STAND_INS)
    environment = {**engine.environment, "BUILD_OPTIONS": "--quiet --network host"}
    run([str(ROOT / "stack" / "build-images")], env=environment)


def _base(engine: Engine) -> None:
    """Make a Debian with Python out of packages, and import it."""
    tar, sources = engine.folder / "base.tar", engine.folder / "base.list"
    sources.write_text(
        f"deb [signed-by={KEYRING}] {mirror()} {SUITES['engine']} main\n", encoding="ascii"
    )
    if shutil.which("perl") is None:
        raise Unavailable("mmdebstrap needs perl")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(engine.root / "usr/bin"), os.environ["PATH"]]),
    }
    run(
        [
            *("perl", str(engine.root / "usr/bin/mmdebstrap"), "--quiet", "--mode=root"),
            *("--format=tar", "--variant=minbase"),
            "--include=ca-certificates,python3,python3-venv,netbase",
            f"--customize-hook={HOOK}",
            *(SUITES["engine"], str(tar), str(sources)),
        ],
        env=environment,
    )
    engine.docker("import", str(tar), "obstack-test/base")
    tar.unlink()


def size(engine: Engine, image: str) -> int:
    """Return the size of an image in bytes."""
    return int(engine.docker("image", "inspect", "--format", "{{.Size}}", image))
