"""What a service is told from outside: who it is and where the others are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sut.errors import CannotStart


@dataclass(frozen=True)
class Environment:
    """Who this process is (service, release, instance) and the addresses it may use."""

    service: str
    release: str
    port: int
    host: str = "127.0.0.1"
    instance: str = ""
    database_url: str = ""
    orders_url: str = ""
    inventory_url: str = ""
    payments_url: str = ""
    payments_ca: str = ""
    payments_key: str = ""
    payments_port: str = ""
    payments_folder: str = ""
    job_queue: str = ""
    logs_url: str = ""
    traces_url: str = ""
    settings: str = ""

    @classmethod
    def read(
        cls,
        variables: Mapping[str, str],
        *,
        service: str,
        release: str,
        port: int,
        host: str = "127.0.0.1",
    ) -> Environment:
        """Return what the variables say; addresses lose their trailing slash.

        Logs and traces have addresses of their own, or one from which theirs follow.
        """
        otlp = variables.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").rstrip("/")
        return cls(
            service=service,
            release=release,
            port=port,
            host=host,
            instance=variables.get("SERVICE_INSTANCE_ID") or f"{service}-1",
            database_url=variables.get("DATABASE_URL", ""),
            orders_url=variables.get("ORDERS_URL", "").rstrip("/"),
            inventory_url=variables.get("INVENTORY_URL", "").rstrip("/"),
            payments_url=variables.get("PAYMENTS_URL", "").rstrip("/"),
            payments_ca=variables.get("PAYMENTS_CA", ""),
            payments_key=variables.get("PAYMENTS_API_KEY", ""),
            payments_port=variables.get("PAYMENTS_TLS_PORT", ""),
            payments_folder=variables.get("PAYMENTS_TLS_FOLDER", ""),
            job_queue=variables.get("JOB_QUEUE", ""),
            logs_url=variables.get("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "")
            or (otlp and f"{otlp}/v1/logs"),
            traces_url=variables.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
            or (otlp and f"{otlp}/v1/traces"),
            settings=variables.get("SERVICE_SETTINGS", ""),
        )

    def require(self, variable: str, value: str) -> str:
        """Return the value, or say which variable is missing."""
        if not value:
            raise CannotStart(f"{self.service} needs the environment variable {variable}. Set it.")
        return value
