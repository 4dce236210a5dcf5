"""The 42 indexes that a published index guide adds to this platform, as that guide's migrations shipped them.

Each is a plain ascending B-tree. They are kept only to be measured against: five repeat an index that Django makes anyway
and three are the leading columns of another one in the same list.
"""

from __future__ import annotations

from typing import NamedTuple


class GuideIndex(NamedTuple):
    app: str
    model: str
    name: str
    fields: tuple[str, ...]


GUIDE_INDEXES: tuple[GuideIndex, ...] = (
    # orders
    GuideIndex("invitations", "Order", "order_user_status_idx", ("user", "status")),
    GuideIndex("invitations", "Order", "order_status_created_idx", ("status", "created_at")),
    GuideIndex("invitations", "Order", "order_user_created_idx", ("user", "created_at")),
    GuideIndex("invitations", "Order", "order_status_idx", ("status",)),
    GuideIndex("invitations", "Order", "order_created_idx", ("created_at",)),
    GuideIndex("invitations", "Order", "order_approved_idx", ("approved_at",)),
    GuideIndex("invitations", "Order", "order_user_status_created_idx", ("user", "status", "created_at")),
    # invitations
    GuideIndex("invitations", "Invitation", "invitation_user_active_idx", ("user", "is_active")),
    GuideIndex("invitations", "Invitation", "invitation_user_created_idx", ("user", "created_at")),
    GuideIndex(
        "invitations", "Invitation", "invitation_active_expires_idx", ("is_active", "link_expires_at")
    ),
    GuideIndex("invitations", "Invitation", "invitation_event_date_idx", ("event_date",)),
    GuideIndex("invitations", "Invitation", "invitation_order_idx", ("order",)),
    GuideIndex("invitations", "Invitation", "invitation_template_idx", ("template",)),
    # guests and page views
    GuideIndex("invitations", "Guest", "guest_invitation_viewed_idx", ("invitation", "viewed_at")),
    GuideIndex("invitations", "Guest", "guest_invitation_attending_idx", ("invitation", "attending")),
    GuideIndex("invitations", "Guest", "guest_attending_idx", ("attending",)),
    GuideIndex(
        "invitations", "InvitationViewLog", "viewlog_invitation_viewed_idx", ("invitation", "viewed_at")
    ),
    GuideIndex("invitations", "InvitationViewLog", "viewlog_viewed_idx", ("viewed_at",)),
    GuideIndex("invitations", "InvitationViewLog", "viewlog_ip_viewed_idx", ("ip_address", "viewed_at")),
    # accounts
    GuideIndex("accounts", "User", "user_phone_verified_idx", ("is_phone_verified",)),
    GuideIndex("accounts", "User", "user_current_plan_idx", ("current_plan",)),
    GuideIndex("accounts", "User", "user_blocked_idx", ("is_blocked",)),
    GuideIndex("accounts", "User", "user_created_idx", ("created_at",)),
    GuideIndex("accounts", "User", "user_active_verified_idx", ("is_active", "is_phone_verified")),
    GuideIndex("accounts", "PhoneVerification", "phone_ver_user_created_idx", ("user", "created_at")),
    GuideIndex("accounts", "PhoneVerification", "phone_ver_user_used_idx", ("user", "is_used")),
    GuideIndex("accounts", "PhoneVerification", "phone_ver_expires_idx", ("expires_at",)),
    GuideIndex("accounts", "UserActivityLog", "activity_user_created_idx", ("user", "created_at")),
    GuideIndex("accounts", "UserActivityLog", "activity_user_type_idx", ("user", "activity_type")),
    GuideIndex("accounts", "UserActivityLog", "activity_created_idx", ("created_at",)),
    GuideIndex("accounts", "UserActivityLog", "activity_type_created_idx", ("activity_type", "created_at")),
    # plans
    GuideIndex("plans", "Template", "template_plan_cat_active_idx", ("plan", "category", "is_active")),
    GuideIndex("plans", "Template", "template_plan_active_idx", ("plan", "is_active")),
    GuideIndex("plans", "Template", "template_cat_active_idx", ("category", "is_active")),
    GuideIndex("plans", "Template", "template_active_popular_idx", ("is_active", "use_count")),
    GuideIndex("plans", "Template", "template_premium_active_idx", ("is_premium", "is_active")),
    GuideIndex("plans", "Template", "template_anim_active_idx", ("animation_type", "is_active")),
    GuideIndex("plans", "Template", "template_active_idx", ("is_active",)),
    GuideIndex("plans", "Plan", "plan_active_sort_idx", ("is_active", "sort_order")),
    GuideIndex("plans", "Plan", "plan_code_idx", ("code",)),
    GuideIndex("plans", "InvitationCategory", "category_active_sort_idx", ("is_active", "sort_order")),
    GuideIndex("plans", "InvitationCategory", "category_code_idx", ("code",)),
)
