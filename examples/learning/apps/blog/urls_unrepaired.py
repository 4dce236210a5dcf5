"""Lists of content pages before their repair, under `site/unrepaired/`."""

from __future__ import annotations

from django.urls import path

from . import unrepaired

urlpatterns = [
    path("blog/", unrepaired.BlogListView.as_view(), name="unrepaired-blog"),
    path("blog-categories/", unrepaired.CategoryListView.as_view(), name="unrepaired-blog-categories"),
    path("course-pages/", unrepaired.CourseListView.as_view(), name="unrepaired-course-pages"),
    path("exercise-pages/", unrepaired.ExerciseListView.as_view(), name="unrepaired-exercise-pages"),
]
