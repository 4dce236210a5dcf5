"""What a run knows about the platform: people to act for, courses, pages, topics; from the handles file."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wire import Call, CannotRun, Client

LOGIN = "/api/v1/auth/login/"


@dataclass(slots=True)
class Scene:
    """What the driver knows, and whose tokens it has."""

    seed: int
    password: str
    admin: str
    users: list[dict[str, Any]]
    known: dict[str, list[Any]]
    """Courses, lessons and so on, by the names of the handles file; the popular ones first."""
    tokens: dict[str, str] = field(default_factory=dict)

    def user(self, rng: random.Random) -> dict[str, Any]:
        return rng.choice(self.users)

    def some(self, rng: random.Random, kind: str) -> Any:
        """One thing of a kind, by weight where the things have one."""
        things = self.known[kind]
        if isinstance(things[0], dict) and "weight" in things[0]:
            return rng.choices(things, [thing["weight"] for thing in things])[0]
        return rng.choice(things)


NEEDED = (
    "courses",
    "lessons",
    "exercises",
    "categories",
    "blog",
    "course_pages",
    "blog_categories",
    "forums",
    "topics",
    "posts",
)


def read_scene(path: Path, seed: int, users: int) -> Scene:
    """From a handles file, with that many people at most; raises CannotRun when it is none."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        scene = Scene(
            seed=seed,
            password=known["password"],
            admin=known["admin"],
            users=random.Random(f"users {seed}").sample(known["users"], min(users, len(known["users"]))),
            known={kind: known[kind] for kind in NEEDED},
        )
    except OSError as error:
        raise CannotRun(
            f"{path} cannot be read: {error.strerror}; write it with `manage.py load_data --handles`."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CannotRun(
            f"{path} is not a handles file; write one with `manage.py load_data --handles`."
        ) from error
    if not scene.users or not all(scene.known.values()):
        raise CannotRun(
            f"{path} names no people or nothing to read; fill the database with `manage.py load_data` first."
        )
    return scene


def log_in(client: Client, scene: Scene, names: list[str], threads: int = 1) -> None:
    """One login for each that has no token yet; raises CannotRun when one is refused."""

    def enter(name: str) -> None:
        if name in scene.tokens:
            return
        body = {"username": name, "password": scene.password}
        reply = client.send(Call("login", "POST", LOGIN, body), {})
        if reply.status != 200:
            raise CannotRun(f"The login of {name} was refused; is this the database load_data filled?")
        scene.tokens[name] = reply.data["access"]

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(enter, names):
            pass
