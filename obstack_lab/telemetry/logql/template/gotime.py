"""Go's times: layouts written by example (`2006-01-02 15:04:05`), printing and parsing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

SECOND = 1_000_000_000
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CHUNK = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000"
    r"|-07:00|-0700|-07|__2|_2|002|01|02|03|04|05|06|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|[1-5]"
)
_PARSE = {
    "2006": r"(\d{4})", "06": r"(\d{2})", "January": r"([A-Za-z]+)", "Jan": r"([A-Za-z]{3})",
    "Monday": r"([A-Za-z]+)", "Mon": r"([A-Za-z]{3})", "01": r"(\d{2})", "1": r"(\d{1,2})",
    "02": r"(\d{2})", "2": r"(\d{1,2})", "_2": r" ?(\d{1,2})", "002": r"(\d{3})",
    "15": r"(\d{2})", "03": r"(\d{2})", "3": r"(\d{1,2})", "04": r"(\d{2})", "4": r"(\d{1,2})",
    "05": r"(\d{2}(?:[.,]\d+)?)", "5": r"(\d{1,2}(?:[.,]\d+)?)", "PM": r"(AM|PM)",
    "pm": r"(am|pm)", "MST": r"([A-Z]{3,5}|[+-]\d{2})",
}  # fmt: skip


class GoDuration(int):
    """Nanoseconds that print as `1m30s`."""

    __slots__ = ()


class LayoutError(ValueError):
    """A text that the layout does not fit."""


@dataclass(frozen=True)
class GoTime:
    """An instant in nanoseconds since the epoch, and the zone it is shown in."""

    nanoseconds: int
    zone: str = "UTC"

    def local(self) -> datetime:
        """Return the instant in its zone, without what is below a second."""
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=self.nanoseconds // SECOND)
        return moment if self.zone == "UTC" else moment.astimezone(ZoneInfo(self.zone))

    def format(self, layout: str) -> str:
        """Return the time as the layout shows it."""
        moment = self.local()
        below = self.nanoseconds % SECOND
        return _CHUNK.sub(lambda match: _chunk(match.group(), moment, below), layout)


def _chunk(chunk: str, moment: datetime, below: int) -> str:
    if chunk[0] in ".,":
        digits = f"{below:09d}"[: len(chunk) - 1]
        if chunk[1] == "9":
            digits = digits.rstrip("0")
            return f"{chunk[0]}{digits}" if digits else ""
        return f"{chunk[0]}{digits.ljust(len(chunk) - 1, '0')}"
    if chunk[0] in "Z-" and chunk != "-":
        return _offset(chunk, moment)
    hour = moment.hour % 12 or 12
    values = {
        "2006": f"{moment.year:04d}", "06": f"{moment.year % 100:02d}",
        "January": _MONTHS[moment.month - 1], "Jan": _MONTHS[moment.month - 1][:3],
        "Monday": _DAYS[moment.weekday()], "Mon": _DAYS[moment.weekday()][:3],
        "01": f"{moment.month:02d}", "1": str(moment.month), "02": f"{moment.day:02d}",
        "2": str(moment.day), "_2": f"{moment.day:2d}",
        "002": f"{moment.timetuple().tm_yday:03d}", "__2": f"{moment.timetuple().tm_yday:3d}",
        "15": f"{moment.hour:02d}", "03": f"{hour:02d}", "3": str(hour),
        "04": f"{moment.minute:02d}", "4": str(moment.minute), "05": f"{moment.second:02d}",
        "5": str(moment.second), "PM": "PM" if moment.hour >= 12 else "AM",
        "pm": "pm" if moment.hour >= 12 else "am", "MST": moment.tzname() or "UTC",
    }  # fmt: skip
    return values[chunk]


def _offset(chunk: str, moment: datetime) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if chunk[0] == "Z" and seconds == 0:
        return "Z"
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    shape = chunk[1:]
    text = f"{sign}{hours:02d}"
    if len(shape) > 2:
        text += (":" if ":" in shape else "") + f"{rest // 60:02d}"
    if len(shape) > 5:
        text += (":" if ":" in shape else "") + f"{rest % 60:02d}"
    return text


def parse(layout: str, text: str, zone: str = "UTC") -> GoTime:
    """Return the time that the text shows in the layout, or raise a `LayoutError`."""
    expression, at = "", 0
    chunks: list[str] = []
    for match in _CHUNK.finditer(layout):
        chunk = match.group()
        expression += re.escape(layout[at : match.start()])
        at = match.end()
        if chunk[0] in ".,":
            expression += (
                r"(?:[.,]\d+)?" if chunk[1] == "9" or chunks[-1:] == ["05"] else r"[.,]\d+"
            )
            continue
        if chunk[0] in "Z-":
            piece = r"([+-]\d{2}:?\d{0,2}:?\d{0,2})"
            expression += f"(Z|{piece[1:]}" if chunk[0] == "Z" else piece
        else:
            expression += _PARSE.get(chunk, r"(\d+)")
        chunks.append(chunk)
    expression += re.escape(layout[at:])
    found = re.fullmatch(expression, text)
    if found is None:
        raise LayoutError(
            f'parsing time "{text}" as "{layout}": cannot parse "{text}" as "{layout}"'
        )
    return _build(dict(zip(chunks, found.groups(), strict=True)), text, zone)


def _build(parts: dict[str, str], text: str, zone: str) -> GoTime:
    def number(*names: str, default: int) -> int:
        return next((int(parts[name]) for name in names if name in parts), default)

    year = number("2006", default=0)
    if "06" in parts:
        year = int(parts["06"]) + (1900 if int(parts["06"]) >= 69 else 2000)
    month = number("01", "1", default=1)
    for name, length in (("January", None), ("Jan", 3)):
        if name in parts:
            names = [item[:length].lower() for item in _MONTHS]
            month = names.index(parts[name].lower()) + 1 if parts[name].lower() in names else 13
    seconds = parts.get("05") or parts.get("5") or "0"
    whole, _, fraction = seconds.replace(",", ".").partition(".")
    hour = number("15", "03", "3", default=0)
    half = (parts.get("PM") or parts.get("pm") or "").lower()
    hour = hour % 12 + (12 if half == "pm" else 0) if half else hour
    try:
        moment = datetime(
            max(year, 1), month, number("02", "2", "_2", default=1), hour,
            number("04", "4", default=0), int(whole), tzinfo=_zone(parts, zone),
        )  # fmt: skip
    except ValueError as error:
        raise LayoutError(f'parsing time "{text}": day out of range') from error
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    stamp = (delta.days * 86400 + delta.seconds) * SECOND + int(fraction.ljust(9, "0")[:9] or 0)
    if year == 0:
        stamp -= 366 * 86400 * SECOND
    return GoTime(stamp, zone)


def _zone(parts: dict[str, str], zone: str) -> timezone | ZoneInfo:
    for name, value in parts.items():
        if name[0] in "Z-" and value:
            if value == "Z":
                return UTC
            digits = value[1:].replace(":", "").ljust(4, "0")
            delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
            return timezone(-delta if value[0] == "-" else delta)
    return UTC if zone == "UTC" else ZoneInfo(zone)
