from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from apps.accounts.models import User
from apps.admin_dashboard.models import AdminNotification, UserApprovalLog
from apps.invitations.models import Invitation, Order, OrderStatus
from apps.testing import PlatformTestCase, make_invitation, make_order, make_plan, make_template, make_user

ROOT = "/api/v1/admin-dashboard"
LISTS = [
    "dashboard/",
    "approvals/pending/",
    "approvals/recent/",
    "users/",
    "users/pending/",
    "orders/",
    "notifications/",
]


class StaffTestCase(PlatformTestCase):
    def setUp(self):
        self.staff = make_user(is_staff=True, username="boss")
        self.client = self.client_of(self.staff)

    def add_customers(self, n):
        """Customers that wait for approval, each with an order, an invitation, a log line and a notification."""
        plan, template, have = make_plan(), make_template(), User.objects.count()
        users = User.objects.bulk_create(
            User(username=f"c{have + i}", phone=f"8{have + i:09d}", current_plan=plan) for i in range(n)
        )
        orders = Order.objects.bulk_create(
            Order(
                # The usual number is drawn, and of some hundred two may be the same.
                order_number=f"ORD-{user.username}",
                user=user,
                plan=plan,
                event_type="e",
                event_type_name="E",
                status=OrderStatus.APPROVED,
                payment_amount=150,
                granted_regular_links=100,
            )
            for user in users
        )
        Invitation.objects.bulk_create(
            Invitation(
                user=order.user,
                order=order,
                template=template,
                event_title="t",
                event_date=timezone.now(),
                event_venue="v",
                host_name="h",
            )
            for order in orders
        )
        UserApprovalLog.objects.bulk_create(
            UserApprovalLog(user=user, approved_by=self.staff, action="APPROVED") for user in users
        )
        AdminNotification.objects.bulk_create(
            AdminNotification(type="NEW_ORDER", title="t", user=order.user, order=order) for order in orders
        )


class Rights(StaffTestCase):
    def test_only_staff_see_any_page(self):
        customer = self.client_of(make_user())
        for path in [*LISTS, f"users/{uuid4()}/"]:
            self.assertEqual(customer.get(f"{ROOT}/{path}").status_code, 403, path)
            self.assertEqual(self.client_class().get(f"{ROOT}/{path}").status_code, 401, path)

    def test_a_customer_cannot_approve_themselves(self):
        user = make_user()
        for action in ("approve", "reject", "notes", "grant-links"):
            response = self.client_of(user).post(f"{ROOT}/users/{user.id}/{action}/", {}, format="json")
            self.assertEqual(response.status_code, 403, action)
        user.refresh_from_db()
        self.assertFalse(user.is_approved)


class Lists(StaffTestCase):
    def names(self, query):
        return [row["username"] for row in self.client.get(f"{ROOT}/users/{query}").json()]

    def test_lists_ask_no_more_queries_for_more_rows(self):
        ceilings = dict(zip(LISTS, (15, 3, 2, 2, 3, 4, 3), strict=True))
        for path, ceiling in ceilings.items():
            with self.subTest(path):
                self.assert_flat(self.client, f"{ROOT}/{path}", self.add_customers, ceiling)

    def test_dashboard_adds_up(self):
        old = make_user(is_approved=True)
        User.objects.filter(id=old.id).update(created_at=timezone.now() - timedelta(days=2))
        user = make_user()
        make_invitation(user, make_order(user), regular_links_used=2)
        make_order(user, status=OrderStatus.PENDING_PAYMENT)
        make_order(user, status=OrderStatus.REJECTED)
        AdminNotification.objects.create(type="NEW_USER", title="t", is_read=True)
        body = self.client.get(f"{ROOT}/dashboard/").json()
        self.assertEqual(body["users"], {"total": 2, "today": 1, "waiting": 1})
        self.assertEqual(
            body["orders"],
            {"total": 3, "pending_payment": 1, "pending_approval": 0, "approved": 1, "rejected": 1},
        )
        self.assertEqual(body["sales"], {"revenue": "150.00", "links_granted": 105, "links_used": 2})
        self.assertEqual(body["invitations"], {"total": 1, "active": 1, "expired": 0})
        self.assertEqual(body["notifications"], {"total": 1, "unread": 0})

    def test_pending_shows_who_waits_with_the_latest_order(self):
        make_user(is_approved=True)
        waiting = make_user()
        make_order(waiting, status=OrderStatus.REJECTED)
        latest = make_order(waiting, status=OrderStatus.PENDING_APPROVAL)
        for path in ("approvals/pending/", "users/pending/"):
            (row,) = self.client.get(f"{ROOT}/{path}").json()
            self.assertEqual(row["latest_order"]["order_number"], latest.order_number)

    def test_users_are_filtered_and_found_by_any_name(self):
        make_user(username="asha", full_name="Asha Rao", is_approved=True, current_plan=make_plan("LUXURY"))
        make_user(username="ravi", email="Ravi@example.org", is_blocked=True)
        self.assertEqual(self.names(""), ["ravi", "asha"])
        self.assertEqual(self.names("?is_approved=true"), ["asha"])
        self.assertEqual(self.names("?is_blocked=true"), ["ravi"])
        self.assertEqual(self.names("?plan=LUXURY"), ["asha"])
        self.assertEqual(self.names("?search=rao"), ["asha"])
        self.assertEqual(self.names("?search=RAVI@"), ["ravi"])
        self.assertEqual(self.names("?search=boss"), [])
        self.assertEqual(self.client.get(f"{ROOT}/users/?is_blocked=x").status_code, 400)

    def test_orders_by_status_newest_first(self):
        user = make_user()
        make_order(user)
        first = make_order(user, status=OrderStatus.PENDING_APPROVAL)
        second = make_order(user, status=OrderStatus.PENDING_APPROVAL)
        body = self.client.get(f"{ROOT}/orders/?status=PENDING_APPROVAL").json()
        self.assertEqual(
            [row["order_number"] for row in body["results"]], [second.order_number, first.order_number]
        )
        self.assertEqual(self.client.get(f"{ROOT}/orders/").json()["count"], 3)
        self.assertEqual(self.client.get(f"{ROOT}/orders/?status=NONE").status_code, 400)

    def test_user_detail_shows_everything_about_one_user_in_a_fixed_number_of_queries(self):
        self.add_customers(3)
        user = User.objects.filter(is_staff=False).first()
        url = f"{ROOT}/users/{user.id}/"
        body = self.client.get(url).json()
        self.assertEqual(
            [len(body[part]) for part in ("orders", "invitations", "activity", "approvals")], [1, 1, 0, 1]
        )

        def add(n):
            for _ in range(n // 5):
                make_invitation(user)
                UserApprovalLog.objects.create(user=user, action="REJECTED")

        self.assert_flat(self.client, url, add, 7)
        self.assertEqual(self.client.get(f"{ROOT}/users/{uuid4()}/").status_code, 404)

    def test_notifications_can_be_limited_to_unread_ones_and_read(self):
        read = AdminNotification.objects.create(type="NEW_USER", title="read", is_read=True)
        unread = AdminNotification.objects.create(type="NEW_USER", title="unread", user=make_user())
        url = f"{ROOT}/notifications/"
        self.assertEqual(self.client.get(url).json()["count"], 2)
        body = self.client.get(f"{url}?unread=true").json()
        self.assertEqual([row["id"] for row in body["results"]], [str(unread.id)])
        self.assertEqual(self.client.post(f"{url}{unread.id}/read/").status_code, 200)
        self.assertEqual(self.client.get(f"{url}?unread=true").json()["count"], 0)
        unread.refresh_from_db()
        read.refresh_from_db()
        self.assertIsNotNone(unread.read_at)
        self.assertIsNone(read.read_at)
        self.assertEqual(self.client.post(f"{url}{uuid4()}/read/").status_code, 404)


class Decisions(StaffTestCase):
    def setUp(self):
        super().setUp()
        self.user = make_user()
        self.url = f"{ROOT}/users/{self.user.id}"
        AdminNotification.objects.create(type="NEW_USER", title="t", user=self.user)

    def post(self, action, **data):
        return self.client.post(f"{self.url}/{action}/", data, format="json")

    def test_approval_approves_the_latest_order_and_opens_its_link(self):
        older = make_order(self.user, status=OrderStatus.PENDING_APPROVAL)
        order = make_order(self.user, status=OrderStatus.PENDING_APPROVAL)
        invitation = make_invitation(order=order, is_active=False, link_expires_at=None)
        response = self.post("approve", payment_verified=True, notes="fine")
        self.assertEqual(response.json(), {"is_approved": True, "order_status": "APPROVED"})
        for row in (older, order, invitation, self.user):
            row.refresh_from_db()
        self.assertEqual(
            (order.status, order.approved_by, order.payment_status), ("APPROVED", self.staff, "VERIFIED")
        )
        self.assertEqual(older.status, "PENDING_APPROVAL")
        self.assertTrue(invitation.is_active)
        self.assertGreater(invitation.link_expires_at, timezone.now() + timedelta(days=14))
        self.assertTrue(self.user.is_approved)
        log = UserApprovalLog.objects.get()
        self.assertEqual((log.action, log.notes, log.payment_amount), ("APPROVED", "fine", 150))
        self.assertTrue(AdminNotification.objects.get().is_read)

    def test_a_user_without_an_order_can_be_approved(self):
        self.assertEqual(self.post("approve").json(), {"is_approved": True, "order_status": None})

    def test_rejection_rejects_the_latest_order(self):
        order = make_order(self.user, status=OrderStatus.PENDING_APPROVAL)
        self.assertEqual(self.post("reject", notes="no").json()["order_status"], "REJECTED")
        order.refresh_from_db()
        self.user.refresh_from_db()
        self.assertEqual((order.admin_notes, self.user.is_approved), ("no", False))
        self.assertEqual(UserApprovalLog.objects.get().action, "REJECTED")

    def test_staff_cannot_be_approved_or_rejected(self):
        for action in ("approve", "reject"):
            response = self.client.post(f"{ROOT}/users/{self.staff.id}/{action}/", {}, format="json")
            self.assertEqual(response.status_code, 404)
        self.assertFalse(UserApprovalLog.objects.exists())

    def test_notes_are_kept(self):
        self.assertEqual(self.post("notes", notes="calls often").status_code, 200)
        self.user.refresh_from_db()
        self.assertEqual(self.user.notes, "calls often")
        self.assertEqual(self.post("notes").status_code, 400)

    def test_granted_links_are_added_to_the_latest_open_order(self):
        order = make_order(self.user)
        make_order(self.user, status=OrderStatus.REJECTED)
        body = self.post("grant-links", regular_links=10).json()
        self.assertEqual((body["order"], body["granted_regular_links"]), (order.order_number, 110))
        self.assertEqual(self.user.activity_logs.get().activity_type, "LINKS_GRANTED")

    def test_links_need_an_order_and_a_number(self):
        self.assertEqual(self.post("grant-links", regular_links=10).status_code, 400)
        make_order(self.user)
        self.assertEqual(self.post("grant-links").status_code, 400)
        self.assertEqual(self.post("grant-links", regular_links=-1).status_code, 400)
        self.assertFalse(self.user.activity_logs.exists())
