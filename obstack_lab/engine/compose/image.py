"""The images a lab is made of: their names, and which of them are here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from obstack_lab.errors import EngineError

_APART = {
    "LAB_LOKI_IMAGE": "grafana/loki:3.6.0",
    "LAB_TEMPO_IMAGE": "grafana/tempo:3.0.0",
    "LAB_COLLECTOR_IMAGE": "otel/opentelemetry-collector:0.139.0",
    "LAB_GRAFANA_IMAGE": "grafana/grafana:12.2.0",
}
_PAGER = {"LAB_ALERTMANAGER_IMAGE": "prom/alertmanager:v0.28.1"}
_OWN = ("LAB_SUT_IMAGE", "LAB_TELEMETRY_IMAGE")


def images(
    environ: Mapping[str, str] | None = None, *, full: bool = False, pager: bool = False
) -> dict[str, str]:
    """Return the image of each variable of `stack/compose.yaml`: what the environment says.

    In the profile `full` Loki and Tempo behind a collector are in the place of the lab's own store,
    and Grafana is there; a pager is Alertmanager.
    """
    environ = os.environ if environ is None else environ
    release = version("obstack-lab")
    default = {
        "LAB_SUT_IMAGE": f"obstack-lab/sut:{release}",
        **(_APART if full else {"LAB_TELEMETRY_IMAGE": f"obstack-lab/telemetry:{release}"}),
        "LAB_POSTGRES_IMAGE": "postgres:18",
        "LAB_PROMETHEUS_IMAGE": "prom/prometheus:v3.5.0",
        **(_PAGER if pager else {}),
    }
    return {name: environ.get(name) or image for name, image in default.items()}


def missing(wanted: Mapping[str, str], here: Iterable[str]) -> tuple[str, ...]:
    """Return the variables of the images that are not here."""
    there = set(here)
    return tuple(name for name, image in wanted.items() if _tagged(image) not in there)


def need(wanted: Mapping[str, str], here: Iterable[str]) -> tuple[str, ...]:
    """Return the images that have to be fetched; raise where one of ours has to be built."""
    lacking = missing(wanted, here)
    own = [wanted[name] for name in lacking if name in _OWN]
    if own:
        raise EngineError(
            f"There is no image {' and no '.join(own)} here. Build it from a checkout: "
            "`stack/build-images`. Or use `--engine embedded`.",
            component="images",
        )
    return tuple(wanted[name] for name in lacking)


def _tagged(image: str) -> str:
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"
