"""N+1: one question for each row of another."""

from __future__ import annotations

from indexical.diagnose.repeated import repeated
from indexical.model import Origin, Statement, Workload

LIST = Statement("list", "SELECT * FROM book LIMIT 20", calls=10, origins=(Origin("v.py:1", "books"),))
COUNT = Statement("count", "SELECT count(*) FROM book", calls=10, origins=(Origin("v.py:2", "books"),))
AUTHOR = Statement(
    "author", "SELECT * FROM author WHERE id = $1", calls=200, origins=(Origin("v.py:3", "books"),)
)


def test_a_statement_that_runs_for_each_row_of_another_is_told_with_its_view() -> None:
    assert repeated(AUTHOR, Workload((LIST, COUNT, AUTHOR))) == ("books", 20.0)


def test_ten_times_a_request_is_not_yet_often() -> None:
    ten = Statement("author", AUTHOR.sql, calls=100, origins=AUTHOR.origins)
    assert repeated(ten, Workload((LIST, COUNT, ten))) == ("", 0.0)


def test_statements_of_other_views_and_writes_prove_nothing() -> None:
    other = Statement("other", "SELECT 1", calls=1, origins=(Origin("w.py:1", "home"),))
    write = Statement("w", "UPDATE book SET n = 1", kind="update", calls=500, origins=LIST.origins)
    assert repeated(AUTHOR, Workload((AUTHOR, other))) == ("", 0.0)
    assert repeated(write, Workload((LIST, write))) == ("", 0.0)
    assert repeated(LIST, Workload((LIST, COUNT, AUTHOR))) == ("", 0.0)
    assert repeated(Statement("x", "SELECT 1", calls=999), Workload((LIST,))) == ("", 0.0)
