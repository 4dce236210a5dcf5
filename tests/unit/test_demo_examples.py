"""The bundled examples say what the demo needs to know, and a light installation is refused by name."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from indexical.demo import examples
from indexical.demo.compare import per_app
from indexical.demo.examples import EXAMPLES, check_installation, manifest
from indexical.demo.study.plan import read_plan
from indexical.errors import ExtraMissing, FileRefused
from indexical.measure.claims import read_claims
from indexical.model import ExistingIndex, Index, Key


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_says_how_many_indexes_its_guide_adds(name: str) -> None:
    facts = manifest(name)
    assert facts.guide_count == {"invitations": 42, "learning": 39}[name]
    assert facts.database == name
    assert facts.writes
    assert facts.hot


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("scale", ["small", "guide"])
def test_every_example_has_a_plan_for_a_study(name: str, scale: str) -> None:
    plan = read_plan(examples.find(name), scale)
    assert len(plan.sizes) >= 2
    assert sorted(plan.users) == list(plan.users)
    assert plan.statements


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_has_claims_of_known_targets(name: str) -> None:
    claims = read_claims(examples.find(name) / "claims.toml")
    assert len(claims) >= 10
    targets = {claim.target for claim in claims if claim.kind == "database"}
    assert targets <= {"cpu", "io", "p95", "throughput", "concurrency", "memory", "queries"}, targets
    storage = {claim.target for claim in claims if claim.kind == "storage"}
    assert storage <= {"index-growth", "index-share"}, storage


@pytest.mark.parametrize(
    ("missing", "needs", "study", "extra"),
    [
        ("wagtail", ("wagtail", "machina"), False, "all,learning"),
        ("locust", (), True, "all,load"),
        ("rest_framework", (), False, "all"),
    ],
)
def test_a_light_installation_is_refused_with_the_extra_to_install(
    monkeypatch: pytest.MonkeyPatch, missing: str, needs: tuple[str, ...], study: bool, extra: str
) -> None:
    monkeypatch.setattr(examples, "find_spec", lambda name: None if name == missing else find_spec("json"))
    with pytest.raises(ExtraMissing) as refused:
        check_installation(needs, study=study)
    assert f"indexical[{extra}]" in str(refused.value)


def test_what_only_a_study_needs_is_not_asked_for_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "find_spec", lambda name: None if name == "locust" else find_spec("json"))
    check_installation()


def test_a_plan_that_lacks_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text("[endpoints]\n")
    with pytest.raises(FileRefused, match="no usable key"):
        read_plan(tmp_path, "small")


def test_indexes_belong_to_the_app_with_the_longest_fitting_label() -> None:
    tables = ("blog_page", "blog_extra_page", "other_page")
    indexes = [
        ExistingIndex(f"i{number}", Index("public", table, (Key.asc("a"),)))
        for number, table in enumerate(tables)
    ]
    assert per_app(indexes, ("blog", "blog_extra", "users")) == (("blog", 1), ("blog_extra", 1), ("users", 0))
