"""Courses, lessons and exercises, and what learners do with them.

The indexes are those Django makes by itself, plus a few on the tables of talk (reviews, discussions); none on the eleven tables
that lists and dashboards read most.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Avg, Count


class Difficulty(models.TextChoices):
    BEGINNER = "beginner", "Beginner"
    INTERMEDIATE = "intermediate", "Intermediate"
    ADVANCED = "advanced", "Advanced"


class FourLevels(models.TextChoices):
    BEGINNER = "beginner", "Beginner"
    INTERMEDIATE = "intermediate", "Intermediate"
    ADVANCED = "advanced", "Advanced"
    EXPERT = "expert", "Expert"


# --- what can be learned ---


class ProgrammingLanguage(models.Model):
    name = models.CharField(max_length=50, unique=True)
    slug = models.SlugField(unique=True)
    description = models.TextField(blank=True)
    icon = models.CharField(max_length=50, blank=True)
    color = models.CharField(max_length=7, default="#000000")
    file_extension = models.CharField(max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Category(models.Model):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(unique=True)
    description = models.TextField(blank=True)
    icon = models.CharField(max_length=50, blank=True)
    color = models.CharField(max_length=7, default="#000000")
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="subcategories"
    )
    order = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["order", "name"]

    def __str__(self):
        return self.name


class Course(models.Model):
    """A course; its counters and its average are stored, and counted again by `update_statistics`."""

    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    description = models.TextField()
    short_description = models.CharField(max_length=250, blank=True)
    learning_objectives = models.TextField(blank=True)
    prerequisites = models.TextField(blank=True)

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="courses")
    instructor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="taught_courses"
    )
    difficulty_level = models.CharField(
        max_length=20, choices=FourLevels.choices, default=FourLevels.BEGINNER
    )
    estimated_duration = models.PositiveIntegerField(
        help_text="Hours", validators=[MinValueValidator(1), MaxValueValidator(1000)]
    )

    is_published = models.BooleanField(default=False)
    is_featured = models.BooleanField(default=False)
    is_free = models.BooleanField(default=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    thumbnail = models.ImageField(upload_to="courses/thumbnails/", null=True, blank=True)
    banner_image = models.ImageField(upload_to="courses/banners/", null=True, blank=True)

    # Counted by update_statistics
    total_lessons = models.PositiveIntegerField(default=0)
    total_enrollments = models.PositiveIntegerField(default=0)
    average_rating = models.DecimalField(max_digits=3, decimal_places=2, default=Decimal(0))
    total_reviews = models.PositiveIntegerField(default=0)

    # Written by a language model
    ai_generated_summary = models.TextField(blank=True)
    ai_learning_path = models.TextField(blank=True)
    ai_difficulty_assessment = models.TextField(blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return self.title

    def save(self, *args, **kwargs):
        """Takes the row's lock before writing it: two editors of one course write one after the other."""
        with transaction.atomic():
            if self.pk:
                Course.objects.select_for_update().filter(pk=self.pk).order_by().first()
            super().save(*args, **kwargs)

    def update_statistics(self):
        """Counts lessons, enrollments and reviews again, and writes them into the course."""
        reviews = self.reviews.aggregate(average=Avg("rating"), number=Count("id"))
        self.total_lessons = self.lessons.filter(is_published=True).count()
        self.total_enrollments = self.enrollments.count()
        self.total_reviews = reviews["number"]
        self.average_rating = round(Decimal(reviews["average"] or 0), 2)
        self.save(
            update_fields=[
                "total_lessons",
                "total_enrollments",
                "total_reviews",
                "average_rating",
                "updated_at",
            ]
        )


class Lesson(models.Model):
    class Kind(models.TextChoices):
        THEORY = "theory", "Theory"
        PRACTICAL = "practical", "Practical"
        EXERCISE = "exercise", "Exercise"
        PROJECT = "project", "Project"
        QUIZ = "quiz", "Quiz"

    class Format(models.TextChoices):
        MARKDOWN = "markdown", "Markdown"
        HTML = "html", "HTML"
        STRUCTURED = "structured", "Structured"

    title = models.CharField(max_length=200)
    # Unique within its course only.
    slug = models.SlugField()
    description = models.TextField(blank=True)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="lessons")

    content = models.TextField(blank=True)
    structured_content = models.JSONField(default=dict, blank=True)
    video_url = models.URLField(blank=True)
    enable_structured_content = models.BooleanField(default=False)
    content_format = models.CharField(max_length=20, choices=Format.choices, default=Format.MARKDOWN)

    lesson_type = models.CharField(max_length=20, choices=Kind.choices, default=Kind.THEORY)
    difficulty_level = models.CharField(
        max_length=20, choices=Difficulty.choices, default=Difficulty.BEGINNER
    )
    order = models.PositiveIntegerField(default=0)
    estimated_duration = models.PositiveIntegerField(
        help_text="Minutes", validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    is_published = models.BooleanField(default=False)
    is_free = models.BooleanField(default=True)
    required_lessons = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="required_by"
    )

    ai_explanation = models.TextField(blank=True)
    ai_examples = models.TextField(blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["course", "order"]
        unique_together = [("course", "slug")]

    def __str__(self):
        return self.title


class LearningPath(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    description = models.TextField()
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="created_paths"
    )
    difficulty_level = models.CharField(
        max_length=20, choices=Difficulty.choices, default=Difficulty.BEGINNER
    )
    estimated_duration = models.PositiveIntegerField(help_text="Hours")
    courses = models.ManyToManyField(Course, through="LearningPathCourse", related_name="learning_paths")
    is_published = models.BooleanField(default=False)
    is_featured = models.BooleanField(default=False)
    ai_recommendations = models.TextField(blank=True)
    ai_personalization = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self):
        return self.title


class LearningPathCourse(models.Model):
    learning_path = models.ForeignKey(LearningPath, on_delete=models.CASCADE, related_name="path_courses")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="path_courses")
    order = models.PositiveIntegerField(default=0)
    is_required = models.BooleanField(default=True)

    class Meta:
        ordering = ["order"]
        unique_together = [("learning_path", "course")]

    def __str__(self):
        return f"{self.course_id} in {self.learning_path_id}"


# --- what learners have done ---


class CourseEnrollment(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="enrollments")
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="enrollments")
    enrolled_at = models.DateTimeField(auto_now_add=True)
    completed = models.BooleanField(default=False)
    completed_at = models.DateTimeField(null=True, blank=True)
    progress_percentage = models.PositiveIntegerField(
        default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    last_accessed_lesson = models.ForeignKey(Lesson, on_delete=models.SET_NULL, null=True, blank=True)
    last_activity = models.DateTimeField(auto_now=True)
    total_time_spent = models.PositiveIntegerField(default=0, help_text="Minutes")

    class Meta:
        ordering = ["-enrolled_at"]
        unique_together = [("user", "course")]

    def __str__(self):
        return f"{self.user_id} in {self.course_id}"


class UserProgress(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="lesson_progress"
    )
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="user_progress")
    started = models.BooleanField(default=False)
    completed = models.BooleanField(default=False)
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    last_accessed = models.DateTimeField(auto_now=True)
    time_spent = models.PositiveIntegerField(default=0, help_text="Minutes")
    content_position = models.PositiveIntegerField(default=0)
    notes = models.TextField(blank=True)
    bookmarked = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "user progress"
        ordering = ["-last_accessed"]
        unique_together = [("user", "lesson")]

    def __str__(self):
        return f"{self.user_id} at {self.lesson_id}"


class StudySession(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="study_sessions"
    )
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="study_sessions")
    started_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    duration = models.PositiveIntegerField(default=0, help_text="Minutes")
    completed_lesson = models.BooleanField(default=False)
    notes_taken = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at"]

    def __str__(self):
        return f"{self.user_id} studied {self.lesson_id}"


# --- exercises ---


class ExerciseType(models.Model):
    name = models.CharField(max_length=50, unique=True)
    description = models.TextField(blank=True)
    icon = models.CharField(max_length=50, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name


class Exercise(models.Model):
    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    description = models.TextField()
    instructions = models.TextField()
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="exercises")
    exercise_type = models.ForeignKey(ExerciseType, on_delete=models.CASCADE, related_name="exercises")
    programming_language = models.ForeignKey(
        ProgrammingLanguage, on_delete=models.CASCADE, related_name="exercises"
    )
    difficulty_level = models.CharField(
        max_length=20, choices=FourLevels.choices, default=FourLevels.BEGINNER
    )

    starter_code = models.TextField(blank=True)
    solution_code = models.TextField(blank=True)
    expected_output = models.TextField(blank=True)

    estimated_time = models.PositiveIntegerField(
        help_text="Minutes", validators=[MinValueValidator(1), MaxValueValidator(300)]
    )
    points = models.PositiveIntegerField(default=10)
    is_published = models.BooleanField(default=False)
    order = models.PositiveIntegerField(default=0)

    ai_hints = models.TextField(blank=True)
    ai_feedback_template = models.TextField(blank=True)

    # How a submission is run
    execution_timeout = models.PositiveIntegerField(default=10, help_text="Seconds")
    memory_limit = models.PositiveIntegerField(default=128, help_text="Megabytes")
    allow_imports = models.BooleanField(default=False)

    # Counted up with every submission
    total_submissions = models.PositiveIntegerField(default=0)
    successful_submissions = models.PositiveIntegerField(default=0)
    average_attempts = models.FloatField(default=0.0)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["lesson", "order"]
        unique_together = [("lesson", "slug")]

    def __str__(self):
        return self.title


class TestCase(models.Model):
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="test_cases")
    name = models.CharField(max_length=100)
    input_data = models.TextField(blank=True)
    expected_output = models.TextField()
    is_sample = models.BooleanField(default=False)
    is_hidden = models.BooleanField(default=False)
    points = models.PositiveIntegerField(default=1)
    order = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["order"]

    def __str__(self):
        return f"{self.name} of {self.exercise_id}"


class ExerciseHint(models.Model):
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="hints")
    title = models.CharField(max_length=100)
    content = models.TextField()
    order = models.PositiveIntegerField(default=0)
    reveal_after_attempts = models.PositiveIntegerField(default=3)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["order"]

    def __str__(self):
        return f"{self.title} of {self.exercise_id}"


class Submission(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        RUNNING = "running", "Running"
        PASSED = "passed", "Passed"
        FAILED = "failed", "Failed"
        ERROR = "error", "Error"
        TIMEOUT = "timeout", "Timed out"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="submissions")
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="submissions")
    code = models.TextField()
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    output = models.TextField(blank=True)
    error_message = models.TextField(blank=True)
    passed_tests = models.PositiveIntegerField(default=0)
    total_tests = models.PositiveIntegerField(default=0)
    score = models.PositiveIntegerField(default=0)
    execution_time = models.FloatField(null=True, blank=True, help_text="Seconds")
    memory_used = models.PositiveIntegerField(null=True, blank=True, help_text="Kilobytes")
    ai_feedback = models.TextField(blank=True)
    attempt_number = models.PositiveIntegerField(default=1)
    submitted_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-submitted_at"]
        unique_together = [("user", "exercise", "attempt_number")]

    def __str__(self):
        return f"attempt {self.attempt_number} of {self.user_id} at {self.exercise_id}"


class StudentProgress(models.Model):
    """How far one user is with one exercise."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="exercise_progress"
    )
    exercise = models.ForeignKey(Exercise, on_delete=models.CASCADE, related_name="student_progress")
    is_completed = models.BooleanField(default=False)
    best_score = models.PositiveIntegerField(default=0)
    total_attempts = models.PositiveIntegerField(default=0)
    hints_used = models.PositiveIntegerField(default=0)
    solution_viewed = models.BooleanField(default=False)
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    last_attempt_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "student progress"
        ordering = ["-last_attempt_at"]
        unique_together = [("user", "exercise")]

    def __str__(self):
        return f"{self.user_id} with {self.exercise_id}"


# --- what learners say ---


class CourseReview(models.Model):
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="reviews")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="course_reviews"
    )
    rating = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    title = models.CharField(max_length=200, blank=True)
    content = models.TextField(blank=True)
    helpful_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]
        unique_together = [("user", "course")]

    def __str__(self):
        return f"{self.rating} of 5 for {self.course_id}"


class Discussion(models.Model):
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="discussions")
    lesson = models.ForeignKey(
        Lesson, on_delete=models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="discussions")
    title = models.CharField(max_length=200)
    content = models.TextField()
    is_pinned = models.BooleanField(default=False)
    is_resolved = models.BooleanField(default=False)
    views_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-is_pinned", "-created_at"]
        indexes = [
            models.Index(fields=["course", "-created_at"], name="discussion_course_idx"),
            models.Index(fields=["author", "-created_at"], name="discussion_author_idx"),
        ]

    def __str__(self):
        return self.title


class DiscussionReply(models.Model):
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="replies")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="discussion_replies"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="children"
    )
    content = models.TextField()
    is_solution = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "discussion replies"
        ordering = ["created_at"]
        indexes = [models.Index(fields=["discussion", "created_at"], name="reply_discussion_idx")]

    def __str__(self):
        return f"{self.author_id} in {self.discussion_id}"
