"""What glibc's malloc holds for the store; where another C library is, nothing changes.

A query may need a hundred megabytes for a moment. malloc keeps what is freed below the top of a
heap, and a heap for each few threads.
"""

from __future__ import annotations

import ctypes

_ARENA_MAX = -8
"""M_ARENA_MAX of glibc's malloc.h."""

_libc = ctypes.CDLL(None)
_mallopt = getattr(_libc, "mallopt", None)
_trim = getattr(_libc, "malloc_trim", None)


def few_arenas() -> None:
    """Have malloc keep two heaps, not eight a core: dozens of threads leave most of each unused.

    mallopt(3).
    """
    if _mallopt is not None:
        _mallopt(_ARENA_MAX, 2)


def give_back() -> None:
    """Return every free page to the kernel; takes some milliseconds. malloc_trim(3)."""
    if _trim is not None:
        _trim(0)
