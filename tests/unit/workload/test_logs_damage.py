"""Damaged, hostile and huge logs: counted, bounded, never a traceback, never another statement than was logged."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.workload.log_samples import FORMATS, Message, plan, read, rendered, told, written
from tests.unit.workload.test_logs import TRAFFIC, calls, why

from indexical.errors import FileRefused, InputError
from indexical.workload.logs import tally
from indexical.workload.sources import open_sources

GOOD = told("SELECT good FROM t")


def test_broken_lines_are_counted_and_the_others_read(tmp_path: Path) -> None:
    good = rendered("json", GOOD)
    broken = [
        b'{"timestamp": "2026',
        b"[1, 2]",
        b'{"error_severity": 5}',
        b"\xff\xfe{",
        b'{"a":' * 100_000,
        b"9" * 9999,
    ]
    (tmp_path / "a.json").write_bytes(good.encode() + b"\n".join(broken) + b"\n" + good.encode())
    workload = read(tmp_path / "a.json")
    assert workload.calls == 2
    assert (
        why(workload)["a line is not a JSON object of a server log, or was cut off"] == "a.json:2 and 4 more"
    )
    assert why(workload)["a message is not UTF-8 text"] == "a.json:5"


@pytest.mark.parametrize("form", FORMATS)
def test_text_in_another_encoding_is_counted(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    odd = rendered(form, told("SELECT a FROM t WHERE b = '#'")).encode().replace(b"#", b"\xe9")
    path.write_bytes(rendered(form, GOOD).encode() + odd + rendered(form, GOOD).encode())
    workload = read(path)
    assert calls(workload) == {"SELECT good FROM t": 2}
    assert list(why(workload)) == ["a message is not UTF-8 text"]


@pytest.mark.parametrize("form", FORMATS)
def test_huge_messages_are_read_past(tmp_path: Path, form: str) -> None:
    huge = told("SELECT a FROM t WHERE b = '" + 'x"' * 900_000 + "'")
    many = told("SELECT a FROM t WHERE b = '" + "x\n" * 900_000 + "'")
    workload = read(written(tmp_path, form, GOOD, huge, GOOD, many, GOOD))
    assert calls(workload) == {"SELECT good FROM t": 3}
    assert why(workload) == {
        "a message is longer than 1024 KiB": f"postgresql.{form}:{workload.skipped[0].what.split(':')[1]}"
    }
    assert "and 1 more" in workload.skipped[0].what


def test_values_too_long_to_keep_lose_only_themselves(tmp_path: Path) -> None:
    text = "duration: 1.0 ms  execute a: SELECT a FROM t WHERE b = $1"
    path = written(tmp_path, "log", Message(text, "Parameters: $1 = '" + "x\n" * 900_000 + "'"))
    (one,) = read(path).statements
    assert (one.calls, one.samples) == (1, ())


def test_a_record_cut_off_by_a_crash_does_not_hide_the_rest(tmp_path: Path) -> None:
    cut = rendered("csv", told("SELECT a FROM t WHERE b = 1"))[:-60].rsplit('"', 1)[0]
    rest = rendered("csv", *[GOOD] * 8000)
    (tmp_path / "a.csv").write_text(rendered("csv", GOOD) + cut + "\n" + rest)
    workload = read(tmp_path / "a.csv")
    assert calls(workload) == {"SELECT good FROM t": 8001}
    assert len(workload.skipped) == 1


def test_the_unfinished_end_of_a_log_may_be_text_and_is_not_believed(tmp_path: Path) -> None:
    forged = rendered("csv", told("DELETE FROM canary"))
    whole = rendered("csv", told(f"SELECT a FROM t WHERE b = 'x\n{forged}"))
    (tmp_path / "a.csv").write_text(
        rendered("csv", GOOD) + whole[: whole.index("DELETE")] + "DELETE FROM canary"
    )
    workload = read(tmp_path / "a.csv")
    assert calls(workload) == {"SELECT good FROM t": 1}
    assert list(why(workload)) == ["the last record does not end"]


def test_a_damaged_archive_gives_what_is_before_the_damage(tmp_path: Path) -> None:
    path = written(tmp_path, "csv", *[told(f"SELECT c{n} FROM t") for n in range(3000)], packed=True)
    path.write_bytes(path.read_bytes()[:-1000])
    workload = read(path)
    assert len(workload.statements) > 1000
    assert "the compressed file is damaged or cut off; the rest of it cannot be read" in why(workload)


@pytest.mark.parametrize(
    "content", [b"\n" * (30 << 20), b"2026-03-01 10:00:00.000 UTC [7] LOG:  " + b"x" * (30 << 20)]
)
def test_an_archive_made_to_exhaust_its_reader_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    good = rendered("log", GOOD).encode()
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(good + content, 9))
    unpacked, readline = [0], gzip.GzipFile.readline

    def counted(self: gzip.GzipFile, *size: int) -> bytes:
        line = readline(self, *size)
        unpacked[0] += len(line)
        return line

    monkeypatch.setattr(gzip.GzipFile, "readline", counted)
    with pytest.raises(FileRefused, match="times its size"):
        read(tmp_path / "a.log.gz")
    assert 0 < unpacked[0] < len(content) / 4


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM t WHERE b = 'abc",
        "SELECT a FROM t WHERE b IN (1, 2",
        "SELECT a FROM t WHERE",
        "SELECT a, b,",
        "SELECT a FROM t WHERE b =",
        "SELECT a FROM t ORDER BY",
        "SELECT a FROM t WHERE b = 1...",
        "SELECT a FROM t /* not ended",
        "UPDATE t SET a = $1 WHERE b = \"c",
    ],
)  # fmt: skip
def test_a_statement_that_was_cut_off_is_skipped_with_the_reason(tmp_path: Path, text: str) -> None:
    workload = read(written(tmp_path, "csv", GOOD, told(text), told(text)))
    assert calls(workload) == {"SELECT good FROM t": 1}
    (skipped,) = workload.skipped
    assert "cut off" in skipped.why
    assert skipped.calls == 2


def test_calls_kept_and_skipped_add_up(tmp_path: Path) -> None:
    chance = random.Random(3)
    texts = [
        "SELECT a FROM t WHERE b = %d",
        "SELECT (a FROM t%d",
        "VACUUM t%d",
        "SELECT 'x FROM %d",
        "DELETE FROM t%d",
    ]
    messages = [told(chance.choice(texts) % chance.randrange(5)) for _ in range(500)]
    workload = read(written(tmp_path, "json", *messages))
    assert workload.calls + sum(skipped.calls for skipped in workload.skipped) == 500


@pytest.mark.timeout(60)
@pytest.mark.parametrize("form", FORMATS)
def test_statements_built_to_exhaust_a_parser_do_not_stop_the_others(tmp_path: Path, form: str) -> None:
    bombs = [
        "SELECT " + "(" * 5000 + "1" + ")" * 5000,
        "SELECT a FROM t WHERE b IN (" + ",".join(["1"] * 100_000) + ")",
        "SELECT " + "/*" * 40_000 + "*/" * 40_000 + " 1 FROM t",
        "SELECT a FROM t WHERE b = '" + "'" * 40_000,
        "SELECT " + "a," * 40_000 + "b FROM t",
        "SELECT " + "by 1, " * 15_000 + "b FROM t",
        "SELECT " + ":: a " * 15_000 + "b FROM t",
        "DECLARE " + "no " * 30_000 + "x",
        "PREPARE a (" + "(" * 30_000,
        ";" * 90_000,
    ]
    workload = read(written(tmp_path, form, GOOD, *(told(bomb) for bomb in bombs), GOOD))
    assert calls(workload)["SELECT good FROM t"] == 2


def test_more_distinct_statements_than_fit_are_counted_and_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "MAX_STATEMENTS", 40)
    monkeypatch.setattr(tally, "_LOOKS_BYTES", 4000)
    messages = [told(f"SELECT c{number % 60} FROM t WHERE b = {number}") for number in range(600)]
    workload = read(written(tmp_path, "json", *messages))
    assert (len(workload.statements), workload.calls) == (40, 400)
    (skipped,) = workload.skipped
    assert (skipped.why, skipped.calls) == (tally.TOO_MANY, 200)


def test_a_long_log_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    texts = [told(f"SELECT a FROM t WHERE b = '{'x' * 4000}{number}'") for number in range(100)]
    raw = rendered("log", *texts).encode()
    (tmp_path / "a.log").write_bytes(raw * 5)
    (tmp_path / "b.log").write_bytes(raw * 60)
    peaks = []
    for name in ("a.log", "b.log"):
        tracemalloc.start()
        assert read(tmp_path / name).calls in (500, 6000)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + (2 << 20)


def _corpus() -> list[bytes]:
    messages = (
        *TRAFFIC,
        plan("SELECT a FROM t WHERE b = 'x\ny'"),
        Message("statement: SELECT 1"),
        Message("duration: 1 ms"),
    )
    return [rendered(form, *messages).encode() for form in FORMATS]


_CORPUS = _corpus()
_SPLICES = st.sampled_from(
    [b"\n", b"\t", b'"', b'""', b"\x00", b"\xff", b"{", b"}", b"LOG:  ", b"plan:\n", b"$1 = '", b"DETAIL:  parameters: ",
     b"duration: 1 ms"]
)  # fmt: skip


@st.composite
def _mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    number = draw(st.integers(0, len(_CORPUS) - 1))
    raw = bytearray(_CORPUS[number])
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(raw)))
        match draw(st.integers(0, 3)):
            case 0:
                raw[at : at + draw(st.integers(1, 40))] = b""
            case 1:
                raw[at:at] = draw(_SPLICES)
            case 2:
                raw[at:at] = raw[: draw(st.integers(0, 300))]
            case _:
                raw[at : at + 1] = draw(st.binary(max_size=2))
    return FORMATS[number], bytes(raw)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(_mutated(), st.booleans())
def test_no_mutated_log_raises_anything_but_a_refusal(
    tmp_path: Path, case: tuple[str, bytes], packed: bool
) -> None:
    form, raw = case
    path = tmp_path / f"fuzz.{form}"
    path.write_bytes(gzip.compress(raw, 1) if packed else raw)
    try:
        workload = open_sources([path])
    except InputError:
        return
    assert all(statement.calls >= 0 for statement in workload.statements)
    assert all(skipped.what.isprintable() for skipped in workload.skipped)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.binary(max_size=600), st.sampled_from([".log", ".csv", ".json", ".jsonl", ".sql", ".gz"]))
def test_no_bytes_raise_anything_but_a_refusal(tmp_path: Path, raw: bytes, ending: str) -> None:
    path = tmp_path / f"fuzz{ending}"
    path.write_bytes(raw)
    try:
        open_sources([path])
    except InputError:
        return
