"""``why`` on the command line: what is asked, what is answered, and what is refused in one line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from tests.postgres.conftest import Database, make_database

from indexical.cli import main
from indexical.twin.server import PrivateServer

pytestmark = pytest.mark.postgres
LOWER = "SELECT * FROM people WHERE lower(email) = 'p5@example.org'"


@pytest.fixture(scope="module")
def people(server: PrivateServer) -> Database:
    database = Database(make_database(server))
    database.run(
        "CREATE TABLE people (id int PRIMARY KEY, email text NOT NULL, born date NOT NULL)",
        "INSERT INTO people SELECT i, 'p' || i || '@example.org', '1970-01-01'::date + i % 9000 FROM generate_series(1, 30000) i",
        "CREATE INDEX people_email_idx ON people (email)",
        "ANALYZE people",
    )
    return database


def why(*words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["why", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_cause_its_proof_and_the_step_are_told(
    people: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = why(people.url, LOWER, "--format", "json", capsys=capsys)
    found = json.loads(out)
    assert (code, found["version"], found["used"], found["index"]) == (0, 1, False, "people_email_idx")
    (cause, *_) = found["causes"]
    assert cause["name"] == "function-on-column"
    assert cause["proof"]["cost"] < found["cost"] / 10
    assert cause["steps"][0]["sql"].startswith(
        "CREATE INDEX CONCURRENTLY people_lower_email_idx ON public.people"
    )
    assert "p5@example.org" not in json.dumps(found["causes"]) + json.dumps(found["plan"])


def test_a_snapshot_is_enough_and_what_it_cannot_say_is_named(
    people: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "people.indexical")
    assert main(["snapshot", people.url, "-o", file]) == 0
    code, out, _ = why(file, LOWER, capsys=capsys)
    assert code == 0
    assert "Cause: function-on-column" in out
    assert "no connection was given" in " ".join(out.split())


def test_the_query_comes_from_a_file_standard_input_or_a_workload(
    people: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "q.sql"
    file.write_text(f"-- indexical: id=by-mail calls=3\n{LOWER};\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(LOWER))
    asked = ((f"@{file}",), ("-",), ("by-mail", "--workload", str(file)))
    answers = [json.loads(why(people.url, *words, "--format", "json", capsys=capsys)[1]) for words in asked]
    assert [answer["causes"][0]["name"] for answer in answers] == ["function-on-column"] * 3


def test_a_query_that_uses_its_index_has_no_cause(
    people: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = why(
        people.url, "SELECT id FROM people WHERE email = $1", "--value", "p7@example.org", capsys=capsys
    )
    assert code == 0
    assert "Cause" not in out
    assert "The plan reads by people_email_idx; there is nothing to mend." in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((LOWER, "--index", "nope"), 2, "there is no index 'nope'"),
        (("",), 2, "the query is empty"),
        (("@/no/such/file",), 2, "the query cannot be read from /no/such/file"),
        (("DROP TABLE people",), 3, "it is no SELECT, INSERT, UPDATE, DELETE or MERGE"),
        (("SELECT 1; DELETE FROM people",), 3, "cannot be planned"),
        (("SELECT * FROM nothere",), 3, "does not exist"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_line(
    people: Database, words: tuple[str, ...], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    got, out, err = why(people.url, *words, capsys=capsys)
    assert (got, out) == (code, "")
    (line,) = err.splitlines()
    assert said in line
    with people.read() as session:
        assert session.rows("SELECT count(*) AS n FROM people")[0]["n"] == 30000
