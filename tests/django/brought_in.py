"""Modules of the example projects, brought into a test and out again."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest


def bring_in(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str) -> ModuleType:
    """A module of the example, gone again from the module table: the other example has modules of the same names."""
    monkeypatch.syspath_prepend(folder)
    # Compiled files in the example would be taken for the demo's by the test that looks for what it leaves there.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    module = __import__(name, fromlist=["_"])
    for added in set(sys.modules) - before:
        # Not by monkeypatch, which would put them back after the test.
        if (getattr(sys.modules[added], "__file__", None) or "").startswith(str(folder)):
            del sys.modules[added]
    return module
