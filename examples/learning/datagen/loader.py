"""Writes the sample data, one table after the other, rows made while they are sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from . import courses, forum, pages, people, standing, study, talks
from .chance import DAY, moment, stamp
from .scale import SQLITE_MOST, Scale
from .words import BLOG_CATEGORIES, OBJECTIVES, TAGS
from .writing import Table, write

PASSWORD = "small-steps-42"
"""The password of every loaded account."""
_SALT = "sampleDataSaltOfFixed1"
"""Fixed, so that the data is the same each time; 22 characters, as long as Django wants a salt to be."""

HISTORY_DAYS = 730

CHANGED = (
    ("learning_courseenrollment", "progress_percentage", "enrolled_at", 60),
    ("learning_userprogress", "time_spent", "started_at", 60),
    ("learning_course", "total_enrollments", "created_at", HISTORY_DAYS + 2),
    ("users_userprofile", "longest_streak", "created_at", HISTORY_DAYS + 2),
    ("forum_integration_trustlevel", "posts_created", "created_at", HISTORY_DAYS + 2),
)
"""Table, column that changes after the row was written, and the age in days up to which it still does."""


@dataclass(frozen=True, slots=True)
class World:
    """Everything the rows of all tables hang together by."""

    people: people.People
    courses: courses.Courses
    study: study.Study
    counters: courses.Counters
    talks: talks.Talks
    pages: pages.Pages
    forum: forum.Forum
    writers: standing.Writers


def make_world(scale: Scale, seed: int, now: dt.datetime) -> World:
    everybody = people.make_people(scale, seed, moment(now - dt.timedelta(days=HISTORY_DAYS)), moment(now))
    taught = courses.make_courses(everybody, scale, seed)
    done = study.make_study(everybody, taught, scale, seed)
    talk = forum.make_forum(everybody, scale, seed)
    return World(
        everybody,
        taught,
        done,
        study.counters(done, taught),
        talks.make_talks(done, everybody, scale, seed),
        pages.make_pages(everybody, scale, seed),
        talk,
        standing.make_writers(talk, everybody),
    )


def home_page(using: str) -> pages.Home:
    """The page the site starts at, which Wagtail's own migrations made; raises CommandError when it is not there."""
    home = apps.get_model("wagtailcore", "Page")._base_manager.using(using)
    found = home.filter(sites_rooted_here__is_default_site=True).first()
    if found is None:
        raise CommandError("There is no start page to hang pages on; run `manage.py migrate` first.")
    types = apps.get_model("contenttypes", "ContentType").objects.db_manager(using)
    kinds = apps.get_app_config("blog").get_models()
    return pages.Home(
        path=found.path,
        children=found.numchild,
        url_path=found.url_path,
        locale=found.locale_id,
        first_id=home.aggregate(last=models.Max("pk"))["last"] + 1,
        types={model._meta.model_name: types.get_for_model(model).pk for model in kinds},
    )


def _people_tables(world: World, scale: Scale, seed: int, password: str) -> list[Table]:
    who = world.people
    profile = apps.get_model("users", "UserProfile")
    solved = study.solved_exercises(world.study, who)
    finished = study.finished_courses(world.study, world.courses, who)
    return [
        Table(
            apps.get_model("users", "User"),
            people.USER_COLUMNS,
            lambda: people.user_rows(who, seed, password),
        ),
        Table(profile, people.PROFILE_COLUMNS, lambda: people.profile_rows(who, finished, solved, seed)),
        Table(
            apps.get_model("learning", "ProgrammingLanguage"),
            courses.LANGUAGE_COLUMNS,
            lambda: courses.language_rows(who),
        ),
        Table(
            profile.programming_languages.through,
            people.PROFILE_LANGUAGE_COLUMNS,
            lambda: people.profile_language_rows(who, seed),
        ),
        Table(
            apps.get_model("users", "UserActivity"),
            people.ACTIVITY_COLUMNS,
            lambda: people.activity_rows(who, scale, seed),
        ),
        Table(
            apps.get_model("users", "Notification"),
            people.NOTIFICATION_COLUMNS,
            lambda: people.notification_rows(who, scale, seed),
        ),
    ]


def _course_tables(world: World, scale: Scale, seed: int) -> list[Table]:
    who, what, counted = world.people, world.courses, world.counters
    made = {
        "Category": (courses.CATEGORY_COLUMNS, lambda: courses.category_rows(who)),
        "Course": (courses.COURSE_COLUMNS, lambda: courses.course_rows(who, what, counted, seed)),
        "Lesson": (courses.LESSON_COLUMNS, lambda: courses.lesson_rows(what, seed)),
        "ExerciseType": (courses.TYPE_COLUMNS, courses.type_rows),
        "Exercise": (courses.EXERCISE_COLUMNS, lambda: courses.exercise_rows(what, counted, seed)),
        "TestCase": (courses.TEST_CASE_COLUMNS, lambda: courses.test_case_rows(what, scale, seed)),
        "ExerciseHint": (courses.HINT_COLUMNS, lambda: courses.hint_rows(what, scale, seed)),
        "LearningPath": (courses.PATH_COLUMNS, lambda: courses.path_rows(who, scale, seed)),
        "LearningPathCourse": (
            courses.PATH_COURSE_COLUMNS,
            lambda: courses.path_course_rows(what, scale, seed),
        ),
    }
    return [Table(apps.get_model("learning", name), *rest) for name, rest in made.items()]


def _study_tables(world: World, scale: Scale, seed: int) -> list[Table]:
    who, what, done = world.people, world.courses, world.study
    made = {
        "CourseEnrollment": (study.ENROLLMENT_COLUMNS, lambda: study.enrollment_rows(done, what, seed)),
        "UserProgress": (study.PROGRESS_COLUMNS, lambda: study.progress_rows(done, who, seed)),
        "StudySession": (study.SESSION_COLUMNS, lambda: study.session_rows(done, who, scale, seed)),
        "Submission": (study.SUBMISSION_COLUMNS, lambda: study.submission_rows(done, seed)),
        "StudentProgress": (study.STUDENT_COLUMNS, lambda: study.student_rows(done)),
        "CourseReview": (study.REVIEW_COLUMNS, lambda: study.review_rows(done, who, seed)),
        "Discussion": (talks.DISCUSSION_COLUMNS, lambda: talks.discussion_rows(world.talks, what, seed)),
        "DiscussionReply": (talks.REPLY_COLUMNS, lambda: talks.reply_rows(world.talks, who, seed)),
    }
    return [Table(apps.get_model("learning", name), *rest) for name, rest in made.items()]


def _page_tables(world: World, scale: Scale, seed: int, home: pages.Home) -> list[Table]:
    who, tree = world.people, world.pages
    blog, course = apps.get_model("blog", "BlogPage"), apps.get_model("blog", "CoursePage")
    made = {
        "BlogCategory": (pages.CATEGORY_COLUMNS, pages.category_rows),
        "SkillLevel": (pages.LEVEL_COLUMNS, pages.level_rows),
        "LearningObjective": (pages.OBJECTIVE_COLUMNS, pages.objective_rows),
        "BlogIndexPage": (pages.INDEX_COLUMNS, lambda: pages.index_rows(tree, home, pages.BLOG_INDEX)),
        "CoursesIndexPage": (
            pages.INDEX_COLUMNS,
            lambda: pages.index_rows(tree, home, pages.COURSES_INDEX),
        ),
        "BlogPage": (pages.BLOG_COLUMNS, lambda: pages.blog_rows(tree, who, home, seed)),
        "BlogPageTag": (
            pages.BLOG_TAG_COLUMNS,
            lambda: pages.link_rows(tree, home, seed, pages.BLOG, "tags", len(TAGS), 3),
        ),
        "CoursePage": (pages.COURSE_COLUMNS, lambda: pages.course_rows(tree, who, home, seed)),
        "LessonPage": (pages.LESSON_COLUMNS, lambda: pages.lesson_rows(tree, home, seed)),
        "ExercisePage": (pages.EXERCISE_COLUMNS, lambda: pages.exercise_rows(tree, home, seed)),
        "StepBasedExercisePage": (pages.STEP_COLUMNS, lambda: pages.step_rows(tree, home, seed)),
        "WagtailCourseEnrollment": (
            pages.ENROLLMENT_COLUMNS,
            lambda: pages.enrollment_rows(tree, who, home, scale, seed),
        ),
    }
    links = (
        (blog.categories.through, pages.BLOG_CATEGORY_COLUMNS, pages.BLOG, "categories", BLOG_CATEGORIES, 2),
        (
            course.categories.through,
            pages.COURSE_CATEGORY_COLUMNS,
            pages.COURSE,
            "categories",
            BLOG_CATEGORIES,
            2,
        ),
        (
            course.learning_objectives.through,
            pages.COURSE_OBJECTIVE_COLUMNS,
            pages.COURSE,
            "objectives",
            OBJECTIVES,
            4,
        ),
    )
    return [
        Table(apps.get_model("taggit", "Tag"), pages.TAG_COLUMNS, pages.tag_rows),
        Table(
            apps.get_model("wagtailcore", "Page"),
            pages.PAGE_COLUMNS,
            lambda: pages.page_rows(tree, who, home, seed),
            shared=True,
        ),
        *(Table(apps.get_model("blog", name), *rest) for name, rest in made.items()),
        *(
            Table(
                model,
                columns,
                lambda kind=kind, name=name, words=words, most=most: pages.link_rows(
                    tree, home, seed, kind, name, len(words), most
                ),
            )
            for model, columns, kind, name, words, most in links
        ),
    ]


def _forum_tables(world: World, scale: Scale, seed: int) -> list[Table]:
    who, talk, writers = world.people, world.forum, world.writers
    made = {
        ("forum", "Forum"): (forum.FORUM_COLUMNS, lambda: forum.forum_rows(talk, who)),
        ("forum_conversation", "Topic"): (forum.TOPIC_COLUMNS, lambda: forum.topic_rows(talk, seed)),
        ("forum_conversation", "Post"): (forum.POST_COLUMNS, lambda: forum.post_rows(talk, seed)),
        ("forum_integration", "PostLike"): (forum.LIKE_COLUMNS, lambda: forum.like_rows(talk)),
        ("forum_member", "ForumProfile"): (standing.MEMBER_COLUMNS, lambda: standing.member_rows(writers)),
        ("forum_integration", "TrustLevel"): (
            standing.TRUST_COLUMNS,
            lambda: standing.trust_rows(writers, who, seed),
        ),
        ("forum_integration", "UserPoints"): (
            standing.POINTS_COLUMNS,
            lambda: standing.points_rows(writers, who, seed),
        ),
        ("forum_integration", "PointHistory"): (
            standing.HISTORY_COLUMNS,
            lambda: standing.history_rows(talk, who, scale, seed),
        ),
        ("forum_integration", "Badge"): (standing.BADGE_COLUMNS, standing.badge_rows),
        ("forum_integration", "UserBadge"): (
            standing.HOLDER_COLUMNS,
            lambda: standing.holder_rows(writers, who, seed),
        ),
        ("forum_integration", "ReviewQueue"): (
            standing.REVIEW_COLUMNS,
            lambda: standing.review_rows(talk, who, scale, seed),
        ),
        ("forum_integration", "FlaggedContent"): (
            standing.FLAG_COLUMNS,
            lambda: standing.flag_rows(talk, who, scale, seed),
        ),
        ("forum_integration", "ReadingProgress"): (
            standing.READING_COLUMNS,
            lambda: standing.reading_rows(talk, who, scale, seed),
        ),
    }
    return [Table(apps.get_model(*label), *rest) for label, rest in made.items()]


def tables(world: World, scale: Scale, seed: int, password: str, home: pages.Home) -> list[Table]:
    """In the order of the foreign keys; forums, topics and posts point at each other, and are checked at the end."""
    return [
        *_people_tables(world, scale, seed, password),
        *_course_tables(world, scale, seed),
        *_study_tables(world, scale, seed),
        *_page_tables(world, scale, seed, home),
        *_forum_tables(world, scale, seed),
    ]


def refuse_unless_empty(wanted: Iterable[Table], using: str) -> None:
    filled = [
        table.name for table in wanted if not table.shared and table.model._base_manager.using(using).exists()
    ]
    if filled:
        raise CommandError(
            f"{', '.join(filled)} already hold rows, and nothing was loaded; use a new database, or empty this one "
            "if its rows are not needed."
        )


def load(
    scale: Scale,
    seed: int,
    now: dt.datetime,
    using: str = "default",
    report: Callable[[str, int], None] | None = None,
) -> dict[str, int]:
    """Fill all tables in one transaction and analyse them; returns the rows per table.

    ``report`` is told each table and its rows as soon as they are sent. Raises CommandError when a table is not empty, or when
    the database is SQLite and the scale too large for it.
    """
    connection = connections[using]
    if connection.vendor == "sqlite" and scale.courses > SQLITE_MOST:
        raise CommandError(
            f"{scale.courses:,} courses are too many for SQLite; give --courses {SQLITE_MOST} or fewer, or use PostgreSQL."
        )
    home = home_page(using)
    world = make_world(scale, seed, now)
    plan = tables(world, scale, seed, make_password(PASSWORD, salt=_SALT), home)
    refuse_unless_empty(plan, using)
    loaded: dict[str, int] = {}
    with transaction.atomic(using=using), connection.cursor() as cursor:
        for table in plan:
            loaded[table.name] = write(connection, cursor, table)
            if report:
                report(table.name, loaded[table.name])
        top = sum(page.parent < 0 for page in world.pages.pages)
        page = apps.get_model("wagtailcore", "Page")
        page._base_manager.using(using).filter(path=home.path).update(numchild=home.children + top)
        for statement in connection.ops.sequence_reset_sql(no_style(), [table.model for table in plan]):
            cursor.execute(statement)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _settle(cursor, world.people.now, loaded)
        else:
            cursor.execute("ANALYZE")
    return loaded


def _settle(cursor: CursorWrapper, now: int, loaded: Iterable[str]) -> None:
    """Write every other recent row anew, value unchanged; then vacuum and analyse.

    COPY leaves pages without any room. In a database that has run for a while lessons were continued and courses were joined, so
    the pages still in use have room, and the next such update can stay on its page.
    """
    for table, column, born, days in CHANGED:
        statement = sql.SQL(
            "UPDATE {table} SET {column} = {column} "
            "WHERE {born} >= %s AND mod(get_byte(decode(md5(id::text), 'hex'), 0), 2) = 0"
        )
        names = {
            "table": sql.Identifier(table),
            "column": sql.Identifier(column),
            "born": sql.Identifier(born),
        }
        cursor.execute(statement.format(**names), [stamp(now - days * DAY)])
    for name in loaded:
        # Hint bits, visibility map and statistics, as a database has them that has run for a while.
        cursor.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(name)))
