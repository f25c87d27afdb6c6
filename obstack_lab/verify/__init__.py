"""Sets every fault of the catalogue in and looks whether its signal moves, and comes back."""

from __future__ import annotations
