from __future__ import annotations

from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Post, Topic

from apps.forum_integration.models import PointHistory, ReviewQueue, TrustLevel, UserPoints
from apps.forum_integration.tests.threads import make_forum, make_member, make_topic
from apps.testing import PlatformTestCase, make_user
from apps.users.models import UserActivity


class WritingCase(PlatformTestCase):
    def setUp(self):
        self.user = make_member()
        self.writer = self.client_of(self.user)

    def trust(self, user=None):
        return TrustLevel.objects.get(user=user or self.user)


class NewTopic(WritingCase):
    def test_a_topic_with_its_first_post_and_all_that_follows(self):
        forum = make_forum()
        response = self.writer.post(
            "/api/v1/topics/", {"forum": forum.pk, "subject": "Loops", "content": "How?"}, format="json"
        )
        self.assertEqual(response.status_code, 201, response.content)
        topic = Topic.objects.get()
        self.assertEqual((topic.subject, topic.poster, topic.posts_count), ("Loops", self.user, 1))
        self.assertEqual(topic.first_post, topic.last_post)
        forum.refresh_from_db()
        self.assertEqual((forum.direct_topics_count, forum.direct_posts_count), (1, 1))
        trust = self.trust()
        self.assertEqual((trust.topics_created, trust.posts_created), (1, 1))
        activity = UserActivity.objects.get(user=self.user)
        self.assertEqual((activity.topics_created, activity.posts_created), (1, 1))
        self.assertEqual(UserPoints.objects.get(user=self.user).total_points, 5)
        self.assertEqual(PointHistory.objects.get().reason, PointHistory.Reason.TOPIC)

    def test_a_category_takes_no_topics(self):
        category = make_forum(type=Forum.FORUM_CAT)
        response = self.writer.post(
            "/api/v1/topics/", {"forum": category.pk, "subject": "Loops", "content": "How?"}, format="json"
        )
        self.assertEqual(response.status_code, 400)
        self.assertEqual(Topic.objects.count(), 0)

    def test_a_login_is_needed(self):
        self.assertEqual(self.client.post("/api/v1/topics/", {}, format="json").status_code, 401)


class NewPost(WritingCase):
    def reply(self, topic, client=None):
        return (client or self.writer).post(
            "/api/v1/posts/", {"topic": topic.pk, "content": "So **this**."}, format="json"
        )

    def test_a_reply_and_all_that_follows(self):
        topic = make_topic()
        response = self.reply(topic)
        self.assertEqual(response.status_code, 201, response.content)
        self.assertEqual(response.json()["content"], "So **this**.")
        topic.refresh_from_db()
        self.assertEqual((topic.posts_count, topic.last_post.poster), (2, self.user))
        self.assertEqual(self.trust().posts_created, 1)
        self.assertEqual(UserActivity.objects.get(user=self.user).posts_created, 1)
        self.assertEqual(UserPoints.objects.get(user=self.user).monthly_points, 2)
        self.assertEqual(ReviewQueue.objects.count(), 0)

    def test_a_new_members_post_is_shown_and_looked_at(self):
        newcomer = make_user()
        response = self.reply(make_topic(), self.client_of(newcomer))
        self.assertEqual(response.status_code, 201)
        item = ReviewQueue.objects.get()
        self.assertEqual((item.review_type, item.reported_user), (ReviewQueue.Kind.NEW_USER_POST, newcomer))
        self.assertTrue(item.post.approved)

    def test_a_locked_topic_takes_none(self):
        topic = make_topic(status=Topic.TOPIC_LOCKED)
        self.assertEqual(self.reply(topic).status_code, 409)
        self.assertEqual(Post.objects.count(), 1)
        self.assertEqual(self.trust().posts_created, 0)

    def test_what_cannot_be_seen_cannot_be_answered(self):
        self.assertEqual(self.reply(make_topic(approved=False)).status_code, 400)

    def test_a_login_is_needed(self):
        self.assertEqual(self.reply(make_topic(), self.client).status_code, 401)


class Likes(WritingCase):
    def like(self, post, client=None):
        return (client or self.writer).post(f"/api/v1/posts/{post.pk}/like/")

    def test_the_first_like_counts_and_the_second_does_not(self):
        post = make_topic().last_post
        self.assertEqual((self.like(post).status_code, self.like(post).status_code), (201, 200))
        self.assertEqual(self.trust().likes_given, 1)
        self.assertEqual(self.trust(post.poster).likes_received, 1)
        self.assertEqual(UserPoints.objects.get(user=post.poster).total_points, 1)
        self.assertEqual(post.likes.count(), 1)

    def test_ones_own_post_is_refused(self):
        own = make_topic(poster=self.user).last_post
        self.assertEqual(self.like(own).status_code, 409)
        self.assertEqual(self.trust().likes_received, 0)

    def test_a_login_is_needed(self):
        self.assertEqual(self.like(make_topic().last_post, self.client).status_code, 401)
