"""ObservaStack Lab: learning by doing. Diagnose failures, apply fixes, validate results."""

from __future__ import annotations
