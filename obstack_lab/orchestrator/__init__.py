"""The daemon that plays a run, and the two light doors to it: `daemon` and `client`."""

import sys

# httpx would bring its command line, with rich and pygments: 7 MB in each process of a lab.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # says: not installed
