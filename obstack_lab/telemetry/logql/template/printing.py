"""Go's printing of values: what `{{.x}}` writes and what the verbs of `printf` do."""

from __future__ import annotations

import math
import re
from typing import Any

from obstack_lab.telemetry.logql.gonumber import format_duration, quote
from obstack_lab.telemetry.logql.template.gotime import GoDuration, GoTime

_VERB = re.compile(r"%([-+# 0]*)(\*|\d+)?(?:\.(\*|\d*))?(.)", re.DOTALL)
WIDEST = 100_000


def show(value: Any) -> str:  # noqa: PLR0911 - one return a case
    """Return a value as `%v` prints it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, GoDuration):
        return format_duration(int(value))
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return general(value)
    if isinstance(value, GoTime):
        return value.format("2006-01-02 15:04:05.999999999 -0700 MST")
    if isinstance(value, dict):
        inner = " ".join(f"{key}:{_inner(value[key])}" for key in sorted(value))
        return f"map[{inner}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_inner, value))}]"
    return str(value)


def _inner(value: Any) -> str:
    return "<nil>" if value is None else show(value)


def general(value: float, *, threshold: int = 21) -> str:
    """Return a float as Go's `%v`: shortest, with an exponent below 1e-4 and from 1e21 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, _, exponent = f"{value:.17e}".partition("e")
    shortest = repr(value)
    power = int(exponent)
    if "e" in shortest:
        mantissa = shortest.partition("e")[0]
    else:
        significant = shortest.replace(".", "").replace("-", "").strip("0") or "0"
        mantissa = significant[0] + ("." + significant[1:] if len(significant) > 1 else "")
        mantissa = ("-" if value < 0 else "") + mantissa
        power = int(f"{value:e}".partition("e")[2])
    del digits
    if power < -4 or power >= threshold:
        sign = "-" if power < 0 else "+"
        return f"{mantissa}e{sign}{abs(power):02d}"
    if "e" not in shortest:
        return shortest.removesuffix(".0")
    return f"{value:.0f}" if power > 0 else f"{value:.20f}".rstrip("0")


def type_name(value: Any) -> str:
    """Return the Go type that a value of a template has."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "bool"), (GoDuration, "time.Duration"), (int, "int"), (float, "float64"),
        (str, "string"), (dict, "map[string]interface {}"), (list, "[]interface {}"),
        (GoTime, "time.Time"),
    )  # fmt: skip
    return next((name for kind, name in names if isinstance(value, kind)), "<nil>")


def sprintf(template: str, *values: Any) -> str:
    """Return what Go's `fmt.Sprintf` makes of the template and the values."""
    pieces: list[str] = []
    used = at = 0
    for match in _VERB.finditer(template):
        if match.start() < at:
            continue
        pieces.append(template[at : match.start()])
        at = match.end()
        flags, width, precision, verb = match.groups()
        if verb == "%":
            pieces.append("%")
            continue
        if width == "*":
            width, used = str(values[used] if used < len(values) else 0), used + 1
        if precision == "*":
            precision, used = str(values[used] if used < len(values) else 0), used + 1
        if used >= len(values):
            pieces.append(f"%!{verb}(MISSING)")
            continue
        text = _verb(verb, values[used], flags, precision)
        used += 1
        pieces.append(_padded(text, flags, min(int(width or 0), WIDEST), verb))
    rest = template[at:]
    pieces.append(rest.replace("%", "%!(NOVERB)") if rest.endswith("%") else rest)
    if used < len(values):
        extra = ", ".join(f"{type_name(value)}={_inner(value)}" for value in values[used:])
        pieces.append(f"%!(EXTRA {extra})")
    return "".join(pieces)


def _padded(text: str, flags: str, width: int, verb: str) -> str:
    if len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and verb not in "sqv":
        sign = text[:1] if text[:1] in "+-" else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)


def _verb(verb: str, value: Any, flags: str, precision: str | None) -> str:  # noqa: C901, PLR0911 - one branch a case
    places = None if precision is None else min(int(precision or 0), WIDEST)
    is_int = isinstance(value, int) and not isinstance(value, bool)
    plus = "+" if "+" in flags else " " if " " in flags else ""
    if verb == "v":
        if isinstance(value, float) and places is not None:
            return f"{value:.{places}g}"
        return _inner(value)
    if verb == "T":
        return type_name(value)
    if verb == "t" and isinstance(value, bool):
        return show(value)
    if verb in "sq" and isinstance(value, str | GoTime | GoDuration | list | dict):
        text = show(value) if places is None else show(value)[:places]
        return quote(text) if verb == "q" else text
    if verb == "q" and is_int:
        return f"'{chr(value)}'"
    if verb == "c" and is_int:
        return chr(value)
    if verb in "dxXob" and is_int:
        text = format(value, verb)
        return text if value < 0 else plus + text
    if verb in "xX" and isinstance(value, str):
        return format_hex(value, verb)
    if verb in "feEgG" and isinstance(value, float):
        if verb in "gG" and places is None:
            return general(value)
        text = f"{value:.{6 if places is None else places}{verb}}"
        return text if value < 0 else plus + text
    if value is None:
        return f"%!{verb}(<nil>)"
    return f"%!{verb}({type_name(value)}={_inner(value)})"


def format_hex(value: str, verb: str) -> str:
    """Return the bytes of a text in hexadecimal, as `%x` and `%X`."""
    text = value.encode().hex()
    return text.upper() if verb == "X" else text
