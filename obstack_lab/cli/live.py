"""How a run looks in the terminal: redrawn in place, or one line at a time where it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from obstack_lab.cli.output import console, duration, percent

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import RenderableType

    from obstack_lab.orchestrator.views import CriterionView, ImpactView, RunView, Snapshot

_VERDICTS = {"pass": "[green]✔ pass[/]", "fail": "[red]✘ fail[/]", "inconclusive": "? unknown"}
_PHASES = {"incident": "red", "mitigated": "yellow", "resolved": "green"}
_FEED_LINES = 10
_CHART_SECONDS = 60
_BARS = " ▁▂▃▄▅▆▇█"


def bars(ratios: list[float | None]) -> str:
    """Return a line of bars for ratios from 0 to 1; a gap where there is none."""
    return "".join(
        " " if ratio is None else _BARS[max(1, round(ratio * (len(_BARS) - 1)))] for ratio in ratios
    )


def clock(run: RunView) -> str:
    """Return the run's clock: `04:12` since the incident began."""
    if run.started_at is None:
        return "--:--"
    minutes, seconds = divmod(int((run.ended_at or run.now) - run.started_at), 60)
    return f"{minutes:02d}:{seconds:02d}"


class PlainView:
    """A line for each thing that happens: for logs and pipes."""

    def __init__(self) -> None:
        self._screen = console()
        self._seen = 0
        self._phase = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing to put back."""

    def show(self, snapshot: Snapshot) -> None:
        """Print what is new in this snapshot."""
        run = snapshot.run
        if run is None:
            return
        if run.phase != self._phase:
            self._phase = run.phase
            self._screen.print(f"{clock(run)}  {run.phase.upper()}  {_users(snapshot.impact)}")
        for entry in reversed(snapshot.feed):
            if entry.seq > self._seen:
                self._seen = entry.seq
                self._screen.print(f"{clock(run)}  {entry.sender}: {entry.text}", markup=False)


class LiveView:
    """The desk of a terminal, redrawn once a second."""

    def __init__(self) -> None:
        from rich.live import Live

        self._live = Live(console=console(), refresh_per_second=4)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Draw this snapshot."""
        if snapshot.run is not None:
            self._live.update(draw(snapshot, snapshot.run))


def draw(snapshot: Snapshot, run: RunView) -> RenderableType:
    """Return the terminal's desk: header, users, criteria, feed."""
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    colour = _PHASES.get(run.phase, "blue")
    header = Text.from_markup(
        f"[bold]{run.title}[/]   [{colour}]● {run.phase.upper()}[/] {clock(run)}"
        f"   time left {duration(run.time_left)}"
    )
    feed = Text("\n").join(
        Text(f"{entry.sender}: {entry.text}") for entry in snapshot.feed[:_FEED_LINES]
    )
    return Group(
        header,
        Panel(_impact(snapshot.impact), title="users", title_align="left"),
        Panel(_criteria(snapshot.criteria), title="criteria", title_align="left"),
        Panel(feed, title="feed", title_align="left"),
    )


def _users(impact: ImpactView | None) -> str:
    if impact is None:
        return ""
    return (
        f"success {percent(impact.success_ratio)}, p95 {duration(impact.p95)}, "
        f"{impact.users_affected} of {impact.users} users affected, "
        f"{impact.requests_lost:,} requests lost"
    )


def _impact(impact: ImpactView | None) -> RenderableType:
    from rich.text import Text

    if impact is None:
        return Text("–")
    ratios = [
        second.good / second.requests if second.requests else None
        for second in impact.seconds[-_CHART_SECONDS:]
    ]
    return Text(
        f"{_users(impact)}\n{bars(ratios)}\n"
        f"answered well, by second (last {_CHART_SECONDS} s); "
        f"{impact.rate:.0f} requests per second, downtime {duration(impact.downtime)}"
    )


def _criteria(criteria: tuple[CriterionView, ...]) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for criterion in criteria:
        value = "–" if criterion.value is None else f"{criterion.value:.3g}"
        table.add_row(
            _VERDICTS[criterion.verdict],
            criterion.title,
            f"{value} (target {criterion.target})",
            f"held {criterion.held:.0f} of {criterion.hold:.0f} s",
            criterion.reason,
        )
    return table
