from __future__ import annotations

from machina.apps.forum_conversation.models import Topic

from apps.forum_integration.tests.threads import make_forum, make_topic
from apps.testing import PlatformTestCase


class Difference(PlatformTestCase):
    def setUp(self):
        self.forum = make_forum()
        for number in range(30):
            make_topic(self.forum, type=Topic.TOPIC_STICKY if number % 10 == 0 else Topic.TOPIC_POST)
        self.before = f"/site/unrepaired/forums/{self.forum.pk}/topics/"
        self.after = f"/api/v1/forums/{self.forum.pk}/topics/"

    def test_both_show_the_same_page(self):
        for page in ("", "?page=2"):
            one, other = (
                self.client.get(root + page).json()["results"] for root in (self.before, self.after)
            )
            self.assertEqual([row["id"] for row in one], [row["id"] for row in other])

    def test_before_the_repair_no_query_stops_at_the_page(self):
        before, after = (self.queries(self.client, root)[-1] for root in (self.before, self.after))
        self.assertNotIn("LIMIT", before)
        self.assertTrue(after.endswith("LIMIT 20"), after)
