"""What a run knows about the platform: people to act for, pages, templates; from the handles file or from the API."""

from __future__ import annotations

import datetime as dt
import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wire import Call, CannotRun, Client

PASSWORD = "wedding-bells-42"
ADMIN_PHONE = "7000000007"
ENOUGH = 10
"""Open pages that do for a run."""
ASKED = 250
"""People looked at, at most, when the API is asked for them."""
AUTH, HOST, SHOP, STAFF = "/api/v1/auth", "/api/v1/invitations", "/api/v1/plans", "/api/v1/admin-dashboard"


@dataclass(slots=True)
class Scene:
    """What the driver knows: people, pages, templates; and the names that are its own under this seed."""

    seed: int
    admin: str
    password: str
    users: list[dict[str, Any]]
    pages: list[dict[str, Any]]
    past_slugs: list[str]
    templates: list[str]
    tokens: dict[str, str] = field(default_factory=dict)

    def user(self, rng: random.Random) -> dict[str, Any]:
        return rng.choice(self.users)

    def page(
        self, rng: random.Random, *, among: int | None = None, open_only: bool = False
    ) -> dict[str, Any]:
        pages = [page for page in self.pages if page["open"]] if open_only else self.pages
        pages = pages[:among]
        return rng.choices(pages, [page["weight"] for page in pages])[0]


def log_in(client: Client, scene: Scene, phones: list[str], threads: int = 1) -> None:
    """One login for each that has no token yet; raises CannotRun when one is refused."""

    def enter(phone: str) -> None:
        if phone not in scene.tokens and not _may_log_in(client, scene, phone):
            raise CannotRun(f"The login of {phone} was refused; is this the database load_data filled?")

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(enter, phones):
            pass


def _may_log_in(client: Client, scene: Scene, phone: str) -> bool:
    """Logs in and keeps the token; False when the account is closed."""
    body = {"login": phone, "password": scene.password}
    reply = client.send(Call("login", "POST", f"{AUTH}/login/", body), {})
    if reply.status == 200:
        scene.tokens[phone] = reply.data["tokens"]["access"]
    return reply.status == 200


def read_scene(path: Path, seed: int, users: int) -> Scene:
    """From a handles file, with that many people at most; raises CannotRun when it is none."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return Scene(
            seed=seed,
            admin=known["admin"],
            password=known["password"],
            users=random.Random(f"users {seed}").sample(known["users"], min(users, len(known["users"]))),
            pages=known["pages"],
            past_slugs=known["past_slugs"],
            templates=known["templates"],
        )
    except OSError as error:
        raise CannotRun(
            f"{path} cannot be read: {error.strerror}; write it with `manage.py load_data --handles`."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CannotRun(
            f"{path} is not a handles file; write one with `manage.py load_data --handles`."
        ) from error


def ask_for_scene(client: Client, seed: int, users: int) -> Scene:
    """The same from the API, as staff: slower, and without the devices of earlier guests."""
    scene = Scene(seed, ADMIN_PHONE, PASSWORD, [], [], [], [])
    log_in(client, scene, [scene.admin])
    people = _ask(client, scene, "users", f"{STAFF}/users/?is_approved=true&is_blocked=false")
    random.Random(f"people {seed}").shuffle(people)
    for person in people[:ASKED]:
        detail = _ask(client, scene, "admin user", f"{STAFF}/users/{person['id']}/")
        scene.pages += [_page(found) for found in detail["invitations"] if _is_open(found)]
        if detail["invitations"] and len(scene.users) < users and _may_log_in(client, scene, person["phone"]):
            scene.users.append(
                {
                    "id": person["id"],
                    "phone": person["phone"],
                    "slugs": [found["slug"] for found in detail["invitations"]],
                    "orders": [found["id"] for found in detail["orders"]],
                }
            )
        if len(scene.users) == users and len(scene.pages) >= ENOUGH:
            break
    goods = _ask(client, scene, "templates", f"{SHOP}/templates/all?plan=BASIC")
    scene.templates = [template["id"] for template in goods["results"]]
    scene.pages.sort(key=lambda page: -page["weight"])
    if not (scene.users and scene.pages and scene.templates):
        raise CannotRun(
            "The API shows no people, open pages or templates; fill the database with `manage.py load_data` first."
        )
    return scene


def _ask(client: Client, scene: Scene, name: str, path: str) -> Any:
    reply = client.send(Call(name, "GET", path, phone=scene.admin), scene.tokens)
    if reply.status != 200:
        raise CannotRun(
            f"GET {path} was answered with {reply.status}; is this the database load_data filled?"
        )
    return reply.data


def _is_open(page: dict[str, Any]) -> bool:
    """Whether guests can still open the page for a day."""
    until = page["link_expires_at"]
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    return (
        page["is_active"]
        and not page["is_expired"]
        and (until is None or dt.datetime.fromisoformat(until) > tomorrow)
    )


def _page(page: dict[str, Any]) -> dict[str, Any]:
    room = page["unique_guests"] < 80
    return {"slug": page["slug"], "weight": page["total_views"] + 1, "open": room, "devices": []}
