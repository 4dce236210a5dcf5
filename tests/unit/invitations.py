"""The digital-invitation platform as a hand-built catalog: ten models, two M2M tables, their indexes as Django makes them.

``added`` are the 42 indexes that the platform's index guide ships; the row counts are the guide's.
"""

from __future__ import annotations

from indexical.model import Catalog, ExistingIndex, Table
from indexical.testing import catalog, common, existing, table


def _users() -> tuple[Table, ...]:
    user = table(
        "public.accounts_user",
        "id uuid not null, password varchar(128) not null, username varchar(150) not null, phone varchar(15) not null,"
        "email varchar(254), full_name varchar(255) not null, is_staff boolean not null, is_active boolean not null,"
        "is_phone_verified boolean not null, is_blocked boolean not null, is_approved boolean not null,"
        "created_at timestamptz not null, updated_at timestamptz not null, current_plan_id uuid, approved_by_id uuid",
        rows=10_000,
        pages=400,
        indexes=[
            "accounts_user_pkey: primary id",
            "accounts_user_username_key: unique constraint username",
            "accounts_user_phone_key: unique constraint phone",
            "accounts_user_email_key: unique constraint email",
            "accounts_user_username_like: username varchar_pattern_ops",
            "accounts_user_phone_like: phone varchar_pattern_ops",
            "accounts_user_email_like: email varchar_pattern_ops",
            "accounts_user_current_plan_id: current_plan_id",
            "accounts_user_approved_by_id: approved_by_id",
        ],
        statistics={
            "is_staff": common({"f": 0.998, "t": 0.002}),
            "is_active": common({"t": 0.97, "f": 0.03}),
            "is_phone_verified": common({"t": 0.85, "f": 0.15}),
            "is_blocked": common({"f": 0.99, "t": 0.01}),
            "is_approved": common({"t": 0.8, "f": 0.2}),
        },
        foreign_keys={"current_plan_id": "plans_plan.id", "approved_by_id": "accounts_user.id"},
        first_oid=1000,
    )
    groups = _through("accounts_user_groups", "group_id", 1100)
    permissions = _through("accounts_user_user_permissions", "permission_id", 1200)
    verification = table(
        "public.accounts_phoneverification",
        "id bigint not null, user_id uuid not null, otp varchar(6) not null, created_at timestamptz not null,"
        "expires_at timestamptz not null, is_used boolean not null, ip_address inet not null",
        rows=20_000,
        pages=300,
        indexes=[
            "accounts_phoneverification_pkey: primary id",
            "accounts_phoneverification_user_id: user_id",
        ],
        statistics={"is_used": common({"t": 0.9, "f": 0.1})},
        foreign_keys={"user_id": "accounts_user.id"},
        first_oid=1300,
    )
    activity = table(
        "public.accounts_useractivitylog",
        "id bigint not null, user_id uuid not null, activity_type varchar(50) not null, description text not null,"
        "ip_address inet not null, user_agent text not null, metadata jsonb not null, created_at timestamptz not null",
        rows=500_000,
        pages=12_000,
        indexes=["accounts_useractivitylog_pkey: primary id", "accounts_useractivitylog_user_id: user_id"],
        statistics={"activity_type": common({"LOGIN": 0.6, "LOGOUT": 0.3, "PASSWORD_CHANGE": 0.1})},
        foreign_keys={"user_id": "accounts_user.id"},
        first_oid=1400,
    )
    return user, groups, permissions, verification, activity


def _through(name: str, other: str, oid: int) -> Table:
    return table(
        f"public.{name}",
        f"id bigint not null, user_id uuid not null, {other} integer not null",
        rows=0,
        pages=0,
        indexes=[
            f"{name}_pkey: primary id",
            f"{name}_uniq: unique constraint user_id, {other}",
            f"{name}_user_id: user_id",
            f"{name}_{other}: {other}",
        ],
        foreign_keys={"user_id": "accounts_user.id"},
        first_oid=oid,
    )


def _plans() -> tuple[Table, ...]:
    plan = table(
        "public.plans_plan",
        "id uuid not null, code varchar(20) not null, name varchar(100) not null, price_inr numeric not null,"
        "is_active boolean not null, sort_order integer not null",
        rows=3,
        pages=1,
        indexes=[
            "plans_plan_pkey: primary id",
            "plans_plan_code_key: unique constraint code",
            "plans_plan_code_like: code varchar_pattern_ops",
        ],
        first_oid=1500,
    )
    category = table(
        "public.plans_invitationcategory",
        "id bigint not null, code varchar(50) not null, name varchar(100) not null, sort_order integer not null,"
        "is_active boolean not null",
        rows=10,
        pages=1,
        indexes=[
            "plans_invitationcategory_pkey: primary id",
            "plans_invitationcategory_code_key: unique constraint code",
            "plans_invitationcategory_code_like: code varchar_pattern_ops",
        ],
        first_oid=1600,
    )
    template = table(
        "public.plans_template",
        "id uuid not null, plan_id uuid not null, category_id bigint not null, name varchar(100) not null,"
        "animation_type varchar(20) not null, animation_config jsonb not null, is_active boolean not null,"
        "is_premium boolean not null, sort_order integer not null, use_count integer not null,"
        "created_at timestamptz not null",
        rows=500,
        pages=40,
        indexes=[
            "plans_template_pkey: primary id",
            "plans_template_plan_id: plan_id",
            "plans_template_category_id: category_id",
        ],
        statistics={
            "is_active": common({"t": 0.9, "f": 0.1}),
            "is_premium": common({"t": 0.32, "f": 0.68}),
        },
        foreign_keys={"plan_id": "plans_plan.id", "category_id": "plans_invitationcategory.id"},
        first_oid=1700,
    )
    return plan, category, template


def _invitations() -> tuple[Table, ...]:
    order = table(
        "public.invitations_order",
        "id uuid not null, user_id uuid not null, plan_id uuid not null, approved_by_id uuid, status varchar(20) not null,"
        "payment_status varchar(20) not null, order_number varchar(20) not null, created_at timestamptz not null,"
        "approved_at timestamptz, granted_regular_links integer not null",
        rows=50_000,
        pages=1_500,
        indexes=[
            "invitations_order_pkey: primary id",
            "invitations_order_order_number_key: unique constraint order_number",
            "invitations_order_order_number_like: order_number varchar_pattern_ops",
            "invitations_order_user_id: user_id",
            "invitations_order_plan_id: plan_id",
            "invitations_order_approved_by_id: approved_by_id",
        ],
        statistics={
            "status": common({
                "APPROVED": 0.8, "PENDING_PAYMENT": 0.05, "PENDING_APPROVAL": 0.05, "REJECTED": 0.04,
                "DRAFT": 0.03, "EXPIRED": 0.02, "CANCELLED": 0.01,
            }),
        },
        foreign_keys={
            "user_id": "accounts_user.id",
            "plan_id": "plans_plan.id",
            "approved_by_id": "accounts_user.id",
        },
        first_oid=1800,
    )  # fmt: skip
    invitation = table(
        "public.invitations_invitation",
        "id uuid not null, order_id uuid not null, user_id uuid not null, template_id uuid not null,"
        "slug varchar(20) not null, event_date timestamptz not null, gallery_images jsonb not null,"
        "link_expires_at timestamptz, is_active boolean not null, is_expired boolean not null,"
        "total_views integer not null, created_at timestamptz not null",
        rows=40_000,
        pages=1_800,
        indexes=[
            "invitations_invitation_pkey: primary id",
            "invitations_invitation_order_id_key: unique constraint order_id",
            "invitations_invitation_slug_key: unique constraint slug",
            "invitations_invitation_slug_like: slug varchar_pattern_ops",
            "invitations_slug_explicit: slug",
            "invitations_active_expired: is_active, is_expired",
            "invitations_invitation_user_id: user_id",
            "invitations_invitation_template_id: template_id",
        ],
        statistics={
            "is_active": common({"t": 0.8, "f": 0.2}),
            "is_expired": common({"f": 0.7, "t": 0.3}),
        },
        foreign_keys={
            "order_id": "invitations_order.id",
            "user_id": "accounts_user.id",
            "template_id": "plans_template.id",
        },
        first_oid=1900,
    )
    guest = table(
        "public.invitations_guest",
        "id uuid not null, invitation_id uuid not null, name varchar(200) not null, attending boolean,"
        "device_fingerprint varchar(64) not null, ip_address inet not null, is_test_link boolean not null,"
        "viewed_at timestamptz not null",
        rows=200_000,
        pages=9_000,
        indexes=[
            "invitations_guest_pkey: primary id",
            "invitations_guest_invitation_id: invitation_id",
            "invitations_guest_uniq: unique constraint invitation_id, device_fingerprint",
            "invitations_guest_explicit: invitation_id, device_fingerprint",
            "invitations_guest_device_fingerprint: device_fingerprint",
            "invitations_guest_device_fingerprint_like: device_fingerprint varchar_pattern_ops",
            "invitations_guest_ip_viewed: ip_address, viewed_at",
        ],
        statistics={"attending": common({"t": 0.4, "f": 0.2}, distinct=2, null_fraction=0.4)},
        foreign_keys={"invitation_id": "invitations_invitation.id"},
        first_oid=2000,
    )
    view_log = table(
        "public.invitations_invitationviewlog",
        "id uuid not null, invitation_id uuid not null, ip_address inet not null, user_agent text not null,"
        "referrer varchar(200) not null, viewed_at timestamptz not null",
        rows=300_000,
        pages=7_000,
        indexes=[
            "invitations_invitationviewlog_pkey: primary id",
            "invitations_invitationviewlog_invitation_id: invitation_id",
        ],
        foreign_keys={"invitation_id": "invitations_invitation.id"},
        first_oid=2100,
    )
    return order, invitation, guest, view_log


_ADDED = """
invitations_order           order_user_status_idx           user_id, status
invitations_order           order_status_created_idx        status, created_at
invitations_order           order_user_created_idx          user_id, created_at
invitations_order           order_status_idx                status
invitations_order           order_created_idx               created_at
invitations_order           order_approved_idx              approved_at
invitations_order           order_user_status_created_idx   user_id, status, created_at
invitations_invitation      invitation_user_active_idx      user_id, is_active
invitations_invitation      invitation_user_created_idx     user_id, created_at
invitations_invitation      invitation_active_expires_idx   is_active, link_expires_at
invitations_invitation      invitation_event_date_idx       event_date
invitations_invitation      invitation_order_idx            order_id
invitations_invitation      invitation_template_idx         template_id
invitations_guest           guest_invitation_viewed_idx     invitation_id, viewed_at
invitations_guest           guest_invitation_attending_idx  invitation_id, attending
invitations_guest           guest_attending_idx             attending
invitations_invitationviewlog  viewlog_invitation_viewed_idx  invitation_id, viewed_at
invitations_invitationviewlog  viewlog_viewed_idx           viewed_at
invitations_invitationviewlog  viewlog_ip_viewed_idx        ip_address, viewed_at
accounts_user               user_phone_verified_idx         is_phone_verified
accounts_user               user_current_plan_idx           current_plan_id
accounts_user               user_blocked_idx                is_blocked
accounts_user               user_created_idx                created_at
accounts_user               user_active_verified_idx        is_active, is_phone_verified
accounts_phoneverification  phone_ver_user_created_idx      user_id, created_at
accounts_phoneverification  phone_ver_user_used_idx         user_id, is_used
accounts_phoneverification  phone_ver_expires_idx           expires_at
accounts_useractivitylog    activity_user_created_idx       user_id, created_at
accounts_useractivitylog    activity_user_type_idx          user_id, activity_type
accounts_useractivitylog    activity_created_idx            created_at
accounts_useractivitylog    activity_type_created_idx       activity_type, created_at
plans_template              template_plan_cat_active_idx    plan_id, category_id, is_active
plans_template              template_plan_active_idx        plan_id, is_active
plans_template              template_cat_active_idx         category_id, is_active
plans_template              template_active_popular_idx     is_active, use_count
plans_template              template_premium_active_idx     is_premium, is_active
plans_template              template_anim_active_idx        animation_type, is_active
plans_template              template_active_idx             is_active
plans_plan                  plan_active_sort_idx            is_active, sort_order
plans_plan                  plan_code_idx                   code
plans_invitationcategory    category_active_sort_idx        is_active, sort_order
plans_invitationcategory    category_code_idx               code
"""


def added() -> tuple[ExistingIndex, ...]:
    """The guide's 42, later in age than everything else."""
    made = []
    for number, line in enumerate(_ADDED.strip().splitlines()):
        where, name, keys = line.split(None, 2)
        made.append(existing(f"public.{where}", f"{name}: {keys}", oid=9000 + number))
    return tuple(made)


def before() -> Catalog:
    return catalog(*_users(), *_plans(), *_invitations())


def with_the_guide() -> Catalog:
    extra = added()
    return catalog(
        *(
            Table(
                **{
                    **{name: getattr(each, name) for name in Table.__dataclass_fields__},
                    "indexes": each.indexes
                    + tuple(entry for entry in extra if entry.index.table == each.name),
                }
            )
            for each in before().tables
        )
    )
