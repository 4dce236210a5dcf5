"""What learners did: enrollments, progress, study sessions, submissions, reviews and discussions."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from .chance import DAY, HOUR, MINUTE, Popularity, dealt, draws, fresh_pair, growing, stamp, stream
from .courses import PUBLISHED_WITHIN, Counters, Courses, points_of
from .people import People, Row
from .scale import Scale
from .words import PRAISE

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
PROGRESS_COLUMNS = [
    "id",
    "user_id",
    "lesson_id",
    "started",
    "completed",
    "started_at",
    "completed_at",
    "last_accessed",
    "time_spent",
    "content_position",
    "notes",
    "bookmarked",
]
SESSION_COLUMNS = [
    "id",
    "user_id",
    "lesson_id",
    "started_at",
    "ended_at",
    "duration",
    "completed_lesson",
    "notes_taken",
]
SUBMISSION_COLUMNS = [
    "id",
    "user_id",
    "exercise_id",
    "code",
    "status",
    "score",
    "output",
    "error_message",
    "execution_time",
    "memory_used",
    "attempt_number",
    "submitted_at",
]
STUDENT_COLUMNS = [
    "id",
    "user_id",
    "exercise_id",
    "is_completed",
    "best_score",
    "total_attempts",
    "first_attempt_at",
    "last_attempt_at",
    "completed_at",
]
REVIEW_COLUMNS = ["id", "user_id", "course_id", "rating", "content", "created_at", "updated_at"]

STUDIED_WITHIN = 60 * DAY
"""Whoever has not come back two months after enrolling does not come back."""


@dataclass(frozen=True, slots=True)
class Study:
    """What was done, each kind in order of time."""

    enrolled: array[int]
    enrollment_user: array[int]
    enrollment_course: array[int]
    completed: array[int]
    """Per enrollment, how many of its lessons are done."""
    last_lesson: array[int]
    """Per enrollment, the lesson opened last; -1 when none was."""
    last_moment: array[int]
    begun: array[int]
    progress_enrollment: array[int]
    progress_lesson: array[int]
    progress_done: bytearray
    sent: array[int]
    submission_user: array[int]
    submission_exercise: array[int]
    submission_attempt: array[int]
    submission_passed: bytearray
    reviewed: array[int]
    """The enrollments that a review belongs to, in order of the reviews."""
    stars: array[int]


def make_study(people: People, courses: Courses, scale: Scale, seed: int) -> Study:
    enrolled, users, taken = _enroll(people, courses, scale, seed)
    begun, of_enrollment, lessons, done = _follow(people, courses, scale, seed, enrolled, taken)
    completed = array("q", bytes(8 * len(enrolled)))
    last_lesson = array("q", [-1]) * len(enrolled)
    last_moment = array("q", enrolled)
    for moment, enrollment, lesson, finished in zip(begun, of_enrollment, lessons, done, strict=True):
        completed[enrollment] += finished
        last_lesson[enrollment] = lesson
        last_moment[enrollment] = moment
    sent, who, what, attempt, passed = _submit(
        people, courses, scale, seed, (begun, of_enrollment, lessons), users
    )
    rng = stream(seed, "reviews")
    reviewed = array("q", sorted(rng.sample(range(len(enrolled)), min(scale.reviews, len(enrolled)))))
    given = draws(rng, ((5, 0.46), (4, 0.3), (3, 0.13), (2, 0.06), (1, 0.05)))
    return Study(
        enrolled,
        users,
        taken,
        completed,
        last_lesson,
        last_moment,
        begun,
        of_enrollment,
        lessons,
        done,
        sent,
        who,
        what,
        attempt,
        passed,
        reviewed,
        array("q", (next(given) for _ in reviewed)),
    )


def _enroll(
    people: People, courses: Courses, scale: Scale, seed: int
) -> tuple[array[int], array[int], array[int]]:
    """Moments, users and courses; nobody enrolls twice in one course."""
    rng = stream(seed, "enrollments")
    eager = people.popularity(seed, "enroll", 0.6)
    popular = Popularity(courses.created, courses.popularity)
    moments = growing(rng, scale.enrollments, people.start + 8 * DAY, people.now)
    shown = [course for course, published in enumerate(courses.published) if published]
    seen: set[tuple[int, int]] = set()
    users, taken = array("q"), array("q")
    for moment in moments:

        def draw(moment: int = moment) -> tuple[int, int]:
            course = popular.pick(rng, moment - PUBLISHED_WITHIN)
            return eager.pick(rng, moment) or 0, rng.choice(shown) if course is None else course

        def anything() -> tuple[int, int]:
            return rng.randrange(len(people.created)), rng.choice(shown)

        user, course = fresh_pair(seen, draw, anything)
        users.append(user)
        taken.append(course)
    return moments, users, taken


def _follow(
    people: People,
    courses: Courses,
    scale: Scale,
    seed: int,
    enrolled: array[int],
    taken: array[int],
) -> tuple[array[int], array[int], array[int], bytearray]:
    """Lessons opened: moment, enrollment, lesson, and whether it was completed; in order of time.

    Lessons of a course are taken in their order, some enrollments get far, and most end in the middle.
    """
    rng = stream(seed, "progress")
    lessons = [courses.published_lessons(course) for course in taken]
    limits = list(accumulate(len(found) * rng.expovariate(1) for found in lessons))
    counts = array("q", bytes(8 * len(taken)))
    left = min(scale.progress, sum(map(len, lessons)) * 2 // 3)
    while left:
        enrollment = bisect_right(limits, rng.random() * limits[-1], 0, len(limits) - 1)
        if counts[enrollment] < len(lessons[enrollment]):
            counts[enrollment] += 1
            left -= 1
    opened: list[tuple[int, int, int, bool]] = []
    for enrollment, count in enumerate(counts):
        since = enrolled[enrollment]
        span = min(people.now - since, STUDIED_WITHIN)
        moments = sorted(since + int(rng.random() ** 2 * span) for _ in range(count))
        for place, moment in enumerate(moments):
            finished = rng.random() < (0.95 if place + 1 < count else 0.5)
            opened.append((moment, enrollment, lessons[enrollment][place], finished))
    opened.sort()
    return (
        array("q", (entry[0] for entry in opened)),
        array("q", (entry[1] for entry in opened)),
        array("q", (entry[2] for entry in opened)),
        bytearray(entry[3] for entry in opened),
    )


def _submit(
    people: People,
    courses: Courses,
    scale: Scale,
    seed: int,
    opened: tuple[array[int], array[int], array[int]],
    users: array[int],
) -> tuple[array[int], array[int], array[int], array[int], bytearray]:
    """Moment, user, exercise, number of the attempt, and whether it passed; in order of time."""
    rng = stream(seed, "submissions")
    pairs = [
        (moment, users[enrollment], exercise)
        for moment, enrollment, lesson in zip(*opened, strict=True)
        for exercise in range(courses.first_exercise[lesson], courses.first_exercise[lesson + 1])
        if courses.exercise_published[exercise]
    ]
    tries = dealt(rng, scale.submissions, [rng.expovariate(1) for _ in pairs])
    sent: list[tuple[int, int, int, int, bool]] = []
    for (moment, user, exercise), count in zip(pairs, tries, strict=True):
        at = moment
        for attempt in range(1, count + 1):
            at = min(people.now - 1, at + MINUTE + int(rng.expovariate(1 / (5 * MINUTE))))
            # The last attempt is mostly the one that passes.
            sent.append((at, user, exercise, attempt, rng.random() < (0.8 if attempt == count else 0.1)))
    sent.sort()
    return (
        array("q", (entry[0] for entry in sent)),
        array("q", (entry[1] for entry in sent)),
        array("q", (entry[2] for entry in sent)),
        array("q", (entry[3] for entry in sent)),
        bytearray(entry[4] for entry in sent),
    )


def counters(study: Study, courses: Courses) -> Counters:
    """What the courses and exercises keep about these rows."""
    zero = bytes(8)
    enrollments, reviews, stars = (array("q", zero * len(courses.created)) for _ in range(3))
    submissions, solutions = (array("q", zero * len(courses.exercise_lesson)) for _ in range(2))
    for course in study.enrollment_course:
        enrollments[course] += 1
    for enrollment, given in zip(study.reviewed, study.stars, strict=True):
        reviews[study.enrollment_course[enrollment]] += 1
        stars[study.enrollment_course[enrollment]] += given
    for exercise, passed in zip(study.submission_exercise, study.submission_passed, strict=True):
        submissions[exercise] += 1
        solutions[exercise] += passed
    return Counters(enrollments, reviews, stars, submissions, solutions)


def is_complete(study: Study, courses: Courses, enrollment: int) -> bool:
    """Whether every lesson that learners see is done."""
    lessons = len(courses.published_lessons(study.enrollment_course[enrollment]))
    return 0 < lessons == study.completed[enrollment]


def finished_courses(study: Study, courses: Courses, people: People) -> array[int]:
    """Per user, how many courses are done."""
    finished = array("q", bytes(8 * len(people.created)))
    for enrollment, user in enumerate(study.enrollment_user):
        finished[user] += is_complete(study, courses, enrollment)
    return finished


def solved_exercises(study: Study, people: People) -> array[int]:
    """Per user, how many exercises were passed."""
    solved = array("q", bytes(8 * len(people.created)))
    rows = zip(study.submission_user, study.submission_exercise, study.submission_passed, strict=True)
    for user, _ in {(user, exercise) for user, exercise, passed in rows if passed}:
        solved[user] += 1
    return solved


def enrollment_rows(study: Study, courses: Courses, seed: int) -> Iterator[Row]:
    rng = stream(seed, "enrollment rows")
    rows = zip(study.enrolled, study.enrollment_user, study.enrollment_course, strict=True)
    for number, (moment, user, course) in enumerate(rows):
        done = study.completed[number]
        total = len(courses.published_lessons(course))
        complete = 0 < total == done
        last = study.last_lesson[number]
        yield (
            number + 1,
            user + 1,
            course + 1,
            stamp(moment),
            complete,
            stamp(study.last_moment[number]) if complete else None,
            100 * done // total if total else 0,
            None if last < 0 else last + 1,
            stamp(study.last_moment[number]),
            done * 15 + int(rng.expovariate(1 / 10)),
        )


def progress_rows(study: Study, people: People, seed: int) -> Iterator[Row]:
    rng = stream(seed, "progress rows")
    rows = zip(
        study.begun, study.progress_enrollment, study.progress_lesson, study.progress_done, strict=True
    )
    for number, (moment, enrollment, lesson, done) in enumerate(rows):
        taken = int(rng.expovariate(1 / (20 * MINUTE))) + MINUTE
        last = min(people.now - 1, moment + taken)
        yield (
            number + 1,
            study.enrollment_user[enrollment] + 1,
            lesson + 1,
            True,
            bool(done),
            stamp(moment),
            stamp(last) if done else None,
            stamp(last),
            taken // MINUTE,
            100 if done else rng.randrange(100),
            "Look at this again." if rng.random() < 0.04 else "",
            rng.random() < 0.06,
        )


def session_rows(study: Study, people: People, scale: Scale, seed: int) -> Iterator[Row]:
    """Some of the time spent with lessons is kept as sessions."""
    rng = stream(seed, "sessions")
    kept = sorted(rng.choices(range(len(study.begun)), k=scale.study_sessions))
    moments = sorted((study.begun[place] + int(rng.random() * HOUR), place) for place in kept)
    for key, (drawn, place) in enumerate(moments, start=1):
        moment = min(drawn, people.now - 1)
        length = int(rng.expovariate(1 / (25 * MINUTE)))
        ended = moment + length < people.now and rng.random() < 0.94
        yield (
            key,
            study.enrollment_user[study.progress_enrollment[place]] + 1,
            study.progress_lesson[place] + 1,
            stamp(moment),
            stamp(moment + length) if ended else None,
            length // MINUTE if ended else 0,
            bool(study.progress_done[place]) and rng.random() < 0.6,
            "",
        )


def submission_rows(study: Study, seed: int) -> Iterator[Row]:
    rng = stream(seed, "submission rows")
    wrong = draws(rng, (("failed", 0.72), ("error", 0.2), ("timeout", 0.05), ("pending", 0.03)))
    for number, moment in enumerate(study.sent):
        passed = bool(study.submission_passed[number])
        status = "passed" if passed else next(wrong)
        yield (
            number + 1,
            study.submission_user[number] + 1,
            study.submission_exercise[number] + 1,
            "def solve(value):\n    return value\n",
            status,
            points_of(study.submission_exercise[number]) if passed else 0,
            "ok" if passed else "",
            "" if passed else "An answer differs.",
            round(rng.expovariate(1 / 0.2), 3),
            rng.randrange(8_000, 64_000),
            study.submission_attempt[number],
            stamp(moment),
        )


def student_rows(study: Study) -> Iterator[Row]:
    """One row for each user and exercise with a submission, in order of the first one."""
    found: dict[tuple[int, int], list[int]] = {}
    for number, key in enumerate(zip(study.submission_user, study.submission_exercise, strict=True)):
        found.setdefault(key, []).append(number)
    for key, ((user, exercise), numbers) in enumerate(found.items(), start=1):
        passed = next((number for number in numbers if study.submission_passed[number]), None)
        yield (
            key,
            user + 1,
            exercise + 1,
            passed is not None,
            0 if passed is None else points_of(exercise),
            len(numbers),
            stamp(study.sent[numbers[0]]),
            stamp(study.sent[numbers[-1]]),
            None if passed is None else stamp(study.sent[passed]),
        )


def review_rows(study: Study, people: People, seed: int) -> Iterator[Row]:
    rng = stream(seed, "review rows")
    rows = sorted(
        (min(people.now - 1, study.enrolled[enrollment] + int(rng.random() * 30 * DAY)), enrollment, stars)
        for enrollment, stars in zip(study.reviewed, study.stars, strict=True)
    )
    for key, (moment, enrollment, stars) in enumerate(rows, start=1):
        yield (
            key,
            study.enrollment_user[enrollment] + 1,
            study.enrollment_course[enrollment] + 1,
            stars,
            rng.choice(PRAISE) if rng.random() < 0.7 else "",
            stamp(moment),
            stamp(moment),
        )
