"""Content pages, under `api/v1/`."""

from __future__ import annotations

from django.urls import path

from . import views_blog, views_courses

urlpatterns = [
    path("blog/", views_blog.BlogListView.as_view(), name="blog-list"),
    path("blog/categories/", views_blog.CategoryListView.as_view(), name="blog-categories"),
    path("blog/<slug:slug>/", views_blog.BlogDetailView.as_view(), name="blog-detail"),
    path("wagtail/homepage/", views_blog.HomepageView.as_view(), name="wagtail-homepage"),
    path("wagtail/exercises/", views_courses.ExerciseListView.as_view(), name="wagtail-exercises"),
    path("learning/", views_courses.LearningIndexView.as_view(), name="learning-index"),
    path("learning/courses/", views_courses.CourseListView.as_view(), name="learning-courses"),
    path("learning/courses/<slug:slug>/", views_courses.CourseDetailView.as_view(), name="learning-course"),
    path(
        "learning/courses/<slug:slug>/exercises/",
        views_courses.CourseExercisesView.as_view(),
        name="learning-course-exercises",
    ),
    path(
        "learning/courses/<slug:slug>/enroll/",
        views_courses.EnrollView.as_view(),
        name="learning-course-enroll",
    ),
    path(
        "learning/courses/<slug:slug>/unenroll/",
        views_courses.UnenrollView.as_view(),
        name="learning-course-unenroll",
    ),
    path(
        "learning/courses/<slug:slug>/enrollment/",
        views_courses.EnrollmentStatusView.as_view(),
        name="learning-course-enrollment",
    ),
]
