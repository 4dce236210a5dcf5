"""How many rows of each table a load writes: everything is in proportion to the number of courses."""

from __future__ import annotations

from dataclasses import dataclass

CATEGORIES = 20
"""Subjects of courses, the same twenty at every scale."""
FORUMS = 40
"""Four headings with nine forums each, at every scale."""
FEWEST, MOST = 50, 1_000_000
"""Bounds of ``--courses``: below, the tables that follow would be empty; above, the paths of Wagtail's pages would not do."""
SQLITE_MOST = 1_000
"""On SQLite rows are inserted, not copied."""

_RATES = {
    "users": 0.2,
    "instructors": 0.01,
    "lessons": 4.0,
    "exercises": 1.5,
    "test_cases": 2.0,
    "hints": 0.5,
    "enrollments": 3.0,
    "progress": 6.0,
    "study_sessions": 1.5,
    "submissions": 2.0,
    "reviews": 1.0,
    "paths": 0.1,
    "discussions": 0.2,
    "replies": 0.4,
    "activities": 2.0,
    "notifications": 1.0,
    "blog_pages": 0.05,
    "course_pages": 0.05,
    "lesson_pages": 0.2,
    "exercise_pages": 0.04,
    "step_pages": 0.02,
    "page_enrollments": 0.3,
    "topics": 0.4,
    "posts": 3.0,
    "likes": 1.5,
    "point_entries": 1.0,
    "reviews_waiting": 0.03,
    "flags": 0.01,
    "readings": 0.5,
}
"""Rows per course."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Row counts of the tables whose size is chosen; the others follow from these."""

    courses: int
    users: int
    instructors: int
    lessons: int
    exercises: int
    test_cases: int
    hints: int
    enrollments: int
    progress: int
    study_sessions: int
    submissions: int
    reviews: int
    paths: int
    discussions: int
    replies: int
    activities: int
    notifications: int
    blog_pages: int
    course_pages: int
    lesson_pages: int
    exercise_pages: int
    step_pages: int
    page_enrollments: int
    topics: int
    posts: int
    likes: int
    point_entries: int
    reviews_waiting: int
    flags: int
    readings: int


def scale_of(courses: int) -> Scale:
    """The scale with that many courses; raises ValueError outside ``FEWEST`` to ``MOST``."""
    if not FEWEST <= courses <= MOST:
        raise ValueError(
            f"the number of courses must lie between {FEWEST} and {MOST:,}, and {courses:,} does not"
        )
    counts = {table: max(1, round(courses * rate)) for table, rate in _RATES.items()}
    # A handful of people must exist for the smallest scales to have students besides staff and teachers.
    counts["users"] = max(counts["users"], 30)
    return Scale(courses=courses, **counts)


SMALL = scale_of(5_000)
GUIDE = scale_of(100_000)
SCALES = {"small": SMALL, "guide": GUIDE}
