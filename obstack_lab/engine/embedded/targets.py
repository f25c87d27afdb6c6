"""What Prometheus reads: its configuration, the rules, and whom it scrapes."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from obstack_lab.settings import resources


@dataclass(frozen=True)
class Target:
    """One instance to scrape; its identity goes to every series as target labels."""

    address: str
    service: str
    release: str
    instance: str


class Targets:
    """A folder with the configuration of `stack/prometheus/`, copied unchanged."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writing = threading.Lock()

    def scrape(self, targets: Iterable[Target]) -> None:
        """Replace the list of instances; Prometheus sees the change by itself."""
        listed = [
            {
                "targets": [target.address],
                # A port is new with each start; the series should go on.
                "labels": {
                    "instance": target.instance,
                    "service_name": target.service,
                    "service_version": target.release,
                    "service_instance_id": target.instance,
                },
            }
            for target in targets
        ]
        self._tell("targets", "services", listed)

    def notify(self, alertmanager: str | None) -> None:
        """Tell who is told of alerts (`HOST:PORT`), if anybody is."""
        listed = [{"targets": [alertmanager]}] if alertmanager else []
        self._tell("alertmanagers", "lab", listed)

    def _tell(self, what: str, name: str, listed: Sequence[Mapping[str, object]]) -> None:
        folder = self._folder / what
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{name}.new"
        with self._writing:
            draft.write_text(json.dumps(listed, indent=2), encoding="utf-8")
            draft.replace(folder / f"{name}.json")

    def configure(self) -> None:
        """Copy what is the same for every lab."""
        source = resources() / "stack/prometheus"
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "prometheus.yml", self._folder / "prometheus.yml")
        shutil.rmtree(self._folder / "rules", ignore_errors=True)
        shutil.copytree(source / "rules", self._folder / "rules")
