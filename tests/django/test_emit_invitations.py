"""The invitation platform gets indexes, loses redundant ones, and stays one that a maintainer would merge."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]

DRIVER = Path(__file__).with_name("emitter_driver.py")
CREATE = [
    "CREATE INDEX a ON invitations_order (user_id, created_at)",
    "CREATE INDEX b ON invitations_order (created_at) WHERE status = 'PENDING_APPROVAL'",
    "CREATE INDEX c ON plans_template (is_active, use_count DESC)",
    "CREATE INDEX d ON accounts_user (created_at) WHERE NOT is_approved AND NOT is_staff",
]
HASHED = re.compile(r"_[0-9a-f]{8}(?=_|$)")


class Platform:
    """A copy of the example project with a database of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def run(self, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "DATABASE_URL": self.url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "PYTHONPATH": str(self.folder),
                "PYTHONDONTWRITEBYTECODE": "1",
                "INDEXICAL_APP": "0",
            },
            input=text,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def emit(self, **order: Any) -> dict[str, Any]:
        return json.loads(self.run(str(DRIVER), text=json.dumps(order)))

    def indexes(self) -> dict[str, str]:
        with psycopg.connect(self.url) as connection:
            return dict(
                connection.execute(
                    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
                ).fetchall()
            )


@pytest.fixture
def platform(tmp_path: Path, invitations_project: Path, new_database: Callable[[], str]) -> Platform:
    folder = tmp_path / "invitations"
    shutil.copytree(invitations_project, folder, ignore=shutil.ignore_patterns("__pycache__"))
    made = Platform(folder, new_database())
    made.run("manage.py", "migrate", "--verbosity", "0")
    return made


def redundant(platform: Platform) -> list[str]:
    """The explicit twins of constraints, the guest's foreign key and fingerprint, and a many-to-many key."""
    wanted = {
        "invitations_guest_invitation_id", "invitations_guest_device_fingerprint",
        "invitations_guest_device_fingerprint_like", "accounts_user_groups_user_id",
    }  # fmt: skip
    present = platform.indexes()
    explicit = [
        name
        for name, definition in present.items()
        if "UNIQUE" not in definition
        and not HASHED.search(name)
        and definition.endswith(("(slug)", "(invitation_id, device_fingerprint)"))
    ]
    assert len(explicit) == 2
    hashed = [name for name in present if HASHED.sub("", name) in wanted and HASHED.search(name)]
    assert len(hashed) == 4
    return sorted([*explicit, *hashed])


def test_the_platform_is_edited_migrated_and_brought_back(platform: Platform) -> None:
    before = platform.indexes()
    drops = redundant(platform)
    answer = platform.emit(create=CREATE, drop=drops, write=True, twice=True)
    assert answer["outcomes"].count("Applied") == len(answer["edits"]) == 6
    assert answer["again"] == []
    by_hand = [one for one in answer["instructions"] if one[0].startswith("instruction:")]
    assert [HASHED.sub("", one[0]) for one in by_hand] == ["instruction:drop:accounts_user_groups_user_id"]
    assert "No changes detected" in platform.run("manage.py", "makemigrations", "--check", "--dry-run")
    platform.run("manage.py", "check")

    added = {name for name, *_ in answer["create"]}
    assert all(len(name) <= 30 for name in added)
    platform.run("manage.py", "migrate", "--verbosity", "0")
    after = platform.indexes()
    assert after.keys() - before.keys() == added
    assert before.keys() - after.keys() == {name for name in drops if "groups" not in name}

    for app in ("accounts", "invitations", "plans"):
        (own,) = (Path(path).stem for id, path, _ in answer["edits"] if id.startswith(f"migration:{app}."))
        sql = platform.run("manage.py", "sqlmigrate", app, own)
        assert "CREATE INDEX CONCURRENTLY" in sql
        assert "BEGIN;" not in sql
        names = sorted(path.stem for path in (platform.folder / "apps" / app / "migrations").glob("0*.py"))
        platform.run("manage.py", "migrate", app, names[names.index(own) - 1], "--verbosity", "0")
    assert platform.indexes() == before


def test_the_diff_touches_nothing_but_indexes(platform: Platform) -> None:
    text = platform.emit(create=CREATE, drop=redundant(platform))["diff"]
    changed = [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    models_only = changed[: next(at for at, line in enumerate(changed) if line.startswith("+# Indexes"))]
    removed = [line for line in models_only if line.startswith("-")]
    assert all(
        "models.Index" in line or "db_index" in line or "ForeignKey" in line or "# " in line
        for line in removed
    )
    assert 'models.Index(fields=["user", "created_at"], name="order_user_created_at_idx"),' in text
    assert 'condition=models.Q(status="PENDING_APPROVAL"),' in text
    assert 'fields=["is_active", "-use_count"]' in text
    assert "condition=models.Q(is_approved=False, is_staff=False)," in text


def test_every_index_of_the_platform_is_mapped(platform: Platform) -> None:
    found = platform.emit(map=True)["map"]
    assert [name for name, where in found.items() if where[0] and not where[1]] == []
    assert [name for name, where in found.items() if not where[0]] == ["django_migrations_pkey"]
