"""Server logs: one workload whatever the format, each execution counted once, forged and broken parts counted out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.workload.log_samples import FORMATS, Message, plan, read, rendered, told, written

from indexical.errors import FileRefused, InputError, WorkloadEmpty
from indexical.model import Workload
from indexical.workload.logs.prefix import COMMON, compiled, guess
from indexical.workload.sources import open_sources

TRAFFIC = (
    told("SELECT a FROM t WHERE b = 'x' AND c > 5", 2.5, clock="10:00:00.000"),
    told("SELECT a FROM t WHERE b = 'it''s\nLOG:  two lines' AND c > 6", 1.5),
    Message(
        "duration: 0.250 ms  execute <unnamed>: SELECT a FROM t WHERE b = $1 AND c > $2",
        "Parameters: $1 = 'a, $2 = ''b''', $2 = '7'",
    ),
    Message(
        "duration: 0.1 ms  execute S_1: UPDATE t SET b = $1 WHERE a = $2", "parameters: $1 = NULL, $2 = '3'"
    ),
    Message("connection authorized: user=app database=shop"),
    told("VACUUM t", clock="10:01:40.500"),
)


def calls(workload: Workload) -> dict[str, float]:
    return {statement.sql: statement.calls for statement in workload.statements}


def why(workload: Workload) -> dict[str, str]:
    return {skipped.why: skipped.what for skipped in workload.skipped}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_format_tells_the_same(tmp_path: Path, form: str, packed: bool) -> None:
    workload = open_sources([written(tmp_path, form, *TRAFFIC, packed=packed)])
    select, update = workload.statements
    assert select.sql == "SELECT a FROM t WHERE b = $1 AND c > $2"
    assert (select.calls, select.total_ms) == (3, 4.25)
    assert select.samples == (("x", "5"), ("it's\nLOG:  two lines", "6"), ("a, $2 = 'b'", "7"))
    assert (update.calls, update.samples) == (1, ())
    assert workload.seconds == 100.5
    (skipped,) = workload.skipped
    assert "not a query" in skipped.why


def test_the_fingerprint_is_that_of_a_sql_file(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("select A from T where B='z' and C>0;")
    (expected,) = open_sources([tmp_path / "a.sql"]).statements
    for form in FORMATS:
        assert read(written(tmp_path, form, *TRAFFIC)).statements[0].fingerprint == expected.fingerprint


@pytest.mark.parametrize("form", FORMATS)
def test_a_forged_line_inside_a_literal_is_not_counted(tmp_path: Path, form: str) -> None:
    forged = rendered(form, told("DELETE FROM canary"))
    path = written(
        tmp_path, form, told(f"SELECT a FROM t WHERE b = 'x\n{forged}\n'"), told("SELECT c FROM t")
    )
    assert set(calls(read(path))) == {"SELECT a FROM t WHERE b = $1", "SELECT c FROM t"}


@pytest.mark.parametrize("form", FORMATS)
def test_one_execution_told_several_times_counts_once(tmp_path: Path, form: str) -> None:
    sql = "SELECT a FROM t WHERE a = 1"
    path = written(
        tmp_path,
        form,
        # log_statement, then the duration alone; another session between them.
        Message(f"statement: {sql}", pid=1),
        Message("statement: SELECT b FROM t", pid=2),
        Message("duration: 3.000 ms", pid=1),
        # auto_explain before the statement (simple protocol) and behind it (extended protocol).
        plan(sql, 4.0, pid=3),
        told(sql, 5.0, pid=3),
        Message(f"duration: 0.1 ms  parse <unnamed>: {sql}", pid=4),
        Message(f"duration: 0.1 ms  bind <unnamed>: {sql}", pid=4),
        Message(f"duration: 6.0 ms  execute <unnamed>: {sql}", pid=4),
        plan(sql, 5.9, pid=4),
        # A plan alone counts, and so does the second one.
        plan(sql, 1.0, pid=5),
        plan(sql, 1.0, pid=5),
        # One that was told and then failed does not.
        Message(f"statement: {sql}", pid=6),
        Message("division by zero", severity="ERROR", pid=6),
    )
    workload = read(path)
    assert calls(workload) == {"SELECT a FROM t WHERE a = $1": 5, "SELECT b FROM t": 1}
    assert workload.statements[0].total_ms == pytest.approx(3 + 5 + 6 + 1 + 1)
    assert why(workload) == {"ended in an error": "1 statements"}


def test_plans_in_every_format_show_their_statement(tmp_path: Path) -> None:
    head = "duration: 1.0 ms  plan:\n"
    path = written(
        tmp_path,
        "json",
        plan("SELECT 1 FROM t\nWHERE b = 'Seq Scan on t  (cost=0)'"),
        Message(head + '{\n  "Query Text": "SELECT \\"2\\" FROM t",\n  "Plan": {"Query Text": "SELECT no"}}'),
        Message(head + 'Query Text: "SELECT 3 FROM t"\nPlan: \n  Node Type: "Result"'),
        Message(
            head
            + '<explain xmlns="x">\n  <Query-Text>SELECT 4 FROM t WHERE a &lt; 1</Query-Text>\n  <Plan>x</Plan>'
        ),
        Message(head + "Query Text: nothing else"),
    )
    workload = read(path)
    assert [statement.sql for statement in workload.statements] == [
        "SELECT 1 FROM t WHERE b = $1",
        'SELECT "2" FROM t',
        "SELECT 3 FROM t",
        "SELECT 4 FROM t WHERE a < $1",
    ]
    assert "the plan does not show its statement" in why(workload)


def test_a_cursor_and_a_prepared_statement_count_as_their_query(tmp_path: Path) -> None:
    query = "SELECT a FROM t WHERE a = 1"
    path = written(
        tmp_path,
        "log",
        told(f'DECLARE "c" NO SCROLL CURSOR WITH HOLD FOR {query}'),
        plan(f'DECLARE "c" NO SCROLL CURSOR WITH HOLD FOR {query}', 8.0),
        told("PREPARE p (int) AS SELECT a FROM t WHERE a = $1"),
        Message(
            "duration: 2.0 ms  statement: EXECUTE p(1)",
            "prepare: PREPARE p (int) AS SELECT a FROM t WHERE a = $1",
        ),
    )
    (one,) = read(path).statements
    assert (one.sql, one.calls, one.total_ms) == ("SELECT a FROM t WHERE a = $1", 2, 11.0)


def test_several_statements_in_one_message_are_told_apart(tmp_path: Path) -> None:
    path = written(
        tmp_path, "csv", told("BEGIN; SELECT a FROM t WHERE b = ';'; SELECT 2 FROM t; COMMIT;", 4.0)
    )
    workload = read(path)
    assert calls(workload) == {"SELECT a FROM t WHERE b = $1": 1, "SELECT 2 FROM t": 1}
    assert workload.skipped[0].calls == 2


@pytest.mark.parametrize("form", FORMATS)
def test_other_databases_and_our_own_statements_are_left_out_and_counted(tmp_path: Path, form: str) -> None:
    path = written(
        tmp_path,
        form,
        told("SELECT a FROM t"),
        told("SELECT b FROM t", database="other"),
        told("SELECT * FROM pg_class"),
    )
    workload = read(path, database="shop")
    assert calls(workload) == {"SELECT a FROM t": 1}
    assert set(why(workload)) == {"ran in another database", "reads only system catalogs"}
    assert len(read(path).statements) == 2


def test_what_indexical_itself_sent_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, "csv", told("SELECT a FROM t"), told("SELECT b FROM t", application="indexical"))
    assert calls(read(path)) == {"SELECT a FROM t": 1}


@pytest.mark.parametrize("prefix", COMMON)
def test_common_prefixes_are_guessed_and_understood(tmp_path: Path, prefix: str) -> None:
    values = {
        "%m": "2026-03-01 10:00:00.123 CET", "%t": "2026-03-01 10:00:00 +03", "%n": "1770000000.123", "%p": "4711",
        "%u": "app", "%d": "shop", "%r": "10.0.0.1(5432)", "%h": "::1", "%a": "my app", "%l": "12", "%c": "65e0a.1b", "%q": "",
    }  # fmt: skip
    head = prefix
    for escape, value in values.items():
        head = head.replace(escape, value)
    lines = [
        f"{head}LOG:  duration: 1.0 ms  statement: SELECT a FROM t WHERE b = 'x'",
        "\tAND c = 2",
        f"{head}STATEMENT:  x",
    ]
    assert guess(lines) is not None
    found = compiled(prefix).match(lines[0])
    assert found is not None
    assert found.groupdict().get("database") in (None, "shop")
    (tmp_path / "a.log").write_text("\n".join(lines) + "\n")
    assert calls(read(tmp_path / "a.log")) == {"SELECT a FROM t WHERE b = $1 AND c = $2": 1}
    if "%d" in prefix:
        assert calls(read(tmp_path / "a.log", prefix=prefix, database="elsewhere")) == {}


def test_an_unusual_prefix_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("<shop/42> LOG:  duration: 1.0 ms  statement: SELECT a FROM t\n")
    with pytest.raises(FileRefused):
        open_sources([tmp_path / "a.log"])
    assert open_sources([tmp_path / "a.log"], log_line_prefix="<%d/%p> ").calls == 1
    with pytest.raises(InputError, match="no escape %y"):
        open_sources([tmp_path / "a.log"], log_line_prefix="%y ")


def test_rotated_logs_are_one_source_with_one_window(tmp_path: Path) -> None:
    first = written(tmp_path, "log", told("SELECT a FROM t", clock="10:00:00.000"), name="one")
    (tmp_path / "one.log").rename(tmp_path / "one.log.1")
    written(
        tmp_path, "log", told("SELECT a FROM t WHERE b = 1", clock="10:10:00.000"), name="two", packed=True
    )
    (tmp_path / "readme.txt").write_text("SELECT nothing;")
    workload = open_sources([tmp_path])
    assert first.name == "one.log"
    assert (len(workload.statements), workload.seconds) == (2, 600)
    both = open_sources([tmp_path / "one.log.1", tmp_path / "two.log.gz"])
    assert both.seconds == 600


def test_a_log_written_in_three_formats_counts_once(tmp_path: Path) -> None:
    for form in FORMATS:
        written(tmp_path, form, *TRAFFIC)
    workload = open_sources([tmp_path])
    assert workload.calls == 4
    assert why(workload)["the same log in another format is read instead"] == "postgresql.csv and 1 more"


def test_a_folder_of_sql_and_logs_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT b FROM t;")
    written(tmp_path, "log", told("SELECT a FROM t"))
    assert set(calls(open_sources([tmp_path]))) == {"SELECT a FROM t", "SELECT b FROM t"}


def test_a_log_without_statements_says_which_setting_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WorkloadEmpty, match="log_min_duration_statement"):
        open_sources([written(tmp_path, "csv", Message("checkpoint starting: time"))])


@pytest.mark.parametrize("form", FORMATS)
def test_secrets_and_personal_values_are_not_kept(tmp_path: Path, form: str) -> None:
    path = written(
        tmp_path,
        form,
        told("SELECT a FROM t WHERE email = 'canary@example.com' AND b = 'open'"),
        told("SELECT a FROM t WHERE password = 'canary' AND b = 'open'"),
        told("SELECT 'canary@example.com', a FROM t"),
        told("INSERT INTO t VALUES ('canary')"),
        told("ALTER ROLE a PASSWORD 'canary'"),
        Message("duration: 1.0 ms  execute a: SELECT a FROM t WHERE token = $1", "Parameters: $1 = 'canary'"),
    )
    workload = open_sources([path])
    assert "canary" not in repr(workload)
    assert workload.statements[0].samples == ((None, "open"),)
    assert len(workload.statements) == 5


@pytest.mark.parametrize("form", FORMATS)
def test_redacting_keeps_only_the_length_of_a_page(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, told("SELECT 'canary', a FROM t WHERE b = 'canary' LIMIT 10"))
    (one,) = open_sources([path], redact=True).statements
    assert "canary" not in repr(one)
    assert one.samples[0][-1] == "10"


def test_redacting_reaches_sql_files_too(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 'canary', a FROM t WHERE b = 'canary' AND c = 'canary' LIMIT 10;")
    (one,) = open_sources([tmp_path / "a.sql"], redact=True).statements
    assert "canary" not in repr(one)
    assert one.samples == ((None, None, None, "10"),)
    (plain,) = open_sources([tmp_path / "a.sql"]).statements
    assert one.fingerprint == plain.fingerprint


def test_values_collect_by_how_often_they_came(tmp_path: Path) -> None:
    messages = [told(f"SELECT a FROM t WHERE b = {number % 4} AND c = 'x'") for number in range(2000)]
    (one,) = read(written(tmp_path, "csv", *messages)).statements
    assert one.calls == 2000
    assert {sample[0] for sample in one.samples} <= {"0", "1", "2", "3"}
    assert sum(one.sample_weights) > 500


def test_positions_and_kept_constants_stay_apart_in_a_long_log(tmp_path: Path) -> None:
    texts = [f"SELECT date_trunc('{unit}', a), b FROM t WHERE c = {n} ORDER BY {p}"
             for n in range(30) for unit in ("day", "month") for p in (1, 2)]  # fmt: skip
    workload = read(written(tmp_path, "json", *(told(text) for text in texts)))
    assert sorted(calls(workload).values()) == [30, 30, 30, 30]


def test_lists_of_many_lengths_do_not_multiply(tmp_path: Path) -> None:
    texts = [f"SELECT a FROM t WHERE b IN ({', '.join(map(str, range(size)))})" for size in range(1, 60)]
    (one,) = read(written(tmp_path, "json", *(told(text) for text in texts))).statements
    assert one.calls == 59
