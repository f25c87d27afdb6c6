"""How the command line speaks: one console for people, JSON for programs, errors in one line."""

from __future__ import annotations

import errno
import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import BaseModel
from typer.exceptions import TyperException

from obstack_lab.errors import LabError, QueryError
from obstack_lab.settings import HOME_VARIABLE

if TYPE_CHECKING:
    from rich.console import Console

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def console() -> Console:
    """Return the console that people read; plain text where it is not a terminal."""
    from rich.console import Console

    return Console(highlight=False)


def print_json(value: BaseModel | Mapping[str, Any] | Sequence[Any]) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(_plain(value), indent=2, ensure_ascii=False) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else f"{value:+}".replace("inf", "Inf")
    return value


def fail(error: LabError) -> None:
    """Print an error on stderr; a query error also shows where in the query it is."""
    sys.stderr.write(f"lab: {error}\n")
    if isinstance(error, QueryError) and (where := error.caret()):
        sys.stderr.write(where + "\n")


def finite(value: float | None) -> float | None:
    """Refuse what is no number, although floating point knows it: for options."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter("expected a number")
    return value


def wrong_use(error: TyperException) -> None:
    """Print in one line what is wrong with a command and where its right use is told."""
    said = " ".join(error.format_message().split())
    if not said:
        return  # a group without a command: its help stands there already
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "./lab"
    fail(LabError(f"{said.rstrip('.')}. See `{command} --help`."))


_NEXT_STEPS = {
    errno.ENOSPC: f"No space is left. Free some, or choose another directory with {HOME_VARIABLE}",
    errno.EDQUOT: f"The quota is used up. Free some, or use another disk with {HOME_VARIABLE}",
    errno.EACCES: f"No right to do that. Choose another place, for the lab with {HOME_VARIABLE}",
    errno.EROFS: f"This is read-only. Choose another place, for the lab with {HOME_VARIABLE}",
}


def refused_by_system(error: OSError) -> LabError:
    """Return what the system refused as an error of the lab, with the next step where known."""
    said = _NEXT_STEPS.get(error.errno or 0, error.strerror or str(error))
    return LabError(f"{error.filename}: {said}." if error.filename else f"{said}.")


def duration(seconds: float | None) -> str:
    """Return `1 m 40 s`, `230 ms`, `2.1 s`, or `–` for what is not known."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02d} s"


def percent(ratio: float | None) -> str:
    """Return `62.4 %`, or `–` for what is not known."""
    return "–" if ratio is None else f"{ratio * 100:.1f} %"
