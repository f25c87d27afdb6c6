"""The page of budgets as Markdown, from nothing but what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from obstack_lab.bench.figure import Figure
from obstack_lab.bench.session import Session

_HEADINGS = ("what", "measured", "budget", "", "spread (p50, p99, n)", "beside")


def page(session: Session) -> str:
    """Return `docs/budgets.md`."""
    template = files(__package__).joinpath("page.md").read_text(encoding="utf-8")
    warning = ""
    if session.quick:
        warning += "**A quick run: fewer repetitions and less data. Not for publication.**\n\n"
    if session.machine.busy:
        warning += "**The machine was busy: these times say little.**\n\n"
    return template.format(
        warning=warning, machine=session.machine.describe(), tables=tables(session)
    )


def tables(session: Session) -> str:
    """Return a table a benchmark, what makes up figures, and notes."""
    groups: dict[str, dict[str, Figure]] = {}
    for name, figure in session.figures.items():
        groups.setdefault(name.partition("_")[0], {})[name] = figure
    parts = [f"## {group}\n\n{_table(figures.values())}\n" for group, figures in groups.items()]
    if session.notes or session.failures:
        lines = [*session.notes]
        lines += [f"{name} could not be measured: {why}" for name, why in session.failures.items()]
        parts.append("## Notes\n\n" + "\n".join(f"* {line}" for line in lines) + "\n")
    return "\n".join(parts)


def _table(figures: Iterable[Figure]) -> str:
    figures = tuple(figures)
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *(_row(each) for each in figures)]
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    made = [f"* {each.title}: {_made_of(each)}" for each in figures if each.parts]
    return table + ("\n\n" + "\n".join(made) if made else "")


def _row(figure: Figure) -> tuple[str, ...]:
    spread = ""
    if figure.p50 is not None and figure.p99 is not None:
        spread = f"{number(figure.p50)}, {number(figure.p99)}, {figure.n:,}"
    elif figure.n > 1:
        spread = f"n {figure.n:,}"
    beside = [f"{name} {quantity(value, figure.unit)}" for name, value in figure.beside.items()]
    return (
        figure.title.replace("|", "\\|"),
        quantity(figure.value, figure.unit) + (f" ({figure.note})" if figure.note else ""),
        "" if figure.budget is None else f"{figure.bound} {quantity(figure.budget, figure.unit)}",
        verdict(figure),
        spread,
        ", ".join(beside),
    )


def _made_of(figure: Figure) -> str:
    ranked = sorted(figure.parts.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {number(value)}" for name, value in ranked) + f" {figure.unit}"


def verdict(figure: Figure) -> str:
    """Return the verdict in a word: `met`, `**missed**`, or nothing where there is no budget."""
    return {True: "met", False: "**missed**", None: ""}[figure.met]


def quantity(value: float | None, unit: str) -> str:
    """Return a value with its unit; a ratio in percent."""
    if value is None:
        return "not measured"
    if unit == "ratio":
        return f"{value * 100:.2f} %"
    return f"{number(value)} {unit}"


def number(value: float) -> str:
    """Return three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
