"""The invitation guide's load test of three queries, with its own rows and with plans beside the times."""

from __future__ import annotations

from datetime import timedelta

from apps.accounts.models import User
from apps.invitations.models import Guest, Invitation, Order, OrderStatus
from apps.plans.models import Plan, Template
from apps.testing import fingerprint, make_category, make_plan
from django.db import connection
from django.test import TestCase
from django.utils import timezone
from guide_timing import dropped, record, timed

from indexical.django.testing import IndexAssertions

USERS, ORDERS, TEMPLATES, GUESTS, DEVICES = 40, 4_000, 500, 5, 50
STATUSES = [*[OrderStatus.APPROVED] * 16, OrderStatus.PENDING_APPROVAL, *OrderStatus.values[:3]]
BY_USER_AND_STATUS = "order_user_status_created_idx"
BY_PLAN_AND_ACTIVE = "template_plan_active_idx"


def indexes_of_guests() -> list[str]:
    """The two that hold (invitation, fingerprint): the unique constraint's, and the explicit one beside it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'invitations_guest' "
            "AND indexdef LIKE '%(invitation_id, device_fingerprint)' ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


class GuideLoadTest(IndexAssertions, TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        plans = [make_plan(code) for code in Plan.Code.values]
        categories = [make_category(f"category-{n}") for n in range(10)]
        cls.users = User.objects.bulk_create(
            User(username=f"user{n}", phone=f"9{n:09d}", full_name=f"User {n}") for n in range(USERS)
        )
        cls.templates = Template.objects.bulk_create(
            Template(
                plan=plans[n % 3], category=categories[n % 10], name=f"Template {n}", is_active=n % 10 > 0
            )
            for n in range(TEMPLATES)
        )
        cls.orders = Order.objects.bulk_create(
            Order(
                user=cls.users[n % USERS], plan=plans[n % 3], status=STATUSES[n // USERS % len(STATUSES)],
                event_type="wedding", event_type_name="Wedding", payment_amount=150, granted_regular_links=100,
                order_number=f"ORD-20260101-{n:06x}",
            )
            for n in range(ORDERS)
        )  # fmt: skip
        # auto_now_add gives every row of the batch the same moment.
        moment = timezone.now()
        for number, order in enumerate(cls.orders):
            order.created_at = moment - timedelta(minutes=number)
        Order.objects.bulk_update(cls.orders, ["created_at"], batch_size=1000)
        cls.invitations = Invitation.objects.bulk_create(
            Invitation(
                order=order, user=order.user, template=cls.templates[n % TEMPLATES], slug=f"slug{n:06d}",
                event_title="Wedding", event_date=moment, event_venue="Hall", host_name="Host",
            )
            for n, order in enumerate(cls.orders[:1000])
        )  # fmt: skip
        Guest.objects.bulk_create(
            Guest(
                invitation=invitation, name=f"Guest {n}", device_fingerprint=fingerprint((place + n) % DEVICES),
                ip_address="10.0.0.1",
            )
            for place, invitation in enumerate(cls.invitations)
            for n in range(GUESTS)
        )  # fmt: skip

    def orders_of(self, user):
        return Order.objects.filter(user=user, status=OrderStatus.PENDING_APPROVAL)[:10]

    def templates_of(self, plan):
        return Template.objects.filter(plan=plan, is_active=True)[:10]

    def guests_of(self, place):
        return Guest.objects.filter(
            invitation=self.invitations[place], device_fingerprint=fingerprint((place + 3) % DEVICES)
        )

    def test_orders_of_a_user_by_status(self):
        query = self.orders_of(self.users[7])
        self.assertEqual(len(query.all()), 10 if query.count() >= 10 else query.count())
        record("orders", timed(lambda: list(self.orders_of(self.users[7]))))
        self.assert_served(query, by=BY_USER_AND_STATUS, without_sort=True)
        self.assert_used(query, by=BY_USER_AND_STATUS)
        self.assert_no_seq_scan(query)

    def test_orders_are_red_when_the_index_is_dropped(self):
        query = self.orders_of(self.users[7])
        with dropped(BY_USER_AND_STATUS):
            with self.assertRaisesRegex(AssertionError, f"has no index {BY_USER_AND_STATUS}"):
                self.assert_used(query, by=BY_USER_AND_STATUS)
            with self.assertRaisesRegex(AssertionError, f"has no index {BY_USER_AND_STATUS}"):
                self.assert_served(query, by=BY_USER_AND_STATUS)
            record("orders without it", timed(lambda: list(self.orders_of(self.users[7]))))

    def test_orders_are_red_when_every_index_of_the_user_is_dropped(self):
        query = self.orders_of(self.users[7])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname FROM pg_indexes WHERE tablename = 'invitations_order' "
                "AND indexdef ~ '\\((user_id|status)[,)]' ORDER BY 1"
            )
            names = [name for (name,) in cursor.fetchall()]
        self.assertIn(BY_USER_AND_STATUS, names)
        with dropped(*names), self.assertRaisesRegex(AssertionError, "invitations_order is read whole"):
            self.assert_no_seq_scan(query)

    def test_templates_of_a_plan(self):
        """The guide's index can serve the query; the planner leaves it alone, since 500 templates are few."""
        query = self.templates_of(Plan.objects.get(code="BASIC"))
        self.assertEqual(len(query.all()), 10)
        record("templates", timed(lambda: list(query.all())))
        self.assert_served(query, by=BY_PLAN_AND_ACTIVE)
        with self.assertRaisesRegex(AssertionError, "still have to be sorted"):
            self.assert_served(query, by=BY_PLAN_AND_ACTIVE, without_sort=True)
        with dropped(BY_PLAN_AND_ACTIVE), self.assertRaisesRegex(AssertionError, "has no index"):
            self.assert_served(query, by=BY_PLAN_AND_ACTIVE)

    def test_the_duplicate_check_of_a_guest(self):
        """It was quick before the guide: the unique constraint answers it, and the explicit index repeats that."""
        query = self.guests_of(77)
        self.assertTrue(query.exists())
        record("guests", timed(self.guests_of(77).exists))
        names = indexes_of_guests()
        self.assertEqual(len(names), 2)
        for name in names:
            self.assert_served(query, by=name)
        self.assert_no_seq_scan(query)
        first, second = names
        with dropped(first):
            self.assert_used(query, by=second)
        with dropped(second):
            self.assert_used(query, by=first)

    def test_the_duplicate_check_is_red_when_all_its_indexes_are_dropped(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexname FROM pg_indexes WHERE tablename = 'invitations_guest' "
                "AND indexdef ~ '\\((invitation_id|device_fingerprint)' ORDER BY 1"
            )
            names = [name for (name,) in cursor.fetchall()]
        with dropped(*names), self.assertRaisesRegex(AssertionError, "invitations_guest is read whole"):
            self.assert_no_seq_scan(self.guests_of(77))
