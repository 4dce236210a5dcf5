"""The demo's commands run in an environment of their own, and what they print is read as it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from indexical.demo.project import DjangoProject


def test_what_the_user_records_elsewhere_stays_out_of_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDEXICAL_CAPTURE", str(tmp_path / "mine.jsonl"))
    project = DjangoProject(tmp_path, "postgresql:///shop", "config.settings", {"INDEXICAL_APP": "1"})
    found = {name: value for name, value in project.environment().items() if name.startswith("INDEXICAL_")}
    assert found == {"INDEXICAL_APP": "1"}


def test_arrows_are_read_whatever_the_locale_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1:replace")
    project = DjangoProject(tmp_path, "postgresql:///shop", "config.settings")
    assert project.run([sys.executable, "-c", "print('1 \u2192 2')"], "a command").stdout == "1 \u2192 2\n"
