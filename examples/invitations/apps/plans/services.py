"""Which templates a page shows. Everything here returns querysets or plain values, never responses."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q, Sum
from django.utils import timezone

from .models import InvitationCategory, Plan, Template

FEATURED = 6
SIMILAR = 4
TOP_CATEGORIES = 5
TRENDING_DAYS = 7
POPULAR_FIRST = ("-use_count", "-created_at")


def active_templates():
    return Template.objects.filter(is_active=True).select_related("plan", "category")


def list_templates(plan=None, category=None, animation=None, premium=None, ordering="-use_count"):
    """The catalogue; each filter is left out when None."""
    templates = active_templates()
    if plan is not None:
        templates = templates.filter(plan__code=plan)
    if category is not None:
        templates = templates.filter(category__code=category)
    if animation is not None:
        templates = templates.filter(animation_type=animation)
    if premium is not None:
        templates = templates.filter(is_premium=premium)
    return templates.order_by(ordering)


def featured():
    return active_templates().order_by("-use_count")[:FEATURED]


def for_plan(plan, category=None):
    """All templates that a customer of this plan may use."""
    templates = active_templates().filter(plan__code__in=plan.open_plan_codes)
    if category is not None:
        templates = templates.filter(category__code=category)
    return templates.order_by("sort_order", "-created_at")


def recommended(plan, premium=None, animation=None, category=None):
    """The most used templates a plan opens, narrowed by taste."""
    templates = active_templates().filter(plan__code__in=plan.open_plan_codes)
    if premium is not None:
        templates = templates.filter(is_premium=premium)
    if animation is not None:
        templates = templates.filter(animation_type=animation)
    if category is not None:
        templates = templates.filter(category__code=category)
    return templates.order_by(*POPULAR_FIRST)[:FEATURED]


def trending(now=None):
    """Templates of the last seven days by use: (how many there are, the first six)."""
    since = (now or timezone.now()) - timedelta(days=TRENDING_DAYS)
    templates = active_templates().filter(created_at__gte=since).order_by(*POPULAR_FIRST)
    return templates.count(), templates[:FEATURED]


def similar(template):
    """Up to four templates each that share the category, the animation or the plan."""
    others = active_templates().exclude(id=template.id)
    return {
        "category": others.filter(category=template.category_id)[:SIMILAR],
        "animation": others.filter(animation_type=template.animation_type)[:SIMILAR],
        "plan": others.filter(plan=template.plan_id)[:SIMILAR],
    }


def search(text):
    """Templates whose name or description holds the text."""
    return (
        active_templates()
        .filter(Q(name__icontains=text) | Q(description__icontains=text))
        .order_by(*POPULAR_FIRST)
    )


def template_counts():
    """How many active templates each plan and each category has: two dicts keyed by code."""
    active = Template.objects.filter(is_active=True).order_by()
    by_plan = active.values("plan__code").annotate(n=Count("id"))
    by_category = active.values("category__code").annotate(n=Count("id"))
    return (
        {row["plan__code"]: row["n"] for row in by_plan},
        {row["category__code"]: row["n"] for row in by_category},
    )


def popular_categories():
    """The five categories whose templates are used most."""
    return (
        InvitationCategory.objects.filter(is_active=True)
        .annotate(
            total=Sum("templates__use_count"),
            active_templates=Count("templates", filter=Q(templates__is_active=True)),
        )
        .order_by("-total")[:TOP_CATEGORIES]
    )


def plan_on_sale(code):
    """Raises Plan.DoesNotExist when no active plan has this code."""
    return Plan.objects.get(code=code, is_active=True)


def count_use(template):
    """One more invitation is made from this template. Read, add, write: two at the same moment count once."""
    template.use_count += 1
    template.save(update_fields=["use_count", "updated_at"])
