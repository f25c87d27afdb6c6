"""`python -m obstack_lab.dashboards`: make the files of Grafana and Perses, and the page, anew."""

from __future__ import annotations

from obstack_lab.dashboards.files import files

if __name__ == "__main__":
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
