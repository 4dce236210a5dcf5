"""Plans, categories and templates."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from .chance import DAY, HOUR, draws, scattered, stamp, stream, uuid_text, zipf_weights
from .people import Row
from .scale import Scale
from .words import ANIMATIONS, CATEGORIES, MOTIFS, PLANS, STYLES, TEST_LINKS

PLAN_COLUMNS = [
    "id",
    "code",
    "name",
    "description",
    "regular_links",
    "test_links",
    "price_inr",
    "features",
    "is_active",
    "sort_order",
    "created_at",
    "updated_at",
]
CATEGORY_COLUMNS = ["id", "code", "name", "description", "icon", "sort_order", "is_active"]
TEMPLATE_COLUMNS = [
    "id",
    "plan_id",
    "category_id",
    "name",
    "description",
    "thumbnail",
    "animation_type",
    "animation_config",
    "theme_colors",
    "preview_url",
    "supports_gallery",
    "supports_music",
    "supports_video",
    "supports_rsvp",
    "is_active",
    "is_premium",
    "sort_order",
    "use_count",
    "created_at",
    "updated_at",
]

FIRST_TEMPLATES = 9
"""Templates on sale on the first day."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What is for sale; templates by number, in order of creation."""

    plan_ids: list[str]
    template_ids: list[str]
    template_created: array[int]
    template_weight: array[float]
    template_plan: bytes
    template_active: bytes
    start: int
    now: int


def make_catalogue(scale: Scale, seed: int, start: int, now: int) -> Catalogue:
    rng = stream(seed, "catalogue")
    created = array("q", [start - DAY + number for number in range(FIRST_TEMPLATES)])
    created.extend(scattered(rng, scale.templates - FIRST_TEMPLATES, start, now - HOUR))
    plans = draws(rng, ((0, 0.38), (1, 0.38), (2, 0.24)))
    plan_of = bytes(
        number % 3 if number < FIRST_TEMPLATES else next(plans) for number in range(scale.templates)
    )
    active = bytes(number < FIRST_TEMPLATES or rng.random() < 0.93 for number in range(scale.templates))
    return Catalogue(
        plan_ids=[uuid_text(rng) for _ in PLANS],
        template_ids=[uuid_text(rng) for _ in range(scale.templates)],
        template_created=created,
        template_weight=zipf_weights(rng, scale.templates, 0.8),
        template_plan=plan_of,
        template_active=active,
        start=start,
        now=now,
    )


def plan_rows(catalogue: Catalogue) -> Iterator[Row]:
    opened = stamp(catalogue.start - 2 * DAY)
    for order, (plan_id, plan) in enumerate(zip(catalogue.plan_ids, PLANS, strict=True), start=1):
        features = [f"{plan.links} guest links", f"{TEST_LINKS} test links", "Guest list export"]
        text = f"{plan.name}: invite up to {plan.links} guests"
        yield (
            plan_id,
            plan.code,
            plan.name,
            text,
            plan.links,
            TEST_LINKS,
            plan.price,
            json.dumps(features),
            True,
            order,
            opened,
            opened,
        )


def category_rows() -> Iterator[Row]:
    for order, category in enumerate(CATEGORIES, start=1):
        yield (
            order,
            category.code,
            category.name,
            f"Invitations: {category.name.lower()}",
            category.icon,
            order,
            True,
        )


def template_rows(catalogue: Catalogue, seed: int) -> Iterator[Row]:
    rng = stream(seed, "templates")
    categories = draws(rng, [(number, row.share) for number, row in enumerate(CATEGORIES, start=1)])
    animations = draws(rng, ANIMATIONS)
    for number, (template_id, created) in enumerate(
        zip(catalogue.template_ids, catalogue.template_created, strict=True)
    ):
        category = number % 3 + 1 if number < FIRST_TEMPLATES else next(categories)
        plan = catalogue.template_plan[number]
        style, motif, animation = rng.choice(STYLES), rng.choice(MOTIFS), next(animations)
        colours = {
            "primary": f"#{rng.getrandbits(24):06x}",
            "accent": f"#{rng.getrandbits(24):06x}",
            "mode": "light",
        }
        age = (catalogue.now - created) / (catalogue.now - catalogue.start)
        yield (
            template_id,
            catalogue.plan_ids[plan],
            category,
            f"{style} {motif}",
            f"A {style.lower()} {motif.lower()} design for a {CATEGORIES[category - 1].name.lower()}, {animation} in style.",
            f"templates/{style}-{motif}-{number}.webp".lower(),
            animation,
            json.dumps(
                {
                    "duration_ms": rng.randrange(400, 2400, 100),
                    "easing": "ease-out",
                    "loop": rng.random() < 0.3,
                }
            ),
            json.dumps(colours),
            f"https://cdn.example.com/previews/{number}.html",
            True,
            rng.random() < 0.6,
            plan == 2,
            rng.random() < 0.7,
            bool(catalogue.template_active[number]),
            rng.random() < (0.1, 0.33, 0.65)[plan],
            rng.randrange(10),
            int(6000 * catalogue.template_weight[number] * age) + rng.randrange(12),
            stamp(created),
            stamp(max(created, catalogue.now - 1 - int(rng.random() ** 2 * 200 * DAY))),
        )
