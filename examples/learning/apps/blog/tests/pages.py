"""Pages for the tests, published in the order in which they are made."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from django.utils import timezone
from wagtail.models import Page

from apps.blog.models import (
    BlogCategory,
    BlogIndexPage,
    BlogPage,
    CoursePage,
    CoursesIndexPage,
    ExercisePage,
    LearningObjective,
    SkillLevel,
    StepBasedExercisePage,
)

_number = count(1)


def _published(parent, page, **words):
    """Adds the page below its parent, a minute newer than every earlier one; words are its many-to-many values."""
    n = next(_number)
    page.slug = page.slug or f"page-{n}"
    page.title = page.title or f"Page {n}"
    page.first_published_at = timezone.now() - timedelta(days=300) + timedelta(minutes=n)
    parent.add_child(instance=page)
    for name, values in words.items():
        setattr(page, name, values)
    if words:
        page.save()
    return page


def _index(model, slug):
    found = model.objects.first()
    if found is None:
        found = _published(Page.objects.get(depth=1), model(title=slug.title(), slug=slug))
    # treebeard keeps the number of children in the row: a copy that was read earlier would not know of new ones.
    return model.objects.get(pk=found.pk)


def make_category(slug):
    return BlogCategory.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def make_post(*, categories=(), tags=(), **fields):
    """A live post; categories and tags are slugs and words."""
    page = BlogPage(
        **({"date": timezone.now().date(), "intro": "In short", "body": "<p>At length</p>"} | fields)
    )
    found = _published(
        _index(BlogIndexPage, "blog"), page, categories=[make_category(slug) for slug in categories]
    )
    if tags:
        found.tags.add(*tags)
        found.save()
    return found


def make_course(*, categories=(), objectives=(), skill_level=None, **fields):
    n = next(_number)
    if skill_level:
        fields["skill_level"] = SkillLevel.objects.get_or_create(
            slug=skill_level, defaults={"name": skill_level.title()}
        )[0]
    page = CoursePage(**({"course_code": f"C-{n}"} | fields))
    return _published(
        _index(CoursesIndexPage, "courses"),
        page,
        categories=[make_category(slug) for slug in categories],
        learning_objectives=[LearningObjective.objects.get_or_create(title=each)[0] for each in objectives],
    )


def make_exercise(course, **fields):
    return _published(CoursePage.objects.get(pk=course.pk), ExercisePage(**fields))


def make_steps(course, **fields):
    return _published(CoursePage.objects.get(pk=course.pk), StepBasedExercisePage(**fields))
