"""Pages that editors wrote: the blog, and courses, lessons and exercises as content, in Wagtail's tree.

A page's path is its parent's followed by four digits of base 36, counted from 1, as treebeard's materialized path has it:
https://django-treebeard.readthedocs.io/en/stable/mp_tree.html
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .chance import (
    DAY,
    HOUR,
    MINUTE,
    Popularity,
    day_text,
    dealt,
    draws,
    fresh_pair,
    growing,
    scattered,
    stamp,
    starts,
    stocked,
    stream,
    uuid_text,
    zipf_weights,
)
from .people import STAFF, People, Row
from .scale import Scale
from .words import (
    BLOG_CATEGORIES,
    OBJECTIVES,
    SENTENCES,
    SKILL_LEVELS,
    SUBJECTS,
    TAGS,
    THREE_DIFFICULTIES,
    TRAITS,
    slug_of,
)

BLOG, COURSE, LESSON, EXERCISE, STEPS = (
    "blogpage",
    "coursepage",
    "lessonpage",
    "exercisepage",
    "stepbasedexercisepage",
)
BLOG_INDEX, COURSES_INDEX = "blogindexpage", "coursesindexpage"

CATEGORY_COLUMNS = ["id", "name", "slug", "description", "color"]
LEVEL_COLUMNS = ["id", "name", "slug", "description", "order"]
OBJECTIVE_COLUMNS = ["id", "title", "description"]
TAG_COLUMNS = ["id", "name", "slug"]
PAGE_COLUMNS = [
    "id",
    "path",
    "depth",
    "numchild",
    "title",
    "draft_title",
    "slug",
    "content_type_id",
    "live",
    "has_unpublished_changes",
    "url_path",
    "owner_id",
    "first_published_at",
    "last_published_at",
    "latest_revision_created_at",
    "translation_key",
    "locale_id",
]
INDEX_COLUMNS = ["page_ptr_id", "intro"]
BLOG_COLUMNS = ["page_ptr_id", "date", "intro", "body", "reading_time", "author_id"]
COURSE_COLUMNS = [
    "page_ptr_id",
    "course_code",
    "short_description",
    "detailed_description",
    "instructor_id",
    "skill_level_id",
    "difficulty_level",
    "estimated_duration",
    "is_free",
    "price",
    "featured",
]
LESSON_COLUMNS = ["page_ptr_id", "lesson_number", "intro", "body", "estimated_duration"]
EXERCISE_COLUMNS = [
    "page_ptr_id",
    "sequence_number",
    "exercise_type",
    "difficulty",
    "programming_language",
    "description",
    "starter_code",
    "points",
]
STEP_COLUMNS = ["page_ptr_id", "sequence_number", "difficulty", "description", "steps", "total_points"]
BLOG_CATEGORY_COLUMNS = ["id", "blogpage_id", "blogcategory_id"]
BLOG_TAG_COLUMNS = ["id", "content_object_id", "tag_id"]
COURSE_CATEGORY_COLUMNS = ["id", "coursepage_id", "blogcategory_id"]
COURSE_OBJECTIVE_COLUMNS = ["id", "coursepage_id", "learningobjective_id"]
ENROLLMENT_COLUMNS = [
    "id",
    "user_id",
    "course_id",
    "enrolled_at",
    "completed",
    "completed_at",
    "progress_percentage",
    "last_accessed_lesson_id",
    "last_activity",
    "total_time_spent",
]

EXERCISE_KINDS = (
    ("fill_blank", 0.3),
    ("multiple_choice", 0.28),
    ("code_completion", 0.22),
    ("debugging", 0.13),
    ("project", 0.07),
)
PAGE_LANGUAGES = (("python", 0.5), ("javascript", 0.24), ("sql", 0.12), ("java", 0.09), ("cpp", 0.05))
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Home:
    """The page all others are below, as the database has it, and what their rows refer to."""

    path: str
    children: int
    url_path: str
    locale: int
    first_id: int
    types: dict[str, int]
    """Content type of each kind of page."""


@dataclass(frozen=True, slots=True)
class Page:
    kind: str
    moment: int
    live: bool
    title: str
    parent: int
    """Its number among the pages; -1 for the home page."""
    place: int
    """Its number among the children of its parent, from 1."""


@dataclass(frozen=True, slots=True)
class Pages:
    """All pages in order of creation; the primary key is the number plus ``first_id``."""

    pages: list[Page]
    of_kind: dict[str, list[int]]
    children: array[int]
    """Per page, how many it has."""
    lessons: dict[int, list[int]]
    """Per course page, its lesson pages that are live."""


def make_pages(people: People, scale: Scale, seed: int) -> Pages:
    rng = stream(seed, "pages")
    drawn = [
        Page(BLOG_INDEX, people.start, True, "Blog", -1, 1),
        Page(COURSES_INDEX, people.start + MINUTE, True, "Courses", -1, 2),
    ]
    for place, moment in enumerate(scattered(rng, scale.blog_pages, people.start + DAY, people.now), start=1):
        title = f"{rng.choice(TRAITS)} {rng.choice(SUBJECTS)}"
        drawn.append(Page(BLOG, moment, rng.random() < 0.93, title, 0, place))
    courses = _course_pages(people, scale, seed)
    drawn += [replace(page, parent=1 if page.parent < 0 else page.parent + len(drawn)) for page in courses]
    order = sorted(range(len(drawn)), key=lambda number: (drawn[number].moment, number))
    number_of = {old: new for new, old in enumerate(order)}
    pages = [
        replace(drawn[old], parent=-1 if drawn[old].parent < 0 else number_of[drawn[old].parent])
        for old in order
    ]
    of_kind: dict[str, list[int]] = {}
    lessons: dict[int, list[int]] = {}
    children = array("q", bytes(8 * len(pages)))
    for number, page in enumerate(pages):
        of_kind.setdefault(page.kind, []).append(number)
        if page.parent >= 0:
            children[page.parent] += 1
        if page.kind == LESSON and page.live:
            lessons.setdefault(page.parent, []).append(number)
    return Pages(pages, of_kind, children, lessons)


def _course_pages(people: People, scale: Scale, seed: int) -> list[Page]:
    """Course pages, their lessons, and the exercises below those; parents are places in this list, -1 for the index."""
    rng = stream(seed, "course pages")
    moments = stocked(rng, scale.course_pages, 0.1, people.start + DAY, people.now - DAY)
    pages = [
        Page(COURSE, moment, rng.random() < 0.86, f"{rng.choice(TRAITS)} {rng.choice(SUBJECTS)}", -1, place)
        for place, moment in enumerate(moments, start=1)
    ]
    first = starts(dealt(rng, scale.lesson_pages, [0.3 + rng.expovariate(1) for _ in pages]))
    for course in range(scale.course_pages):
        for place in range(1, first[course + 1] - first[course] + 1):
            moment = pages[course].moment + place * MINUTE
            live = pages[course].live and rng.random() < 0.94
            pages.append(Page(LESSON, moment, live, f"Lesson {place}: {rng.choice(SUBJECTS)}", course, place))
    # Exercises hang below courses and lessons alike.
    above = (range(scale.course_pages), range(scale.course_pages, len(pages)))
    below = {course: first[course + 1] - first[course] for course in range(scale.course_pages)}
    for kind, count in ((EXERCISE, scale.exercise_pages), (STEPS, scale.step_pages)):
        for _ in range(count):
            parent = rng.choice(above[rng.random() < 0.5])
            place = below[parent] = below.get(parent, 0) + 1
            live = pages[parent].live and rng.random() < 0.95
            moment = pages[parent].moment + HOUR + place
            pages.append(Page(kind, moment, live, f"Exercise {place}: {rng.choice(SUBJECTS)}", parent, place))
    return pages


def _digits(place: int) -> str:
    text = ""
    while place:
        place, rest = divmod(place, 36)
        text = _DIGITS[rest] + text
    return text.rjust(4, "0")


def page_rows(pages: Pages, people: People, home: Home, seed: int) -> Iterator[Row]:
    rng = stream(seed, "page rows")
    paths: list[str] = []
    urls: list[str] = []
    for number, page in enumerate(pages.pages):
        top = page.parent < 0
        path = (home.path if top else paths[page.parent]) + _digits(page.place + home.children * top)
        slug = slug_of(page.title) + (f"-{page.place}" if page.kind in (BLOG, COURSE) else "")
        url = f"{home.url_path if top else urls[page.parent]}{slug}/"
        paths.append(path)
        urls.append(url)
        editor = rng.choice(people.teachers) if page.kind != BLOG_INDEX else 0
        changed = page.moment + int(rng.random() ** 3 * (people.now - page.moment))
        published = stamp(page.moment) if page.live else None
        yield (
            home.first_id + number,
            path,
            len(path) // 4,
            pages.children[number],
            page.title,
            page.title,
            slug,
            home.types[page.kind],
            page.live,
            not page.live,
            url,
            editor + 1,
            published,
            stamp(changed) if page.live else None,
            stamp(changed),
            uuid_text(rng),
            home.locale,
        )


def category_rows() -> Iterator[Row]:
    for number, name in enumerate(BLOG_CATEGORIES, start=1):
        color = f"#{number * 1_236_547 % 0xFFFFFF:06x}"
        yield number, name, slug_of(name), f"Posts filed under {name.lower()}.", color


def level_rows() -> Iterator[Row]:
    for number, name in enumerate(SKILL_LEVELS, start=1):
        yield number, name, slug_of(name), "", number


def objective_rows() -> Iterator[Row]:
    for number, title in enumerate(OBJECTIVES, start=1):
        yield number, title, ""


def tag_rows() -> Iterator[Row]:
    for number, name in enumerate(TAGS, start=1):
        yield number, name, name


def index_rows(pages: Pages, home: Home, kind: str) -> Iterator[Row]:
    for number in pages.of_kind[kind]:
        yield home.first_id + number, f"<p>{SENTENCES[0]}</p>"


def blog_rows(pages: Pages, people: People, home: Home, seed: int) -> Iterator[Row]:
    rng = stream(seed, "blog rows")
    for number in pages.of_kind[BLOG]:
        writer = rng.randrange(STAFF) if rng.random() < 0.4 else rng.choice(people.teachers)
        yield (
            home.first_id + number,
            day_text(pages.pages[number].moment),
            rng.choice(SENTENCES),
            f"<p>{rng.choice(SENTENCES)}</p><p>{rng.choice(SENTENCES)}</p>",
            2 + rng.randrange(12),
            writer + 1,
        )


def course_rows(pages: Pages, people: People, home: Home, seed: int) -> Iterator[Row]:
    rng = stream(seed, "course page rows")
    levels = draws(rng, THREE_DIFFICULTIES)
    for place, number in enumerate(pages.of_kind[COURSE], start=1):
        free = rng.random() < 0.6
        yield (
            home.first_id + number,
            f"C-{place:06d}",
            f"{pages.pages[number].title} in small steps.",
            f"<p>{rng.choice(SENTENCES)}</p>",
            rng.choice(people.teachers) + 1 if rng.random() < 0.95 else None,
            1 + rng.randrange(len(SKILL_LEVELS)),
            next(levels),
            1 + int(rng.expovariate(1 / 12)),
            free,
            None if free else f"{rng.choice((9, 19, 29, 49))}.90",
            rng.random() < 0.08,
        )


def lesson_rows(pages: Pages, home: Home, seed: int) -> Iterator[Row]:
    rng = stream(seed, "lesson page rows")
    for number in pages.of_kind[LESSON]:
        yield (
            home.first_id + number,
            pages.pages[number].place,
            f"<p>{rng.choice(SENTENCES)}</p>",
            f"<p>{rng.choice(SENTENCES)}</p>",
            5 + int(rng.expovariate(1 / 20)) % 290,
        )


def exercise_rows(pages: Pages, home: Home, seed: int) -> Iterator[Row]:
    rng = stream(seed, "exercise page rows")
    kinds, levels = draws(rng, EXERCISE_KINDS), draws(rng, THREE_DIFFICULTIES)
    languages = draws(rng, PAGE_LANGUAGES)
    for number in pages.of_kind[EXERCISE]:
        yield (
            home.first_id + number,
            pages.pages[number].place,
            next(kinds),
            next(levels),
            next(languages),
            f"<p>{rng.choice(SENTENCES)}</p>",
            "pass",
            rng.choice((5, 10, 10, 20)),
        )


def step_rows(pages: Pages, home: Home, seed: int) -> Iterator[Row]:
    rng = stream(seed, "step page rows")
    levels = draws(rng, THREE_DIFFICULTIES)
    for number in pages.of_kind[STEPS]:
        steps = [{"title": rng.choice(SUBJECTS), "points": 5} for _ in range(rng.randint(2, 5))]
        yield (
            home.first_id + number,
            pages.pages[number].place,
            next(levels),
            f"<p>{rng.choice(SENTENCES)}</p>",
            json.dumps(steps),
            5 * len(steps),
        )


def link_rows(
    pages: Pages, home: Home, seed: int, kind: str, name: str, choices: int, most: int
) -> Iterator[Row]:
    """The many-to-many rows of one kind of page: each is linked to one or more of ``choices`` things, the first ones most."""
    rng = stream(seed, f"{kind} {name}")
    drawn = draws(rng, [(choice, choice**-0.7) for choice in range(1, choices + 1)])
    key = 0
    for number in pages.of_kind[kind]:
        for choice in sorted({next(drawn) for _ in range(rng.randint(1, most))}):
            key += 1
            yield key, home.first_id + number, choice


def enrollment_rows(pages: Pages, people: People, home: Home, scale: Scale, seed: int) -> Iterator[Row]:
    """Who takes part in a course page; nobody twice in one."""
    rng = stream(seed, "page enrollments")
    eager = people.popularity(seed, "enroll in course pages", 0.5)
    courses = pages.of_kind[COURSE]
    created = array("q", (pages.pages[number].moment for number in courses))
    drawn = zipf_weights(rng, len(courses), 0.6)
    weights = [
        weight if pages.pages[number].live else 0.0 for weight, number in zip(drawn, courses, strict=True)
    ]
    popular = Popularity(created, weights)
    shown = [course for course, weight in enumerate(weights) if weight]
    seen: set[tuple[int, int]] = set()
    moments = growing(rng, scale.page_enrollments, people.start + 8 * DAY, people.now)
    for key, moment in enumerate(moments, start=1):

        def draw(moment: int = moment) -> tuple[int, int]:
            course = popular.pick(rng, moment)
            return eager.pick(rng, moment) or 0, rng.choice(shown) if course is None else course

        def anything() -> tuple[int, int]:
            return rng.randrange(len(people.created)), rng.choice(shown)

        user, course = fresh_pair(seen, draw, anything)
        lessons = pages.lessons.get(courses[course], [])
        done = min(len(lessons), int(rng.expovariate(1 / 2)))
        complete = 0 < len(lessons) == done
        last = min(people.now - 1, moment + done * DAY + int(rng.random() * HOUR))
        yield (
            key,
            user + 1,
            home.first_id + courses[course],
            stamp(moment),
            complete,
            stamp(last) if complete else None,
            100 * done // len(lessons) if lessons else 0,
            home.first_id + lessons[done - 1] if done else None,
            stamp(last),
            done * 15,
        )
