"""The learning platform's sample data: counts, shares, sense, and the same again; on PostgreSQL and on SQLite."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.django.learning_loaded import (
    NOW,
    PROJECT,
    ROWS,
    Loaded,
    Manage,
    bring_in,
    checksums,
    load,
)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(1500)
class TestLoaded:
    """The small data in PostgreSQL."""

    def test_every_table_has_its_count_of_rows(self, learning_data: Loaded) -> None:
        assert {table: learning_data.one(f"SELECT count(*) FROM {table}") for table in ROWS} == ROWS

    @pytest.mark.parametrize(
        ("table", "condition", "low", "high"),
        [
            ("learning_course", "is_published", 0.48, 0.52),
            ("learning_course", "difficulty_level = 'beginner'", 0.31, 0.36),
            ("learning_course", "is_published AND difficulty_level = 'beginner'", 0.145, 0.185),
            ("learning_course", "is_featured", 0.085, 0.115),
            ("learning_lesson", "is_published", 0.6, 0.9),
            ("learning_exercise", "is_published", 0.6, 0.9),
            ("learning_userprogress", "completed", 0.6, 0.85),
            ("learning_userprogress", "bookmarked", 0.04, 0.08),
            ("learning_courseenrollment", "completed", 0.01, 0.4),
            ("learning_submission", "status = 'passed'", 0.3, 0.75),
            ("learning_learningpath", "is_published", 0.53, 0.67),
            ("users_userprofile", "profile_visibility = 'public'", 0.8, 0.88),
            ("forum_integration_trustlevel", "level = 0", 0.3, 0.42),
            ("forum_integration_trustlevel", "level >= 3", 0.06, 0.15),
            ("forum_conversation_topic", "approved", 0.96, 0.99),
            ("forum_conversation_post", f"created >= '{NOW - dt.timedelta(days=7)}'", 0.005, 0.015),
            ("forum_integration_reviewqueue", "status = 'pending'", 0.01, 0.15),
            ("users_notification", "is_read", 0.8, 0.95),
        ],
    )
    def test_the_share_of_rows_is_as_in_life(
        self, learning_data: Loaded, table: str, condition: str, low: float, high: float
    ) -> None:
        query = f"SELECT avg(CASE WHEN {condition} THEN 1.0 ELSE 0 END) FROM {table}"
        assert low <= float(learning_data.one(query)) <= high

    def test_each_category_holds_about_a_twentieth(self, learning_data: Loaded) -> None:
        per_category = "SELECT count(*) AS n FROM learning_course WHERE is_published GROUP BY category_id"
        smallest, largest, number = learning_data.row(
            f"SELECT min(n), max(n), count(*) FROM ({per_category}) AS c"
        )
        published = learning_data.one("SELECT count(*) FROM learning_course WHERE is_published")
        assert number == 20
        assert 0.03 * published < smallest
        assert largest < 0.07 * published

    @pytest.mark.parametrize(
        ("table", "owner"),
        [
            ("learning_courseenrollment", "course_id"),
            ("learning_courseenrollment", "user_id"),
            ("learning_userprogress", "user_id"),
            ("forum_conversation_post", "poster_id"),
            ("forum_conversation_topic", "forum_id"),
        ],
    )
    def test_few_have_many_and_many_have_few(self, learning_data: Loaded, table: str, owner: str) -> None:
        per_owner = f"SELECT count(*) AS n FROM {table} GROUP BY {owner}"
        median, largest = learning_data.row(
            f"SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n), max(n) FROM ({per_owner}) AS c"
        )
        assert largest > 4 * median

    @pytest.mark.parametrize(
        "query",
        [
            (
                "SELECT count(*) FROM learning_courseenrollment e JOIN learning_course c ON c.id = e.course_id"
                " WHERE NOT c.is_published"
            ),
            (
                "SELECT count(*) FROM learning_courseenrollment e JOIN users_user u ON u.id = e.user_id"
                " WHERE e.enrolled_at < u.created_at"
            ),
            (
                "SELECT count(*) FROM learning_userprogress p JOIN learning_lesson l ON l.id = p.lesson_id"
                " LEFT JOIN learning_courseenrollment e ON e.course_id = l.course_id AND e.user_id = p.user_id"
                " WHERE e.id IS NULL OR p.started_at < e.enrolled_at"
            ),
            (
                "SELECT count(*) FROM learning_userprogress p JOIN learning_lesson l ON l.id = p.lesson_id"
                " WHERE NOT l.is_published"
            ),
            "SELECT count(*) FROM learning_courseenrollment WHERE completed <> (progress_percentage = 100)",
            (
                "SELECT count(*) FROM learning_course c WHERE total_enrollments <>"
                " (SELECT count(*) FROM learning_courseenrollment e WHERE e.course_id = c.id)"
            ),
            (
                "SELECT count(*) FROM learning_course c WHERE total_lessons <>"
                " (SELECT count(*) FROM learning_lesson l WHERE l.course_id = c.id AND l.is_published)"
            ),
            (
                "SELECT count(*) FROM learning_course c WHERE (total_reviews, true) <>"
                " (SELECT count(*), abs(coalesce(avg(rating), 0) - c.average_rating) <= 0.005"
                " FROM learning_coursereview r WHERE r.course_id = c.id)"
            ),
            (
                "SELECT count(*) FROM learning_exercise x WHERE (total_submissions, successful_submissions)"
                " <> (SELECT count(*), count(*) FILTER (WHERE status = 'passed')"
                " FROM learning_submission s WHERE s.exercise_id = x.id)"
            ),
            (
                "SELECT count(*) FROM learning_studentprogress p WHERE (total_attempts, best_score) <>"
                " (SELECT count(*), max(score) FROM learning_submission s"
                " WHERE s.exercise_id = p.exercise_id AND s.user_id = p.user_id)"
            ),
            (
                "SELECT count(*) FROM learning_submission s JOIN learning_exercise x ON x.id = s.exercise_id"
                " WHERE s.status = 'passed' AND s.score <> x.points"
            ),
            (
                "SELECT count(*) FROM forum_integration_trustlevel t WHERE (posts_created, likes_received)"
                " <> (SELECT (SELECT count(*) FROM forum_conversation_post p"
                " WHERE p.poster_id = t.user_id AND p.approved), (SELECT count(*) FROM forum_integration_postlike k"
                " JOIN forum_conversation_post p ON p.id = k.post_id WHERE p.poster_id = t.user_id))"
            ),
            (
                "SELECT count(*) FROM forum_conversation_topic t WHERE (posts_count, last_post_on) <>"
                " (SELECT count(*), max(created) FROM forum_conversation_post p"
                " WHERE p.topic_id = t.id AND p.approved)"
            ),
            (
                "SELECT count(*) FROM forum_conversation_topic t JOIN forum_conversation_post p"
                " ON p.id = t.first_post_id WHERE p.topic_id <> t.id OR p.created <> t.created"
            ),
            (
                "SELECT count(*) FROM forum_integration_postlike k JOIN forum_conversation_post p ON p.id = k.post_id"
                " WHERE p.poster_id = k.user_id OR k.created_at < p.created"
            ),
            (
                "SELECT count(*) FROM blog_wagtailcourseenrollment e JOIN wagtailcore_page p ON p.id = e.course_id"
                " WHERE NOT p.live"
            ),
            (
                "SELECT count(*) FROM wagtailcore_page c JOIN wagtailcore_page p"
                " ON p.path = left(c.path, length(c.path) - 4) WHERE c.live AND NOT p.live"
            ),
            (
                "SELECT count(*) FROM wagtailcore_page p WHERE numchild <> (SELECT count(*) FROM wagtailcore_page c"
                " WHERE c.path LIKE p.path || '____')"
            ),
        ],
    )
    def test_no_row_contradicts_another(self, learning_data: Loaded, query: str) -> None:
        assert learning_data.one(query) == 0

    def test_wagtail_and_machina_find_their_trees_in_order(
        self, learning_data: Loaded, manage_learning: Manage
    ) -> None:
        done = manage_learning(
            learning_data.url,
            "shell",
            "--no-imports",
            "--command",
            "from wagtail.models import Page\n"
            "from machina.apps.forum.models import Forum\n"
            "print(Page.find_problems())\n"
            "print([forum.get_descendant_count() for forum in Forum.objects.filter(level=0)])\n",
        )
        assert done.stdout.split("\n")[:2] == ["([], [], [], [], [])", "[9, 9, 9, 9]"]

    @pytest.mark.parametrize(
        ("table", "born"),
        [
            ("learning_course", "created_at"),
            ("learning_courseenrollment", "enrolled_at"),
            ("learning_userprogress", "started_at"),
            ("learning_submission", "submitted_at"),
            ("learning_studysession", "started_at"),
            ("forum_conversation_topic", "created"),
            ("forum_conversation_post", "created"),
        ],
    )
    def test_rows_lie_on_disk_nearly_in_the_order_they_came(
        self, learning_data: Loaded, table: str, born: str
    ) -> None:
        lag = f"SELECT {born} AS now, lag({born}) OVER (ORDER BY ctid) AS before FROM {table}"
        back, in_time = learning_data.row(
            f"SELECT count(*) FILTER (WHERE now < before), max(now) < '{NOW}' FROM ({lag}) t"
        )
        # Rows that changed after the load lie behind the others, or in the gaps they left.
        assert back <= 3 + ROWS[table] // 20
        assert in_time

    def test_the_same_seed_gives_the_same_bytes(
        self,
        new_learning_database: Callable[[], str],
        manage_learning: Manage,
        learning_data: Loaded,
        tmp_path: Path,
    ) -> None:
        again = load(manage_learning, new_learning_database(), tmp_path, seed=1)
        assert again.sums == learning_data.sums
        assert again.handles.read_bytes() == learning_data.handles.read_bytes()

    def test_another_seed_gives_other_rows(
        self,
        new_learning_database: Callable[[], str],
        manage_learning: Manage,
        learning_data: Loaded,
        tmp_path: Path,
    ) -> None:
        other = load(manage_learning, new_learning_database(), tmp_path, seed=2)
        same = {table for table, value in other.sums.items() if value == learning_data.sums[table]}
        assert same == {"learning_category"}

    def test_a_filled_database_is_refused_and_left_alone(
        self, learning_data: Loaded, manage_learning: Manage
    ) -> None:
        done = manage_learning(learning_data.url, "load_data", "--scale", "small", code=1)
        assert "learning_courseenrollment" in done.stderr
        assert "nothing was loaded" in done.stderr
        assert "Traceback" not in done.stderr
        assert checksums(learning_data.url) == learning_data.sums

    def test_new_rows_get_keys_after_the_loaded_ones(self, learning_played: Loaded) -> None:
        with psycopg.connect(learning_played.url) as connection:
            last = connection.execute("SELECT max(id) FROM users_notification").fetchone()
            key = connection.execute(
                "INSERT INTO users_notification"
                " (recipient_id, notification_type, title, message, link, is_read, created_at)"
                " SELECT id, 'system', '', '', '', false, now() FROM users_user LIMIT 1 RETURNING id"
            ).fetchone()
            connection.rollback()
        assert key is not None
        assert last is not None
        assert key[0] > last[0]


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--now", "yesterday"), "--now 'yesterday'"),
        (("--now", "0001-01-01"), "--now '0001-01-01'"),
        (("--courses", "7"), "--courses 7"),
        (("--courses", "2000000"), "--courses 2000000"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_line(
    new_learning_database: Callable[[], str], manage_learning: Manage, arguments: tuple[str, ...], said: str
) -> None:
    done = manage_learning(new_learning_database(), "load_data", *arguments, code=1)
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_sqlite_takes_a_small_platform(manage_learning: Manage, tmp_path: Path) -> None:
    file = tmp_path / "learning.sqlite3"
    url = f"sqlite://{file}"
    manage_learning(url, "migrate", "--verbosity", "0")
    done = manage_learning(url, "load_data", "--courses", "1001", code=1)
    assert "1,001 courses are too many for SQLite" in done.stderr
    manage_learning(
        url, "load_data", "--courses", "200", "--verbosity", "0", environment={"FAST_PASSWORDS": "1"}
    )
    with sqlite3.connect(file) as connection:
        counts = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("learning_course", "learning_userprogress", "forum_conversation_post")
        }
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        seconds = connection.execute("SELECT typeof(time_read) FROM forum_integration_trustlevel").fetchone()
    connection.close()
    assert counts == {"learning_course": 200, "learning_userprogress": 1_200, "forum_conversation_post": 600}
    assert broken == []
    assert seconds == ("integer",)
    # Values are what Django itself would have written: it reads them back.
    query = (
        "from apps.learning.models import Course\n"
        "from apps.forum_integration.models import TrustLevel\n"
        "course = Course.objects.filter(is_published=True).first()\n"
        "print(course.created_at.tzinfo, type(course.is_featured).__name__, type(course.price).__name__)\n"
        "print(type(TrustLevel.objects.first().time_read).__name__)\n"
    )
    shown = manage_learning(url, "shell", "--no-imports", "--command", query).stdout.split("\n")
    assert shown[:2] == ["UTC bool Decimal", "timedelta"]


# --- without a database -----------------------------------------------------------------------------------------------


def test_the_guide_scale_has_the_published_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    scale = bring_in(monkeypatch, PROJECT, "datagen.scale")
    guide = scale.GUIDE
    assert (guide.courses, guide.users, guide.lessons, guide.exercises) == (100_000, 20_000, 400_000, 150_000)
    assert (guide.enrollments, guide.progress, guide.submissions) == (300_000, 600_000, 200_000)
    assert (guide.paths, guide.study_sessions, guide.reviews) == (10_000, 150_000, 100_000)
    assert (guide.blog_pages, guide.course_pages, guide.lesson_pages) == (5_000, 5_000, 20_000)
    assert guide.exercise_pages + guide.step_pages == 6_000
    assert (guide.topics, guide.posts) == (40_000, 300_000)
    assert (scale.SMALL.courses, scale.scale_of(1_000).posts) == (5_000, 3_000)


@pytest.mark.parametrize("courses", [0, 49, 1_000_001])
def test_a_scale_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, courses: int) -> None:
    scale = bring_in(monkeypatch, PROJECT, "datagen.scale")
    with pytest.raises(ValueError, match="between"):
        scale.scale_of(courses)


def test_popularity_picks_nothing_that_does_not_exist_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = bring_in(monkeypatch, PROJECT, "datagen.chance")
    rng = random.Random(5)
    popular = chance.Popularity([10, 20, 30, 40], [1.0, 0.0, 5.0, 2.0])
    assert popular.pick(rng, 9) is None
    assert {popular.pick(rng, 25) for _ in range(50)} == {0}
    assert {popular.pick(rng, 45, window=15) for _ in range(200)} == {2, 3}


def test_a_pair_comes_once_even_when_the_likely_ones_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = bring_in(monkeypatch, PROJECT, "datagen.chance")
    rng = random.Random(5)
    seen: set[tuple[int, int]] = set()
    pairs = [
        chance.fresh_pair(seen, lambda: (0, rng.randrange(2)), lambda: (rng.randrange(3), rng.randrange(3)))
        for _ in range(9)
    ]
    assert len(set(pairs)) == 9
    assert {(0, 0), (0, 1)} == set(pairs[:2])


def test_cards_are_dealt_without_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = bring_in(monkeypatch, PROJECT, "datagen.chance")
    hands = chance.dealt(random.Random(5), 10_000, [1.0, 0.0, 3.0])
    assert sum(hands) == 10_000
    assert hands[1] == 0
    assert hands[2] > 2 * hands[0]
    assert list(chance.starts(hands)) == [0, hands[0], hands[0], 10_000]


def test_no_two_users_share_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    people = bring_in(monkeypatch, PROJECT, "datagen.people")
    assert len({people.username(number) for number in range(50_000)}) == 50_000


def test_a_slug_has_words_and_hyphens_only(monkeypatch: pytest.MonkeyPatch) -> None:
    words = bring_in(monkeypatch, PROJECT, "datagen.words")
    assert words.slug_of("C++ & friends, 2nd part") == "cpp-friends-2nd-part"
