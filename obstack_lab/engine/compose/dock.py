"""The engine's API: what is done to containers while they run. The only door to the SDK."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from obstack_lab.engine.compose.owner import PROJECT_LABEL, SERVICE_LABEL
from obstack_lab.errors import EngineError

T = TypeVar("T")
_SECONDS = 90


@dataclass(frozen=True)
class Found:
    """A container as it is now."""

    id: str
    running: bool
    pid: int
    exit_code: int
    out_of_memory: bool


class Dock:
    """A connection to the engine; every call has a timeout, every failure is an EngineError."""

    def __init__(self, host: str) -> None:
        import docker

        self._client = docker.APIClient(base_url=host, timeout=_SECONDS, version="auto")

    def images(self) -> tuple[str, ...]:
        """Return the names of every image that is here."""
        found = self._try("list images", self._client.images)
        return tuple(tag for image in found for tag in image.get("RepoTags") or ())

    def find(self, project: str, service: str) -> Found | None:
        """Return the container of a service of a project, None where there is none."""
        labels = [f"{PROJECT_LABEL}={project}", f"{SERVICE_LABEL}={service}"]
        listed = self._try(
            f"find {service}",
            lambda: self._client.containers(all=True, filters={"label": labels}),
        )
        if not listed:
            return None
        try:
            state = self._client.inspect_container(listed[0]["Id"])["State"]
        except self._not_found():
            return None
        return Found(
            id=listed[0]["Id"],
            running=bool(state["Running"]),
            pid=int(state["Pid"] or 0),
            exit_code=int(state["ExitCode"]),
            out_of_memory=bool(state.get("OOMKilled")),
        )

    def labelled(self, label: str) -> tuple[Mapping[str, Any], ...]:
        """Return what is known of every container with a label, whoever's it is."""
        found = self._try(
            "list containers",
            lambda: self._client.containers(all=True, filters={"label": [label]}),
        )
        return tuple(found)

    def attach(self, container: str) -> Iterator[bytes]:
        """Return what a container is going to say, until it ends."""
        said: Iterator[bytes] = self._try(
            "read its output",
            lambda: self._client.attach(container, stdout=True, stderr=True, stream=True),
        )
        return said

    def start(self, container: str) -> None:
        """Start a container."""
        self._try("start it", lambda: self._client.start(container))

    def stop(self, container: str, seconds: float) -> None:
        """Ask a container to end, then make it; one that has ended is no error."""
        with contextlib.suppress(EngineError):
            self.kill(container, "SIGCONT")
        self._try("stop it", lambda: self._client.stop(container, timeout=round(seconds)))

    def kill(self, container: str, signal: str) -> None:
        """Send a signal to the first process of a container."""
        self._try(f"send it {signal}", lambda: self._client.kill(container, signal))

    def remove(self, container: str) -> None:
        """Remove a container, running or not, but not what is in its volumes."""
        with contextlib.suppress(self._not_found()):
            self._try("remove it", lambda: self._client.remove_container(container, force=True))

    def remove_network(self, label: str) -> None:
        """Remove the networks with a label."""
        for each in self._try(
            "list networks", lambda: self._client.networks(filters={"label": [label]})
        ):
            with contextlib.suppress(EngineError):
                self._try("remove it", lambda: self._client.remove_network(each["Id"]))  # noqa: B023

    def remove_volumes(self, label: str) -> None:
        """Remove the volumes with a label, and what is in them."""
        found = self._try("list volumes", lambda: self._client.volumes(filters={"label": [label]}))
        for each in found.get("Volumes") or ():
            self._try("remove it", lambda: self._client.remove_volume(each["Name"]))  # noqa: B023

    def run_in(self, container: str, argv: list[str]) -> None:
        """Run a command in a container as its own user; raise where it does not end well."""

        def run() -> tuple[int, str]:
            made = self._client.exec_create(container, argv)["Id"]
            said = self._client.exec_start(made)
            code = int(self._client.exec_inspect(made)["ExitCode"])
            return code, said.decode(errors="replace").strip()

        code, said = self._try(f"run {argv[0]} in it", run)
        if code:
            raise EngineError(f"{argv[0]} ended with exit code {code}: {said}")

    def allow_cpu(self, container: str, quota: int) -> None:
        """Let a container take so many microseconds of each 100 ms."""
        self._try(
            "limit it",
            lambda: self._client.update_container(container, cpu_period=100_000, cpu_quota=quota),
        )

    def taken(self, container: str) -> tuple[int, float]:
        """Return a container's memory in bytes, without what could be dropped, and CPU seconds."""
        stats = self._try(
            "count what it takes",
            lambda: self._client.stats(container, stream=False, one_shot=True),
        )
        memory, cpu = stats["memory_stats"], stats["cpu_stats"]
        details = memory.get("stats", {})
        idle = details.get("total_inactive_file", details.get("inactive_file", 0))
        return (
            max(0, int(memory.get("usage", 0)) - int(idle)),
            int(cpu["cpu_usage"]["total_usage"]) / 1e9,
        )

    def events(self, project: str) -> Any:
        """Return a stream of what happens to a project's containers; `close` ends it."""
        return self._try(
            "listen to it",
            lambda: self._client.events(
                decode=True,
                filters={
                    "type": ["container"],
                    "label": [f"{PROJECT_LABEL}={project}"],
                    "event": ["create", "start", "die", "destroy", "oom"],
                },
            ),
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _not_found(self) -> type[Exception]:
        from docker.errors import NotFound

        gone: type[Exception] = NotFound
        return gone

    def _try(self, what: str, do: Callable[[], T]) -> T:
        import requests
        from docker.errors import APIError, DockerException, NotFound

        try:
            return do()
        except NotFound:
            raise
        except APIError as error:
            raise EngineError(f"Docker cannot {what}: {error.explanation or error}.") from error
        except (DockerException, requests.RequestException, OSError) as error:
            raise EngineError(
                f"Docker does not answer ({what}): {error}. Start it, then `./lab up`."
            ) from error
