from __future__ import annotations

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.invitations.models import Guest, Invitation, InvitationViewLog
from apps.testing import (
    AGENT,
    PlatformTestCase,
    fingerprint,
    make_guest,
    make_invitation,
    make_order,
    make_user,
)


class LinkTestCase(PlatformTestCase):
    def setUp(self):
        self.invitation = make_invitation()
        self.url = f"/api/invite/{self.invitation.slug}"

    def post(self, path, data, address="203.0.113.9", agent=AGENT):
        return self.client.post(
            f"{self.url}/{path}/", data, format="json", REMOTE_ADDR=address, HTTP_USER_AGENT=agent
        )

    def reload(self):
        return Invitation.objects.get(pk=self.invitation.pk)


class OpenPage(LinkTestCase):
    def test_shows_the_event_and_counts_the_view(self):
        response = self.client.get(f"{self.url}/", HTTP_REFERER="https://example.org/")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()["event_title"], "Asha weds Ravi")
        self.assertTrue(response.json()["accepts_guests"])
        self.assertEqual(self.reload().total_views, 1)
        self.assertEqual(InvitationViewLog.objects.get().referrer, "https://example.org/")

    def test_asks_four_queries_and_updates_one_column(self):
        with CaptureQueriesContext(connection) as queries:
            self.client.get(f"{self.url}/")
        verbs = [query["sql"].split(" ", 1)[0] for query in queries]
        self.assertEqual(verbs, ["SELECT", "UPDATE", "INSERT", "SELECT"])
        update = queries[1]["sql"]
        self.assertIn('SET "total_views" = 1 WHERE', update)

    def test_shows_nothing_private(self):
        make_guest(self.invitation, name="Secret Guest")
        self.assertNotIn(b"Secret", self.client.get(f"{self.url}/").content)

    def test_unknown_inactive_and_expired_links_are_not_found(self):
        Invitation.objects.update(is_active=False)
        self.assertEqual(self.client.get(f"{self.url}/").status_code, 404)
        Invitation.objects.update(is_active=True, is_expired=True)
        self.assertEqual(self.client.get(f"{self.url}/").status_code, 404)
        self.assertEqual(self.client.get("/api/invite/nosuchlink/").status_code, 404)
        self.assertFalse(InvitationViewLog.objects.exists())

    def test_the_first_visitor_after_the_last_day_marks_it_as_over(self):
        Invitation.objects.update(link_expires_at=timezone.now() - timedelta(seconds=1))
        self.assertEqual(self.client.get(f"{self.url}/").status_code, 410)
        self.assertTrue(self.reload().is_expired)
        self.assertIsNotNone(self.reload().expired_at)
        self.assertEqual(self.reload().total_views, 0)
        self.assertEqual(self.client.get(f"{self.url}/").status_code, 404)


class RegisterGuest(LinkTestCase):
    def register(self, device=1, **kwargs):
        extra = kwargs.pop("data", {})
        return self.post(
            "register", {"name": "Meera", "device_fingerprint": fingerprint(device)} | extra, **kwargs
        )

    def test_adds_the_guest_and_counts_a_regular_link(self):
        response = self.register(data={"attending": True, "message": "We are coming"})
        self.assertEqual(response.status_code, 201, response.content)
        guest = Guest.objects.get()
        self.assertEqual((guest.name, guest.attending, guest.browser), ("Meera", True, "Chrome"))
        after = self.reload()
        self.assertEqual((after.unique_guests, after.regular_links_used, after.test_links_used), (1, 1, 0))

    def test_a_test_link_is_counted_as_such(self):
        self.register(data={"is_test": True})
        after = self.reload()
        self.assertEqual((after.regular_links_used, after.test_links_used), (0, 1))
        self.assertTrue(Guest.objects.get().is_test_link)

    def test_the_same_device_is_added_once(self):
        self.register()
        again = self.register(address="198.51.100.7", agent="other")
        self.assertEqual((again.status_code, again.json()["guest"]["name"]), (200, "Meera"))
        self.assertEqual((Guest.objects.count(), self.reload().unique_guests), (1, 1))

    def test_the_same_browser_at_the_same_address_is_taken_for_the_same_guest(self):
        self.register(device=1)
        self.assertEqual(self.register(device=2).status_code, 200)
        self.assertEqual(Guest.objects.count(), 1)

    def test_another_browser_or_another_address_is_another_guest(self):
        self.register(device=1)
        self.assertEqual(self.register(device=2, agent="other").status_code, 201)
        self.assertEqual(self.register(device=3, address="198.51.100.7").status_code, 201)
        self.assertEqual(self.reload().unique_guests, 3)

    def test_after_thirty_days_the_same_browser_at_the_same_address_is_another_guest(self):
        self.register(device=1)
        Guest.objects.update(viewed_at=timezone.now() - timedelta(days=31))
        self.assertEqual(self.register(device=2).status_code, 201)

    def test_a_full_guest_list_takes_nobody(self):
        self.invitation.order.granted_regular_links = 0
        self.invitation.order.save()
        self.assertEqual(self.register().status_code, 403)
        self.assertFalse(Guest.objects.exists())
        self.assertEqual(self.register(data={"is_test": True}).status_code, 201)

    def test_a_fingerprint_must_be_one(self):
        response = self.post("register", {"name": "Meera", "device_fingerprint": "abc"})
        self.assertEqual(response.status_code, 400)
        self.assertIn("device_fingerprint", response.json())

    def test_updates_only_the_three_counters(self):
        with CaptureQueriesContext(connection) as queries:
            self.register()
        (update,) = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
        self.assertIn(
            'SET "regular_links_used" = 1, "test_links_used" = 0, "unique_guests" = 1 WHERE', update
        )


class CheckAndAnswer(LinkTestCase):
    def test_check_knows_a_device_and_changes_nothing(self):
        device = {"device_fingerprint": fingerprint(1)}
        before = self.post("check", device)
        self.assertEqual((before.status_code, before.json()["registered"]), (200, False))
        make_guest(self.invitation, device_fingerprint=fingerprint(1))
        self.assertEqual(self.post("check", device).json()["registered"], True)
        self.assertEqual((self.reload().total_views, Guest.objects.count()), (0, 1))

    def test_an_answer_updates_one_column_of_one_guest(self):
        guest, other = make_guest(self.invitation), make_guest(self.invitation)
        data = {"device_fingerprint": guest.device_fingerprint, "attending": True}
        with CaptureQueriesContext(connection) as queries:
            response = self.post("rsvp", data)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(len(queries), 3)
        self.assertIn('SET "attending" = true WHERE', queries[2]["sql"])
        guest.refresh_from_db()
        other.refresh_from_db()
        self.assertEqual((guest.attending, other.attending), (True, None))

    def test_only_a_registered_device_can_answer_and_only_yes_or_no(self):
        make_guest(make_invitation(), device_fingerprint=fingerprint(1))
        data = {"device_fingerprint": fingerprint(1)}
        self.assertEqual(self.post("rsvp", data | {"attending": False}).status_code, 404)
        self.assertEqual(self.post("rsvp", data).status_code, 400)

    def test_a_link_of_an_order_with_test_links_only_says_so(self):
        user = make_user()
        invitation = make_invitation(user, make_order(user, granted_regular_links=0))
        body = self.client.get(f"/api/invite/{invitation.slug}/").json()
        self.assertFalse(body["accepts_guests"])
