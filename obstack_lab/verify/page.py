"""The published table of every fault and what became of its signal, from findings only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

from obstack_lab.orchestrator.faults.catalogue import Fault
from obstack_lab.verify.finding import Finding, User

USERS: Mapping[User, str] = {"root": "root", "plain": "a plain user"}
Groups = Mapping[tuple[str, User], Sequence[Finding]]


def page(faults: Sequence[Fault], findings: Sequence[Finding]) -> str:
    """Return `docs/faults-verified.md`; every finding must say as whom it was found."""
    seeds = sorted({each.seed for each in findings})
    groups = _groups(faults, findings)
    template = files(__package__).joinpath("page.md").read_text(encoding="utf-8")
    return template.format(
        seeds=len(seeds),
        numbers=", ".join(map(str, seeds)),
        summary="\n".join(_summary(groups, len(faults), len(seeds))),
        lines="\n".join(_lines(faults, groups)),
        failures=_listed(_failures(findings)),
        missing=_listed(_missing(faults, groups, seeds)),
    )


def figure(value: float | None) -> str:
    """Return a figure to three digits, `–` where it is not known."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _groups(faults: Sequence[Fault], findings: Sequence[Finding]) -> Groups:
    found: dict[tuple[str, User], list[Finding]] = {}
    known = {fault.id for fault in faults}
    for each in sorted(findings, key=lambda finding: finding.seed):
        if each.fault in known and each.user is not None:
            found.setdefault((each.fault, each.user), []).append(each)
    return found


def _summary(groups: Groups, faults: int, seeds: int) -> Iterator[str]:
    for user, name in USERS.items():
        moved = sum(
            len(tried) == seeds and all(each.holds for each in tried)
            for (_, whose), tried in groups.items()
            if whose == user
        )
        on = f"on {seeds} of {seeds} seeds"
        yield f"* As {name}: {moved} of {faults} faults moved their signal {on}."


def _lines(faults: Sequence[Fault], groups: Groups) -> Iterator[str]:
    for fault in faults:
        for user in USERS:
            if tried := groups.get((fault.id, user)):
                cells = (
                    str(fault.row),
                    f"`{fault.id}`",
                    fault.signal.unit,
                    user,
                    f"{sum(each.holds for each in tried)} of {len(tried)}",
                    *_figures(tried),
                    ", ".join(dict.fromkeys(_cause(each.residual_after) for each in tried)),
                )
                yield "| " + " | ".join(cells) + " |"


def _figures(tried: Sequence[Finding]) -> Iterator[str]:
    yield " · ".join(figure(each.baseline) for each in tried)
    yield " · ".join(figure(each.under) for each in tried)
    yield " · ".join(figure(each.after) for each in tried)
    yield " · ".join(figure(each.seconds_to_show) for each in tried)


def _cause(residual: bool | None) -> str:  # noqa: FBT001  (a finding's field, named there)
    return "–" if residual is None else "there" if residual else "gone"


def _failures(findings: Sequence[Finding]) -> Iterator[str]:
    for each in findings:
        if not each.holds:
            yield f"`{each.fault}`, seed {each.seed}, as {each.user}: {each.reason}"


def _missing(faults: Sequence[Fault], groups: Groups, seeds: Sequence[int]) -> Iterator[str]:
    for user, name in USERS.items():
        for fault in faults:
            tried = {each.seed for each in groups.get((fault.id, user), ())}
            if lacking := [str(seed) for seed in seeds if seed not in tried]:
                yield f"`{fault.id}` as {name}, seeds {', '.join(lacking)}"


def _listed(lines: Iterator[str]) -> str:
    return "\n".join(f"* {line}" for line in lines) or "Nothing."
