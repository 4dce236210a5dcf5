"""Categories, courses, lessons, exercises and learning paths: what teachers have written."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from .chance import DAY, HOUR, MINUTE, dealt, draws, scattered, stamp, starts, stocked, stream, zipf_weights
from .people import People, Row
from .scale import CATEGORIES as CATEGORY_COUNT
from .scale import Scale
from .words import (
    CATEGORIES,
    DIFFICULTIES,
    EXERCISE_TYPES,
    LANGUAGES,
    LESSON_TYPES,
    SENTENCES,
    SUBJECTS,
    THREE_DIFFICULTIES,
    TRAITS,
    slug_of,
)

CATEGORY_COLUMNS = ["id", "name", "slug", "description", "icon", "color", "order", "created_at", "updated_at"]
LANGUAGE_COLUMNS = ["id", "name", "slug", "file_extension", "created_at"]
TYPE_COLUMNS = ["id", "name", "description"]
COURSE_COLUMNS = [
    "id",
    "title",
    "slug",
    "description",
    "short_description",
    "learning_objectives",
    "prerequisites",
    "category_id",
    "instructor_id",
    "difficulty_level",
    "estimated_duration",
    "is_published",
    "is_featured",
    "is_free",
    "price",
    "total_lessons",
    "total_enrollments",
    "total_reviews",
    "average_rating",
    "created_at",
    "updated_at",
    "published_at",
]
LESSON_COLUMNS = [
    "id",
    "title",
    "slug",
    "description",
    "course_id",
    "content",
    "structured_content",
    "lesson_type",
    "difficulty_level",
    "order",
    "estimated_duration",
    "is_published",
    "is_free",
    "created_at",
    "updated_at",
]
EXERCISE_COLUMNS = [
    "id",
    "title",
    "slug",
    "description",
    "instructions",
    "lesson_id",
    "exercise_type_id",
    "programming_language_id",
    "difficulty_level",
    "starter_code",
    "solution_code",
    "expected_output",
    "estimated_time",
    "points",
    "is_published",
    "order",
    "total_submissions",
    "successful_submissions",
    "average_attempts",
    "created_at",
    "updated_at",
]
TEST_CASE_COLUMNS = [
    "id",
    "exercise_id",
    "name",
    "input_data",
    "expected_output",
    "is_sample",
    "is_hidden",
    "order",
    "created_at",
]
HINT_COLUMNS = ["id", "exercise_id", "title", "content", "order", "created_at"]
PATH_COLUMNS = [
    "id",
    "title",
    "slug",
    "description",
    "creator_id",
    "difficulty_level",
    "estimated_duration",
    "is_published",
    "is_featured",
    "created_at",
    "updated_at",
]
PATH_COURSE_COLUMNS = ["id", "learning_path_id", "course_id", "order", "is_required"]

PUBLISHED, FEATURED = 0.5, 0.1
PUBLISHED_WITHIN = 3 * DAY
"""A course that is published at all is so within three days."""
COURSES_OF_PATH = (3, 7)


def points_of(exercise: int) -> int:
    """What an exercise is worth."""
    return (5, 10, 10, 10, 20, 30)[exercise * 7919 % 6]


@dataclass(frozen=True, slots=True)
class Counters:
    """What the rows of other tables add up to, as the courses and exercises keep it themselves."""

    enrollments: array[int]
    reviews: array[int]
    stars: array[int]
    submissions: array[int]
    solutions: array[int]


@dataclass(frozen=True, slots=True)
class Courses:
    """What exists, by number in order of creation; a primary key is the number plus one."""

    created: array[int]
    published: bytearray
    popularity: array[float]
    """How often a course is taken, compared with others; 0 when it is not published."""
    first_lesson: array[int]
    """Per course, the number of its first lesson; one entry more than courses, as lessons lie course by course."""
    lesson_course: array[int]
    lesson_published: bytearray
    first_exercise: array[int]
    """Per lesson, as ``first_lesson``."""
    exercise_lesson: array[int]
    exercise_published: bytearray

    def published_lessons(self, course: int) -> list[int]:
        """The numbers of its lessons that learners see, in order."""
        lessons = range(self.first_lesson[course], self.first_lesson[course + 1])
        return [lesson for lesson in lessons if self.lesson_published[lesson]]

    def lesson_created(self, lesson: int) -> int:
        """Lessons are written one after the other, within minutes of each other."""
        course = self.lesson_course[lesson]
        return self.created[course] + (lesson - self.first_lesson[course]) * 3 * MINUTE


def make_courses(people: People, scale: Scale, seed: int) -> Courses:
    rng = stream(seed, "courses")
    created = stocked(rng, scale.courses, 0.03, people.start + DAY, people.now - DAY)
    published = bytearray(
        rng.random() < PUBLISHED and moment + PUBLISHED_WITHIN < people.now for moment in created
    )
    drawn = zipf_weights(rng, scale.courses, 0.7)
    popularity = array(
        "d", (weight if shown else 0.0 for weight, shown in zip(drawn, published, strict=True))
    )
    lengths = [rng.expovariate(1) + 0.5 if shown else 0.6 for shown in published]
    counts = dealt(rng, scale.lessons - scale.courses, lengths)
    # Nobody saves a course without a first lesson.
    counts = array("q", (count + 1 for count in counts))
    lesson_course = array("q", (course for course, count in enumerate(counts) for _ in range(count)))
    lesson_published = bytearray(
        rng.random() < (0.93 if published[course] else 0.4) for course in lesson_course
    )
    richness = [rng.random() ** 2 for _ in lesson_course]
    exercises = dealt(rng, scale.exercises, richness)
    exercise_lesson = array("q", (lesson for lesson, count in enumerate(exercises) for _ in range(count)))
    exercise_published = bytearray(
        rng.random() < (0.9 if lesson_published[lesson] else 0.3) for lesson in exercise_lesson
    )
    return Courses(
        created,
        published,
        popularity,
        starts(counts),
        lesson_course,
        lesson_published,
        starts(exercises),
        exercise_lesson,
        exercise_published,
    )


def category_rows(people: People) -> Iterator[Row]:
    for number, name in enumerate(CATEGORIES, start=1):
        moment = stamp(people.start + number)
        color = f"#{number * 812_347 % 0xFFFFFF:06x}"
        yield number, name, slug_of(name), f"All about {name.lower()}.", "book", color, number, moment, moment


def language_rows(people: People) -> Iterator[Row]:
    for number, (name, slug, extension, _) in enumerate(LANGUAGES, start=1):
        yield number, name, slug, extension, stamp(people.start + number)


def type_rows() -> Iterator[Row]:
    for number, (name, _) in enumerate(EXERCISE_TYPES, start=1):
        yield number, name, f"Exercises of the kind {name.lower()}."


def course_rows(people: People, courses: Courses, counters: Counters, seed: int) -> Iterator[Row]:
    rng = stream(seed, "course rows")
    levels = draws(rng, DIFFICULTIES)
    categories = draws(rng, [(number + 1, 0.85 + 0.3 * rng.random()) for number in range(CATEGORY_COUNT)])
    teachers = draws(
        rng,
        list(zip(people.teachers, zipf_weights(rng, len(people.teachers), 0.3), strict=True)),
    )
    for number, created in enumerate(courses.created):
        shown = bool(courses.published[number])
        trait, subject = rng.choice(TRAITS), rng.choice(SUBJECTS)
        title = f"{trait} {subject}"
        free = rng.random() < 0.7
        reviews = counters.reviews[number]
        changed = created + int(rng.random() ** 2 * (people.now - created))
        yield (
            number + 1,
            title,
            f"{slug_of(title)}-{number + 1}",
            f"{rng.choice(SENTENCES)} {rng.choice(SENTENCES)}",
            f"{title} in small steps.",
            f"Understand {subject}; use {subject} in a project of your own.",
            "" if rng.random() < 0.5 else f"Some {rng.choice(SUBJECTS)}.",
            next(categories),
            next(teachers) + 1,
            next(levels),
            1 + int(rng.expovariate(1 / 12)) % 200,
            shown,
            rng.random() < FEATURED,
            free,
            "0.00" if free else f"{rng.choice((9, 19, 29, 49))}.90",
            len(courses.published_lessons(number)),
            counters.enrollments[number],
            reviews,
            f"{counters.stars[number] / reviews:.2f}" if reviews else "0.00",
            stamp(created),
            stamp(changed),
            stamp(created + int(rng.random() * PUBLISHED_WITHIN)) if shown else None,
        )


def lesson_rows(courses: Courses, seed: int) -> Iterator[Row]:
    rng = stream(seed, "lesson rows")
    levels, kinds = draws(rng, THREE_DIFFICULTIES), draws(rng, LESSON_TYPES)
    blocks = json.dumps([{"type": "paragraph", "value": SENTENCES[0]}])
    for number, course in enumerate(courses.lesson_course):
        order = number - courses.first_lesson[course] + 1
        subject = SUBJECTS[(course + order) % len(SUBJECTS)]
        written = stamp(courses.lesson_created(number))
        yield (
            number + 1,
            f"{order}. About {subject}",
            f"{order}-{subject}",
            f"What {subject} are good for.",
            course + 1,
            SENTENCES[number % len(SENTENCES)],
            blocks if rng.random() < 0.2 else "{}",
            next(kinds),
            next(levels),
            order,
            5 + int(rng.expovariate(1 / 20)) % 290,
            bool(courses.lesson_published[number]),
            order == 1 or rng.random() < 0.6,
            written,
            written,
        )


def exercise_rows(courses: Courses, counters: Counters, seed: int) -> Iterator[Row]:
    rng = stream(seed, "exercise rows")
    levels = draws(rng, DIFFICULTIES)
    kinds = draws(rng, [(place, share) for place, (_, share) in enumerate(EXERCISE_TYPES, start=1)])
    languages = draws(rng, [(place, share) for place, (*_, share) in enumerate(LANGUAGES, start=1)])
    for number, lesson in enumerate(courses.exercise_lesson):
        order = number - courses.first_exercise[lesson] + 1
        subject = SUBJECTS[(lesson + order) % len(SUBJECTS)]
        sent, solved = counters.submissions[number], counters.solutions[number]
        written = stamp(courses.lesson_created(lesson) + order * MINUTE)
        yield (
            number + 1,
            f"Exercise {order}: {subject}",
            f"{subject}-{number + 1}",
            f"A small task about {subject}.",
            SENTENCES[number % len(SENTENCES)],
            lesson + 1,
            next(kinds),
            next(languages),
            next(levels),
            "def solve(value):\n    pass\n",
            "def solve(value):\n    return value\n",
            "ok",
            5 + int(rng.expovariate(1 / 15)) % 290,
            points_of(number),
            bool(courses.exercise_published[number]),
            order,
            sent,
            solved,
            round(sent / solved, 2) if solved else 0,
            written,
            written,
        )


def test_case_rows(courses: Courses, scale: Scale, seed: int) -> Iterator[Row]:
    rng = stream(seed, "test cases")
    key = 0
    for number, count in enumerate(dealt(rng, scale.test_cases, [1.0] * scale.exercises)):
        written = stamp(courses.lesson_created(courses.exercise_lesson[number]) + HOUR)
        for order in range(1, count + 1):
            key += 1
            sample = order == 1
            value = rng.randrange(1000)
            yield (
                key,
                number + 1,
                f"Case {order}",
                str(value),
                str(value * 2),
                sample,
                not sample,
                order,
                written,
            )


def hint_rows(courses: Courses, scale: Scale, seed: int) -> Iterator[Row]:
    rng = stream(seed, "hints")
    key = 0
    for number, count in enumerate(dealt(rng, scale.hints, [1.0] * scale.exercises)):
        written = stamp(courses.lesson_created(courses.exercise_lesson[number]) + HOUR)
        for order in range(1, count + 1):
            key += 1
            yield key, number + 1, f"Hint {order}", rng.choice(SENTENCES), order, written


def path_rows(people: People, scale: Scale, seed: int) -> Iterator[Row]:
    rng = stream(seed, "paths")
    levels = draws(rng, THREE_DIFFICULTIES)
    for key, moment in enumerate(scattered(rng, scale.paths, people.start + DAY, people.now), start=1):
        title = f"{rng.choice(TRAITS)} path to {rng.choice(SUBJECTS)}"
        yield (
            key,
            title,
            f"{slug_of(title)}-{key}",
            rng.choice(SENTENCES),
            rng.choice(people.teachers) + 1,
            next(levels),
            10 + rng.randrange(120),
            rng.random() < 0.6,
            rng.random() < FEATURED,
            stamp(moment),
            stamp(min(people.now - 1, moment + int(rng.expovariate(1 / (20 * HOUR))))),
        )


def path_course_rows(courses: Courses, scale: Scale, seed: int) -> Iterator[Row]:
    rng = stream(seed, "path courses")
    picked = draws(rng, list(enumerate(courses.popularity)))
    key = 0
    for path in range(scale.paths):
        wanted = rng.randint(*COURSES_OF_PATH)
        for order, course in enumerate(dict.fromkeys(next(picked) for _ in range(wanted)), start=1):
            key += 1
            yield key, path + 1, course + 1, order, rng.random() < 0.8
