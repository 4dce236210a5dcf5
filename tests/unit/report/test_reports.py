"""Text, JSON, SQL and Markdown say the same thing, and survive hostile names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.report.samples import advice, recommendation

from indexical.errors import FileRefused, InputError
from indexical.model import Index, Key, Refusal
from indexical.report import FORMATS, render
from indexical.report.advice_file import load
from indexical.report.units import printable

HOSTILE = "x\x1b[31m|<script>alert(1)</script>`\u202e"


def test_every_format_names_every_recommendation() -> None:
    for format in FORMATS:
        text = render(advice(), format)
        assert "orders_user_created_idx" in text.replace("\\_", "_"), format
        assert "orders_paid_idx" in text.replace("\\_", "_"), format


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(InputError, match="there is no format 'xml'; choose one of text, json"):
        render(advice(), "xml")


def test_text_shows_what_a_reader_needs_first() -> None:
    text = render(advice(), "text")
    assert "Advice for shop" in text
    assert "97,445 → 1,001 planner units (-99 %)" in text
    assert "shop/views.py:41" in text
    assert "Too small for any index: plans (3 rows on 1 page)" in text
    assert "ends heap-only updates of status: 300 updates in the workload cost 7,200 more" in text
    assert "Not examined (1)" in text
    assert "2 of 3 statements, 131 calls" in text


def test_text_says_so_when_there_is_nothing_to_do() -> None:
    text = render(advice(create=(), drop=(), statements=(), refused=(), not_examined=()), "text")
    assert "Nothing: no index pays for itself under this workload." in text
    assert "No statement's plan changes." in text


def test_text_fits_its_width() -> None:
    assert max(len(line) for line in render(advice(), "text", width=100).splitlines()) <= 100


def test_text_without_colour_has_no_escape() -> None:
    assert "\x1b" not in render(advice(), "text")
    assert "\x1b" in render(advice(), "text", color=True)


def test_hostile_names_reach_no_terminal_and_no_html() -> None:
    bad = advice(refused=(Refusal(HOSTILE, "not-used", HOSTILE),))
    assert "\x1b" not in render(bad, "text")
    assert "\u202e" not in render(bad, "text")
    assert "<script>" not in render(bad, "markdown")
    assert "\\|" in render(bad, "markdown")


def test_json_has_the_documented_keys() -> None:
    document = json.loads(render(advice(), "json"))
    assert document["version"] == 1
    assert document["planner"] == {
        "kind": "twin",
        "server_version": "18.6",
        "calls": 412,
        "milliseconds": 1930,
    }
    assert document["workload"] == {"statements": 3, "calls": 131.0, "examined": 2}
    assert document["storage"] == {
        "before": 20_000_000,
        "added": 24_000_000,
        "freed": 3 * 2**20,
        "budget": 500_000_000,
    }
    assert document["cost"]["before"] == 97_445.0
    assert document["cost"]["bound"] == 1_100.0
    assert 0 < document["cost"]["gap"] < 1
    first = document["create"][0]
    assert first["ddl"] == "CREATE INDEX orders_user_created_idx ON public.orders (user_id, created_at DESC)"
    assert first["keys"] == ["user_id", "created_at DESC"]
    assert first["where"] is None
    assert first["table"] == "public.orders"
    assert document["create"][1]["where"] == "status = 'PAID'"
    assert document["create"][1]["include"] == ["total"]
    assert document["drop"][0]["covered_by"] == "orders_user_created_idx"
    assert document["refused"] == [
        {"index": "public.plans", "reason": "small-table", "detail": "3 rows on 1 page"}
    ]
    assert document["statements"][0]["origin"] == ["shop/views.py:41"]
    assert document["not_examined"] == [{"what": "statement broken", "why": "it cannot be parsed: line 1"}]


def test_advice_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "advice.json"
    path.write_text(render(advice(), "json"))
    loaded = load(path)
    assert [item.index for item in loaded.create] == [item.index for item in advice().create]
    assert [item.ddl for item in loaded.create] == [item.ddl for item in advice().create]
    assert loaded.create[1].hot_loss == advice().create[1].hot_loss
    assert loaded.drop == advice().drop
    assert loaded.database == "shop"


def test_ddl_in_an_advice_file_is_never_taken_at_its_word(tmp_path: Path) -> None:
    document = json.loads(render(advice(), "json"))
    document["create"][0]["ddl"] = "DROP TABLE orders"
    document["drop"][0]["ddl"] = "DROP TABLE orders"
    path = tmp_path / "advice.json"
    path.write_text(json.dumps(document))
    loaded = load(path)
    assert loaded.create[0].ddl.startswith("CREATE INDEX orders_user_created_idx ON public.orders")
    assert loaded.drop[0].ddl == "DROP INDEX public.orders_user_id_idx"


def test_a_quoted_name_survives_the_file(tmp_path: Path) -> None:
    index = Index("public", 'we"ird', (Key.asc('co"l; DROP TABLE x'),))
    path = tmp_path / "advice.json"
    path.write_text(render(advice(create=(recommendation(index, "a_idx"),)), "json"))
    assert load(path).create[0].index == index


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("not json", "is not JSON"),
        ("[]", "is JSON but not advice"),
        ('{"version": 1}', "is JSON but not advice"),
        ('{"version": 9, "planner": {}, "create": []}', "has version 9"),
        ('{"version": 1, "planner": {}, "create": [{}]}', "is damaged or was edited by hand"),
        ('{"version": 1, "planner": {}, "create": [7]}', "is damaged or was edited by hand"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_that_is_not_advice_is_refused_in_one_line(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "advice.json"
    path.write_text(content)
    with pytest.raises(FileRefused, match=says) as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_advice_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="cannot be read: No such file"):
        load(tmp_path / "none.json")


def test_wrong_types_inside_an_index_are_refused(tmp_path: Path) -> None:
    document = json.loads(render(advice(), "json"))
    document["create"][0]["index"]["keys"][0]["descending"] = "yes"
    path = tmp_path / "advice.json"
    path.write_text(json.dumps(document))
    with pytest.raises(FileRefused, match="descending is str"):
        load(path)


def test_long_tables_are_cut_in_text_and_whole_in_markdown() -> None:
    many = advice(refused=tuple(Refusal(f"idea-{n}", "not-used") for n in range(40)))
    assert "28 more refusals" in render(many, "text")
    assert "idea-39" not in render(many, "text")
    assert "idea-39" in render(many, "markdown")


def test_the_gap_is_a_share_of_what_the_choice_costs() -> None:
    assert advice().gap == pytest.approx(1 - 1_100 / (1_001 + 170))
    assert replace(advice(), bound=5_000.0).gap == 0.0


@pytest.mark.parametrize(
    "predicate",
    [
        "true; DROP TABLE x",
        "true -- ",
        "true /* x */",
        "true) TABLESPACE pg_default (",
        "(true",
        "true \\! id",
        "'open",
    ],
)
def test_sql_that_is_more_than_a_predicate_is_refused(tmp_path: Path, predicate: str) -> None:
    document = json.loads(render(advice(), "json"))
    document["create"][1]["index"]["predicate"] = predicate
    path = tmp_path / "advice.json"
    path.write_text(json.dumps(document))
    with pytest.raises(FileRefused, match="is damaged or was edited by hand"):
        load(path)


@pytest.mark.parametrize(
    "predicate",
    [
        "(status)::text = ANY ((ARRAY['a;b'::character varying, 'c--'::character varying])::text[])",
        "((kind = 'x)'::text) OR (NOT paid))",
        "doc @> '{\"a\": [1]}'::jsonb",
    ],
)
def test_a_predicate_as_postgresql_prints_it_comes_back(tmp_path: Path, predicate: str) -> None:
    path = tmp_path / "advice.json"
    index = replace(advice().create[1].index, predicate=predicate)
    path.write_text(render(advice(create=(recommendation(index, "a_idx"),)), "json"))
    assert load(path).create[0].index == index


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"keys": [{', '"keys": ["ab", {'),
        ('"size": 12000000', '"size": 1e999'),
        ('"schema": "public"', '"schema": "\\ud800"'),
        ('"schema": "public"', '"schema": 5'),
    ],
)
def test_what_no_advice_holds_is_refused_without_a_traceback(tmp_path: Path, old: str, new: str) -> None:
    text = json.dumps(json.loads(render(advice(), "json")))
    assert old in text
    path = tmp_path / "advice.json"
    path.write_text(text.replace(old, new))
    with pytest.raises(FileRefused, match="is damaged or was edited by hand"):
        load(path)


def test_a_tab_is_shown_as_it_is() -> None:
    assert printable("\tif x:\n\x1b") == "\tif x:\n\\x1b"
