"""Operator settings: checked whole, versioned, told to those who listen."""

from __future__ import annotations

import asyncio
import re

import pytest
from pydantic import ValidationError

from sut.config import Config, allowed_range
from sut.errors import CannotStart, InvalidSettings
from sut.release import RELEASES, find_release
from sut.settings import DatabaseSettings, OrdersSettings, Settings

MODELS = [find_release(service, releases[-1]).SETTINGS for service, releases in RELEASES.items()]


def change(config: Config[OrdersSettings], **changes: object) -> dict[str, tuple[object, object]]:
    return asyncio.run(config.change(changes))


def test_a_change_is_a_new_version_and_listeners_see_it() -> None:
    config = Config.start(OrdersSettings)
    seen = []

    async def listen() -> None:
        seen.append(config.current.db_pool_size)

    config.listen(listen)
    assert change(config, db_pool_size=9) == {"db_pool_size": (4, 9)}
    assert change(config, db_pool_size=9) == {}
    assert seen == [9]
    assert config.view()["version"] == 2


def test_one_wrong_setting_refuses_them_all_and_names_each() -> None:
    config = Config.start(OrdersSettings)
    with pytest.raises(InvalidSettings) as caught:
        change(config, db_pool_size=65, log_level="loud", colour="red", db_pool_timeout=3.0)
    said = str(caught.value)
    assert "db_pool_size" in said
    assert "1 to 64" in said
    assert "debug, info, warning, error" in said
    assert "colour" in said
    assert config.version == 1
    assert config.current == OrdersSettings()


@pytest.mark.parametrize("value", [0, 65, "many", 1.5, None, float("nan")])
def test_a_pool_size_out_of_range_is_refused(value: object) -> None:
    with pytest.raises(InvalidSettings):
        change(Config.start(OrdersSettings), db_pool_size=value)


def test_settings_given_at_the_start_are_checked_too() -> None:
    assert Config.start(OrdersSettings, '{"db_pool_size": 6}').current.db_pool_size == 6
    for text in ("[]", "{", '{"db_pool_size": 99}'):
        with pytest.raises(CannotStart, match="SERVICE_SETTINGS"):
            Config.start(OrdersSettings, text)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_setting_has_a_default_a_range_and_help(model: type[Settings]) -> None:
    model()
    for name, field in model.model_fields.items():
        assert field.description, name
        assert allowed_range(model, name), name


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_setting_is_a_door_for_faults(model: type[Settings]) -> None:
    words = ("fault", "inject", "chaos", "leak", "toxic", "fail", "delay", "bad")
    text = str(model.model_json_schema()).lower()
    assert not [word for word in words if re.search(rf"\b{word}", text)]


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        DatabaseSettings().db_pool_size = 5  # type: ignore[misc]
