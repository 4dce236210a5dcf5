"""What each content page asks the database for, before it is cut into pages."""

from __future__ import annotations

from django.db.models import Count, F, IntegerField, OuterRef, Prefetch, Q, Subquery, Value
from django.db.models.functions import Coalesce
from wagtail.models import Page

from .models import BlogCategory, BlogPage, BlogPageTag, CoursePage, ExercisePage, StepBasedExercisePage

RELATED_SHOWN = 3
HOMEPAGE_POSTS = 3
FEATURED_COURSES = 6
EXERCISE_FIELDS = ("id", "title", "slug", "first_published_at", "sequence_number", "difficulty")


# --- the blog ---


def posts(*, category=None, tag=None):
    """Live posts outside private sections, newest first, with author, categories and tags."""
    found = BlogPage.objects.live().public()
    if category:
        found = found.filter(categories__slug=category)
    if tag:
        found = found.filter(tags__name=tag)
    return (
        found.select_related("author")
        .prefetch_related(
            "categories", Prefetch("tagged_items", queryset=BlogPageTag.objects.select_related("tag"))
        )
        .order_by("-first_published_at")
    )


def related_posts(post):
    """Up to three other live posts of the post's categories, newest first."""
    return (
        BlogPage.objects.live()
        .filter(categories__in=[category.pk for category in post.categories.all()])
        .exclude(pk=post.pk)
        .distinct()
        .order_by("-first_published_at")[:RELATED_SHOWN]
    )


def categories():
    """All categories by name; one join counts the live posts of all of them."""
    return BlogCategory.objects.annotate(
        post_count=Count("blog_pages", filter=Q(blog_pages__live=True))
    ).order_by("name")


# --- courses as content ---


def _child_count():
    """Live pages right below a page: the tree is in the path, so they are found by their path's beginning and length."""
    children = (
        Page.objects.filter(live=True, depth=OuterRef("depth") + 1, path__startswith=OuterRef("path"))
        .order_by()
        .annotate(group=Value(1))
        .values("group")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return Coalesce(Subquery(children, output_field=IntegerField()), 0)


def courses(*, skill_level=None, category=None, difficulty=None, is_free=None, search=None):
    """Live course pages, newest first, with their people and words and the number of pages below each."""
    found = CoursePage.objects.live()
    if skill_level:
        found = found.filter(skill_level__slug=skill_level)
    if category:
        found = found.filter(categories__slug=category)
    if difficulty:
        found = found.filter(difficulty_level=difficulty)
    if is_free is not None:
        found = found.filter(is_free=is_free)
    if search:
        found = found.filter(Q(title__icontains=search) | Q(short_description__icontains=search))
    return (
        found.select_related("instructor", "skill_level")
        .prefetch_related("categories", "learning_objectives")
        .annotate(child_count=_child_count())
        .order_by("-first_published_at")
    )


def featured_courses():
    return courses().filter(featured=True)[:FEATURED_COURSES]


def course_exercises(course):
    """Both kinds of exercise pages right below the course, as mappings in the order of their pages."""
    both = (
        model.objects.live().child_of(course).values(*EXERCISE_FIELDS, "path", points_awarded=F(points))
        for model, points in ((ExercisePage, "points"), (StepBasedExercisePage, "total_points"))
    )
    kinds = ("single", "steps")
    merged = [row | {"kind": kind} for kind, rows in zip(kinds, both, strict=True) for row in rows]
    return sorted(merged, key=lambda row: row["path"])


def exercises(*, exercise_type=None, difficulty=None, language=None):
    """Both kinds of live exercise pages as mappings, newest first.

    Two queries read all of them: they are merged here and cut into pages afterwards. Only single exercises have a type and a
    language, so asking for either leaves those with steps out.
    """
    single = ExercisePage.objects.live()
    steps = StepBasedExercisePage.objects.live()
    if exercise_type:
        single = single.filter(exercise_type=exercise_type)
    if language:
        single = single.filter(programming_language=language)
    if exercise_type or language:
        steps = steps.none()
    if difficulty:
        single = single.filter(difficulty=difficulty)
        steps = steps.filter(difficulty=difficulty)
    fields = EXERCISE_FIELDS
    merged = [
        row | {"kind": "single"}
        for row in single.order_by("-first_published_at").values(
            *fields, "exercise_type", "programming_language", points_awarded=F("points")
        )
    ]
    merged += [
        row | {"kind": "steps", "exercise_type": None, "programming_language": None}
        for row in steps.order_by("-first_published_at").values(*fields, points_awarded=F("total_points"))
    ]
    merged.sort(key=lambda row: (row["first_published_at"], row["id"]), reverse=True)
    return merged
