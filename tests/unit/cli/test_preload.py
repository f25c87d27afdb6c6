"""What a page of Voila begins to load early is what the installed Voila has."""

from __future__ import annotations

from obstack_lab.cli.preload import SCRIPTS, scripts
from obstack_lab.settings import resources


def test_every_script_of_the_list_is_in_the_installed_voila() -> None:
    listed = (resources() / SCRIPTS).read_text().split()
    assert listed == sorted(set(listed))
    assert "voila.js" in listed
    assert scripts() == listed
