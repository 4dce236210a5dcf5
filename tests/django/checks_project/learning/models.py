"""The tables of a learning platform that its index guide touches, with the guide's 39 indexes declared."""

from django.conf import settings
from django.db import models


def index(name, *fields):
    return models.Index(fields=list(fields), name=name)


USER = settings.AUTH_USER_MODEL


class Category(models.Model):
    slug = models.SlugField(unique=True)


class Course(models.Model):
    slug = models.SlugField(unique=True)
    category = models.ForeignKey(Category, models.CASCADE)
    instructor = models.ForeignKey(USER, models.CASCADE)
    difficulty_level = models.CharField(max_length=20)
    is_published = models.BooleanField(default=False)
    is_featured = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            index("course_pub_diff_idx", "is_published", "difficulty_level"),
            index("course_feat_created_idx", "is_featured", "-created_at"),
            index("course_cat_pub_idx", "category", "is_published"),
            index("course_instr_pub_idx", "instructor", "is_published"),
            index("course_created_idx", "-created_at"),
        ]


class Lesson(models.Model):
    slug = models.SlugField()
    course = models.ForeignKey(Course, models.CASCADE)
    lesson_type = models.CharField(max_length=20)
    order = models.PositiveIntegerField(default=0)
    is_published = models.BooleanField(default=False)

    class Meta:
        unique_together = [("course", "slug")]
        indexes = [
            index("lesson_course_order_idx", "course", "order"),
            index("lesson_course_pub_idx", "course", "is_published"),
            index("lesson_course_type_idx", "course", "lesson_type"),
        ]


class ExerciseType(models.Model):
    name = models.CharField(max_length=50)


class ProgrammingLanguage(models.Model):
    name = models.CharField(max_length=50)


class Exercise(models.Model):
    slug = models.SlugField(unique=True)
    lesson = models.ForeignKey(Lesson, models.CASCADE)
    exercise_type = models.ForeignKey(ExerciseType, models.CASCADE)
    programming_language = models.ForeignKey(ProgrammingLanguage, models.CASCADE)
    difficulty_level = models.CharField(max_length=20)
    is_published = models.BooleanField(default=False)
    order = models.PositiveIntegerField(default=0)

    class Meta:
        unique_together = [("lesson", "slug")]
        indexes = [
            index("exercise_lesson_order_idx", "lesson", "order"),
            index("exercise_lesson_pub_idx", "lesson", "is_published"),
            index("exercise_diff_pub_idx", "difficulty_level", "is_published"),
            index("exercise_type_pub_idx", "exercise_type", "is_published"),
        ]


class CourseEnrollment(models.Model):
    user = models.ForeignKey(USER, models.CASCADE)
    course = models.ForeignKey(Course, models.CASCADE)
    last_accessed_lesson = models.ForeignKey(Lesson, models.SET_NULL, null=True)
    enrolled_at = models.DateTimeField(auto_now_add=True)
    last_activity = models.DateTimeField(auto_now=True)
    completed = models.BooleanField(default=False)

    class Meta:
        unique_together = [("user", "course")]
        indexes = [
            index("enrollment_user_date_idx", "user", "-enrolled_at"),
            index("enrollment_user_comp_idx", "user", "completed"),
            index("enrollment_course_date_idx", "course", "-enrolled_at"),
            index("enrollment_user_act_idx", "user", "-last_activity"),
        ]


class UserProgress(models.Model):
    user = models.ForeignKey(USER, models.CASCADE)
    lesson = models.ForeignKey(Lesson, models.CASCADE)
    completed = models.BooleanField(default=False)
    bookmarked = models.BooleanField(default=False)
    last_accessed = models.DateTimeField(auto_now=True)

    class Meta:
        unique_together = [("user", "lesson")]
        indexes = [
            index("progress_user_comp_idx", "user", "completed"),
            index("progress_user_access_idx", "user", "-last_accessed"),
            index("progress_lesson_comp_idx", "lesson", "completed"),
            index("progress_user_book_idx", "user", "bookmarked"),
        ]


class LearningPath(models.Model):
    slug = models.SlugField(unique=True)
    creator = models.ForeignKey(USER, models.CASCADE)
    courses = models.ManyToManyField(Course)
    difficulty_level = models.CharField(max_length=20)
    is_published = models.BooleanField(default=False)
    is_featured = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            index("path_pub_feat_date_idx", "is_published", "is_featured", "-created_at"),
            index("path_pub_diff_idx", "is_published", "difficulty_level"),
            index("path_creator_pub_idx", "creator", "is_published"),
        ]


class StudySession(models.Model):
    user = models.ForeignKey(USER, models.CASCADE)
    lesson = models.ForeignKey(Lesson, models.CASCADE)
    started_at = models.DateTimeField(auto_now_add=True)
    completed_lesson = models.BooleanField(default=False)

    class Meta:
        indexes = [
            index("session_user_start_idx", "user", "-started_at"),
            index("session_lesson_start_idx", "lesson", "-started_at"),
            index("session_user_lesson_idx", "user", "lesson", "-started_at"),
            index("session_user_comp_idx", "user", "completed_lesson"),
        ]


class BlogCategory(models.Model):
    slug = models.SlugField(unique=True)

    class Meta:
        indexes = [index("blogcat_slug_idx", "slug")]


class WagtailCourseEnrollment(models.Model):
    user = models.ForeignKey(USER, models.CASCADE)
    course = models.ForeignKey(Course, models.CASCADE)
    last_accessed_lesson = models.ForeignKey(Lesson, models.SET_NULL, null=True)
    enrolled_at = models.DateTimeField(auto_now_add=True)
    last_activity = models.DateTimeField(auto_now=True)
    completed = models.BooleanField(default=False)

    class Meta:
        unique_together = [("user", "course")]
        indexes = [
            index("wgtl_enroll_user_date_idx", "user", "-enrolled_at"),
            index("wgtl_enroll_user_comp_idx", "user", "completed"),
            index("wgtl_enroll_course_date_idx", "course", "-enrolled_at"),
            index("wgtl_enroll_user_act_idx", "user", "-last_activity"),
        ]


class UserProfile(models.Model):
    user = models.OneToOneField(USER, models.CASCADE)
    skill_level = models.CharField(max_length=20)
    profile_visibility = models.CharField(max_length=20)
    total_courses_completed = models.PositiveIntegerField(default=0)
    total_exercises_solved = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            index("profile_skill_vis_idx", "skill_level", "profile_visibility"),
            index("profile_vis_courses_idx", "profile_visibility", "-total_courses_completed"),
            index("profile_vis_exercises_idx", "profile_visibility", "-total_exercises_solved"),
            index("profile_created_idx", "-created_at"),
        ]


class TrustLevel(models.Model):
    user = models.OneToOneField(USER, models.CASCADE)
    level = models.IntegerField(default=0)
    posts_created = models.IntegerField(default=0)
    likes_received = models.IntegerField(default=0)
    last_visit_date = models.DateField(null=True)

    class Meta:
        indexes = [
            index("trustlevel_level_idx", "level"),
            index("trustlevel_visit_idx", "last_visit_date"),
            index("trustlevel_level_posts_idx", "level", "-posts_created"),
            index("trustlevel_level_likes_idx", "level", "-likes_received"),
            index("trustlevel_posts_idx", "-posts_created"),
        ]
