"""The command line in this process: what it prints, and with which code it ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from obstack_lab.cli import main
from obstack_lab.settings import HOME_VARIABLE


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def refused(self, *said: str, code: int = 2) -> None:
        """Check that it ended in one line on stderr that says all of this, and in no more."""
        assert (self.code, self.out) == (code, ""), self
        assert len(self.err.splitlines()) == 1, self.err
        assert self.err.startswith("lab: ")
        for text in said:
            assert text in self.err


Command = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lab's directory, which nobody has made yet."""
    path = tmp_path / "lab"
    monkeypatch.setenv(HOME_VARIABLE, str(path))
    return path


@pytest.fixture
def lab(home: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one command."""

    def run(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        said = capsys.readouterr()
        code = ended.value.code
        return Done(code if isinstance(code, int) else int(code is not None), said.out, said.err)

    return run
