"""`%load_ext obstack_lab`: the names, the desk and `%%promql`, `%%logql`, `%%traceql`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from IPython.core.error import UsageError as ShellUsageError

from obstack_lab.errors import LabError, QueryError
from obstack_lab.lab import ClosedLab, Lab, open_lab, use_front

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
    if hasattr(shell, "kernel"):
        use_front(_show)


def _show(lab: Lab) -> None:
    from obstack_lab.panels import open_desk

    open_desk(lab).show()


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
        """Return the notebook's lab, else one that is attached to."""
        held = self._shell.user_ns.get("lab")
        return held if isinstance(held, Lab) else open_lab(show=False)


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
