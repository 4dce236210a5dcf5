"""The visits people pay to the platform, and how often each happens."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from scene import AUTH, HOST, SHOP, STAFF, Scene
from wire import Call, Reply

PLANS = ("BASIC", "PREMIUM", "LUXURY")
EVENTS = (
    ("WEDDING", "Wedding"),
    ("BIRTHDAY", "Birthday"),
    ("ENGAGEMENT", "Engagement"),
    ("FESTIVAL", "Festival"),
)
ANIMATIONS = ("elegant", "traditional", "modern", "floral", "fun", "royal")
SEARCHES = ("lotus", "gold", "pea", "rose", "modern", "ring", "jade man", "wedding")
PEOPLE_SEARCHES = ("sharma", "rohan", "98", "priya", "kapoor@", "77")

Steps = Generator[Call, Reply, None]


@dataclass(frozen=True, slots=True)
class Action:
    """A visit of one or more requests; a later request may use the answer to an earlier one."""

    name: str
    calls: int
    begin: Callable[[Scene, random.Random], Steps]
    apart: bool = False
    """Whether its requests stand on their own, none needing the answer to an earlier one."""


def device(scene: Scene, rng: random.Random) -> str:
    """A device that no other seed has."""
    return hashlib.sha256(f"driver {scene.seed} {rng.getrandbits(64)}".encode()).hexdigest()


def address(rng: random.Random) -> str:
    return f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


# --- the load mix -----------------------------------------------------------------------------------------------------


def view(scene: Scene, rng: random.Random, among: int | None = None) -> Steps:
    yield Call(
        "invite view", "GET", f"/api/invite/{scene.page(rng, among=among)['slug']}/", address=address(rng)
    )


def register(scene: Scene, rng: random.Random, among: int | None = None) -> Steps:
    body = {
        "device_fingerprint": device(scene, rng),
        "name": f"Guest {rng.randrange(10_000)}",
        "phone": f"8{rng.randrange(10**9):09d}",
        "message": rng.choice(("", "See you there!")),
        "attending": rng.choice((None, True, False)),
    }
    path = f"/api/invite/{scene.page(rng, among=among, open_only=True)['slug']}/register/"
    # 200: the same seed ran before, and the guest is known already.
    yield Call("invite register", "POST", path, body, expect=(201, 200), address=address(rng))


def spike_view(scene: Scene, rng: random.Random) -> Steps:
    return view(scene, rng, among=3)


def spike_register(scene: Scene, rng: random.Random) -> Steps:
    return register(scene, rng, among=10)


def host_lists(scene: Scene, rng: random.Random) -> Steps:
    phone = scene.user(rng)["phone"]
    yield Call("orders", "GET", f"{HOST}/orders/", phone=phone)
    yield Call("invitations", "GET", f"{HOST}/", phone=phone)


def new_order(scene: Scene, rng: random.Random) -> Steps:
    yield _order_call(rng, scene.user(rng)["phone"])


def _order_call(rng: random.Random, phone: str) -> Call:
    event, name = rng.choice(EVENTS)
    body = {"plan": rng.choices(PLANS, (5, 3, 2))[0], "event_type": event, "event_type_name": name}
    return Call("order create", "POST", f"{HOST}/orders/create/", body, phone, (201,))


def public(name: str, path: str, **choices: Sequence[str]) -> Action:
    """A page of the shop window, with a value drawn for each query parameter."""

    def begin(scene: Scene, rng: random.Random) -> Steps:
        query = urlencode({key: rng.choice(values) for key, values in choices.items()})
        yield Call(name, "GET", f"{SHOP}/{path}" + (f"?{query}" if query else ""))

    return Action(name, 1, begin)


def staff(name: str, path: str, **choices: Sequence[str]) -> Action:
    """A page of the staff's dashboard."""

    def begin(scene: Scene, rng: random.Random) -> Steps:
        query = urlencode({key: rng.choice(values) for key, values in choices.items()})
        yield Call(name, "GET", f"{STAFF}/{path}" + (f"?{query}" if query else ""), phone=scene.admin)

    return Action(name, 1, begin)


STATUS_CHOICES = ("PENDING_APPROVAL", "PENDING_APPROVAL", "PENDING_PAYMENT", "APPROVED", "REJECTED")

# Weights within the classes are multiplied by the weight of the class: steady 10, spike 2, admin 1.
LOAD_MIX: tuple[tuple[float, Action], ...] = (
    (10 * 0.5 * 3 / 4, Action("view", 1, view)),
    (10 * 0.5 * 1 / 4, Action("register", 1, register)),
    (10 * 0.5 * 5 / 10, Action("lists", 2, host_lists, apart=True)),
    (10 * 0.5 * 2 / 10, public("plans", "")),
    (10 * 0.5 * 2 / 10, public("templates", "templates/all")),
    (10 * 0.5 * 1 / 10, Action("order", 1, new_order)),
    (2 * 3 / 4, Action("spike view", 1, spike_view)),
    (2 * 1 / 4, Action("spike register", 1, spike_register)),
    (1 * 5 / 10, staff("admin figures", "dashboard/")),
    (1 * 3 / 10, staff("admin orders", "orders/", status=STATUS_CHOICES)),
    (1 * 2 / 10, staff("admin users", "users/")),
)
LOAD_MIX_SHARE = 0.7


# --- everything else --------------------------------------------------------------------------------------------------


def check(scene: Scene, rng: random.Random) -> Steps:
    page = scene.page(rng)
    known = page["devices"] and rng.random() < 0.5
    body = {"device_fingerprint": rng.choice(page["devices"]) if known else device(scene, rng)}
    yield Call("invite check", "POST", f"/api/invite/{page['slug']}/check/", body, address=address(rng))


def rsvp(scene: Scene, rng: random.Random) -> Steps:
    pages = [page for page in scene.pages if page["devices"]]
    if not pages:
        yield from view(scene, rng)
        return
    page = rng.choice(pages)
    body = {"device_fingerprint": rng.choice(page["devices"]), "attending": rng.random() < 0.7}
    yield Call("invite rsvp", "POST", f"/api/invite/{page['slug']}/rsvp/", body, address=address(rng))


def past_page(scene: Scene, rng: random.Random) -> Steps:
    if not scene.past_slugs:
        yield from view(scene, rng)
        return
    # The first visit after the link has run out marks the page (410), the later ones no longer find it (404).
    path = f"/api/invite/{rng.choice(scene.past_slugs)}/"
    yield Call("invite view past", "GET", path, expect=(410, 404), address=address(rng))


def own_page(name: str, tail: str) -> Action:
    def begin(scene: Scene, rng: random.Random) -> Steps:
        user = rng.choice([user for user in scene.users if user["slugs"]])
        yield Call(name, "GET", f"{HOST}/{rng.choice(user['slugs'])}/{tail}", phone=user["phone"])

    return Action(name, 1, begin)


def own_order(scene: Scene, rng: random.Random) -> Steps:
    user = rng.choice([user for user in scene.users if user["orders"]])
    yield Call("order detail", "GET", f"{HOST}/orders/{rng.choice(user['orders'])}/", phone=user["phone"])


def as_user(name: str, path: str) -> Action:
    def begin(scene: Scene, rng: random.Random) -> Steps:
        yield Call(name, "GET", path, phone=scene.user(rng)["phone"])

    return Action(name, 1, begin)


def template_page(name: str, tail: str) -> Action:
    def begin(scene: Scene, rng: random.Random) -> Steps:
        yield Call(name, "GET", f"{SHOP}/templates/{rng.choice(scene.templates)}{tail}")

    return Action(name, 1, begin)


def by_plan(scene: Scene, rng: random.Random) -> Steps:
    yield Call("templates by plan", "GET", f"{SHOP}/templates/by-plan/{rng.choice(PLANS)}/")


def recommended(scene: Scene, rng: random.Random) -> Steps:
    query = rng.choice(
        ("", "?is_premium=true", f"?animation_type={rng.choice(ANIMATIONS)}", "?category=WEDDING")
    )
    yield Call("templates recommended", "GET", f"{SHOP}/templates/recommended/{rng.choice(PLANS)}/{query}")


def log_in(scene: Scene, rng: random.Random) -> Steps:
    phone = scene.user(rng)["phone"]
    reply = yield Call("login", "POST", f"{AUTH}/login/", {"login": phone, "password": scene.password})
    refresh = reply.data["tokens"]["refresh"] if reply.status == 200 else ""
    yield Call("logout", "POST", f"{AUTH}/logout/", {"refresh": refresh}, phone, (204,))


def sign_up(scene: Scene, rng: random.Random) -> Steps:
    mark = hashlib.sha256(f"account {scene.seed} {rng.getrandbits(64)}".encode()).hexdigest()
    body = {
        "phone": f"9{int(mark[:12], 16) % 10**9:09d}",
        "username": f"new-{mark[:16]}",
        "password": f"long enough {mark[16:24]}",
        "full_name": "New Customer",
        "email": f"new-{mark[:16]}@example.com",
    }
    # 400: the same seed ran before, and the account is there already.
    yield Call("sign up", "POST", f"{AUTH}/register/", body, expect=(201, 400), address=address(rng))


def one_time_password(scene: Scene, rng: random.Random) -> Steps:
    phone = scene.user(rng)["phone"]
    reply = yield Call("send otp", "POST", f"{AUTH}/send-otp/", {"phone": phone})
    otp = reply.data.get("otp") if reply.status == 200 else None
    # A server that keeps the code to itself, or a newer code for the same phone, makes this one wrong.
    body = {"phone": phone, "otp": otp or "000000"}
    yield Call("verify otp", "POST", f"{AUTH}/verify-otp/", body, expect=(200, 400))


def new_profile(scene: Scene, rng: random.Random) -> Steps:
    name = f"Host {rng.randrange(1000)}"
    yield Call("profile update", "PUT", f"{AUTH}/profile/", {"full_name": name}, scene.user(rng)["phone"])


def plan_wish(scene: Scene, rng: random.Random) -> Steps:
    body = {"plan": rng.choice(PLANS)}
    yield Call("plan change", "POST", f"{AUTH}/request-plan-change/", body, scene.user(rng)["phone"])


def whole_purchase(scene: Scene, rng: random.Random) -> Steps:
    """Order, payment, approval by staff, invitation, a change of its text."""
    user = scene.user(rng)
    reply = yield _order_call(rng, user["phone"])
    order = reply.data.get("id", "missing")
    body = {"payment_reference": f"pay-{rng.randrange(10**9)}"}
    yield Call("order payment", "POST", f"{HOST}/orders/{order}/payment/", body, user["phone"])
    yield Call(
        "admin approve", "POST", f"{STAFF}/users/{user['id']}/approve/", {"notes": "Paid"}, scene.admin
    )
    text = {
        "order": order,
        "template": rng.choice(scene.templates),
        "event_title": "A day with us",
        "event_date": "2031-11-20T18:30:00+05:30",
        "event_venue": "Palm Court",
        "host_name": "The Raos",
    }
    reply = yield Call("invitation create", "POST", f"{HOST}/create/", text, user["phone"], (201,))
    slug = reply.data.get("slug", "missing")
    change = {"custom_message": "Please come early."}
    yield Call("invitation update", "PATCH", f"{HOST}/{slug}/update/", change, user["phone"])


def user_page(scene: Scene, rng: random.Random) -> Steps:
    yield Call("admin user", "GET", f"{STAFF}/users/{scene.user(rng)['id']}/", phone=scene.admin)


def user_notes(scene: Scene, rng: random.Random) -> Steps:
    path = f"{STAFF}/users/{scene.user(rng)['id']}/notes/"
    yield Call("admin notes", "POST", path, {"notes": f"Called {rng.randrange(9)} times"}, scene.admin)


def more_links(scene: Scene, rng: random.Random) -> Steps:
    body = {"regular_links": 10, "test_links": 1}
    path = f"{STAFF}/users/{scene.user(rng)['id']}/grant-links/"
    yield Call("admin grant links", "POST", path, body, scene.admin)


def read_notification(scene: Scene, rng: random.Random) -> Steps:
    reply = yield Call("admin notifications", "GET", f"{STAFF}/notifications/", phone=scene.admin)
    found = reply.data.get("results", []) if isinstance(reply.data, dict) else reply.data
    first = rng.choice(found)["id"] if found else "missing"
    yield Call("admin notification read", "POST", f"{STAFF}/notifications/{first}/read/", {}, scene.admin)


OTHERS: tuple[tuple[float, Action], ...] = (
    (6, Action("check", 1, check)),
    (6, Action("rsvp", 1, rsvp)),
    (2, Action("past page", 1, past_page)),
    (4, own_page("invitation detail", "")),
    (3, own_page("invitation stats", "stats/")),
    (4, own_page("guests", "guests/")),
    (2, own_page("timeline", "timeline/")),
    (1, own_page("guests export", "guests/export/")),
    (3, Action("order detail", 1, own_order)),
    (3, as_user("dashboard", f"{HOST}/dashboard/")),
    (4, as_user("profile", f"{AUTH}/profile/")),
    (3, as_user("my plan", f"{AUTH}/my-plan/")),
    (1, as_user("otp status", f"{AUTH}/otp-status/")),
    (1.5, public("templates of plan", "templates/all", plan=PLANS, ordering=("-use_count", "-created_at"))),
    (1.5, public("templates of category", "templates/all", category=[code for code, _ in EVENTS])),
    (
        1,
        public("templates by look", "templates/all", animation_type=ANIMATIONS, is_premium=("true", "false")),
    ),
    (3, public("featured", "templates/featured")),
    (2, public("trending", "templates/trending")),
    (2, public("template search", "templates/search", q=SEARCHES)),
    (1, public("template counts", "templates/counts")),
    (3, template_page("template detail", "")),
    (2, template_page("similar", "/similar")),
    (3, Action("by plan", 1, by_plan)),
    (1, Action("recommended", 1, recommended)),
    (3, public("categories", "categories/list")),
    (1, public("popular categories", "categories/popular")),
    (1, public("plan detail", "BASIC/")),
    (0.4, Action("login", 2, log_in)),
    (0.3, Action("sign up", 1, sign_up)),
    (1, Action("otp", 2, one_time_password)),
    (1, Action("profile update", 1, new_profile)),
    (0.5, Action("plan wish", 1, plan_wish)),
    (3, Action("purchase", 5, whole_purchase)),
    (2, staff("admin pending", "approvals/pending/")),
    (1, staff("admin users pending", "users/pending/")),
    (2, staff("admin recent", "approvals/recent/")),
    (1.5, staff("admin user search", "users/", search=PEOPLE_SEARCHES)),
    (0.5, staff("admin blocked users", "users/", is_blocked=("true",))),
    (0.5, staff("admin users of plan", "users/", plan=("LUXURY",))),
    (2, staff("admin notifications", "notifications/")),
    (2, Action("user page", 1, user_page)),
    (0.5, Action("notes", 1, user_notes)),
    (0.5, Action("grant links", 1, more_links)),
    (0.5, Action("notification read", 2, read_notification)),
)


def plan(requests: int, seed: int) -> list[tuple[Action, int]]:
    """The visits of a run, each with a seed of its own; together exactly ``requests`` calls.

    The number of each visit follows its weight, not chance, and every kind happens once at least when there are requests enough;
    the seed decides the order and what each visit does.
    """
    rng = random.Random(f"plan {seed}")
    shares = chances()
    total = requests / sum(chance * action.calls for action, chance in shares)
    visits = [action for action, chance in shares for _ in range(max(1, round(chance * total)))]
    rng.shuffle(visits)
    filler = LOAD_MIX[0][1]
    over = sum(action.calls for action in visits) - requests
    while over > 0:
        last = len(visits) - 1
        common = next((place for place in range(last, -1, -1) if visits[place] is filler), last)
        over -= visits.pop(common).calls
    visits += [filler] * -over
    return [(action, rng.getrandbits(48)) for action in visits]


def chances() -> list[tuple[Action, float]]:
    """Every visit with its share of all visits."""
    found: list[tuple[Action, float]] = []
    for mix, share in ((LOAD_MIX, LOAD_MIX_SHARE), (OTHERS, 1 - LOAD_MIX_SHARE)):
        weights = sum(weight for weight, _ in mix)
        found += [(action, share * weight / weights) for weight, action in mix]
    return found
