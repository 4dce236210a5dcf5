from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from apps.plans.models import InvitationCategory, Template
from apps.testing import PlatformTestCase, make_category, make_plan, make_template

PLANS = "/api/v1/plans"


class Plans(PlatformTestCase):
    def test_the_list_shows_plans_on_sale_in_their_order(self):
        make_plan("LUXURY")
        make_plan("BASIC")
        make_plan("PREMIUM", is_active=False)
        body = self.client.get(f"{PLANS}/").json()
        self.assertEqual([plan["code"] for plan in body["results"]], ["BASIC", "LUXURY"])
        self.assertEqual(body["count"], 2)

    def test_one_plan_by_its_code(self):
        make_plan("PREMIUM")
        self.assertEqual(self.client.get(f"{PLANS}/PREMIUM/").json()["price_inr"], "350.00")
        self.assertEqual(self.client.get(f"{PLANS}/GOLD/").status_code, 404)

    def test_categories(self):
        make_category("wedding")
        make_category("closed", is_active=False)
        body = self.client.get(f"{PLANS}/categories/list").json()
        self.assertEqual([category["code"] for category in body["results"]], ["wedding"])

    def test_popular_categories_come_by_use(self):
        make_template(category=make_category("wedding"), use_count=3)
        make_template(category=make_category("birthday"), use_count=9)
        make_template(category=make_category("birthday"), use_count=1, is_active=False)
        body = self.client.get(f"{PLANS}/categories/popular").json()
        self.assertEqual(
            [(row["code"], row["uses"], row["templates"]) for row in body],
            [("birthday", 10, 1), ("wedding", 3, 1)],
        )

    def test_a_null_character_is_refused_before_any_query(self):
        with self.assertNumQueries(0):
            self.assertEqual(self.client.get(f"{PLANS}/templates/search?q=a%00b").status_code, 400)
            self.assertEqual(self.client.get(f"{PLANS}/a%00b/").status_code, 400)


class Templates(PlatformTestCase):
    def names(self, path):
        response = self.client.get(f"{PLANS}/templates/{path}")
        self.assertEqual(response.status_code, 200, response.content)
        body = response.json()
        return [row["name"] for row in (body["results"] if isinstance(body, dict) else body)]

    def test_the_list_comes_by_use_without_retired_ones(self):
        make_template(name="a", use_count=1)
        make_template(name="b", use_count=5)
        make_template(name="c", use_count=9, is_active=False)
        self.assertEqual(self.names("all"), ["b", "a"])
        self.assertEqual(self.names("all/"), ["b", "a"])
        self.assertEqual(self.names("all?ordering=name"), ["a", "b"])

    def test_each_filter_narrows_the_list(self):
        make_template(name="a", animation_type="royal")
        make_template(name="b", plan=make_plan("LUXURY"), is_premium=True)
        make_template(name="c", category=make_category("birthday"))
        self.assertEqual(self.names("all?plan=LUXURY"), ["b"])
        self.assertEqual(self.names("all?category=birthday"), ["c"])
        self.assertEqual(self.names("all?animation_type=royal"), ["a"])
        self.assertEqual(self.names("all?is_premium=true"), ["b"])
        self.assertEqual(self.names("all?plan=LUXURY&category=birthday"), [])

    def test_a_filter_that_makes_no_sense_is_refused(self):
        self.assertEqual(self.client.get(f"{PLANS}/templates/all?is_premium=maybe").status_code, 400)
        self.assertEqual(self.client.get(f"{PLANS}/templates/all?ordering=password").status_code, 400)

    def test_featured_are_the_six_most_used(self):
        for uses in range(8):
            make_template(name=str(uses), use_count=uses)
        self.assertEqual(self.names("featured"), ["7", "6", "5", "4", "3", "2"])

    def test_trending_are_of_the_last_seven_days(self):
        make_template(name="new", use_count=1)
        old = make_template(name="old", use_count=9)
        Template.objects.filter(id=old.id).update(created_at=timezone.now() - timedelta(days=8))
        body = self.client.get(f"{PLANS}/templates/trending").json()
        self.assertEqual((body["count"], [row["name"] for row in body["results"]]), (1, ["new"]))

    def test_search_looks_into_names_and_descriptions(self):
        make_template(name="Golden leaves")
        make_template(name="Plain", description="with a golden frame")
        make_template(name="Blue")
        self.assertEqual(sorted(self.names("search?q=GOLDEN")), ["Golden leaves", "Plain"])
        self.assertEqual(self.names("search?q=100%25"), [])
        self.assertEqual(self.client.get(f"{PLANS}/templates/search?q=").status_code, 400)

    def test_detail_of_a_template_and_of_none(self):
        template, retired = make_template(), make_template(is_active=False)
        body = self.client.get(f"{PLANS}/templates/{template.id}/").json()
        self.assertEqual((body["plan"]["code"], body["category"]["code"]), ("BASIC", "wedding"))
        for pk in (retired.id, uuid4()):
            self.assertEqual(self.client.get(f"{PLANS}/templates/{pk}/").status_code, 404)

    def test_similar_ones_share_something_and_are_never_the_same(self):
        template = make_template(name="self", animation_type="royal")
        make_template(
            name="kin", animation_type="royal", plan=make_plan("LUXURY"), category=make_category("x")
        )
        for _ in range(6):
            make_template()
        body = self.client.get(f"{PLANS}/templates/{template.id}/similar").json()
        self.assertEqual([row["name"] for row in body["animation"]], ["kin"])
        self.assertEqual((len(body["category"]), len(body["plan"])), (4, 4))
        self.assertNotIn("self", [row["name"] for rows in body.values() for row in rows])

    def test_a_plan_opens_the_templates_of_the_plans_below_it(self):
        make_template(name="b", sort_order=1)
        make_template(name="p", plan=make_plan("PREMIUM"), sort_order=2)
        make_template(name="l", plan=make_plan("LUXURY"), sort_order=3)
        self.assertEqual(self.names("by-plan/BASIC/"), ["b"])
        self.assertEqual(self.names("by-plan/PREMIUM/"), ["b", "p"])
        self.assertEqual(self.names("by-plan/LUXURY/?category=none"), [])
        self.assertEqual(self.client.get(f"{PLANS}/templates/by-plan/GOLD/").status_code, 404)

    def test_recommendations_follow_plan_and_taste(self):
        make_template(name="b", use_count=2, animation_type="royal")
        make_template(name="p", plan=make_plan("PREMIUM"), use_count=1, is_premium=True)
        make_template(name="l", plan=make_plan("LUXURY"), use_count=9)
        self.assertEqual(self.names("recommended/PREMIUM/"), ["b", "p"])
        self.assertEqual(self.names("recommended/PREMIUM/?is_premium=1"), ["p"])
        self.assertEqual(self.names("recommended/PREMIUM/?animation_type=royal"), ["b"])

    def test_counts_per_plan_and_category(self):
        make_template()
        make_template(plan=make_plan("LUXURY"))
        make_template(is_active=False)
        body = self.client.get(f"{PLANS}/templates/counts").json()
        self.assertEqual(body, {"plans": {"BASIC": 1, "LUXURY": 1}, "categories": {"wedding": 2}})

    def test_lists_ask_no_more_queries_for_more_rows(self):
        plan, category = make_plan(), make_category()

        def add(n):
            Template.objects.bulk_create(
                Template(plan=plan, category=category, name=f"golden {i}", thumbnail="t.jpg")
                for i in range(n)
            )

        pages = {"all": 2, "featured": 1, "search?q=golden": 1, "by-plan/BASIC/": 2, "trending": 2}
        for path, ceiling in pages.items():
            with self.subTest(path):
                self.assert_flat(self.client, f"{PLANS}/templates/{path}", add, ceiling)

    def test_category_list_asks_no_more_queries_for_more_rows(self):
        def add(n):
            have = InvitationCategory.objects.count()
            InvitationCategory.objects.bulk_create(
                InvitationCategory(code=f"c{have + i}", name=f"c{have + i}") for i in range(n)
            )

        self.assert_flat(self.client, f"{PLANS}/categories/list", add, 2)
