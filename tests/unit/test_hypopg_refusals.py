"""When HypoPG is not used, and what the user is told then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from indexical.errors import DatabaseError
from indexical.hypopg import open_hypopg, planner
from indexical.testing import catalog

FACTS: dict[str, Any] = {
    "version": "1.4.1",
    "schema": "public",
    "available": True,
    "standby": False,
    "pid": 7,
}


class FakeSession:
    """Answers the one question about the extension, and every call of its functions."""

    target = "database shop on db.example"
    backend_pid = 7
    server_version_text = "16.4"

    def __init__(self, **facts: Any) -> None:
        self.facts = {**FACTS, **facts}
        self.asked: list[str] = []
        self.closed = False

    def rows(self, sql: str, parameters: object = ()) -> list[dict[str, Any]]:
        self.asked.append(sql)
        return [self.facts] if "pg_available_extensions" in sql else []

    def script(self, statements: Sequence[str]) -> None:
        self.asked += statements

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(**facts: Any) -> FakeSession:
        session = FakeSession(**facts)
        monkeypatch.setattr(planner, "connect", lambda *_, **__: session)
        return session

    return make


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"pid": 8}, "connection pooler .*connect to the server directly"),
        (
            {"version": None},
            "not installed in database shop on db.example; run CREATE EXTENSION hypopg there",
        ),
        ({"version": None, "available": False}, "install it on the server and run CREATE EXTENSION hypopg"),
    ],
)
def test_it_is_refused_in_one_line_and_the_session_is_closed(
    opened: Any, facts: dict[str, Any], told: str
) -> None:
    session = opened(**facts)
    with pytest.raises(DatabaseError, match=told) as caught:
        open_hypopg("postgresql://db.example/shop", catalog())
    assert "\n" not in str(caught.value)
    assert session.closed
    assert not [sql for sql in session.asked if "hypopg_" in sql and "pg_available_extensions" not in sql]


@pytest.mark.parametrize(("standby", "where"), [(True, "on a standby"), (False, "on the primary itself")])
def test_it_says_where_it_plans(opened: Any, standby: bool, where: str) -> None:
    told: list[str] = []
    opened(standby=standby)
    open_hypopg(
        "postgresql://db.example/shop", catalog(), on_event=lambda *event: told.append(event[2])
    ).close()
    assert told == [f"HypoPG 1.4.1, planning {where}"]


@pytest.mark.parametrize(
    ("version", "hides"), [("1.3.1", False), ("1.4.0", True), ("1.10", True), ("2.0", True), ("1", False)]
)
def test_only_newer_versions_hide_indexes(opened: Any, version: str, hides: bool) -> None:
    session = opened(version=version)
    with open_hypopg("postgresql://db.example/shop", catalog()) as made:
        assert made.can_hide is hides
        assert len(made.not_examined) == (1 if hides else 2)
    unhidden = [sql for sql in session.asked if "hypopg_unhide_all_indexes" in sql]
    assert len(unhidden) == (2 if hides else 0)
    assert len([sql for sql in session.asked if "hypopg_reset" in sql]) == 2
