"""The whole way with hostile names, and what the server's own log and other people's files then hold."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from indexical.apply.build import apply_sql, create_statement
from indexical.cli import main
from indexical.ddl import create_index
from indexical.emit.sql import changes_script
from indexical.model import Applied, Index, Key, Recommendation
from indexical.pg.indexes import existing_indexes
from indexical.pg.session import connect

CANARY = "canary-row@secret.example"
PASSWORD = "canary-password-Q7x"
NAMES = (
    'x"; DROP TABLE public.canary; --',
    "x'); DROP TABLE public.canary; --",
    "a %s %(b)s %%",
    "line\nDROP TABLE public.canary;",
    "*/ DROP TABLE public.canary; /*",
    "\x1b[2J\u202e",
    "$$; DROP TABLE public.canary; $$",
    "é" * 31,
    "\\'; DROP TABLE public.canary; --",
)


def with_table(shop, name: str) -> Index:
    """A table with hostile names in it, and the index to build on it."""
    quoted = sql.Identifier(name)
    with psycopg.connect(shop.url(), autocommit=True) as connection:
        connection.execute("SET ROLE shop_owner")
        connection.execute(
            sql.SQL("CREATE TABLE public.{} (id int PRIMARY KEY, {} int)").format(quoted, quoted)
        )
        connection.execute(
            sql.SQL("INSERT INTO public.{} SELECT i, i FROM generate_series(1, 50000) i").format(quoted)
        )
        connection.execute(sql.SQL("ANALYZE public.{}").format(quoted))
    return Index("public", name, (Key.asc(name),))


@pytest.mark.security("S1", "S5")
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_only_a_name_for_the_server_and_in_the_script(shop, name):
    index = with_table(shop, name)
    advised = Recommendation(index, name[:30] + "_i", create_index(index, name[:30] + "_i"), 1, 1.0, 0.0)
    script = changes_script((advised,), ())
    (statement,) = [each for each in _statements(script) if each.startswith("CREATE")]
    with psycopg.connect(shop.url(), autocommit=True) as connection:
        # By the protocol that takes one statement: two would be refused.
        connection.pgconn.exec_params(statement.encode(), None)
    with connect(shop.url()) as session:
        built = [each for each in existing_indexes(session, "public", name) if not each.constraint]
    assert [(each.name, each.index.keys) for each in built] == [(advised.name, index.keys)]
    assert shop.value("SELECT count(*) FROM public.canary") == 1


def _statements(script: str) -> list[str]:
    """The statements of a script, told apart by a parser that is not ours."""
    import sqlglot

    tokens = sqlglot.tokenize(script, read="postgres")
    found, start = [], 0
    for token in tokens:
        if token.token_type.name == "SEMICOLON":
            found.append(script[start : token.start].strip())
            start = token.end + 1
    return [
        "\n".join(line for line in each.split("\n") if not line.startswith("--")).strip() for each in found
    ]


@pytest.mark.security("S1")
def test_the_whole_way_with_a_hostile_table_leaves_the_canary(shop, tmp_path, capsys):
    name = NAMES[0]
    with_table(shop, name)
    quoted = name.replace('"', '""')
    (tmp_path / "work.sql").write_text(
        f'-- indexical: id=one calls=1000\nSELECT id FROM public."{quoted}" WHERE "{quoted}" = 7;\n'
        "-- indexical: id=two calls=10\nSELECT 1; DROP TABLE public.canary;\n"
    )
    assert main(["advise", shop.url(), "--workload", "work.sql", "--save", "advice.json"]) == 0
    assert json.loads((tmp_path / "advice.json").read_text())["create"]
    assert main(["write", "--advice", "advice.json", "-o", "changes.sql"]) == 0
    assert main(["apply", shop.url(), "--advice", "advice.json"]) == 0
    assert shop.value("SELECT count(*) FROM public.canary") == 1
    with connect(shop.url()) as session:
        assert [each.valid for each in existing_indexes(session, "public", name) if not each.constraint] == [
            True
        ]
    out, err = capsys.readouterr()
    assert "\x1b[2J" not in out + err


@pytest.mark.security("S22", "S11")
def test_what_apply_leaves_is_private_and_holds_no_secret(shop, tmp_path, capsys):
    (tmp_path / "work.sql").write_text(
        f"-- indexical: id=one calls=1000\nSELECT id FROM public.orders WHERE user_id = 7 AND note <> '{CANARY}';\n"
    )
    before = os.umask(0)
    try:
        url = shop.url(password=PASSWORD)
        assert main(["advise", url, "--workload", "work.sql", "--save", "advice.json"]) == 0
        assert main(["apply", url, "--advice", "advice.json"]) == 0
    finally:
        os.umask(before)
    kept = sorted((tmp_path / ".indexical").rglob("*"))
    assert any(path.suffix == ".jsonl" for path in kept), "there is no journal to look at"
    assert [path.name for path in kept if stat.S_IMODE(path.stat().st_mode) & 0o077] == []
    said = "".join(capsys.readouterr())
    for path in [*kept, tmp_path / "advice.json"]:
        if path.is_file():
            said += path.read_bytes().decode(errors="replace")
    assert PASSWORD not in said
    assert CANARY not in said.replace((tmp_path / "work.sql").read_text(), "")


@pytest.mark.security("S24")
def test_the_server_s_log_holds_our_statements_and_no_value(shop, tmp_path):
    begun = len(shop.log)
    index = Index("public", "orders", (Key.asc("user_id"),))
    outcomes = apply_sql(
        lambda: connect(shop.url(password=PASSWORD), read_only=False),
        [create_statement("orders_user_idx", index)],
    )
    assert isinstance(outcomes[0], Applied)
    assert main(["snapshot", shop.url(password=PASSWORD), "-o", str(tmp_path / "s")]) == 0
    log = shop.log[begun:]
    assert "CREATE INDEX CONCURRENTLY orders_user_idx" in log
    assert "indexical" in log
    for secret in (CANARY, PASSWORD):
        assert secret not in log


@pytest.mark.security("S9")
def test_a_snapshot_without_values_holds_none(shop, tmp_path):
    from indexical.catalog.file import load

    assert main(["snapshot", shop.url(), "--no-values", "-o", str(tmp_path / "none")]) == 0
    assert main(["snapshot", shop.url(), "-o", str(tmp_path / "some")]) == 0
    assert CANARY in repr(load(Path(tmp_path / "some"))), "the attack would find nothing to take"
    assert CANARY not in repr(load(Path(tmp_path / "none")))
