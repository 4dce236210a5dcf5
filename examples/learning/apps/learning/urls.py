"""The learning API, under `api/v1/`."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import views_courses, views_exercises, views_lessons, views_talk

router = SimpleRouter()
router.register("categories", views_courses.CategoryViewSet, basename="category")
router.register("courses", views_courses.CourseViewSet, basename="course")
router.register("enrollments", views_courses.EnrollmentViewSet, basename="enrollment")
router.register("learning-paths", views_courses.LearningPathViewSet, basename="learning-path")
router.register("reviews", views_courses.ReviewViewSet, basename="review")
router.register("lessons", views_lessons.LessonViewSet, basename="lesson")
router.register("progress", views_lessons.ProgressViewSet, basename="progress")
router.register("exercises", views_exercises.ExerciseViewSet, basename="exercise")
router.register("submissions", views_exercises.SubmissionViewSet, basename="submission")
router.register("test-cases", views_exercises.TestCaseViewSet, basename="test-case")
router.register("hints", views_exercises.HintViewSet, basename="hint")
router.register("exercise-types", views_exercises.ExerciseTypeViewSet, basename="exercise-type")
router.register(
    "programming-languages", views_exercises.ProgrammingLanguageViewSet, basename="programming-language"
)
router.register("discussions", views_talk.DiscussionViewSet, basename="discussion")
router.register("discussion-replies", views_talk.ReplyViewSet, basename="discussion-reply")
router.register("exercise-progress", views_exercises.ExerciseProgressViewSet, basename="exercise-progress")

urlpatterns = [path("", include(router.urls))]
