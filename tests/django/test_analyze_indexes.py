"""`manage.py analyze_indexes`, and samples kept in a table of the project: both as a project would use them."""

from __future__ import annotations

import json

import psycopg
import pytest
from tests.django.shop_fixtures import shop_fixture, shop_made_fixture  # noqa: F401
from tests.django.shop_project import Shop

pytestmark = pytest.mark.postgres


@pytest.fixture(name="project")
def project_fixture(shop: Shop) -> Shop:
    settings = shop.folder / "settings.py"
    text = settings.read_text().replace('"shop"]', '"indexical.django", "shop"]')
    settings.write_text(text + '\nINDEXICAL_SAMPLES = os.environ.get("SAMPLES", "file")\n')
    with psycopg.connect(shop.url, autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off")
        for number in range(3):
            connection.execute("SELECT id FROM shop_order WHERE id = %s", (number,))
        connection.execute("SELECT pg_stat_force_next_flush()")
    return shop


def unused(project: Shop, *words: str) -> dict[str, str]:
    document = json.loads(project.manage("analyze_indexes", "--format", "json", *words))
    return {each["name"]: each["verdict"] for each in document["indexes"]}


def test_it_prints_the_most_used_and_the_unused_and_ends_well(project: Shop) -> None:
    out = project.manage("analyze_indexes", "--unused-after", "0.001s", "--limit", "1")
    most, _, rest = out[out.index("Most used (top 1)") :].partition("Unused (")
    assert "public.shop_order_pkey" in most
    assert "public.shop_order_note_" in rest
    assert "public.shop_order_number_key" not in rest
    young = project.manage("analyze_indexes")
    assert "Unused (0)" in young
    assert "Too early to say (" in young


def test_an_index_of_the_models_that_nobody_scans_is_unused_and_a_constraint_is_not(project: Shop) -> None:
    verdicts = unused(project, "--unused-after", "0.001s")
    assert verdicts["line_sku_idx"] in ("unused", "redundant")
    assert verdicts["line_once"] == "needed"
    assert verdicts["shop_order_pkey"] == "used"
    assert "too-early" not in verdicts.values()
    assert "unused" not in unused(project).values()


def test_an_unknown_alias_is_one_line(project: Shop) -> None:
    project.manage("analyze_indexes", "--database", "nowhere", code=2)


@pytest.mark.slow
def test_samples_go_into_the_model_when_the_settings_say_so(
    project: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLES", "model")
    project.manage("indexes", "usage", "--sample", code=2)
    assert "No changes detected" in project.manage("makemigrations", "indexical", "--check", "--dry-run")
    project.manage("migrate", "indexical", "--verbosity", "0")
    for _ in range(2):
        assert "kept in the project's database" in project.manage("indexes", "usage", "--sample")
    with psycopg.connect(project.url) as connection:
        (count,) = connection.execute("SELECT count(*) FROM indexical_usagesample").fetchone() or (0,)
        connection.execute("UPDATE indexical_usagesample SET taken_at = '2020-01-01T00:00:00.000000+00:00'")
        # Where nothing at all is scanned, nothing is called unused.
        connection.execute("SET enable_seqscan = off")
        connection.execute("SELECT id FROM shop_order WHERE id = 3")
        connection.execute("SELECT pg_stat_force_next_flush()")
    assert count == 2
    assert not (project.folder / ".indexical").exists()
    document = json.loads(project.manage("analyze_indexes", "--format", "json"))
    (node,) = document["nodes"]
    assert (node["samples"], node["first_sample"][:4]) == (3, "2020")
    assert {each["name"]: each["verdict"] for each in document["indexes"]}["line_sku_idx"] == "unused"
    assert "2 old samples removed" in project.manage("indexes", "usage", "--sample", "--keep", "30d")


def test_a_setting_that_names_no_store_is_refused(project: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMPLES", "cloud")
    project.manage("analyze_indexes", code=2)
