"""`%load_ext obstack_lab`: the names, the desk, `%%promql`, `%%logql`, `%%traceql`, `%%release`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError as ShellUsageError

from obstack_lab.errors import LabError, QueryError
from obstack_lab.lab import (
    Asked,
    ClosedLab,
    Front,
    Lab,
    Sheet,
    attach_lab,
    open_lab,
    use_front,
)

if TYPE_CHECKING:
    import pandas as pd

    Ask = Callable[[Lab, str, argparse.Namespace], pd.DataFrame]


def register(shell: Any) -> None:
    """Make the lab at home in a shell; a second time changes nothing."""
    from obstack_lab.panels import library, plot

    names: dict[str, object] = {"open_lab": open_lab, "library": library, "plot": plot}
    if "lab" not in shell.user_ns:
        names["lab"] = ClosedLab()
    shell.push(names)
    for magic in (
        QueryMagic(shell, "promql", "Ask Prometheus: %promql up", _promql, step=True),
        QueryMagic(shell, "logql", 'Ask for log lines: %logql {service_name="orders"}', _logql),
        QueryMagic(shell, "traceql", "Search traces: %traceql { status = error }", _traceql),
    ):
        shell.register_magic_function(magic, "line_cell", magic.__name__)
    release = ReleaseMagic(shell)
    shell.register_magic_function(release, "cell", release.__name__)
    if hasattr(shell, "kernel"):
        use_front(Front(show=_show, explore=_explore))
        Thread(target=_prepare, name="obstack-prepare", daemon=True).start()


def _prepare() -> None:
    """Get the first desk or dashboard ready meanwhile; what fails now is told when it is shown."""
    with suppress(ImportError, OSError):
        from obstack_lab.panels import prepare

        prepare()


def _show(lab: Lab) -> None:
    from obstack_lab.panels import open_desk

    open_desk(lab).show()


def _explore(lab: Lab, asked: Asked) -> Any:
    from obstack_lab.panels import open_explore

    return open_explore(lab, asked)


def _promql(lab: Lab, query: str, options: argparse.Namespace) -> pd.DataFrame:
    return lab.promql(query, last=options.last, step=options.step)


def _logql(lab: Lab, query: str, options: argparse.Namespace) -> pd.DataFrame:
    return lab.logql(query, last=options.last)


def _traceql(lab: Lab, query: str, options: argparse.Namespace) -> pd.DataFrame:
    return lab.traceql(query, last=options.last)


class QueryMagic:
    """A query language as a line and as a cell magic; the frame is what it returns."""

    _ipython_magic_no_var_expand = True
    """Braces and dollars are the query's, not IPython's."""

    def __init__(
        self, shell: Any, name: str, summary: str, ask: Ask, *, step: bool = False
    ) -> None:
        self.__name__ = name
        self._shell = shell
        self._ask = ask
        self._options = _Options(prog=f"%{name}", description=summary, add_help=False)
        self._options.add_argument("--last", default="15m", help="how far to look back: 15m, 1h")
        if step:
            self._options.add_argument("--step", help="distance of the points: 5s")
        self._options.add_argument("--as", dest="name", help="name that the frame is bound to")
        self.__doc__ = self._options.format_help()

    def __call__(self, line: str, cell: str | None = None) -> pd.DataFrame | None:
        """Ask, and return the frame, or bind it to the name behind `--as`."""
        head, rest = _split(line)
        query = (rest if cell is None else cell).strip()
        options = self._options.parse_args(head.split())
        if cell is not None and rest.strip():
            raise ShellUsageError(f"Unknown option '{rest.strip()}'. The query goes in the cell.")
        if not query:
            raise ShellUsageError("There is no query. Write it behind the magic or in the cell.")
        try:
            frame = self._ask(self._lab(), query, options)
        except QueryError as error:
            raise ShellUsageError("\n".join(filter(None, (str(error), error.caret())))) from None
        except LabError as error:
            raise ShellUsageError(str(error)) from None
        if options.name is None:
            return frame
        self._shell.push({options.name: frame})
        return None

    def _lab(self) -> Lab:
        return _held(self._shell)


class ReleaseMagic:
    """A cell as the code of a release: `%%release orders 1.6.9`, checked and deployed."""

    _ipython_magic_no_var_expand = True

    def __init__(self, shell: Any) -> None:
        self.__name__ = "release"
        self._shell = shell
        self._options = _Options(
            prog="%%release",
            description="Build a release of the cell's code and deploy it; the code to begin from "
            'is lab.release_template("orders").',
            add_help=False,
        )
        self._options.add_argument("--canary", action="store_true", help="to one instance alone")
        self._options.add_argument("service", help="orders, for example")
        self._options.add_argument("version", help="one that is not there yet: 1.6.9")
        self.__doc__ = self._options.format_help()

    def __call__(self, line: str, cell: str) -> Sheet:
        """Deliver and deploy; what is refused is shown with the line of the cell."""
        options = self._options.parse_args(line.split())
        try:
            return _held(self._shell).release(
                options.service, options.version, cell, canary=options.canary
            )
        except LabError as error:
            raise ShellUsageError(_with_line(str(error), cell)) from None


def _with_line(message: str, cell: str) -> str:
    """Return an error with the line of the cell that it names."""
    named = re.search(r"\bline (\d+):", message)
    lines = cell.splitlines()
    if named is None or not 0 < int(named[1]) <= len(lines):
        return message
    return f"{message}\n{int(named[1]):>4} | {lines[int(named[1]) - 1]}"


def _held(shell: Any) -> Lab:
    """Return the notebook's lab, else one that is attached to."""
    held = shell.user_ns.get("lab")
    return held if isinstance(held, Lab) else attach_lab()


class _Options(argparse.ArgumentParser):
    """Says what is wrong in one line, and ends nothing."""

    def error(self, message: str) -> NoReturn:
        raise ShellUsageError(f"{message}. {self.format_usage().strip()}")


def _split(line: str) -> tuple[str, str]:
    """Return the options at a line's beginning, pairs of `--word value`, and the rest untouched."""
    rest = line.lstrip()
    while rest.startswith("--"):
        word, _, tail = rest.partition(" ")
        if "=" not in word:
            _, _, tail = tail.lstrip().partition(" ")
        rest = tail.lstrip()
    return line[: len(line) - len(rest)], rest
