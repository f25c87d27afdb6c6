"""Where faults are tried: a lab of its own, without an orchestrator and without a run."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from typing import Protocol

from obstack_lab.engine.embedded import EmbeddedEngine, wipe
from obstack_lab.engine.interface import Engine, Stack
from obstack_lab.orchestrator.faults.catalogue import Fault, Signal
from obstack_lab.orchestrator.faults.catalogue.model import Standard
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id
from obstack_lab.verify.reading import Reader
from obstack_lab.verify.release import newest_good

_GATEWAY = "gateway"


class Stage(Protocol):
    """A lab that is prepared for one fault after the other."""

    engine: Engine

    def prepare(self, fault: Fault, seed: int) -> bool:
        """Bring the lab into its known good state; return whether users were sent anew."""

    def read(self, signal: Signal) -> float | None:
        """Return the signal's figure now, None where it is not known."""

    def renew(self) -> None:
        """Forget the lab; the next `prepare` begins with a new one."""


class OwnLab:
    """A lab in a directory of its own, on the embedded engine."""

    def __init__(self, home: LabHome, standard: Standard) -> None:
        self._home = home
        self._standard = standard
        self.engine: Engine = EmbeddedEngine(home, new_lab_id())
        self._reader = Reader(self.engine)
        self._users: Mapping[str, object] = {}
        self._generation = 0
        self._trials = itertools.count(1)

    def prepare(self, fault: Fault, seed: int) -> bool:
        self.engine.start(
            Stack(
                services={name: newest_good(name) for name in fault.services},
                config=fault.config,
                instances=fault.instances,
            ),
            lambda _: None,
        )
        return self._send_users(fault, seed)

    def read(self, signal: Signal) -> float | None:
        return self._reader.read(signal)

    def renew(self) -> None:
        self.close()
        self.engine = EmbeddedEngine(self._home, new_lab_id())
        self._reader = Reader(self.engine)

    def close(self) -> None:
        """End the lab and remove all it has left."""
        self._reader.close()
        self.engine.stop()
        wipe(self._home)
        shutil.rmtree(self._home.path, ignore_errors=True)
        self._users = {}

    def _send_users(self, fault: Fault, seed: int) -> bool:
        load = self._standard.load
        phases = [phase.model_copy(update={"rate": fault.rate}) for phase in load.phases]
        users = {
            "op": "start",
            "target": self.engine.address(_GATEWAY),
            "load": load.model_copy(update={"seed": seed, "phases": tuple(phases)}).model_dump(
                mode="json"
            ),
            "objective": self._standard.objective.model_dump(mode="json"),
        }
        pipe = self.engine.load_pipe()
        if users == self._users and pipe.generation == self._generation:
            return False
        pipe.send(
            {"op": "ledger", "path": str(self._home.runs / f"trial-{next(self._trials)}.jsonl")}
        )
        pipe.send(users)
        self._users, self._generation = users, pipe.generation
        return True
