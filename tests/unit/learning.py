"""Indexes of a learning platform: what Django made, and the 39 that were added by hand."""

from __future__ import annotations

from indexical.model import Catalog, ExistingIndex, Table
from indexical.testing import catalog, existing, table

_BEFORE = """
learning_course: unique slug; category_id instructor_id
learning_lesson: unique course_id, slug; course_id slug+
learning_exercise: unique slug; unique lesson_id, slug; lesson_id exercise_type_id programming_language_id
learning_courseenrollment: unique user_id, course_id; user_id course_id last_accessed_lesson_id
learning_userprogress: unique user_id, lesson_id; user_id lesson_id
learning_learningpath: unique slug; creator_id
learning_studysession: user_id lesson_id
blog_blogcategory: unique slug
blog_wagtailcourseenrollment: unique user_id, course_id; user_id course_id last_accessed_lesson_id
users_userprofile: unique user_id
forum_integration_trustlevel: unique user_id
"""
"""For each table: unique constraints, then columns with an index of their own; text has a second one for patterns."""

_ADDED = """
learning_course: course_pub_diff_idx is_published, difficulty_level; course_feat_created_idx is_featured, created_at DESC;
  course_cat_pub_idx category_id, is_published; course_instr_pub_idx instructor_id, is_published;
  course_created_idx created_at DESC
learning_lesson: lesson_course_order_idx course_id, order; lesson_course_pub_idx course_id, is_published;
  lesson_course_type_idx course_id, lesson_type
learning_exercise: exercise_lesson_order_idx lesson_id, order; exercise_lesson_pub_idx lesson_id, is_published;
  exercise_diff_pub_idx difficulty_level, is_published; exercise_type_pub_idx exercise_type_id, is_published
learning_courseenrollment: enrollment_user_date_idx user_id, enrolled_at DESC; enrollment_user_comp_idx user_id, completed;
  enrollment_course_date_idx course_id, enrolled_at DESC; enrollment_user_act_idx user_id, last_activity DESC
learning_userprogress: progress_user_comp_idx user_id, completed; progress_user_access_idx user_id, last_accessed DESC;
  progress_lesson_comp_idx lesson_id, completed; progress_user_book_idx user_id, bookmarked
learning_learningpath: path_pub_feat_date_idx is_published, is_featured, created_at DESC;
  path_pub_diff_idx is_published, difficulty_level; path_creator_pub_idx creator_id, is_published
learning_studysession: session_user_start_idx user_id, started_at DESC; session_lesson_start_idx lesson_id, started_at DESC;
  session_user_lesson_idx user_id, lesson_id, started_at DESC; session_user_comp_idx user_id, completed_lesson
blog_blogcategory: blogcat_slug_idx slug
blog_wagtailcourseenrollment: wgtl_enroll_user_date_idx user_id, enrolled_at DESC; wgtl_enroll_user_comp_idx user_id, completed;
  wgtl_enroll_course_date_idx course_id, enrolled_at DESC; wgtl_enroll_user_act_idx user_id, last_activity DESC
users_userprofile: profile_skill_vis_idx skill_level, profile_visibility;
  profile_vis_courses_idx profile_visibility, total_courses_completed DESC;
  profile_vis_exercises_idx profile_visibility, total_exercises_solved DESC; profile_created_idx created_at DESC
forum_integration_trustlevel: trustlevel_level_posts_idx level, posts_created DESC;
  trustlevel_level_likes_idx level, likes_received DESC; trustlevel_posts_idx posts_created DESC
"""


def added() -> tuple[ExistingIndex, ...]:
    made = []
    for name, text in _lines(_ADDED):
        for entry in text.split("; "):
            index, _, keys = entry.partition(" ")
            made.append(existing(f"public.{name}", f"{index}: {keys}", oid=9000 + len(made)))
    return tuple(made)


def before() -> Catalog:
    return _catalog(())


def with_the_guide() -> Catalog:
    return _catalog(added())


def _catalog(more: tuple[ExistingIndex, ...]) -> Catalog:
    return catalog(*(_table(number, name, text, more) for number, (name, text) in enumerate(_lines(_BEFORE))))


def _lines(text: str) -> list[tuple[str, str]]:
    joined = text.strip().replace("\n  ", " ").replace(";\n", "; ")
    return [(name, rest) for name, _, rest in (line.partition(": ") for line in joined.splitlines())]


def _table(number: int, name: str, text: str, more: tuple[ExistingIndex, ...]) -> Table:
    indexes = [f"{name}_pkey: primary id"]
    for part in text.split("; "):
        if part.startswith("unique "):
            keys = part.removeprefix("unique ")
            indexes.append(f"{name}_{keys.replace(', ', '_')}_key: unique constraint {keys}")
            indexes += [f"{name}_slug_like: slug varchar_pattern_ops"] if keys == "slug" else []
            continue
        for column in part.split():
            plain = column.rstrip("+")
            indexes.append(f"{name}_{plain}: {plain}")
            indexes += [f"{name}_{plain}_like: {plain} varchar_pattern_ops"] if plain != column else []
    if name == "forum_integration_trustlevel":
        indexes += ["trustlevel_level: level", "trustlevel_last_visit_date: last_visit_date"]
    made = table(f"public.{name}", "id bigint not null", indexes=indexes, first_oid=1000 + 100 * number)
    hers = tuple(entry for entry in more if entry.index.table == name)
    return table(
        f"public.{name}",
        "id bigint not null, slug varchar(50)",
        indexes=[*made.indexes, *hers],
        first_oid=1000 + 100 * number,
    )
