"""Every way in which PostgreSQL can end a build has our stable code, by SQLSTATE and nothing else."""

from __future__ import annotations

import pytest

from indexical.apply.ending import ended_by
from indexical.apply.run import Attempt
from indexical.apply.wording import code, sqlstate, wording
from indexical.errors import ConnectionFailed, DatabaseError, PreflightRefused
from indexical.model.codes import CODES
from indexical.model.run import Backend


@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("57014", "CANCELLED"), ("57P01", "TERMINATED"), ("57P02", "SERVER_LOST"), ("55P03", "LOCK"), ("40P01", "DEADLOCK"),
        ("53100", "DISK"), ("53400", "DISK"), ("53200", "PLAIN_FAILURE"), ("23505", "DUPLICATES"), ("22P02", "VALUE"),
        ("54000", "ROW_TOO_WIDE"), ("42P17", "NOT_IMMUTABLE"), ("42501", "RIGHTS"), ("25006", "READ_ONLY"),
        ("42P07", "NAME_TAKEN"), ("42703", "CHANGED"), ("2BP01", "NEEDED"), ("0A000", "NOT_CONCURRENT"),
        ("P0001", "FORBIDDEN"), ("XX002", "PLAIN_FAILURE"), ("99999", "PLAIN_FAILURE"),
    ],
)  # fmt: skip
def test_a_state_has_its_code_whatever_the_message_says(state, ours):
    for message in ("", "canceling statement due to user request", "x" * 300):
        error = DatabaseError(message, code=state)
        assert code(error) == ours
        assert sqlstate(error) == state
        assert all(wording(error))
    assert ours in CODES


def test_a_lost_connection_has_no_state_and_its_own_code():
    error = ConnectionFailed("the connection was lost")
    assert (code(error), sqlstate(error)) == ("SERVER_LOST", "")


def test_an_error_of_our_own_is_told_as_it_is():
    error = PreflightRefused("the session does not keep its settings")
    assert wording(error)[0] == "the session does not keep its settings"
    assert (code(error), sqlstate(error)) == ("PLAIN_FAILURE", "")


def test_who_cancelled_is_known_from_our_own_record():
    error = DatabaseError("cancelled", code="57014")
    assert ended_by(Attempt(error=error))[2] == "CANCELLED"
    assert ended_by(Attempt(error=error, reason="it was given up"))[::2] == ("it was given up", "GIVEN_UP")


def test_a_session_that_was_lost_on_the_way_is_not_yet_a_lost_server():
    error = ConnectionFailed("gone")
    assert ended_by(Attempt(error=error, backend=Backend(7, "now")))[2] == "TERMINATED"
    assert ended_by(Attempt(error=error))[2] == "SERVER_LOST"


def test_a_function_that_was_found_first_and_not_later_needs_a_search_path():
    error = DatabaseError("no such function", code="42883")
    assert ended_by(Attempt(error=error))[2] == "CHANGED"
    assert ended_by(Attempt(error=error, index_oid=5))[2] == "NOT_IMMUTABLE"
