"""Moments as the backends want them: seconds or nanoseconds since the epoch."""

from __future__ import annotations

from datetime import datetime

Moment = datetime | float
"""A point in time: seconds since the epoch, or a datetime (UTC where it has no zone)."""
_NANO = 1_000_000_000


def seconds(moment: Moment) -> float:
    """Return seconds since the epoch."""
    if isinstance(moment, datetime):
        from datetime import UTC

        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.timestamp()
    return float(moment)


def nanoseconds(moment: Moment) -> int:
    """Return nanoseconds since the epoch, exact to the microsecond."""
    return round(seconds(moment) * 1_000_000) * (_NANO // 1_000_000)
