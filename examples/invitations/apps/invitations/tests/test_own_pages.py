from __future__ import annotations

import csv
from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from apps.accounts.models import User
from apps.invitations.models import Guest, Invitation, InvitationViewLog, Order, OrderStatus
from apps.plans.models import Plan, Template
from apps.testing import (
    PlatformTestCase,
    fingerprint,
    make_guest,
    make_invitation,
    make_order,
    make_plan,
    make_template,
    make_user,
)

ROOT = "/api/v1/invitations"


class OwnTestCase(PlatformTestCase):
    def setUp(self):
        self.user = make_user()
        self.client = self.client_of(self.user)
        self.plan = make_plan()
        self.template = make_template()

    def add_orders(self, n, user=None):
        user, have = user or self.user, Order.objects.count()
        return Order.objects.bulk_create(
            Order(
                user=user,
                plan=self.plan,
                event_type="wedding",
                event_type_name="Wedding",
                status=OrderStatus.APPROVED,
                payment_amount=150,
                granted_regular_links=100,
                order_number=f"ORD-{have + i}",
            )
            for i in range(n)
        )

    def add_invitations(self, n, user=None):
        user = user or self.user
        return Invitation.objects.bulk_create(
            Invitation(
                user=user,
                order=order,
                template=self.template,
                event_title="t",
                event_date=timezone.now(),
                event_venue="v",
                host_name="h",
            )
            for order in self.add_orders(n, user)
        )

    def add_guests(self, invitation, n):
        have = invitation.guests.count()
        Guest.objects.bulk_create(
            Guest(
                invitation=invitation,
                name=f"g{have + i}",
                device_fingerprint=fingerprint(f"bulk {have + i}"),
                ip_address="10.0.0.1",
            )
            for i in range(n)
        )


class Orders(OwnTestCase):
    def test_the_list_is_the_users_own_newest_first_in_pages_of_twenty(self):
        self.add_orders(5, make_user())
        for _ in range(21):
            make_order(self.user)
        body = self.client.get(f"{ROOT}/orders/").json()
        self.assertEqual((body["count"], len(body["results"])), (21, 20))
        moments = [row["created_at"] for row in body["results"]]
        self.assertEqual(moments, sorted(moments, reverse=True))
        self.assertEqual(len(self.client.get(f"{ROOT}/orders/?page=2").json()["results"]), 1)
        self.assertEqual(self.client.get(f"{ROOT}/orders/?page=3").status_code, 404)

    def test_the_list_asks_four_queries_whatever_its_length(self):
        self.assert_flat(self.client, f"{ROOT}/orders/", self.add_invitations, 4)

    def test_an_order_takes_price_and_links_from_its_plan(self):
        make_plan("PREMIUM")
        data = {"plan": "PREMIUM", "event_type": "wedding", "event_type_name": "Wedding"}
        response = self.client.post(f"{ROOT}/orders/create/", data, format="json")
        self.assertEqual(response.status_code, 201, response.content)
        order = Order.objects.get()
        self.assertRegex(order.order_number, r"^ORD-\d{8}-[0-9A-F]{6}$")
        self.assertEqual((order.payment_amount, order.granted_regular_links), (350, 150))
        self.assertEqual(order.status, OrderStatus.PENDING_PAYMENT)
        self.user.refresh_from_db()
        self.assertEqual(self.user.current_plan.code, "PREMIUM")
        self.assertEqual(self.user.activity_logs.get().activity_type, "ORDER_CREATED")

    def test_the_users_own_plan_is_the_default_and_is_kept(self):
        User.objects.filter(id=self.user.id).update(current_plan=self.plan)
        data = {"event_type": "wedding", "event_type_name": "Wedding"}
        self.assertEqual(self.client.post(f"{ROOT}/orders/create/", data, format="json").status_code, 201)
        self.assertEqual(Order.objects.get().plan, self.plan)

    def test_no_plan_or_a_retired_one_makes_no_order(self):
        data = {"event_type": "wedding", "event_type_name": "Wedding"}
        self.assertEqual(self.client.post(f"{ROOT}/orders/create/", data, format="json").status_code, 400)
        Plan.objects.update(is_active=False)
        data["plan"] = "BASIC"
        self.assertEqual(self.client.post(f"{ROOT}/orders/create/", data, format="json").status_code, 400)
        self.assertFalse(Order.objects.exists())

    def test_detail_names_who_approved_and_hides_other_users_orders(self):
        staff = make_user(is_staff=True, full_name="Staff")
        order = make_order(self.user, approved_by=staff)
        body = self.client.get(f"{ROOT}/orders/{order.id}/").json()
        self.assertEqual((body["approved_by"], body["invitation_slug"]), ("Staff", None))
        foreign = make_order(make_user())
        for pk in (foreign.id, uuid4()):
            self.assertEqual(self.client.get(f"{ROOT}/orders/{pk}/").status_code, 404)

    def test_a_payment_makes_the_order_wait_for_approval_once(self):
        order = make_order(self.user, status=OrderStatus.PENDING_PAYMENT)
        url, data = f"{ROOT}/orders/{order.id}/payment/", {"payment_reference": "pay_1"}
        self.assertEqual(self.client.post(url, data, format="json").status_code, 200)
        order.refresh_from_db()
        self.assertEqual(
            (order.status, order.payment_status, order.payment_method),
            ("PENDING_APPROVAL", "RECEIVED", "RAZORPAY"),
        )
        self.assertEqual(self.client.post(url, data, format="json").status_code, 400)

    def test_nobody_pays_another_users_order(self):
        order = make_order(make_user(), status=OrderStatus.PENDING_PAYMENT)
        url = f"{ROOT}/orders/{order.id}/payment/"
        self.assertEqual(self.client.post(url, {"payment_reference": "x"}, format="json").status_code, 404)
        order.refresh_from_db()
        self.assertEqual(order.status, OrderStatus.PENDING_PAYMENT)

    def test_every_page_needs_a_login(self):
        paths = [
            "",
            "dashboard/",
            "orders/",
            f"orders/{uuid4()}/",
            "x/",
            "x/stats/",
            "x/timeline/",
            "x/guests/",
        ]
        for path in paths:
            self.assertEqual(self.client_class().get(f"{ROOT}/{path}").status_code, 401, path)


class Invitations(OwnTestCase):
    def text(self, **fields):
        return {
            "event_title": "Housewarming",
            "event_date": "2030-01-31T18:00:00+05:30",
            "event_venue": "Home",
            "host_name": "The Raos",
        } | fields

    def create(self, order, template=None, **fields):
        data = self.text(order=str(order.id), template=str((template or self.template).id), **fields)
        return self.client.post(f"{ROOT}/create/", data, format="json")

    def test_an_approved_order_makes_a_live_link_of_fifteen_days(self):
        response = self.create(make_order(self.user))
        self.assertEqual(response.status_code, 201, response.content)
        invitation = Invitation.objects.get()
        self.assertTrue(invitation.is_active)
        days = (invitation.link_expires_at - timezone.now()).total_seconds() / 86400
        self.assertAlmostEqual(days, 15, delta=0.01)
        self.assertEqual(len(invitation.slug), 10)
        self.assertEqual(Template.objects.get(id=self.template.id).use_count, 1)

    def test_an_order_that_waits_makes_a_link_that_waits(self):
        self.create(make_order(self.user, status=OrderStatus.PENDING_APPROVAL))
        invitation = Invitation.objects.get()
        self.assertFalse(invitation.is_active)
        self.assertIsNone(invitation.link_expires_at)

    def test_an_order_has_one_invitation(self):
        order = make_order(self.user)
        self.create(order)
        self.assertEqual(self.create(order).status_code, 400)
        self.assertEqual(Template.objects.get(id=self.template.id).use_count, 1)

    def test_a_foreign_order_a_retired_template_and_a_long_gallery_are_refused(self):
        own = make_order(self.user)
        self.assertEqual(self.create(make_order(make_user())).status_code, 404)
        self.assertEqual(self.create(own, make_template(is_active=False)).status_code, 404)
        self.assertEqual(self.create(own, gallery_images=["x.jpg"] * 11).status_code, 400)
        self.assertFalse(Invitation.objects.exists())

    def test_the_list_asks_three_queries_whatever_its_length(self):
        self.add_invitations(3, make_user())
        self.assert_flat(self.client, f"{ROOT}/", self.add_invitations, 3)
        self.assertEqual(self.client.get(f"{ROOT}/").json()["count"], 100)

    def test_detail_shows_guests_newest_first_in_a_fixed_number_of_queries(self):
        invitation = make_invitation(self.user)
        self.assert_flat(
            self.client, f"{ROOT}/{invitation.slug}/", lambda n: self.add_guests(invitation, n), 6
        )
        late = make_guest(invitation, name="late")
        body = self.client.get(f"{ROOT}/{invitation.slug}/").json()
        self.assertEqual((body["guests"][0]["name"], len(body["guests"])), (late.name, 101))
        self.assertEqual(body["plan"], "BASIC")

    def test_a_user_never_sees_anothers_invitation(self):
        slug = make_invitation().slug
        for path in ("", "stats/", "timeline/", "guests/export/"):
            self.assertEqual(self.client.get(f"{ROOT}/{slug}/{path}").status_code, 404, path)
        self.assertEqual(self.client.get(f"{ROOT}/{slug}/guests/").json()["count"], 0)
        patch = self.client.patch(f"{ROOT}/{slug}/update/", {"event_title": "x"}, format="json")
        self.assertEqual(patch.status_code, 404)

    def test_update_changes_the_text_and_nothing_else(self):
        invitation = make_invitation(self.user, total_views=7)
        url, slug = f"{ROOT}/{invitation.slug}/update/", invitation.slug
        data = {"event_title": "New", "slug": "hijack", "is_active": False, "total_views": 0}
        self.assertEqual(self.client.patch(url, data, format="json").status_code, 200)
        invitation.refresh_from_db()
        self.assertEqual(
            (invitation.event_title, invitation.slug, invitation.is_active, invitation.total_views),
            ("New", slug, True, 7),
        )
        self.assertEqual(self.client.put(url, {"event_title": "New"}, format="json").status_code, 400)
        self.assertEqual(self.client.put(url, self.text(), format="json").status_code, 200)


class Figures(OwnTestCase):
    def setUp(self):
        super().setUp()
        self.invitation = make_invitation(self.user, total_views=9, regular_links_used=3, test_links_used=1)
        self.url = f"{ROOT}/{self.invitation.slug}"

    def test_stats_count_answers_and_links_left(self):
        for attending in (True, True, False, None):
            make_guest(self.invitation, attending=attending)
        make_guest(self.invitation, is_test_link=True)
        make_guest(make_invitation(), attending=True)
        body = self.client.get(f"{self.url}/stats/").json()
        self.assertEqual(
            body,
            {
                "total_views": 9,
                "unique_guests": 0,
                "regular_links_left": 97,
                "test_links_left": 4,
                "attending": 2,
                "not_attending": 1,
                "no_answer": 2,
                "test_guests": 1,
            },
        )

    def test_timeline_counts_the_views_of_seven_days_by_local_day(self):
        now = timezone.now()
        for days in (0, 0, 1, 8):
            log = InvitationViewLog.objects.create(invitation=self.invitation, ip_address="10.0.0.1")
            InvitationViewLog.objects.filter(id=log.id).update(viewed_at=now - timedelta(days=days))
        body = self.client.get(f"{self.url}/timeline/").json()
        yesterday, today = timezone.localdate(now - timedelta(days=1)), timezone.localdate(now)
        self.assertEqual(
            body["days"],
            [{"day": yesterday.isoformat(), "views": 1}, {"day": today.isoformat(), "views": 2}],
        )

    def test_guest_list_comes_in_pages_with_a_fixed_number_of_queries(self):
        self.assert_flat(self.client, f"{self.url}/guests/", lambda n: self.add_guests(self.invitation, n), 3)
        body = self.client.get(f"{self.url}/guests/").json()
        self.assertEqual((body["count"], len(body["results"])), (100, 20))

    def test_export_is_a_csv_of_all_guests_that_no_spreadsheet_runs(self):
        make_guest(self.invitation, name="=HYPERLINK(1)", attending=True, message='a "b", c')
        self.add_guests(self.invitation, 30)
        response = self.client.get(f"{self.url}/guests/export/")
        self.assertEqual(response["Content-Type"], "text/csv; charset=utf-8")
        rows = list(csv.reader(response.content.decode().splitlines()))
        self.assertEqual((rows[0][0], len(rows)), ("name", 32))
        self.assertIn(["'=HYPERLINK(1)", "True", 'a "b", c'], [[row[0], row[2], row[3]] for row in rows])

    def test_export_asks_three_queries_whatever_its_length(self):
        self.assert_flat(
            self.client, f"{self.url}/guests/export/", lambda n: self.add_guests(self.invitation, n), 3
        )

    def test_dashboard_adds_up_the_users_own_rows_only(self):
        make_guest(self.invitation)
        make_invitation(self.user, is_expired=True, total_views=1)
        make_order(self.user, status=OrderStatus.PENDING_PAYMENT)
        make_guest(make_invitation())
        body = self.client.get(f"{ROOT}/dashboard/").json()
        self.assertEqual(
            body["orders"],
            {"total": 3, "pending_payment": 1, "pending_approval": 0, "approved": 2, "granted_links": 300},
        )
        self.assertEqual(
            body["invitations"], {"total": 2, "active": 1, "expired": 1, "views": 10, "links_used": 4}
        )
        self.assertEqual(body["guests"], 1)
        self.assert_flat(self.client, f"{ROOT}/dashboard/", self.add_invitations, 11)
