from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from apps.forum_integration.models import TrustLevel
from apps.testing import PlatformTestCase, make_user
from apps.users.models import UserActivity

PAGE = "/api/v1/courses/"


class Visits(PlatformTestCase):
    def setUp(self):
        self.user = make_user()
        self.client = self.client_of(self.user)

    def test_the_first_request_of_a_day_counts_the_day_once(self):
        self.client.get(PAGE)
        self.client.get(PAGE)
        trust = TrustLevel.objects.get(user=self.user)
        activity = UserActivity.objects.get(user=self.user)
        self.assertEqual((trust.days_visited, trust.last_visit_date), (1, activity.date))
        UserActivity.objects.update(date=activity.date - timedelta(days=1))
        self.client.get(PAGE)
        trust.refresh_from_db()
        self.assertEqual((trust.days_visited, UserActivity.objects.count()), (2, 2))

    def test_every_request_moves_the_time_of_the_day_s_last_one(self):
        self.client.get(PAGE)
        long_ago = timezone.now() - timedelta(hours=1)
        UserActivity.objects.update(last_activity_time=long_ago)
        self.client.get(PAGE)
        self.assertGreater(UserActivity.objects.get().last_activity_time, long_ago)

    def test_a_later_request_costs_two_reads_and_one_write(self):
        self.client.get(PAGE)
        about = [
            sql.split()[0]
            for sql in self.queries(self.client, PAGE)
            if "trustlevel" in sql or "useractivity" in sql
        ]
        self.assertEqual(about, ["SELECT", "SELECT", "UPDATE"])

    def test_nobody_failures_and_other_addresses_leave_no_trace(self):
        self.client_class().get(PAGE)
        self.client.get(f"{PAGE}999999/")
        self.client.get("/cms/login/")
        self.assertFalse(UserActivity.objects.exists())
        self.assertFalse(TrustLevel.objects.exists())
