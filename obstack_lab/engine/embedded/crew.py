"""Who makes up a lab: the units that every stack has, and what the engine asks each of them."""

from __future__ import annotations

from dataclasses import dataclass

from obstack_lab.engine.embedded.database import Database
from obstack_lab.engine.embedded.edge_network import EdgeNetwork
from obstack_lab.engine.embedded.load import Load
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.stores import Stores
from obstack_lab.engine.embedded.targets import Targets
from obstack_lab.engine.embedded.unit import SignalledUnit
from obstack_lab.engine.embedded.ways import Ways


@dataclass(frozen=True)
class Crew:
    """The units of a lab beside its services; some are known by more than one name."""

    place: Place
    units: tuple[SignalledUnit, ...]
    """all of them, as they are listed"""
    database: Database
    network: EdgeNetwork
    targets: Targets
    load: Load
    stores: Stores
    ways: Ways
    postgres_at: str
    """where the edge finds the database: `HOST:PORT`"""
    parent: SignalledUnit | None = None
    """what services are forked from, where they are"""
    notified: str | None = None
    """who is told of alerts: `HOST:PORT`"""
