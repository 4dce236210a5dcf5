"""Pages that editors write: the blog, and courses, lessons and exercises as content.

Every page has a row in wagtailcore_page (title, slug, live, first_published_at, path) beside the row in its own table.
"""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from modelcluster.contrib.taggit import ClusterTaggableManager
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.models import TaggedItemBase
from wagtail.admin.panels import FieldPanel
from wagtail.fields import RichTextField
from wagtail.models import Page
from wagtail.search import index


class Difficulty(models.TextChoices):
    BEGINNER = "beginner", "Beginner"
    INTERMEDIATE = "intermediate", "Intermediate"
    ADVANCED = "advanced", "Advanced"


class ExerciseKind(models.TextChoices):
    FILL_BLANK = "fill_blank", "Fill the blanks"
    MULTIPLE_CHOICE = "multiple_choice", "Multiple choice"
    CODE_COMPLETION = "code_completion", "Complete the code"
    DEBUGGING = "debugging", "Find the error"
    PROJECT = "project", "Project"


class ProgrammingLanguage(models.TextChoices):
    PYTHON = "python", "Python"
    JAVASCRIPT = "javascript", "JavaScript"
    JAVA = "java", "Java"
    CPP = "cpp", "C++"
    SQL = "sql", "SQL"


# --- words that pages are sorted by ---


class BlogCategory(models.Model):
    name = models.CharField(max_length=100)
    slug = models.SlugField(unique=True)
    description = models.TextField(blank=True)
    color = models.CharField(max_length=7, default="#000000")

    class Meta:
        verbose_name_plural = "blog categories"
        ordering = ["name"]

    def __str__(self):
        return self.name


class SkillLevel(models.Model):
    name = models.CharField(max_length=50)
    slug = models.SlugField(unique=True)
    description = models.TextField(blank=True)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["order"]

    def __str__(self):
        return self.name


class LearningObjective(models.Model):
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["title"]

    def __str__(self):
        return self.title


# --- the blog ---


class BlogIndexPage(Page):
    intro = RichTextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    # One of it: posts are looked up by their slug, which is unique among the pages of one parent only.
    max_count = 1
    subpage_types = ["blog.BlogPage"]


class BlogPageTag(TaggedItemBase):
    content_object = ParentalKey("BlogPage", related_name="tagged_items", on_delete=models.CASCADE)


class BlogPage(Page):
    date = models.DateField("post date")
    intro = models.CharField(max_length=250)
    body = RichTextField(blank=True)
    reading_time = models.PositiveIntegerField(default=5, help_text="Minutes")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="blog_pages",
    )
    categories = ParentalManyToManyField(BlogCategory, blank=True, related_name="blog_pages")
    tags = ClusterTaggableManager(through=BlogPageTag, blank=True)

    search_fields = [*Page.search_fields, index.SearchField("intro"), index.SearchField("body")]
    content_panels = [
        *Page.content_panels,
        FieldPanel("date"),
        FieldPanel("intro"),
        FieldPanel("body"),
        FieldPanel("reading_time"),
        FieldPanel("author"),
        FieldPanel("categories"),
        FieldPanel("tags"),
    ]
    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types = []


# --- courses as content ---


class CoursesIndexPage(Page):
    intro = RichTextField(blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    max_count = 1
    subpage_types = ["blog.CoursePage"]


class CoursePage(Page):
    course_code = models.CharField(max_length=20, unique=True)
    short_description = models.CharField(max_length=250, blank=True)
    detailed_description = RichTextField(blank=True)
    course_image = models.ForeignKey(
        "wagtailimages.Image", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    instructor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="course_pages",
    )
    skill_level = models.ForeignKey(
        SkillLevel, on_delete=models.SET_NULL, null=True, blank=True, related_name="course_pages"
    )
    difficulty_level = models.CharField(
        max_length=20, choices=Difficulty.choices, default=Difficulty.BEGINNER
    )
    estimated_duration = models.PositiveIntegerField(default=10, help_text="Hours")
    is_free = models.BooleanField(default=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    enrollment_limit = models.PositiveIntegerField(null=True, blank=True)
    featured = models.BooleanField(default=False)
    categories = ParentalManyToManyField(BlogCategory, blank=True, related_name="course_pages")
    learning_objectives = ParentalManyToManyField(LearningObjective, blank=True, related_name="course_pages")

    search_fields = [*Page.search_fields, index.SearchField("short_description")]
    content_panels = [
        *Page.content_panels,
        FieldPanel("course_code"),
        FieldPanel("short_description"),
        FieldPanel("detailed_description"),
        FieldPanel("course_image"),
        FieldPanel("instructor"),
        FieldPanel("skill_level"),
        FieldPanel("difficulty_level"),
        FieldPanel("estimated_duration"),
        FieldPanel("is_free"),
        FieldPanel("price"),
        FieldPanel("enrollment_limit"),
        FieldPanel("featured"),
        FieldPanel("categories"),
        FieldPanel("learning_objectives"),
    ]
    parent_page_types = ["blog.CoursesIndexPage"]
    subpage_types = ["blog.LessonPage", "blog.ExercisePage", "blog.StepBasedExercisePage"]


class LessonPage(Page):
    lesson_number = models.PositiveIntegerField(default=1)
    intro = RichTextField(blank=True)
    body = RichTextField(blank=True)
    video_url = models.URLField(blank=True)
    estimated_duration = models.PositiveIntegerField(
        default=30, help_text="Minutes", validators=[MinValueValidator(1), MaxValueValidator(300)]
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("lesson_number"),
        FieldPanel("intro"),
        FieldPanel("body"),
        FieldPanel("video_url"),
        FieldPanel("estimated_duration"),
    ]
    parent_page_types = ["blog.CoursePage"]
    subpage_types = ["blog.ExercisePage", "blog.StepBasedExercisePage"]


class ExercisePage(Page):
    sequence_number = models.PositiveIntegerField(default=1)
    exercise_type = models.CharField(
        max_length=20, choices=ExerciseKind.choices, default=ExerciseKind.FILL_BLANK
    )
    difficulty = models.CharField(max_length=20, choices=Difficulty.choices, default=Difficulty.BEGINNER)
    programming_language = models.CharField(
        max_length=20, choices=ProgrammingLanguage.choices, default=ProgrammingLanguage.PYTHON
    )
    description = RichTextField(blank=True)
    starter_code = models.TextField(blank=True)
    points = models.PositiveIntegerField(default=10)
    time_limit = models.PositiveIntegerField(null=True, blank=True, help_text="Minutes")

    content_panels = [
        *Page.content_panels,
        FieldPanel("sequence_number"),
        FieldPanel("exercise_type"),
        FieldPanel("difficulty"),
        FieldPanel("programming_language"),
        FieldPanel("description"),
        FieldPanel("starter_code"),
        FieldPanel("points"),
        FieldPanel("time_limit"),
    ]
    parent_page_types = ["blog.CoursePage", "blog.LessonPage"]
    subpage_types = []


class StepBasedExercisePage(Page):
    sequence_number = models.PositiveIntegerField(default=1)
    difficulty = models.CharField(max_length=20, choices=Difficulty.choices, default=Difficulty.BEGINNER)
    description = RichTextField(blank=True)
    steps = models.JSONField(default=list, blank=True)
    total_points = models.PositiveIntegerField(default=0)
    require_sequential = models.BooleanField(default=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("sequence_number"),
        FieldPanel("difficulty"),
        FieldPanel("description"),
        FieldPanel("total_points"),
        FieldPanel("require_sequential"),
    ]
    parent_page_types = ["blog.CoursePage", "blog.LessonPage"]
    subpage_types = []


class WagtailCourseEnrollment(models.Model):
    """Who takes part in a course page; the same shape as the enrollment in an ordinary course."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="wagtail_enrollments"
    )
    course = models.ForeignKey(CoursePage, on_delete=models.CASCADE, related_name="enrollments")
    enrolled_at = models.DateTimeField(auto_now_add=True)
    completed = models.BooleanField(default=False)
    completed_at = models.DateTimeField(null=True, blank=True)
    progress_percentage = models.PositiveIntegerField(
        default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    last_accessed_lesson = models.ForeignKey(
        LessonPage, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    last_activity = models.DateTimeField(auto_now=True)
    total_time_spent = models.PositiveIntegerField(default=0, help_text="Minutes")

    class Meta:
        verbose_name = "course page enrollment"
        ordering = ["-enrolled_at"]
        unique_together = [("user", "course")]

    def __str__(self):
        return f"{self.user_id} in {self.course_id}"
