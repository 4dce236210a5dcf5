"""The invitation platform's sample data: counts, shares, sense, and the same again."""

# pytest hands a fixture over by the very name it is imported under.
# ruff: noqa: F811

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import psycopg
import pytest
from tests.django.invitations_loaded import (  # noqa: F401
    GROWING,
    NOW,
    PROJECT,
    ROWS,
    Loaded,
    bring_in,
    checksums,
    copy_of,
    data,
    empty,
    load,
    played,
    run_manage,
)

from indexical.twin.server import PrivateServer

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(1200)]


def test_every_table_has_its_count_of_rows(data: Loaded) -> None:
    assert {table: data.one(f"SELECT count(*) FROM {table}") for table in ROWS} == ROWS


def test_the_guide_scale_has_the_published_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    guide = bring_in(monkeypatch, PROJECT, "datagen.scale").GUIDE
    assert (guide.orders, guide.invitations, guide.guests, guide.templates) == (50_000, 40_000, 200_000, 500)
    assert (guide.users, guide.activities, guide.verifications, guide.views) == (
        10_000,
        500_000,
        20_000,
        300_000,
    )


@pytest.mark.parametrize(
    ("table", "condition", "low", "high"),
    [
        ("invitations_order", "status = 'APPROVED'", 0.77, 0.83),
        ("invitations_order", "status = 'PENDING_PAYMENT'", 0.035, 0.065),
        ("invitations_order", "status = 'PENDING_APPROVAL'", 0.035, 0.065),
        ("accounts_user", "is_phone_verified", 0.8, 0.9),
        ("accounts_user", "is_blocked", 0.002, 0.02),
        ("accounts_user", "is_approved", 0.88, 0.95),
        ("accounts_user", "current_plan_id IS NOT NULL", 0.53, 0.66),
        ("accounts_user", "is_staff", 0.001, 0.02),
        ("plans_template", "is_premium", 0.2, 0.44),
        ("invitations_guest", "attending", 0.45, 0.51),
        ("invitations_guest", "attending IS NULL", 0.35, 0.41),
        ("accounts_useractivitylog", "metadata <> '{}'", 1.0, 1.0),
        ("accounts_useractivitylog", f"created_at >= '{NOW - dt.timedelta(days=7)}'", 0.005, 0.015),
        ("invitations_invitationviewlog", f"viewed_at >= '{NOW - dt.timedelta(days=7)}'", 0.005, 0.015),
        ("invitations_invitation", f"is_active AND link_expires_at <= '{NOW}'", 0.7, 0.95),
    ],
)
def test_the_share_of_rows_is_as_in_life(
    data: Loaded, table: str, condition: str, low: float, high: float
) -> None:
    share = float(data.one(f"SELECT avg(CASE WHEN {condition} THEN 1.0 ELSE 0 END) FROM {table}"))
    assert low <= share <= high


def test_few_users_have_many_orders_and_many_have_few(data: Loaded) -> None:
    per_user = "SELECT count(o.id) AS n FROM accounts_user u LEFT JOIN invitations_order o ON o.user_id = u.id GROUP BY u.id"
    ranked = f"SELECT n, row_number() OVER (ORDER BY n DESC) AS place FROM ({per_user}) a"
    share = data.one(f"SELECT sum(n) FILTER (WHERE place <= 50) / sum(n) FROM ({ranked}) b")
    median, largest = data.row(
        f"SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n), max(n) FROM ({per_user}) a"
    )
    assert 0.2 < share < 0.7
    assert 1 <= median <= 6
    assert largest > 8 * median


ORDERED = "invitations_order o JOIN accounts_user u ON u.id = o.user_id"
INVITED = "invitations_invitation i JOIN invitations_order o ON o.id = i.order_id"
VISITED = "invitations_guest g JOIN invitations_invitation i ON i.id = g.invitation_id"
COUNT_PAGES = "SELECT count(*) FROM invitations_invitation i WHERE"
VIEWED = "invitations_invitationviewlog v JOIN invitations_invitation i ON i.id = v.invitation_id"


@pytest.mark.parametrize(
    "query",
    [
        f"SELECT count(*) FROM {ORDERED} WHERE o.created_at < u.created_at",
        f"SELECT count(*) FROM {INVITED} WHERE i.created_at < o.created_at",
        f"SELECT count(*) FROM {INVITED} WHERE i.user_id <> o.user_id",
        f"SELECT count(*) FROM {INVITED} WHERE i.is_active AND o.status <> 'APPROVED'",
        f"SELECT count(*) FROM {INVITED} WHERE i.regular_links_used > o.granted_regular_links",
        f"SELECT count(*) FROM {VISITED} WHERE g.viewed_at < i.created_at",
        f"SELECT count(*) FROM {VIEWED} WHERE v.viewed_at < i.created_at",
        "SELECT count(*) FROM invitations_order WHERE (status = 'APPROVED') <> (approved_at IS NOT NULL)",
        f"{COUNT_PAGES} unique_guests <> (SELECT count(*) FROM invitations_guest g WHERE g.invitation_id = i.id)",
        f"{COUNT_PAGES} total_views <> (SELECT count(*) FROM invitations_invitationviewlog v WHERE v.invitation_id = i.id)",
        "SELECT count(*) FROM accounts_user WHERE phone !~ '^[789][0-9]{9}$'",
        "SELECT count(*) FROM invitations_guest WHERE device_fingerprint !~ '^[0-9a-f]{64}$'",
    ],
)
def test_no_row_contradicts_another(data: Loaded, query: str) -> None:
    assert data.one(query) == 0


@pytest.mark.parametrize("table", sorted(set(ROWS) - {"plans_plan", "plans_invitationcategory"}))
def test_rows_lie_on_disk_nearly_in_the_order_they_came(data: Loaded, table: str) -> None:
    column = GROWING[table]
    lag = f"SELECT {column} AS now, lag({column}) OVER (ORDER BY ctid) AS before FROM {table}"
    back, in_time = data.row(
        f"SELECT count(*) FILTER (WHERE now < before), max(now) < '{NOW}' FROM ({lag}) t"
    )
    # COPY fills pages in batches, so a few rows end up a page early; and rows that changed lie behind the others.
    assert back <= 3 + ROWS[table] // 100
    assert in_time


def test_the_same_seed_gives_the_same_bytes(
    private_server: PrivateServer, empty: str, data: Loaded, tmp_path: Path
) -> None:
    again = load(copy_of(private_server, empty), tmp_path, seed=1)
    assert again.sums == data.sums
    assert again.handles.read_bytes() == data.handles.read_bytes()


def test_another_seed_gives_other_rows(
    private_server: PrivateServer, empty: str, data: Loaded, tmp_path: Path
) -> None:
    other = load(copy_of(private_server, empty), tmp_path, seed=2)
    same = {table for table, value in other.sums.items() if value == data.sums[table]}
    assert same == {"plans_invitationcategory"}


def test_a_filled_database_is_refused_and_left_alone(data: Loaded) -> None:
    done = run_manage(data.url, "load_data", "--scale", "small")
    assert done.returncode == 1
    assert "invitations_order" in done.stderr
    assert "nothing was loaded" in done.stderr
    assert "Traceback" not in done.stderr
    assert checksums(data.url) == data.sums


@pytest.mark.parametrize("now", ["yesterday", "0001-01-01", "9999-12-31"])
def test_a_date_that_is_none_is_refused_in_one_line(empty: str, now: str) -> None:
    done = run_manage(empty, "load_data", "--now", now)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"--now '{now}'" in done.stderr


def test_new_rows_get_keys_after_the_loaded_ones(played: Loaded) -> None:
    with psycopg.connect(played.url) as connection:
        key = connection.execute(
            "INSERT INTO accounts_phoneverification (user_id, otp, created_at, expires_at, is_used, ip_address)"
            " SELECT id, '123456', now(), now(), false, '10.0.0.1' FROM accounts_user LIMIT 1 RETURNING id"
        ).fetchone()[0]
        connection.rollback()
    assert key > ROWS["accounts_phoneverification"]


# --- chance -----------------------------------------------------------------------------------------------------------


def test_popularity_picks_nothing_that_does_not_exist_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = bring_in(monkeypatch, PROJECT, "datagen.chance")
    rng = random.Random(5)
    popular = chance.Popularity([10, 20, 30, 40], [1.0, 0.0, 5.0, 2.0])
    assert popular.pick(rng, 9) is None
    assert {popular.pick(rng, 25) for _ in range(50)} == {0}
    assert {popular.pick(rng, 30) for _ in range(200)} == {0, 2}
    assert {popular.pick(rng, 45, window=15) for _ in range(200)} == {2, 3}
    assert popular.pick(rng, 25, window=6) is None


def test_no_two_users_share_a_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    people = bring_in(monkeypatch, PROJECT, "datagen.people")
    assert len({people.phone_of(number) for number in range(50_000)}) == 50_000
