"""The names that a notebook uses are what they say, whatever was imported before."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import obstack_lab
from obstack_lab import panels


def test_every_public_name_is_there_and_none_is_a_module() -> None:
    for info in pkgutil.iter_modules(panels.__path__):
        importlib.import_module(f"obstack_lab.panels.{info.name}")
    for place in (panels, obstack_lab):
        for name in place.__all__:
            assert not inspect.ismodule(getattr(place, name)), name
