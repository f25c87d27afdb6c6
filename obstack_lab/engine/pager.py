"""Whom Alertmanager tells: the lab itself, and Slack or PagerDuty where an instructor says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from obstack_lab.engine.callback import Callback
from obstack_lab.settings import resources

SLACK_VARIABLE = "OBSTACK_LAB_SLACK_URL"
PAGERDUTY_KEY_VARIABLE = "OBSTACK_LAB_PAGERDUTY_KEY"
PAGERDUTY_URL_VARIABLE = "OBSTACK_LAB_PAGERDUTY_URL"
_PATH = "/v1/notifications"
_PAGES = "pages"


@dataclass(frozen=True)
class Pager:
    """The lab's own receiver and the instructor's."""

    orchestrator: Callback
    slack_url: str = ""
    pagerduty_key: str = ""
    pagerduty_url: str = ""

    @classmethod
    def of(cls, orchestrator: Callback, environ: Mapping[str, str] | None = None) -> Pager:
        """Return the pager of a lab that listens there, with what the environment adds."""
        environ = os.environ if environ is None else environ
        return cls(
            orchestrator,
            slack_url=environ.get(SLACK_VARIABLE, ""),
            pagerduty_key=environ.get(PAGERDUTY_KEY_VARIABLE, ""),
            pagerduty_url=environ.get(PAGERDUTY_URL_VARIABLE, ""),
        )

    def configuration(self) -> str:
        """Return Alertmanager's configuration. It holds secrets: write it for the owner alone."""
        said = _part("alertmanager")
        for receiver in said["receivers"]:
            for webhook in receiver["webhook_configs"]:
                webhook["url"] = f"{self.orchestrator.url}{_PATH}"
                token = self.orchestrator.token
                webhook["http_config"] = {"authorization": {"credentials": token}}
            if self.slack_url:
                receiver["slack_configs"] = [_part("slack") | {"api_url": self.slack_url}]
            if self.pagerduty_key and receiver["name"] == _PAGES:
                event = _part("pagerduty") | {"routing_key": self.pagerduty_key}
                if self.pagerduty_url:
                    event["url"] = self.pagerduty_url
                receiver["pagerduty_configs"] = [event]
        return yaml.safe_dump(said, sort_keys=False)


def _part(name: str) -> dict[str, Any]:
    text = (resources() / "stack" / "alertmanager" / f"{name}.yml").read_text(encoding="utf-8")
    part: dict[str, Any] = yaml.safe_load(text)
    return part
