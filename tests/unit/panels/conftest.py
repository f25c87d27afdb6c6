"""The hand-made snapshots of the browser tests serve the view-models, too."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "browser"))
