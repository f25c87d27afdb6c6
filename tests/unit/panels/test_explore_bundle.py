"""Explore's bundle is the one that was committed: its hash, its size, its licences, its lock."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

from obstack_lab.panels import bundle

ROOT = Path(bundle.__file__).parent
LARGEST = 1_300_000
FREE = {
    *("MIT", "Apache-2.0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0"),
    *("(MPL-2.0 OR Apache-2.0)", "Python-2.0", "CC0-1.0", "Unlicense"),
}


def test_the_committed_hash_is_that_of_the_committed_bundle() -> None:
    assert hashlib.sha256(bundle.packed()).hexdigest() == bundle.digest()


def test_the_bundle_is_small_and_exports_its_door() -> None:
    assert len(bundle.packed()) <= LARGEST
    script = gzip.decompress(bundle.packed()).decode()
    assert re.search(r"export\{\w+ as open\};?\s*$", script)


def test_the_packed_file_says_nothing_of_when_and_where() -> None:
    modified, system = bundle.packed()[4:8], bundle.packed()[9]
    assert (modified, system) == (bytes(4), 255)


def test_every_package_in_the_bundle_has_a_free_licence() -> None:
    text = (ROOT / "static" / "THIRD_PARTY.txt").read_text(encoding="utf-8")
    found = re.findall(r"^(@?[a-z][\w./-]*) \d+\.\d+\.\d+[\w.-]*: ([^,\n]+)", text, re.MULTILINE)
    assert len(found) > 100
    assert not [(name, licence) for name, licence in found if licence not in FREE]


def test_the_lock_file_has_a_hash_for_everything_and_no_address() -> None:
    text = (ROOT / "ui" / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text
    packages = json.loads(text)["packages"]
    named = {name: entry for name, entry in packages.items() if name and "link" not in entry}
    bare = [name for name, entry in named.items() if not entry.get("integrity")]
    assert not [name for name in bare if "stubs" not in name]
