"""What the source itself must not hold: ways in which a file from somebody else could become code, or a file elsewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import indexical

_SOURCE = Path(indexical.__file__).parent
_FILES = sorted(_SOURCE.rglob("*.py"))

_MODULES = {
    "pickle": "S23", "cPickle": "S23", "marshal": "S23", "shelve": "S23", "dill": "S23", "joblib": "S23", "yaml": "S23",
    "xml": "S23", "lxml": "S23", "code": "S23",
    "tarfile": "S13", "zipfile": "S13",
    "urllib.request": "S25", "http.client": "S25", "requests": "S25", "httpx": "S25", "aiohttp": "S25", "smtplib": "S25",
    "ftplib": "S25", "xmlrpc": "S25",
}  # fmt: skip
_CALLS = {
    "eval": "S23",
    "exec": "S23",
    "compile": "S23",
    "__import__": "S23",
    "mktemp": "S22",
    "system": "S23",
    "popen": "S23",
}


def faults(tree: ast.AST) -> set[str]:
    """What of the forbidden things a module does: ``row: word``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            heads = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
            found |= {f"{row}: import {word}" for word, row in _MODULES.items() if word in heads}
        if isinstance(node, ast.Call):
            found |= _call(node)
    return found


def _call(node: ast.Call) -> set[str]:
    found: set[str] = set()
    if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        found.add(f"{_CALLS[node.func.id]}: {node.func.id}()")
    if isinstance(node.func, ast.Attribute):
        owner = ast.unparse(node.func.value)
        if (owner, node.func.attr) in {
            ("os", "system"),
            ("os", "popen"),
            ("tempfile", "mktemp"),
            ("builtins", "exec"),
        }:
            found.add(f"{_CALLS[node.func.attr]}: {owner}.{node.func.attr}()")
    for keyword in node.keywords:
        if keyword.arg == "shell" and not (
            isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        ):
            found.add("S23: shell=True")
    return found


_MEASURING = {f"measure/served/{name}.py": {"S25: import http.client"} for name in ("exchange", "serving")}
"""What measures a served project sends requests, to the address that it is given on the command line and to no other."""


@pytest.mark.security("S13", "S23", "S25")
@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(_SOURCE)))
def test_no_module_can_turn_input_into_code_or_reach_the_network(path):
    allowed = _MEASURING.get(path.relative_to(_SOURCE).as_posix(), set())
    assert faults(ast.parse(path.read_text(encoding="utf-8"))) == allowed


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from yaml import load", "import urllib.request", "from urllib import request", "eval('1')",
        "import os\nos.system('x')", "subprocess.run('x', shell=True)", "import xml.etree.ElementTree", "import tarfile as t",
        "tempfile.mktemp()", "exec(text)",
    ],
)  # fmt: skip
def test_what_is_looked_for_is_found(text):
    assert faults(ast.parse(text))


def test_what_is_harmless_is_not_taken_for_it():
    assert (
        faults(
            ast.parse("import re\nre.compile('x')\nimport urllib.parse\nsubprocess.run(['x'], shell=False)")
        )
        == set()
    )


@pytest.mark.security("S25")
def test_only_one_room_connects_to_anything():
    """The driver is imported in one room; sockets only to keep a connection alive or to find a free port."""
    drivers = {
        path.relative_to(_SOURCE).parts[0]
        for path in _FILES
        if "import psycopg" in path.read_text(encoding="utf-8")
    }
    assert drivers == {"pg"}
    dialling = ("create_connection(", ".connect((", "getaddrinfo(", "gethostbyname(")
    assert [
        path.name for path in _FILES if any(word in path.read_text(encoding="utf-8") for word in dialling)
    ] == []
