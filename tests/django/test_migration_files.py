"""Styles of migrations, extensions in files of their own, and the project's formatter."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import psycopg
import pytest
from tests.django.shop_fixtures import shop_fixture, shop_made_fixture  # noqa: F401
from tests.django.shop_project import Shop

from indexical.django.migration_source.formatting import configured, formatted

pytestmark = pytest.mark.postgres

RECENT = "CREATE INDEX r ON shop_order (client, created_at DESC)"
TRIGRAMS = "CREATE INDEX t ON shop_order USING gin (note gin_trgm_ops)"
UPPER_TRIGRAMS = "CREATE INDEX u ON shop_order USING gin (UPPER(note) gin_trgm_ops)"
MIXED = "CREATE INDEX m ON shop_order USING gin (client, note gin_trgm_ops)"
HEAD = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n"


def written(shop: Shop) -> dict[str, str]:
    paths = sorted(shop.migrations.glob("000*.py"))
    return {path.stem: path.read_text() for path in paths if path.stem != "0001_initial"}


def with_own_app(shop: Shop, more: str = "") -> None:
    settings = shop.folder / "settings.py"
    settings.write_text(settings.read_text().replace('"shop"]', '"shop", "indexical.django"]') + more)


def indexes(shop: Shop) -> set[str]:
    with psycopg.connect(shop.url) as connection:
        return {
            row[0]
            for row in connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'shop_order'")
        }


def test_with_its_app_installed_migrations_use_the_safe_operations_and_say_so(shop: Shop) -> None:
    before = indexes(shop)
    client = next(name for name in before if re.fullmatch(r"shop_order_client_[0-9a-f]{8}", name))
    with_own_app(shop)
    answer = shop.emit(create=[RECENT], drop=[client], write=True, twice=True)
    assert answer["again"] == []
    (text,) = written(shop).values()
    assert "from indexical.django.operations import AddIndexSafely, UnindexFieldSafely\n" in text
    assert text.index("AddIndexSafely(") < text.index("UnindexFieldSafely(")
    assert any("write them with --plain" in text for _, text in answer["instructions"])
    assert "No changes detected" in shop.manage("makemigrations", "--check", "--dry-run")
    shop.manage("migrate", "--verbosity", "0")
    assert indexes(shop) == before - {client} | {"order_customer_created_at_idx"}
    shop.manage("migrate", "shop", "0001", "--verbosity", "0")
    assert indexes(shop) == before


def test_the_same_migrations_run_on_another_database(shop: Shop) -> None:
    local = '{"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "local.sqlite3"}'
    with_own_app(shop, f'\nDATABASES["local"] = {local}\n')
    client = next(name for name in indexes(shop) if re.fullmatch(r"shop_order_client_[0-9a-f]{8}", name))
    answer = shop.emit(create=[RECENT, TRIGRAMS], drop=[client], write=True)
    assert not any("they fail on local" in text for _, text in answer["instructions"])
    shop.manage("migrate", "--database", "local", "--verbosity", "0")
    # Django's own operation for extensions cannot go back there: it asks SQLite for PostgreSQL's catalog.
    shop.manage("migrate", "shop", "0002", "--database", "local", "--verbosity", "0")


def test_plain_migrations_need_nothing_but_django(shop: Shop) -> None:
    with_own_app(shop)
    answer = shop.emit(create=[RECENT], drop=["line_sku_idx"], write=True, plain=True)
    (text,) = written(shop).values()
    assert "indexical." not in text
    assert "AddIndexConcurrently(" in text
    assert "RemoveIndexConcurrently(" in text
    assert answer["instructions"] == []


def test_without_its_app_migrations_are_plain_though_nobody_asked(shop: Shop) -> None:
    shop.emit(create=[RECENT], write=True)
    (text,) = written(shop).values()
    assert "indexical." not in text


def test_one_migration_for_every_index_each_after_the_other(shop: Shop) -> None:
    answer = shop.emit(
        create=[RECENT, "CREATE INDEX c ON shop_order (cents)"],
        drop=["line_sku_idx"],
        write=True,
        twice=True,
        one_per_file=True,
    )
    assert answer["again"] == []
    files = written(shop)
    assert list(files) == [
        "0002_add_order_cents_idx",
        "0003_add_order_customer_created_at_idx",
        "0004_remove_line_sku_idx",
    ]
    assert all(text.count("Concurrently(") == 1 for text in files.values())
    assert "('shop', '0003_add_order_customer_created_at_idx')" in files["0004_remove_line_sku_idx"]
    assert "No changes detected" in shop.manage("makemigrations", "--check", "--dry-run")


def test_an_extension_comes_first_in_a_migration_of_its_own(shop: Shop) -> None:
    before = indexes(shop)
    answer = shop.emit(create=[TRIGRAMS, UPPER_TRIGRAMS, RECENT], write=True, twice=True)
    assert answer["again"] == []
    files = written(shop)
    assert list(files) == ["0002_pg_trgm_extension", "0003_indexes_order"]
    assert "TrigramExtension()" in files["0002_pg_trgm_extension"]
    assert "atomic" not in files["0002_pg_trgm_extension"].partition("class Migration")[2]
    assert "('shop', '0002_pg_trgm_extension')" in files["0003_indexes_order"]
    shop.manage("migrate", "--verbosity", "0")
    assert len(indexes(shop) - before) == 3
    shop.manage("migrate", "shop", "0001", "--verbosity", "0")
    assert indexes(shop) == before


def test_several_extensions_share_one_migration(shop: Shop) -> None:
    shop.emit(create=[MIXED], write=True)
    text = written(shop)["0002_extensions"]
    assert text.index("BtreeGinExtension()") < text.index("TrigramExtension()")


@pytest.mark.parametrize(
    "operation",
    [
        "TrigramExtension()",
        "CreateExtension('pg_trgm')",
        "migrations.RunSQL('create extension if not exists pg_trgm')",
        "migrations.SeparateDatabaseAndState([migrations.RunSQL('CREATE EXTENSION \"pg_trgm\"')])",
    ],
)
def test_an_extension_that_a_migration_installs_is_not_installed_again(shop: Shop, operation: str) -> None:
    (shop.migrations / "0002_search.py").write_text(
        f"from django.contrib.postgres.operations import *\n{HEAD}"
        f'    dependencies = [("shop", "0001_initial")]\n    operations = [{operation}]\n'
    )
    shop.emit(create=[TRIGRAMS], write=True)
    assert list(written(shop)) == ["0002_search", "0003_indexes_order"]


def test_an_extension_of_another_app_is_depended_on(shop: Shop) -> None:
    other = shop.folder / "search" / "migrations"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    (other.parent / "__init__.py").touch()
    (other / "0001_trigrams.py").write_text(
        "from django.contrib.postgres.operations import TrigramExtension\n"
        f"{HEAD}    operations = [TrigramExtension()]\n"
    )
    settings = shop.folder / "settings.py"
    settings.write_text(settings.read_text().replace('"shop"]', '"shop", "search"]'))
    shop.emit(create=[TRIGRAMS], write=True)
    files = written(shop)
    assert list(files) == ["0002_indexes_order"]
    assert "('search', '0001_trigrams')" in files["0002_indexes_order"]


def test_an_index_that_needs_no_extension_gets_none(shop: Shop) -> None:
    shop.emit(create=["CREATE INDEX h ON shop_order USING hash (number)"], write=True)
    assert list(written(shop)) == ["0002_indexes_order"]


def test_a_number_after_a_squashed_migration_is_free(shop: Shop) -> None:
    (shop.migrations / "0002_middle.py").write_text(f'{HEAD}    dependencies = [("shop", "0001_initial")]\n')
    (shop.migrations / "0001_squashed_0002_middle.py").write_text(
        (shop.migrations / "0001_initial.py")
        .read_text()
        .replace(
            "class Migration(migrations.Migration):\n",
            'class Migration(migrations.Migration):\n    replaces = [("shop", "0001_initial"), ("shop", "0002_middle")]\n',
        )
    )
    shop.emit(create=[RECENT], write=True)
    text = written(shop)["0003_indexes_order"]
    assert "('shop', '0001_squashed_0002_middle')" in text
    shop.manage("migrate", "--verbosity", "0")
    assert "order_customer_created_at_idx" in indexes(shop)


@pytest.mark.parametrize(
    ("name", "text", "tool"),
    [
        ("ruff.toml", "line-length = 79\n", "ruff"),
        (".ruff.toml", "", "ruff"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 79\n", "ruff"),
        ("pyproject.toml", "[tool.black]\n", "black"),
        ("pyproject.toml", "[tool.black]\n[tool.ruff]\n", "black"),
        ("pyproject.toml", "[project]\nname = 'x'\n", ""),
        ("pyproject.toml", "not toml", ""),
    ],
)
def test_the_formatter_is_the_one_that_the_project_configures(
    tmp_path: Path, name: str, text: str, tool: str
) -> None:
    (tmp_path / name).write_text(text)
    assert configured(tmp_path / "shop" / "migrations" / "0002_x.py") == tool


@pytest.mark.skipif(
    shutil.which("ruff", path=str(Path(sys.executable).parent)) is None and shutil.which("ruff") is None,
    reason="ruff is not installed beside this Python",
)
def test_ruff_formats_with_the_project_s_own_settings(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text('[format]\nquote-style = "single"\n')
    (tmp_path / "shop").mkdir()
    assert formatted('x = "1"\n', tmp_path / "shop" / "x.py") == "x = '1'\n"


def test_text_that_the_formatter_refuses_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "ruff.toml").write_text("")
    assert formatted("x = = 1\n", tmp_path / "x.py") == "x = = 1\n"
