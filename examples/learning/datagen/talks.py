"""Discussions of courses and their lessons, with the replies."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from .chance import DAY, MINUTE, dealt, stamp, starts, stream
from .courses import Courses
from .people import People, Row
from .scale import Scale
from .study import Study
from .words import ANSWERS, QUESTIONS, SUBJECTS

DISCUSSION_COLUMNS = [
    "id",
    "author_id",
    "course_id",
    "lesson_id",
    "title",
    "content",
    "is_resolved",
    "created_at",
    "updated_at",
]
REPLY_COLUMNS = ["id", "discussion_id", "author_id", "content", "is_solution", "created_at", "updated_at"]


@dataclass(frozen=True, slots=True)
class Talks:
    """Discussions of courses, with their replies, in order of time."""

    opened: array[int]
    opener: array[int]
    course: array[int]
    answered: array[int]
    """Per reply, its moment."""
    answer_to: array[int]


def make_talks(study: Study, people: People, scale: Scale, seed: int) -> Talks:
    rng = stream(seed, "discussions")
    asked = sorted(rng.choices(range(len(study.begun)), k=scale.discussions))
    counts = dealt(rng, scale.replies, [rng.expovariate(1) for _ in asked])
    first = starts(counts)
    replies = [
        (min(people.now - 1, study.begun[place] + int(rng.expovariate(1 / DAY)) + MINUTE), number)
        for number, place in enumerate(asked)
        for _ in range(first[number], first[number + 1])
    ]
    replies.sort()
    enrollments = [study.progress_enrollment[place] for place in asked]
    return Talks(
        array("q", (study.begun[place] for place in asked)),
        array("q", (study.enrollment_user[enrollment] for enrollment in enrollments)),
        array("q", (study.enrollment_course[enrollment] for enrollment in enrollments)),
        array("q", (moment for moment, _ in replies)),
        array("q", (number for _, number in replies)),
    )


def discussion_rows(talks: Talks, courses: Courses, seed: int) -> Iterator[Row]:
    rng = stream(seed, "discussion rows")
    for number, moment in enumerate(talks.opened):
        course = talks.course[number]
        lessons = courses.published_lessons(course)
        yield (
            number + 1,
            talks.opener[number] + 1,
            course + 1,
            rng.choice(lessons) + 1 if lessons and rng.random() < 0.6 else None,
            rng.choice(QUESTIONS).format(rng.choice(SUBJECTS)),
            rng.choice(ANSWERS),
            rng.random() < 0.4,
            stamp(moment),
            stamp(moment),
        )


def reply_rows(talks: Talks, people: People, seed: int) -> Iterator[Row]:
    rng = stream(seed, "reply rows")
    helpful = people.popularity(seed, "answer", 0.8)
    for key, (moment, discussion) in enumerate(zip(talks.answered, talks.answer_to, strict=True), start=1):
        yield (
            key,
            discussion + 1,
            (helpful.pick(rng, moment) or 0) + 1,
            rng.choice(ANSWERS),
            rng.random() < 0.15,
            stamp(moment),
            stamp(moment),
        )
