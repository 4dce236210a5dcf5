"""The site's own pages as JSON, under `site/`; and, to compare with, three lists before their repair."""

from __future__ import annotations

from django.urls import path

from . import unrepaired, views_site

urlpatterns = [
    path("", views_site.HomeView.as_view(), name="site-home"),
    path("dashboard/", views_site.DashboardView.as_view(), name="site-dashboard"),
    path("courses/", views_site.CourseListView.as_view(), name="site-courses"),
    path("courses/<int:pk>/enroll/", views_site.EnrollView.as_view(), name="site-enroll"),
    path("exercises/", views_site.ExerciseListView.as_view(), name="site-exercises"),
    path("unrepaired/categories/", unrepaired.CategoryListView.as_view(), name="unrepaired-categories"),
    path("unrepaired/courses/", unrepaired.CourseListView.as_view(), name="unrepaired-courses"),
    path("unrepaired/lessons/", unrepaired.LessonListView.as_view(), name="unrepaired-lessons"),
    path("unrepaired/exercises/", unrepaired.ExerciseListView.as_view(), name="unrepaired-exercises"),
]
