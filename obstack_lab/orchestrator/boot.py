"""Starts the components in the background, and tells how far it is."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

from obstack_lab.engine.interface import Engine, Progress, Stack
from obstack_lab.errors import LabError
from obstack_lab.orchestrator.views import ProgressView

STANDARD = Stack({"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
"""What runs while no scenario says otherwise."""
_FIRST = ProgressView(component="orchestrator", state="ready")


class Boot:
    """One start of an engine; begun before the API is even imported, which saves a second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._steps = {_FIRST.component: _FIRST}
        self.done = False

    def run(self) -> None:
        """Start the components; return when all are healthy. Raises LabError."""
        self._engine.start(STANDARD, self._report)
        self.done = True

    def begin(self, failed: Callable[[LabError], None]) -> None:
        """Do it in a thread; `failed` hears why it could not be done."""

        def work() -> None:
            try:
                self.run()
            except LabError as error:
                failed(error)
            except Exception as error:  # noqa: BLE001 - told to the one who waits, and logged
                traceback.print_exc()
                failed(LabError(f"The lab did not start: {type(error).__name__}: {error}"))

        threading.Thread(target=work, name="boot", daemon=True).start()

    def steps(self) -> tuple[ProgressView, ...]:
        """Return the steps of starting so far; once it is done, all of them."""
        return tuple(self._steps.values())

    def _report(self, progress: Progress) -> None:
        self._steps[progress.component] = ProgressView(
            component=progress.component,
            state=progress.state,
            seconds=progress.seconds,
            detail=progress.detail,
        )
