from __future__ import annotations

from datetime import timedelta
from io import StringIO

from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.forum_integration.models import FlaggedContent, ReviewQueue, TrustLevel
from apps.forum_integration.tests.threads import make_member, make_post, make_topic
from apps.testing import PlatformTestCase, make_user

QUEUE = "/api/v1/moderation/queue/"


def make_item(**fields):
    return ReviewQueue.objects.create(**({"review_type": ReviewQueue.Kind.FLAGGED_POST} | fields))


class Queue(PlatformTestCase):
    def setUp(self):
        self.moderator = make_user(is_staff=True)
        self.staff = self.client_of(self.moderator)

    def numbers(self, query=""):
        return [row["id"] for row in self.staff.get(QUEUE + query).json()["results"]]

    def test_the_most_urgent_comes_first(self):
        low = make_item(priority=1, score=9)
        high = make_item(priority=4, score=1)
        higher = make_item(priority=4, score=2)
        make_item(priority=4, status=ReviewQueue.Status.APPROVED)
        self.assertEqual(self.numbers(), [higher.pk, high.pk, low.pk])

    def test_one_kind(self):
        make_item()
        spam = make_item(review_type=ReviewQueue.Kind.SPAM_DETECTION)
        self.assertEqual(self.numbers("?review_type=spam_detection"), [spam.pk])
        self.assertEqual(self.staff.get(f"{QUEUE}?review_type=dull").status_code, 400)

    def test_only_staff_see_it(self):
        self.assertEqual(self.client.get(QUEUE).status_code, 401)
        self.assertEqual(self.client_of(make_user()).get(QUEUE).status_code, 403)

    def test_the_same_queries_for_any_number(self):
        def add(number):
            for _ in range(number):
                post = make_topic().last_post
                make_item(
                    post=post,
                    topic=post.topic,
                    reporter=make_user(),
                    reported_user=post.poster,
                    assigned_moderator=self.moderator,
                )

        # Three of them are the reader's: the token's user and the two of the daily activity.
        self.assert_flat(self.staff, f"{QUEUE}?page_size=100", add, 6)


class Deciding(PlatformTestCase):
    def setUp(self):
        self.staff = self.client_of(make_user(is_staff=True))
        self.post = make_post(make_topic())
        reporter = self.client_of(make_member())
        self.assertEqual(
            reporter.post(
                f"/api/v1/posts/{self.post.pk}/flag/",
                {"reason": "spam", "description": "An ad"},
                format="json",
            ).status_code,
            201,
        )
        self.item = ReviewQueue.objects.get()

    def decide(self, approved, client=None):
        return (client or self.staff).post(
            f"{QUEUE}{self.item.pk}/resolve/", {"approved": approved, "notes": "Seen"}, format="json"
        )

    def test_a_flag_makes_a_case(self):
        self.assertEqual((self.item.post, self.item.reason, self.item.score), (self.post, "An ad", 1.0))
        self.assertEqual(FlaggedContent.objects.get().topic, self.post.topic)

    def test_a_flag_needs_a_reason_that_exists_and_a_login(self):
        url = f"/api/v1/posts/{self.post.pk}/flag/"
        client = self.client_of(make_member())
        self.assertEqual(client.post(url, {"reason": "boredom"}, format="json").status_code, 400)
        self.assertEqual(self.client.post(url, {"reason": "spam"}, format="json").status_code, 401)

    def test_a_rejected_post_is_hidden(self):
        self.assertEqual(self.decide(False).status_code, 200)
        self.post.refresh_from_db()
        self.assertFalse(self.post.approved)
        self.assertTrue(FlaggedContent.objects.get().is_resolved)
        self.item.refresh_from_db()
        self.assertEqual((self.item.status, self.item.moderator_notes), ("rejected", "Seen"))

    def test_an_approved_one_stays(self):
        self.assertEqual(self.decide(True).status_code, 200)
        self.post.refresh_from_db()
        self.assertTrue(self.post.approved)

    def test_the_second_decision_is_refused(self):
        self.decide(True)
        self.assertEqual(self.decide(False).status_code, 409)
        self.post.refresh_from_db()
        self.assertTrue(self.post.approved)

    def test_only_staff_decide(self):
        self.assertEqual(self.decide(True, self.client_of(make_member())).status_code, 403)

    def test_old_decisions_are_swept(self):
        self.decide(True)
        pending = make_item()
        call_command("remove_resolved_reviews", stdout=StringIO())
        self.assertEqual(ReviewQueue.objects.count(), 2)
        ReviewQueue.objects.update(resolved_at=timezone.now() - timedelta(days=31))
        output = StringIO()
        call_command("remove_resolved_reviews", stdout=output)
        self.assertEqual(output.getvalue(), "Deleted 1 cases.\n")
        self.assertEqual(ReviewQueue.objects.get(), pending)


class TrustLevels(PlatformTestCase):
    def said(self, **options):
        output = StringIO()
        call_command("trust_levels", stdout=output, **options)
        return output.getvalue().splitlines()

    def test_the_members_of_each_level(self):
        for posts in (4, 8):
            TrustLevel.objects.create(user=make_user(), level=1, posts_created=posts, likes_received=3)
        make_member(level=4)
        self.assertEqual(
            self.said(),
            [
                "1 Basic: 2 members, 6.0 posts and 3.0 likes each",
                "4 Leader: 1 members, 0.0 posts and 0.0 likes each",
                "2 members are below level 3.",
            ],
        )

    def test_who_is_at_a_level(self):
        TrustLevel.objects.create(user=make_user(username="ann"), level=1, posts_created=4)
        TrustLevel.objects.create(user=make_user(username="ben"), level=1, posts_created=8)
        self.assertEqual(self.said(level=1)[-2:], ["ben: 8 posts", "ann: 4 posts"])
        with self.assertRaisesMessage(CommandError, "There is no level 7"):
            self.said(level=7)

    def test_promotion_climbs_one_step(self):
        member = TrustLevel.objects.create(
            user=make_user(), posts_created=90, posts_read=900, days_visited=90
        )
        for level in (1, 2, 3, 3):
            self.said(promote=True)
            member.refresh_from_db()
            self.assertEqual(member.level, level)
        self.assertIsNotNone(member.promoted_at)

    def test_nobody_is_promoted_too_early(self):
        make_member(level=0)
        self.assertIn("Promoted 0 members.", self.said(promote=True))
