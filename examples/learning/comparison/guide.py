"""The indexes that a published index guide adds to this platform: 39 in its first wave, 8 on content pages in its second.

Each is a plain B-tree; a leading "-" makes a column descending, which 19 of the first wave's are. They are kept only to be
measured against: one repeats a unique constraint, many start with the columns of an index that Django makes anyway, and over
half of them serve no query the platform asks.
"""

from __future__ import annotations

from typing import NamedTuple


class GuideIndex(NamedTuple):
    app: str
    model: str
    name: str
    fields: tuple[str, ...]


FIRST_WAVE: tuple[GuideIndex, ...] = (
    # courses and lessons
    GuideIndex("learning", "Course", "course_pub_diff_idx", ("is_published", "difficulty_level")),
    GuideIndex("learning", "Course", "course_feat_created_idx", ("is_featured", "-created_at")),
    GuideIndex("learning", "Course", "course_cat_pub_idx", ("category", "is_published")),
    GuideIndex("learning", "Course", "course_instr_pub_idx", ("instructor", "is_published")),
    GuideIndex("learning", "Course", "course_created_idx", ("-created_at",)),
    GuideIndex("learning", "Lesson", "lesson_course_order_idx", ("course", "order")),
    GuideIndex("learning", "Lesson", "lesson_course_pub_idx", ("course", "is_published")),
    GuideIndex("learning", "Lesson", "lesson_course_type_idx", ("course", "lesson_type")),
    # exercises
    GuideIndex("learning", "Exercise", "exercise_lesson_order_idx", ("lesson", "order")),
    GuideIndex("learning", "Exercise", "exercise_lesson_pub_idx", ("lesson", "is_published")),
    GuideIndex("learning", "Exercise", "exercise_diff_pub_idx", ("difficulty_level", "is_published")),
    GuideIndex("learning", "Exercise", "exercise_type_pub_idx", ("exercise_type", "is_published")),
    # who takes part, and how far they are
    GuideIndex("learning", "CourseEnrollment", "enrollment_user_date_idx", ("user", "-enrolled_at")),
    GuideIndex("learning", "CourseEnrollment", "enrollment_user_comp_idx", ("user", "completed")),
    GuideIndex("learning", "CourseEnrollment", "enrollment_course_date_idx", ("course", "-enrolled_at")),
    GuideIndex("learning", "CourseEnrollment", "enrollment_user_act_idx", ("user", "-last_activity")),
    GuideIndex("learning", "UserProgress", "progress_user_comp_idx", ("user", "completed")),
    GuideIndex("learning", "UserProgress", "progress_user_access_idx", ("user", "-last_accessed")),
    GuideIndex("learning", "UserProgress", "progress_lesson_comp_idx", ("lesson", "completed")),
    GuideIndex("learning", "UserProgress", "progress_user_book_idx", ("user", "bookmarked")),
    # learning paths and study sessions
    GuideIndex(
        "learning", "LearningPath", "path_pub_feat_date_idx", ("is_published", "is_featured", "-created_at")
    ),
    GuideIndex("learning", "LearningPath", "path_pub_diff_idx", ("is_published", "difficulty_level")),
    GuideIndex("learning", "LearningPath", "path_creator_pub_idx", ("creator", "is_published")),
    GuideIndex("learning", "StudySession", "session_user_start_idx", ("user", "-started_at")),
    GuideIndex("learning", "StudySession", "session_lesson_start_idx", ("lesson", "-started_at")),
    GuideIndex("learning", "StudySession", "session_user_lesson_idx", ("user", "lesson", "-started_at")),
    GuideIndex("learning", "StudySession", "session_user_comp_idx", ("user", "completed_lesson")),
    # content pages
    GuideIndex("blog", "BlogCategory", "blogcat_slug_idx", ("slug",)),
    GuideIndex("blog", "WagtailCourseEnrollment", "wgtl_enroll_user_date_idx", ("user", "-enrolled_at")),
    GuideIndex("blog", "WagtailCourseEnrollment", "wgtl_enroll_user_comp_idx", ("user", "completed")),
    GuideIndex("blog", "WagtailCourseEnrollment", "wgtl_enroll_course_date_idx", ("course", "-enrolled_at")),
    GuideIndex("blog", "WagtailCourseEnrollment", "wgtl_enroll_user_act_idx", ("user", "-last_activity")),
    # profiles
    GuideIndex("users", "UserProfile", "profile_skill_vis_idx", ("skill_level", "profile_visibility")),
    GuideIndex(
        "users", "UserProfile", "profile_vis_courses_idx", ("profile_visibility", "-total_courses_completed")
    ),
    GuideIndex(
        "users", "UserProfile", "profile_vis_exercises_idx", ("profile_visibility", "-total_exercises_solved")
    ),
    GuideIndex("users", "UserProfile", "profile_created_idx", ("-created_at",)),
    # trust in the forum
    GuideIndex("forum_integration", "TrustLevel", "trustlevel_level_posts_idx", ("level", "-posts_created")),
    GuideIndex("forum_integration", "TrustLevel", "trustlevel_level_likes_idx", ("level", "-likes_received")),
    GuideIndex("forum_integration", "TrustLevel", "trustlevel_posts_idx", ("-posts_created",)),
)

SECOND_WAVE: tuple[GuideIndex, ...] = (
    GuideIndex("blog", "CoursePage", "course_page_featured_idx", ("featured",)),
    GuideIndex("blog", "CoursePage", "course_page_diff_free_idx", ("difficulty_level", "is_free")),
    GuideIndex("blog", "CoursePage", "course_page_feat_diff_idx", ("featured", "difficulty_level")),
    GuideIndex("blog", "ExercisePage", "exercise_page_type_diff_idx", ("exercise_type", "difficulty")),
    GuideIndex("blog", "ExercisePage", "exercise_page_lang_diff_idx", ("programming_language", "difficulty")),
    GuideIndex("blog", "ExercisePage", "exercise_page_seq_idx", ("sequence_number",)),
    GuideIndex("blog", "StepBasedExercisePage", "step_exercise_page_diff_idx", ("difficulty",)),
    GuideIndex("blog", "StepBasedExercisePage", "step_exercise_page_seq_idx", ("sequence_number",)),
)
