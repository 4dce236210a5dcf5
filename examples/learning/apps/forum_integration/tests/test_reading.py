from __future__ import annotations

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone
from machina.apps.forum.models import Forum
from machina.apps.forum_conversation.models import Topic

from apps.forum_integration.models import PostLike, UserPoints
from apps.forum_integration.tests.threads import make_forum, make_member, make_post, make_topic
from apps.testing import PlatformTestCase, make_user


class ReadingCase(PlatformTestCase):
    def rows(self, url):
        response = self.client.get(url)
        self.assertEqual(response.status_code, 200, response.content)
        found = response.json()
        return found["results"] if isinstance(found, dict) else found

    def numbers(self, url):
        return [row["id"] for row in self.rows(url)]


class Forums(ReadingCase):
    def test_the_tree_in_its_order_with_the_last_poster(self):
        above = make_forum(type=Forum.FORUM_CAT)
        below = make_forum(parent=above)
        topic = make_topic(below, make_member(username="ann"))
        Forum.objects.filter(pk=below.pk).update(last_post=topic.last_post)
        rows = self.rows("/api/v1/forums/")
        self.assertEqual([(row["id"], row["level"]) for row in rows], [(above.pk, 0), (below.pk, 1)])
        self.assertEqual([row["last_poster"] for row in rows], [None, "ann"])

    def test_one_query_for_any_number(self):
        def add(number):
            for _ in range(number):
                make_forum()

        self.assert_flat(self.client, "/api/v1/forums/", add, 1)


class Topics(ReadingCase):
    url = "/api/v2/forum/topics/"

    def test_the_one_with_the_newest_post_comes_first(self):
        one, two = make_topic(), make_topic()
        Topic.objects.filter(pk=one.pk).update(last_post_on=timezone.now())
        make_topic(approved=False)
        self.assertEqual(self.numbers(self.url), [one.pk, two.pk])

    def test_one_forum(self):
        wanted = make_topic()
        make_topic()
        self.assertEqual(self.numbers(f"{self.url}?forum={wanted.forum_id}"), [wanted.pk])
        self.assertEqual(self.client.get(f"{self.url}?forum=all").status_code, 400)
        self.assertEqual(self.client.get(f"{self.url}?forum=99999999999").status_code, 400)

    def test_a_topic_shows_its_people(self):
        topic = make_topic(poster=make_member(level=3, username="ann"))
        row = self.rows(self.url)[0]
        self.assertEqual(row["poster"], {"id": topic.poster_id, "username": "ann", "trust_level": 3})
        self.assertEqual(row["last_poster"], "ann")

    def test_a_member_without_a_trust_level_counts_as_new(self):
        make_topic(poster=make_user())
        self.assertEqual(self.rows(self.url)[0]["poster"]["trust_level"], 0)

    def test_two_queries_for_any_number(self):
        def add(number):
            for _ in range(number):
                make_topic()

        self.assert_flat(self.client, f"{self.url}?page_size=100", add, 2)


class ForumTopics(ReadingCase):
    def test_pinned_ones_come_first_in_every_order(self):
        forum = make_forum()
        last = make_topic(forum, subject="Zebra", views_count=9)
        first = make_topic(forum, subject="Ant", views_count=1)
        sticky = make_topic(forum, subject="Moose", type=Topic.TOPIC_STICKY, last_post_on=None)
        make_topic()
        url = f"/api/v1/forums/{forum.pk}/topics/"
        self.assertEqual(self.numbers(url), [sticky.pk, first.pk, last.pk])
        self.assertEqual(self.numbers(f"{url}?sort=subject"), [sticky.pk, first.pk, last.pk])
        self.assertEqual(self.numbers(f"{url}?sort=views"), [sticky.pk, last.pk, first.pk])
        self.assertEqual(self.numbers(f"{url}?sort=newest"), [sticky.pk, first.pk, last.pk])

    def test_a_strange_order_or_forum_is_refused(self):
        forum = make_forum()
        self.assertEqual(self.client.get(f"/api/v1/forums/{forum.pk}/topics/?sort=luck").status_code, 400)
        self.assertEqual(self.client.get("/api/v1/forums/999/topics/").status_code, 404)
        self.assertEqual(self.client.get(f"/api/v1/forums/{'9' * 30}/topics/").status_code, 404)

    def test_three_queries_for_any_number(self):
        forum = make_forum()

        def add(number):
            for _ in range(number):
                make_topic(forum)

        self.assert_flat(self.client, f"/api/v1/forums/{forum.pk}/topics/?page_size=100", add, 3)


class OneTopic(ReadingCase):
    def test_reading_counts_a_view(self):
        topic = make_topic()
        for _ in range(2):
            self.assertEqual(self.client.get(f"/api/v1/topics/{topic.pk}/").status_code, 200)
        topic.refresh_from_db()
        self.assertEqual(topic.views_count, 2)

    def test_what_is_not_approved_is_not_found(self):
        hidden = make_topic(approved=False)
        self.assertEqual(self.client.get(f"/api/v1/topics/{hidden.pk}/").status_code, 404)
        self.assertEqual(self.client.get(f"/api/v2/forum/topics/{hidden.pk}/posts/").status_code, 404)

    def test_posts_come_oldest_first_twenty_at_a_time(self):
        topic = make_topic(posts=0)
        made = [make_post(topic).pk for _ in range(21)]
        make_post(topic, approved=False)
        first = self.client.get(f"/api/v2/forum/topics/{topic.pk}/posts/").json()
        self.assertEqual([row["id"] for row in first["results"]], made[:20])
        self.assertEqual(self.numbers(first["next"]), made[20:])

    def test_likes_are_counted(self):
        topic = make_topic()
        for _ in range(3):
            PostLike.objects.create(user=make_user(), post=topic.last_post)
        self.assertEqual(self.rows(f"/api/v2/forum/topics/{topic.pk}/posts/")[0]["like_count"], 3)

    def test_two_queries_for_any_number_of_posts(self):
        topic = make_topic(posts=0)

        def add(number):
            for _ in range(number):
                make_post(topic)

        self.assert_flat(self.client, f"/api/v2/forum/topics/{topic.pk}/posts/", add, 2)


class Members(ReadingCase):
    def test_a_member_with_the_five_newest_of_each(self):
        member = make_member(username="ann")
        topics = [make_topic(poster=member).pk for _ in range(6)]
        make_topic()
        found = self.client.get(f"/api/v2/forum/users/{member.pk}/").json()
        self.assertEqual(found["member"]["username"], "ann")
        self.assertEqual([row["id"] for row in found["topics"]], topics[:0:-1])
        self.assertEqual(len(found["posts"]), 5)

    def test_everything_of_a_member(self):
        member = make_member()
        topics = [make_topic(poster=member).pk for _ in range(3)]
        reply = make_post(make_topic(), member)
        self.assertEqual(self.numbers(f"/api/v2/forum/users/{member.pk}/topics/"), topics[::-1])
        posts = self.numbers(f"/api/v2/forum/users/{member.pk}/posts/")
        self.assertEqual((posts[0], len(posts)), (reply.pk, 4))

    def test_a_member_who_left_is_not_found(self):
        gone = make_member(is_active=False)
        for address in ("", "topics/", "posts/"):
            self.assertEqual(self.client.get(f"/api/v2/forum/users/{gone.pk}/{address}").status_code, 404)

    def test_the_same_queries_for_any_number(self):
        member = make_member()

        def add(number):
            for _ in range(number):
                make_topic(poster=member)

        self.assert_flat(self.client, f"/api/v2/forum/users/{member.pk}/topics/?page_size=100", add, 3)
        self.assert_flat(self.client, f"/api/v2/forum/users/{member.pk}/posts/?page_size=100", add, 3)


class RecentAndSearch(ReadingCase):
    def test_only_the_last_seven_days(self):
        new = make_topic()
        make_topic(created=timezone.now() - timedelta(days=8))
        found = self.client.get("/api/v2/forum/recent/").json()
        self.assertEqual([row["id"] for row in found["topics"]], [new.pk])
        self.assertEqual([row["id"] for row in found["posts"]], [new.last_post_id])

    def test_the_text_is_found_in_subject_and_content(self):
        by_subject = make_topic(subject="About recursion")
        other = make_topic()
        by_content = make_post(other, content="Recursion, again")
        make_post(other, content="recursion", approved=False)
        found = self.numbers("/api/v2/forum/search/?q=RECURSION")
        self.assertEqual(set(found), {by_subject.last_post_id, by_content.pk})
        self.assertEqual(
            self.numbers(f"/api/v2/forum/search/?q=recursion&forum={other.forum_id}"), [by_content.pk]
        )

    def test_too_little_to_search_for_is_refused(self):
        for query in ("", "?q=", "?q=ab", "?q=++++"):
            self.assertEqual(self.client.get(f"/api/v2/forum/search/{query}").status_code, 400, query)

    def test_the_same_queries_for_any_number(self):
        def add(number):
            for _ in range(number):
                make_topic(subject="recursion")

        self.assert_flat(self.client, "/api/v2/forum/search/?q=recursion&page_size=100", add, 2)
        self.assert_flat(self.client, "/api/v2/forum/recent/", add, 2)


class Figures(ReadingCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)

    def test_what_is_counted(self):
        make_topic(posts=2)
        make_topic(approved=False, posts=0)
        old = make_topic(created=timezone.now() - timedelta(days=30))
        old.poster.last_login = timezone.now()
        old.poster.save()
        found = self.client.get("/api/v2/forum/stats/").json()
        self.assertEqual(
            found, {"users": 3, "topics": 2, "posts": 3, "online": 1, "recent_topics": 1, "recent_posts": 2}
        )

    def test_they_are_kept_for_a_while(self):
        self.assertEqual(self.query_count(self.client, "/api/v2/forum/stats/"), 6)
        self.assertEqual(self.query_count(self.client, "/api/v2/forum/stats/"), 0)

    def test_the_leaders_of_a_period(self):
        for name, total, monthly in (("ann", 50, 1), ("ben", 40, 0), ("eve", 30, 20)):
            UserPoints.objects.create(
                user=make_user(username=name), total_points=total, monthly_points=monthly
            )
        url = "/api/v2/forum/leaderboard/"
        self.assertEqual([row["username"] for row in self.rows(url)], ["ann", "ben", "eve"])
        self.assertEqual([row["username"] for row in self.rows(f"{url}?period=monthly")], ["eve", "ann"])
        self.assertEqual(self.rows(f"{url}?period=weekly"), [])
        self.assertEqual(self.client.get(f"{url}?period=yearly").status_code, 400)

    def test_one_query_for_the_leaders(self):
        def add(number):
            for _ in range(number):
                UserPoints.objects.create(user=make_user(), total_points=5)

        self.assert_flat(self.client, "/api/v2/forum/leaderboard/", add, 1)
