"""What asks the orchestrator from a container: Grafana, Alertmanager, and the door they come by."""

from __future__ import annotations

from dataclasses import replace

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import ContainerUnit
from obstack_lab.engine.compose.project import Spec
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem
from obstack_lab.engine.pager import Pager

DOOR = "door"
_DOOR_PORT = 8000
_GRAFANA_PORT, _ALERTMANAGER_PORT = 3000, 9093


class Door(ContainerUnit):
    """A port of the lab's network that leads to the orchestrator's socket (`sut.door`)."""

    def __init__(self, place: Place, harbour: Harbour) -> None:
        super().__init__(DOOR, "edge", place, harbour)

    def _problem(self) -> Problem:
        return ""


class ContainerGrafana(ContainerUnit):
    """Dashboards and Explore; what is asked there goes through the orchestrator's proxy."""

    ready_seconds = 90.0
    """A first start makes its database."""

    def __init__(self, place: Place, harbour: Harbour, orchestrator: Callback) -> None:
        super().__init__(
            "grafana", "telemetry", place, harbour, inside=_GRAFANA_PORT, ready="/api/health"
        )
        self._orchestrator = _by_the_door(orchestrator)

    def spec(self) -> Spec:
        return {
            **super().spec(),
            "environment": {
                "GF_SERVER_ROOT_URL": f"{self.address}/",
                "OBSTACK_LAB_URL": self._orchestrator.url,
                "OBSTACK_LAB_TOKEN": self._orchestrator.token,
            },
        }


class ContainerAlertmanager(ContainerUnit):
    """Tells the lab of alerts, and Slack and PagerDuty where an instructor says so."""

    def __init__(self, place: Place, harbour: Harbour, pager: Pager) -> None:
        super().__init__(
            *("alertmanager", "metrics", place, harbour),
            inside=_ALERTMANAGER_PORT,
            ready="/-/ready",
        )
        self._pager = replace(pager, orchestrator=_by_the_door(pager.orchestrator))

    def _begin(self) -> None:
        folder = self._place.home.private / "compose" / "alertmanager"
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        # It has secrets, and is read by another user in the container: the folders above, which
        # the container does not see, are for their owner alone.
        (folder / "alertmanager.yml").write_text(self._pager.configuration(), encoding="utf-8")
        super()._begin()


def companions(
    place: Place, harbour: Harbour, *, grafana: Callback | None, pager: Pager | None
) -> tuple[ContainerUnit, ...]:
    """Return those that a lab has, the door before them."""
    found: list[ContainerUnit] = []
    if pager:
        found.append(ContainerAlertmanager(place, harbour, pager))
    if grafana:
        found.append(ContainerGrafana(place, harbour, grafana))
    return (Door(place, harbour), *found) if found else ()


def _by_the_door(orchestrator: Callback) -> Callback:
    return replace(orchestrator, url=f"http://{DOOR}:{_DOOR_PORT}")
