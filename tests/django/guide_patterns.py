"""The query patterns that the two guides' projects really have, each as pieces of the SQL that Django makes of it."""

from __future__ import annotations

_O, _I, _G, _T, _U = (
    "invitations_order", "invitations_invitation", "invitations_guest", "plans_template", "accounts_user",
)  # fmt: skip

INVITATIONS: dict[str, tuple[str, ...]] = {
    "R1": (f"FROM {_I} INNER JOIN {_T}", f"({_I}.is_active AND NOT {_I}.is_expired AND {_I}.slug ="),
    "R2": (f"FROM {_I} WHERE ({_I}.is_active AND {_I}.slug =",),
    "R3": (f"FROM {_G} WHERE ({_G}.device_fingerprint = $1 AND {_G}.invitation_id = $2)",),
    "R4": (f"{_G}.ip_address =", f"{_G}.viewed_at >=", f"ORDER BY {_G}.viewed_at DESC LIMIT"),
    "R5": (f"FROM {_O} WHERE {_O}.id = $1",),
    "R6": (
        f"FROM {_O} INNER JOIN plans_plan",
        f"WHERE {_O}.user_id = $1 ORDER BY {_O}.created_at DESC LIMIT",
    ),
    "R7": (f"LEFT OUTER JOIN {_U}", f"({_O}.id = $1 AND {_O}.user_id = $2)"),
    "R8": (f"FROM {_I} INNER JOIN {_O}", f"WHERE {_I}.user_id = $1 ORDER BY {_I}.created_at DESC LIMIT"),
    "R9": (f"FROM {_I} INNER JOIN {_O}", f"({_I}.user_id = $1 AND {_I}.slug = $2)"),
    "R9 guests": (f"FROM {_G} WHERE {_G}.invitation_id IN (", f"ORDER BY {_G}.viewed_at DESC"),
    "R10": (f"({_I}.slug = $1 AND {_I}.user_id = $2) ORDER BY {_G}.viewed_at DESC LIMIT",),
    "R11": (f"FROM {_G} WHERE {_G}.invitation_id = $1 ORDER BY {_G}.viewed_at DESC",),
    "R12": (f"FROM {_O} WHERE ({_O}.user_id = $1 AND {_O}.status IN (",),
    "R13": ("COUNT(*)", f"FROM {_I} WHERE {_I}.user_id = $1"),
    "R14": (f"({_O}.status = $1 AND {_O}.user_id = $2) ORDER BY {_O}.created_at DESC LIMIT",),
    "R15": (f"FROM {_U} WHERE {_U}.username = $1",),
    "R15 plan": (f"FROM {_U} LEFT OUTER JOIN plans_plan", f"WHERE {_U}.id = $1"),
    "R16": ("SELECT $1 AS a FROM " + _U, f"{_U}.phone = $2"),
    "R17": (
        "accounts_phoneverification.expires_at >",
        "NOT accounts_phoneverification.is_used",
        ".otp =",
        "DESC LIMIT",
    ),
    "R18": (
        "accounts_phoneverification.user_id = $1 ORDER BY accounts_phoneverification.created_at DESC LIMIT",
    ),
    "R19": ("WHERE plans_plan.is_active ORDER BY plans_plan.sort_order ASC, plans_plan.price_inr ASC",),
    "R20": ("FROM plans_plan WHERE", "plans_plan.code = $1", "plans_plan.is_active"),
    "R21": ("WHERE plans_invitationcategory.is_active ORDER BY plans_invitationcategory.sort_order ASC",),
    "R22": (f"{_T}.is_active AND plans_plan.code = $1) ORDER BY {_T}.use_count DESC LIMIT",),
    "R23": (f"WHERE {_T}.is_active ORDER BY {_T}.use_count DESC LIMIT",),
    "R24": (
        f"{_T}.is_active AND plans_plan.code IN (",
        f"ORDER BY {_T}.sort_order ASC, {_T}.created_at DESC",
    ),
    "R25": (f"FROM {_T} WHERE ({_T}.id = $1 AND {_T}.is_active)",),
    "R26": (
        f"{_T}.is_active AND plans_plan.code IN (",
        f"ORDER BY {_T}.use_count DESC, {_T}.created_at DESC",
    ),
    "R27": (f"{_T}.is_active AND {_T}.created_at >= $1) ORDER BY {_T}.use_count DESC",),
    "R28": (f"{_T}.is_active AND NOT ({_T}.id = $1) AND {_T}.category_id =",),
    "R29": (f"UPPER({_T}.name::text) LIKE UPPER(", f"ORDER BY {_T}.use_count DESC"),
    "R30": (f"FROM {_T} INNER JOIN plans_plan", f"WHERE {_T}.is_active GROUP BY"),
    "R31": (f"FROM plans_invitationcategory LEFT OUTER JOIN {_T}", "GROUP BY plans_invitationcategory.id"),
    "R32": (f"FROM {_O} WHERE ({_O}.user_id = $1 AND {_O}.status = $2)",),
    "R33": (f"{_I}.user_id = $1 AND {_I}.is_active AND NOT {_I}.is_expired",),
    "R34": (f"{_G}.invitation_id = $1 AND {_G}.attending IS NULL",),
    "R35": (
        "invitations_invitationviewlog.viewed_at >=",
        "ORDER BY invitations_invitationviewlog.viewed_at ASC",
    ),
    "R36": (f"({_U}.created_at AT TIME ZONE $1)::date =",),
    "R37": ("COUNT(*)", f"FROM {_O} WHERE {_O}.status = $1"),
    "R38": ("COUNT(*)", f"FROM {_I} WHERE {_I}.is_expired"),
    "R39": (f"NOT {_U}.is_approved AND NOT {_U}.is_staff) ORDER BY {_U}.created_at DESC",),
    "R40": (f"NOT {_U}.is_staff AND (UPPER({_U}.username::text) LIKE", f"ORDER BY {_U}.created_at DESC"),
    "R41": ("accounts_useractivitylog.user_id = $1 ORDER BY accounts_useractivitylog.created_at DESC LIMIT",),
    "R42": (
        "FROM admin_dashboard_userapprovallog",
        "ORDER BY admin_dashboard_userapprovallog.created_at DESC LIMIT",
    ),
    "R43": ("WHERE NOT admin_dashboard_adminnotification.is_read ORDER BY", "created_at DESC LIMIT"),
    "R44": (f"{_O}.status IN ($1, $2) AND {_O}.user_id = $3) ORDER BY {_O}.created_at DESC LIMIT",),
}
"""R45, the pages of Django's admin, is left out: the example registers no model with it."""

_TOPIC, _POST = "forum_conversation_topic", "forum_conversation_post"
_COURSE, _LESSON, _EXERCISE = "learning_course", "learning_lesson", "learning_exercise"
_PROGRESS, _ENROLLMENT, _QUEUE = (
    "learning_userprogress",
    "learning_courseenrollment",
    "forum_integration_reviewqueue",
)
_NEWEST = "ORDER BY wagtailcore_page.first_published_at DESC"

LEARNING: dict[str, tuple[str, ...]] = {
    "L1": (f"FROM {_COURSE}", f"{_COURSE}.is_published", f"ORDER BY {_COURSE}.created_at DESC LIMIT"),
    "L1 difficulty": (
        f"{_COURSE}.difficulty_level =",
        f"{_COURSE}.is_published",
        f"ORDER BY {_COURSE}.created_at DESC LIMIT",
    ),
    "L1 search": (f"UPPER({_COURSE}.title::text) LIKE UPPER(", f"{_COURSE}.is_published"),
    "L2": (f"{_LESSON}.course_id =", f"{_LESSON}.is_published", f"ORDER BY {_LESSON}.order ASC"),
    "L3": ("learning_coursereview.course_id = $1", "ORDER BY learning_coursereview.created_at DESC"),
    "L4": (f"{_ENROLLMENT}.course_id =", f"{_ENROLLMENT}.user_id =", "LIMIT"),
    "L5": ("FROM learning_category", "ORDER BY learning_category.order ASC, learning_category.name ASC"),
    "L5 courses": (
        f"{_COURSE}.category_id =",
        f"{_COURSE}.is_published",
        f"ORDER BY {_COURSE}.created_at DESC",
    ),
    "L6": (f"FROM {_LESSON}", f"{_LESSON}.is_published", "ORDER BY", f"{_LESSON}.order ASC LIMIT"),
    "L7": (f"{_PROGRESS}.lesson_id =", f"{_PROGRESS}.user_id =", "LIMIT"),
    "L7 count": (
        "COUNT(*)",
        f"FROM {_PROGRESS} INNER JOIN {_LESSON}",
        f"{_LESSON}.course_id =",
        f"{_PROGRESS}.completed",
    ),
    "L8": (f"{_EXERCISE}.lesson_id =", f"{_EXERCISE}.is_published", f"ORDER BY {_EXERCISE}.order ASC"),
    "L9": (f"{_ENROLLMENT}.user_id = $1 ORDER BY {_ENROLLMENT}.enrolled_at DESC LIMIT",),
    "L10": (f"{_PROGRESS}.user_id = $1 ORDER BY {_PROGRESS}.last_accessed DESC LIMIT",),
    "L11": ("learning_learningpath.is_published", "ORDER BY learning_learningpath.created_at DESC LIMIT"),
    "L12": (f"FROM {_EXERCISE}", f"{_EXERCISE}.is_published", f"{_EXERCISE}.order ASC LIMIT"),
    "L13": ("learning_submission.user_id =", "ORDER BY learning_submission.submitted_at DESC LIMIT"),
    "L13 progress": (
        "learning_studentprogress.user_id =",
        "ORDER BY learning_studentprogress.last_attempt_at DESC LIMIT",
    ),
    "L14": ("learning_testcase.is_sample", "ORDER BY learning_testcase.order ASC"),
    "L15": ("FROM users_user WHERE users_user.is_active", "LIMIT"),
    "L15 profiles": ("FROM users_userprofile", "users_userprofile.user_id ="),
    "L17": (f"FROM {_PROGRESS}", f"{_LESSON}.course_id =", f"{_PROGRESS}.user_id ="),
    "L19": (f"{_COURSE}.is_published", f"ORDER BY {_COURSE}.average_rating DESC"),
    "L20": ("COUNT(*)", f"FROM {_EXERCISE} WHERE {_EXERCISE}.is_published"),
    "L21": (f"{_ENROLLMENT}.progress_percentage <", f"ORDER BY {_ENROLLMENT}.enrolled_at DESC LIMIT"),
    "L22": ("AVG(learning_coursereview.rating)", "learning_coursereview.course_id ="),
    "B1": ("FROM blog_blogpage", f"WHERE wagtailcore_page.live {_NEWEST} LIMIT"),
    "B1 category": ("wagtailcore_page.live AND blog_blogcategory.slug =", f"{_NEWEST} LIMIT"),
    "B1 tag": ("wagtailcore_page.live AND taggit_tag.name =", f"{_NEWEST} LIMIT"),
    "B2": ("FROM blog_blogpage", "wagtailcore_page.live AND wagtailcore_page.slug ="),
    "B2 related": (
        "blog_blogpage_categories.blogcategory_id IN (",
        "NOT (blog_blogpage.page_ptr_id =",
        f"{_NEWEST} LIMIT",
    ),
    "B3": (
        "FROM blog_blogcategory LEFT OUTER JOIN blog_blogpage_categories",
        "GROUP BY blog_blogcategory.id",
    ),
    "B4": ("FROM blog_coursepage", "blog_coursepage.featured", f"{_NEWEST} LIMIT"),
    "B5": ("FROM blog_coursepage", "AS child_count", "wagtailcore_page.live", f"{_NEWEST} LIMIT"),
    "B5 difficulty": ("wagtailcore_page.live AND blog_coursepage.difficulty_level =", f"{_NEWEST} LIMIT"),
    "B5 skill": ("wagtailcore_page.live AND blog_skilllevel.slug =",),
    "B6": ("FROM blog_coursepage", "wagtailcore_page.live AND wagtailcore_page.slug ="),
    "B6 exercises": (
        "FROM blog_exercisepage",
        "wagtailcore_page.path::text LIKE",
        "wagtailcore_page.depth =",
    ),
    "B7": ("FROM blog_exercisepage", "wagtailcore_page.live AND blog_exercisepage.exercise_type ="),
    "B7 steps": (
        "FROM blog_stepbasedexercisepage",
        "wagtailcore_page.live AND blog_stepbasedexercisepage.difficulty =",
    ),
    "B8": (
        "FROM blog_wagtailcourseenrollment WHERE",
        ".course_id = $1 AND blog_wagtailcourseenrollment.user_id = $2)",
    ),
    "F1": (f"{_TOPIC}.approved AND {_TOPIC}.forum_id = $1) ORDER BY {_TOPIC}.last_post_on DESC LIMIT",),
    "F2": (f"{_POST}.approved AND {_POST}.topic_id = $1", f"ORDER BY {_POST}.created ASC LIMIT"),
    "F3": (
        f"{_TOPIC}.approved AND {_TOPIC}.forum_id =",
        "ORDER BY 16 DESC",
        f"{_TOPIC}.views_count DESC LIMIT",
    ),
    "F4": (f"{_POST}.approved AND {_POST}.poster_id = $1) ORDER BY {_POST}.created DESC LIMIT",),
    "F5": (f"{_POST}.approved AND {_POST}.created >= $1) ORDER BY {_POST}.created DESC LIMIT",),
    "F5 topics": (f"{_TOPIC}.approved AND {_TOPIC}.created >= $1) ORDER BY {_TOPIC}.created DESC LIMIT",),
    "F6": (f"UPPER({_POST}.content::text) LIKE UPPER(", f"ORDER BY {_POST}.created DESC LIMIT"),
    "F7": (
        f"{_QUEUE}.status = $1",
        f"ORDER BY {_QUEUE}.priority DESC, {_QUEUE}.score DESC, {_QUEUE}.created_at DESC LIMIT",
    ),
    "F8": ("COUNT(*)", "FROM users_user WHERE users_user.last_login >="),
    "F9": (
        "forum_integration_userpoints.monthly_points > $1 ORDER BY forum_integration_userpoints.monthly_points DESC LIMIT",
    ),
    "F10": ("FROM forum_integration_trustlevel GROUP BY",),
}
