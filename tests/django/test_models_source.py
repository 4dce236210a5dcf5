"""Edits of model files, text in and text out: the cases are in `models_source/*.txt`, one idea each."""

from __future__ import annotations

import ast
import shlex
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import models

from indexical.django.declaration import Declaration
from indexical.django.models_source import AddIndex, ModelEdit, RemoveIndex, UnindexField, edit_source

CASES = Path(__file__).parent / "models_source"
IMPORT = "from django.db import models\n\n\n"


@dataclass(frozen=True)
class Case:
    title: str
    edit: ModelEdit
    before: str
    after: str


def read_cases(name: str) -> list[Case]:
    cases = []
    for block in (CASES / name).read_text(encoding="utf-8").split("### ")[1:]:
        head, _, after = block.partition("=== becomes\n")
        title, order, before = head.split("\n", 2)
        start = "" if before.startswith(("from ", "import ", '"""')) else IMPORT
        cases.append(
            Case(title, read_edit(order), start + before, start + after if start and after else after)
        )
    return cases


def read_edit(order: str) -> ModelEdit:
    kind, model, *words = shlex.split(order, posix=False)
    given = dict(word.partition("=")[::2] for word in words)
    if kind == "add":
        return AddIndex(model, declaration(given), given.get("inherits", ""), "inherited-indexes" in given)
    if kind == "remove":
        fields = given.get("fields", "")
        return RemoveIndex(model, given["name"], tuple(fields.split(",")) if fields else ())
    return UnindexField(model, given["field"], given["class"], "default" in given)


def declaration(given: dict[str, str]) -> Declaration:
    fields = given["fields"].split(",")
    kind = given.get("class", "")
    condition = (
        f"condition={given['condition']}, ".replace("models.", "{models}.") if "condition" in given else ""
    )
    names = ", ".join(f'"{field}"' for field in fields)
    head = kind or "{models}.Index"
    template = f'{head}(fields=[{names}], {condition}name="{given["name"]}")'
    imports = (("django.contrib.postgres.indexes", kind),) if kind else ()
    return Declaration(
        given["name"], models.Index(fields=fields, name=given["name"]), template, tuple(fields), imports
    )


EDITS = read_cases("edits.txt")
KEPT = read_cases("kept.txt")


def test_there_are_cases_enough_of_both_kinds() -> None:
    assert len(EDITS) >= 40
    assert len(KEPT) >= 40
    assert len({case.title for case in EDITS + KEPT}) == len(EDITS) + len(KEPT)


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.title)
def test_edit(case: Case) -> None:
    edited = edit_source(case.before, [case.edit])
    assert edited.text == case.after
    assert edited.done == (case.edit,)
    assert edited.uncertain == ()
    ast.parse(edited.text)


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.title)
def test_a_second_run_changes_nothing(case: Case) -> None:
    assert edit_source(case.after, [case.edit]).text == case.after


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.title)
def test_windows_newlines_stay(case: Case) -> None:
    edited = edit_source(case.before.replace("\n", "\r\n"), [case.edit])
    assert edited.text == case.after.replace("\n", "\r\n")


@pytest.mark.parametrize("case", EDITS, ids=lambda case: case.title)
def test_tabs_stay_the_indentation(case: Case) -> None:
    """Lines that were not edited are all still there, tabs and all."""
    before = "\n".join(_tabbed(line) for line in case.before.split("\n"))
    edited = edit_source(before, [case.edit])
    assert edited.done == (case.edit,)
    ast.parse(edited.text)
    kept = {line for line in case.before.split("\n") if line in case.after.split("\n")}
    plain = {_tabbed(line) for line in kept if line.startswith(("class ", "    class ", "    def ", "from "))}
    assert plain <= set(edited.text.split("\n"))


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case.title)
def test_no_edit(case: Case) -> None:
    edited = edit_source(case.before, [case.edit])
    assert edited.text == case.before
    answer = case.after.removeprefix(IMPORT).strip()
    if answer == "nothing":
        assert edited.done == (case.edit,)
    else:
        assert [one.reason for one in edited.uncertain] == [answer]
        assert edited.done == ()


def test_edits_are_made_one_after_the_other() -> None:
    source = IMPORT + "class A(models.Model):\n    code = models.CharField(max_length=9, db_index=True)\n"
    add = AddIndex("A", declaration({"fields": "code", "name": "a_code_idx"}))
    edited = edit_source(source, [add, UnindexField("A", "code", "CharField", by_default=False)])
    assert edited.text == (
        IMPORT + "class A(models.Model):\n    code = models.CharField(max_length=9)\n\n    class Meta:\n"
        '        indexes = [\n            models.Index(fields=["code"], name="a_code_idx"),\n        ]\n'
    )


def test_an_uncertain_edit_leaves_the_certain_ones() -> None:
    source = IMPORT + "class A(models.Model):\n    code = models.CharField(max_length=9, db_index=True)\n"
    doubtful = RemoveIndex("A", "nowhere_idx")
    certain = UnindexField("A", "code", "CharField", by_default=False)
    edited = edit_source(source, [doubtful, certain])
    assert edited.done == (certain,)
    assert [one.edit for one in edited.uncertain] == [doubtful]
    assert "db_index" not in edited.text


def _tabbed(line: str) -> str:
    bare = line.lstrip(" ")
    depth = len(line) - len(bare)
    return "\t" * (depth // 4) + " " * (depth % 4) + bare
