"""The visits people pay to the platform, and how often each happens."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from scene import Scene
from wire import Call, Reply

V1, FORUM, SITE = "/api/v1", "/api/v2/forum", "/site"
LEVELS = ("beginner", "intermediate", "advanced", "expert")
WORDS = ("loops", "indexes", "joins", "forms", "trees", "caching", "modern", "practical")
LANGUAGES = ("python", "javascript", "sql", "java")
PAGES = ("1", "1", "1", "2", "3", "5")
UNIQUE = "{{unique}}"
"""Stands for text that is new at each sending; the driver fills it in, and so does who reads a requests file."""

Steps = Generator[Call, Reply, None]


@dataclass(frozen=True, slots=True)
class Action:
    """A visit of one or more requests; a later request may use the answer to an earlier one."""

    name: str
    calls: int
    begin: Callable[[Scene, random.Random], Steps]


def page(
    path: str, *, who: str = "", kind: str = "", writes: bool = False, **choices: Sequence[str]
) -> Action:
    """Reading one address.

    ``who`` is empty for a visitor, ``user`` or ``admin``; ``{}`` in the path stands for one of ``kind``, and each of ``choices``
    is a query parameter with the values to draw from. The address, without values, is the name.
    """
    shown = path.replace("{}", "<slug>" if kind in ("blog", "course_pages") else "<id>")
    filters = "&".join(f"{key}=" for key in choices if key != "page")
    name = f"GET {shown}" + (f"?{filters}" if filters else "")

    def begin(scene: Scene, rng: random.Random) -> Steps:
        query = urlencode({key: rng.choice(values) for key, values in choices.items()})
        target = path.format(_handle(scene, rng, kind)) + (f"?{query}" if query else "")
        yield Call(name, "GET", target, user=_person(scene, rng, who), writes=writes)

    return Action(name, 1, begin)


def post(
    path: str,
    kind: str,
    body: Callable[[Scene, random.Random], dict[str, Any]] | None = None,
    *,
    method: str = "POST",
    who: str = "user",
    expect: tuple[int, ...] = (200,),
) -> Action:
    """Changing something: ``{}`` in the path stands for one of ``kind``."""
    shown = path.replace("{}", "<slug>" if kind == "course_pages" else "<id>")
    name = f"{method} {shown}"

    def begin(scene: Scene, rng: random.Random) -> Steps:
        target = path.format(_handle(scene, rng, kind))
        sent = body(scene, rng) if body else {}
        yield Call(name, method, target, sent, _person(scene, rng, who), expect)

    return Action(name, 1, begin)


def _person(scene: Scene, rng: random.Random, who: str) -> str:
    return {"": "", "admin": scene.admin}.get(who) if who != "user" else scene.user(rng)["username"]


def _handle(scene: Scene, rng: random.Random, kind: str) -> Any:
    """What stands in an address for one thing of that kind."""
    if not kind:
        return ""
    if kind == "members":
        return scene.user(rng)["id"]
    thing = scene.some(rng, kind)
    if isinstance(thing, dict):
        return thing["slug"] if kind == "course_pages" else thing["id"]
    return thing


def either(first: Action, second: Action) -> Action:
    """Half of the visits are logged in and half are not; both are known by the name of the first."""

    def begin(scene: Scene, rng: random.Random) -> Steps:
        return (first if rng.random() < 0.5 else second).begin(scene, rng)

    return Action(first.name, 1, begin)


def mixed(path: str, **choices: Any) -> Action:
    return either(page(path, **choices), page(path, who="user", **choices))


# --- reading ----------------------------------------------------------------------------------------------------------


def own_lesson(scene: Scene, rng: random.Random) -> Steps:
    """A learner goes on where they were."""
    user = rng.choice([user for user in scene.users if user["lessons"]] or scene.users)
    lesson = rng.choice(user["lessons"]) if user["lessons"] else scene.some(rng, "lessons")
    yield Call(f"GET {V1}/lessons/<id>/", "GET", f"{V1}/lessons/{lesson}/", user=user["username"])


def course_progress(scene: Scene, rng: random.Random) -> Steps:
    user = rng.choice([user for user in scene.users if user["courses"]])
    path = f"{V1}/courses/{rng.choice(user['courses'])}/progress/"
    yield Call(f"GET {V1}/courses/<id>/progress/", "GET", path, user=user["username"], writes=True)


def blog_tag(scene: Scene, rng: random.Random) -> Steps:
    word = rng.choice(("python", "web", "career", "beginners"))
    yield Call(f"GET {V1}/blog/?tag=", "GET", f"{V1}/blog/?tag={word}")


def filtered_by(path: str, key: str, kind: str) -> Action:
    """A list narrowed to one category, by its slug."""
    name = f"GET {path}?{key}="

    def begin(scene: Scene, rng: random.Random) -> Steps:
        thing = scene.some(rng, kind)
        slug = thing["slug"] if isinstance(thing, dict) else thing
        yield Call(name, "GET", f"{path}?{key}={slug}")

    return Action(name, 1, begin)


# The four that the platform's own benchmark asks, and asks most.
BENCHMARK: tuple[tuple[float, Action], ...] = (
    (10, mixed(f"{V1}/courses/", page=PAGES)),
    (8, mixed(f"{V1}/categories/")),
    (8, mixed(f"{FORUM}/topics/", page=PAGES)),
    (8, page(f"{V1}/auth/user/", who="user")),
)

READS: tuple[tuple[float, Action], ...] = (
    (2, filtered_by(f"{V1}/courses/", "category", "categories")),
    (2, mixed(f"{V1}/courses/", difficulty=LEVELS)),
    (1.5, page(f"{V1}/courses/", search=WORDS)),
    (3, mixed(f"{V1}/courses/{{}}/", kind="courses")),
    (3, page(f"{V1}/courses/{{}}/lessons/", kind="courses")),
    (1.5, page(f"{V1}/courses/{{}}/reviews/", kind="courses")),
    (2, Action("course progress", 1, course_progress)),
    (0.5, page(f"{V1}/categories/1/courses/")),
    (0.4, mixed(f"{V1}/lessons/")),
    (1.5, filtered_by(f"{V1}/lessons/", "course", "courses")),
    (4, Action("own lesson", 1, own_lesson)),
    (2, page(f"{V1}/lessons/{{}}/exercises/", kind="lessons", who="user")),
    (3, page(f"{V1}/enrollments/", who="user")),
    (3, page(f"{V1}/progress/", who="user")),
    (1, page(f"{V1}/learning-paths/")),
    (1.5, page(f"{V1}/exercises/", who="user")),
    (1, mixed(f"{V1}/exercises/", difficulty=LEVELS)),
    (0.7, page(f"{V1}/exercises/", language=LANGUAGES)),
    (2, page(f"{V1}/exercises/{{}}/", kind="exercises", who="user")),
    (1, page(f"{V1}/exercises/{{}}/test_cases/", kind="exercises", who="user")),
    (1, page(f"{V1}/exercises/{{}}/hints/", kind="exercises", who="user")),
    (2, page(f"{V1}/submissions/", who="user")),
    (1, page(f"{V1}/exercise-progress/", who="user")),
    (0.4, page(f"{V1}/test-cases/")),
    (0.4, page(f"{V1}/reviews/")),
    (0.5, page(f"{V1}/users/", who="user")),
    (0.7, page(f"{V1}/user-profiles/", who="user")),
    (1.5, page(f"{V1}/notifications/", who="user")),
    (3, page(f"{SITE}/")),
    (3, page(f"{SITE}/courses/", sort=("newest", "newest", "rating", "popular", "difficulty"))),
    (1, page(f"{SITE}/courses/", difficulty=LEVELS, is_free=("true", "false"), duration=("short", "medium"))),
    (1, page(f"{SITE}/exercises/", difficulty=LEVELS)),
    (3, page(f"{SITE}/dashboard/", who="user")),
    (3, page(f"{V1}/blog/", page=PAGES[:4])),
    (1, filtered_by(f"{V1}/blog/", "category", "blog_categories")),
    (0.7, Action("blog by tag", 1, blog_tag)),
    (3, page(f"{V1}/blog/{{}}/", kind="blog")),
    (1, page(f"{V1}/blog/categories/")),
    (3, page(f"{V1}/wagtail/homepage/")),
    (1, page(f"{V1}/learning/")),
    (2, page(f"{V1}/learning/courses/", page=PAGES[:4])),
    (1, page(f"{V1}/learning/courses/", difficulty=LEVELS[:3], is_free=("true", "false"))),
    (0.5, page(f"{V1}/learning/courses/", search=WORDS)),
    (2, page(f"{V1}/learning/courses/{{}}/", kind="course_pages")),
    (1, page(f"{V1}/learning/courses/{{}}/exercises/", kind="course_pages")),
    (1, page(f"{V1}/learning/courses/{{}}/enrollment/", kind="course_pages", who="user")),
    (1.5, page(f"{V1}/wagtail/exercises/", difficulty=LEVELS[:3], language=LANGUAGES)),
    (2, page(f"{V1}/forums/")),
    (
        3,
        page(
            f"{V1}/forums/{{}}/topics/",
            kind="forums",
            sort=("latest", "latest", "newest", "views", "subject"),
        ),
    ),
    (1, page(f"{FORUM}/topics/", forum=("2", "3", "12", "13"))),
    (3, page(f"{V1}/topics/{{}}/", kind="topics", writes=True)),
    (5, mixed(f"{FORUM}/topics/{{}}/posts/", kind="topics")),
    (1.5, page(f"{FORUM}/recent/")),
    (0.7, page(f"{FORUM}/search/", q=WORDS)),
    (1, page(f"{FORUM}/stats/")),
    (1, page(f"{FORUM}/leaderboard/", period=("total", "monthly", "weekly"))),
    (1, page(f"{FORUM}/users/{{}}/", kind="members")),
    (0.5, page(f"{FORUM}/users/{{}}/topics/", kind="members")),
    (0.5, page(f"{FORUM}/users/{{}}/posts/", kind="members")),
    (0.5, page(f"{V1}/moderation/queue/", who="admin")),
)


# --- changing ---------------------------------------------------------------------------------------------------------


def position(scene: Scene, rng: random.Random) -> dict[str, Any]:
    return {"position": rng.randrange(100)}


def attempt(scene: Scene, rng: random.Random) -> dict[str, Any]:
    right = rng.random() < 0.5
    text = "def solve(value):\n    return value\n" if right else "def solve(value):\n    pass\n"
    return {"exercise": scene.some(rng, "exercises"), "code": text}


def review(scene: Scene, rng: random.Random) -> dict[str, Any]:
    stars = rng.choice((3, 4, 4, 5, 5))
    return {"course": scene.some(rng, "courses")["id"], "rating": stars, "content": "Well explained."}


def answer(scene: Scene, rng: random.Random) -> dict[str, Any]:
    return {"topic": scene.some(rng, "topics")["id"], "content": f"I think so too. {UNIQUE}"}


def question(scene: Scene, rng: random.Random) -> dict[str, Any]:
    subject = f"How do I begin with {rng.choice(WORDS)}?"
    return {"forum": scene.some(rng, "forums"), "subject": subject, "content": f"Any hints? {UNIQUE}"}


def complaint(scene: Scene, rng: random.Random) -> dict[str, Any]:
    return {"reason": rng.choice(("spam", "off_topic", "rude")), "description": "Please have a look."}


def new_blurb(scene: Scene, rng: random.Random) -> dict[str, Any]:
    return {"short_description": f"In {rng.randrange(3, 30)} small steps."}


def account(scene: Scene, rng: random.Random) -> dict[str, Any]:
    return {
        "username": f"new-{UNIQUE}",
        "email": f"new-{UNIQUE}@example.com",
        "password": f"long enough {rng.randrange(10**6)}",
    }


def own_row(name: str, path: str, key: str, body: Callable[[random.Random], dict[str, Any]]) -> Action:
    """Changing one of a learner's own rows, whose keys are in the handles file."""

    def begin(scene: Scene, rng: random.Random) -> Steps:
        user = rng.choice([user for user in scene.users if user[key]])
        row = rng.choice(user[key]) if isinstance(user[key], list) else user[key]
        yield Call(name, "PATCH", f"{path}/{row}/", body(rng), user["username"])

    return Action(name, 1, begin)


def decide(scene: Scene, rng: random.Random) -> Steps:
    """A moderator looks at the queue and decides the first case."""
    reply = yield Call(f"GET {V1}/moderation/queue/", "GET", f"{V1}/moderation/queue/", user=scene.admin)
    found = reply.data.get("results", []) if isinstance(reply.data, dict) else []
    if not found:
        yield Call(f"GET {V1}/moderation/queue/", "GET", f"{V1}/moderation/queue/", user=scene.admin)
        return
    # 409: the other thread's moderator was faster.
    path = f"{V1}/moderation/queue/{found[0]['id']}/resolve/"
    body = {"approved": True, "notes": "Fine."}
    yield Call(f"POST {V1}/moderation/queue/<id>/resolve/", "POST", path, body, scene.admin, (200, 409))


# Whoever does a thing a second time is told so: 200 instead of 201, 404 for what is gone, 400 or 409 for what is there once only.
WRITES: tuple[tuple[float, Action], ...] = (
    (1.5, post(f"{V1}/courses/{{}}/enroll/", "courses", expect=(201, 200))),
    (0.6, post(f"{SITE}/courses/{{}}/enroll/", "courses", expect=(201, 200))),
    (0.2, post(f"{V1}/courses/{{}}/unenroll/", "courses", method="DELETE", expect=(204, 404))),
    (2.5, post(f"{V1}/lessons/{{}}/start/", "lessons")),
    (2, post(f"{V1}/lessons/{{}}/complete/", "lessons")),
    (2.5, post(f"{V1}/lessons/{{}}/position/", "lessons", position)),
    (0.7, post(f"{V1}/lessons/{{}}/bookmark/", "lessons")),
    (
        0.7,
        own_row(
            f"PATCH {V1}/progress/<id>/",
            f"{V1}/progress",
            "progress",
            lambda rng: {"time_spent": rng.randrange(90)},
        ),
    ),
    (2, post(f"{V1}/submissions/", "", attempt, expect=(201,))),
    (0.3, post(f"{V1}/reviews/", "", review, expect=(201, 400))),
    (0.6, post(f"{V1}/learning/courses/{{}}/enroll/", "course_pages", expect=(201, 200))),
    (
        0.1,
        post(f"{V1}/learning/courses/{{}}/unenroll/", "course_pages", method="DELETE", expect=(204, 404)),
    ),
    (1.5, post(f"{V1}/posts/", "", answer, expect=(201,))),
    (0.4, post(f"{V1}/topics/", "", question, expect=(201,))),
    (1.5, post(f"{V1}/posts/{{}}/like/", "posts", expect=(201, 200, 409))),
    (0.1, post(f"{V1}/posts/{{}}/flag/", "posts", complaint, expect=(201,))),
    (0.2, post(f"{V1}/courses/{{}}/", "courses", new_blurb, method="PATCH", who="admin")),
    (
        0.4,
        own_row(
            f"PATCH {V1}/users/<id>/",
            f"{V1}/users",
            "id",
            lambda rng: {"location": rng.choice(("Oslo", "Lyon", "Graz"))},
        ),
    ),
    (0.2, post(f"{V1}/auth/register/", "", account, who="", expect=(201,))),
    (0.2, Action("decide", 2, decide)),
)

MIX: tuple[tuple[float, Action], ...] = (*BENCHMARK, *READS, *WRITES)


def unique(scene: Scene, rng: random.Random) -> str:
    """Text that no other request of any seed has."""
    return hashlib.sha256(f"driver {scene.seed} {rng.getrandbits(64)}".encode()).hexdigest()


def plan(requests: int, seed: int) -> list[tuple[Action, int]]:
    """The visits of a run, each with a seed of its own; together exactly ``requests`` calls.

    The number of each visit follows its weight, not chance, and every kind happens once at least when there are requests enough;
    the seed decides the order and what each visit does.
    """
    rng = random.Random(f"plan {seed}")
    total = requests / sum(weight * action.calls for weight, action in MIX)
    visits = [action for weight, action in MIX for _ in range(max(1, round(weight * total)))]
    rng.shuffle(visits)
    filler = MIX[0][1]
    over = sum(action.calls for action in visits) - requests
    while over > 0:
        last = len(visits) - 1
        common = next((place for place in range(last, -1, -1) if visits[place] is filler), last)
        over -= visits.pop(common).calls
    visits += [filler] * -over
    return [(action, rng.getrandbits(48)) for action in visits]
