"""What payments keeps in its private folder: its certificate and the key of its signatures."""

from __future__ import annotations

import datetime as dt
import secrets
import subprocess
import sys
from pathlib import Path

import sut
from sut.errors import CannotStart

ISSUE_SECONDS = 20
NOT_AFTER = "Not After: "


class Vault:
    """The private folder of payments."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = folder / "server.pem"
        """Certificate and key; a new one takes its place as a whole."""

    def prepare(self) -> None:
        """Have a certificate issued where there is none. Raise CannotStart where that fails.

        It is done by another process: this one need not carry what issues certificates.
        """
        if self.certificate.exists():
            return
        command = [sys.executable, "-m", "sut.payments.issue", "--folder", str(self._folder)]
        try:
            subprocess.run(
                command,
                cwd=Path(sut.__file__).parent.parent,
                check=True,
                capture_output=True,
                timeout=ISSUE_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise CannotStart(f"payments could not have a certificate issued: {error}") from error

    def signature_key(self) -> bytes:
        """Return the key of signatures, which survives restarts."""
        file = self._folder / "signature.key"
        try:
            with file.open("xb") as fresh:
                file.chmod(0o600)
                fresh.write(secrets.token_bytes(32))
        except FileExistsError:
            pass
        return file.read_bytes()

    def expires(self) -> float:
        """Return when the certificate expires, in seconds since 1970; 0 where it does not say."""
        for line in self.certificate.read_text(encoding="ascii").splitlines():
            if line.startswith(NOT_AFTER):
                return dt.datetime.fromisoformat(line.removeprefix(NOT_AFTER)).timestamp()
        return 0.0
