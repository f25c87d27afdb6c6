"""Fills the review's templates; everything that is not marked safe is escaped."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from obstack_lab.review import chart, words
from obstack_lab.review.model import Review
from obstack_lab.review.prose import prose


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("obstack_lab.review"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "duration": words.duration,
        "percent": words.percent,
        "count": words.count,
        "clock": words.clock,
        "prose": prose,
    }
    return environment


def fill(template: str, review: Review) -> str:
    """Return a template filled with a review."""
    environment = _environment()
    style = environment.get_template("review.css").render()
    return environment.get_template(template).render(
        review=review,
        charts=chart.charts(review),
        legend=chart.legend(review),
        affected=chart.affected(review),
        frame=chart,
        # Our own style sheet, without any value in it.
        style=Markup(style),  # noqa: S704
    )
