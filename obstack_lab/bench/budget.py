"""What each figure may be at most, or must be at least, on two cores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Budget:
    """A limit in the figure's unit."""

    limit: float
    bound: Literal["at most", "at least"] = "at most"

    def met(self, value: float | None) -> bool:
        """Return whether a value keeps it; what could not be measured does not."""
        if value is None:
            return False
        return value <= self.limit if self.bound == "at most" else value >= self.limit


BUDGETS = {
    "start_from_nothing": Budget(60),
    "start_cold": Budget(60),
    "start_warm": Budget(5),
    "memory_stack": Budget(500),
    "memory_notebook": Budget(900),
    "cpu_healthy": Budget(0.5),
    "react_red": Budget(3),
    "react_fail": Budget(10),
    "react_alert": Budget(20),
    "action_shown": Budget(2),
    "action_effect": Budget(2),
    "restart_service": Budget(1.5),
    "load_on_time": Budget(0.99, "at least"),
    "panels_refresh": Budget(30),
    "panels_live": Budget(30),
    "explore_canvas": Budget(2),
    "explore_canvas_voila": Budget(4),
    "explore_refresh": Budget(15),
    "explore_growth_kernel": Budget(20),
    "explore_growth_browser": Budget(50),
    "logql_visible": Budget(1),
    "traceql_visible": Budget(1),
    "ingest_rate": Budget(19_900, "at least"),
    "ingest_wrong": Budget(0),
    "ingest_cpu": Budget(1),
    "ingest_memory": Budget(350),
    "soak_success": Budget(1, "at least"),
    "soak_latency_20": Budget(250),
    "soak_growth": Budget(10),
    "soak_memory": Budget(600),
    "soak_cpu_20": Budget(0.5),
    "compose_warm": Budget(10),
}
"""By the figure's name; those of the store's queries stand beside the queries."""
