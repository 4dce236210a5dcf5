from __future__ import annotations

from wagtail.models import PageViewRestriction

from apps.blog.models import BlogIndexPage
from apps.blog.tests.pages import make_course, make_post
from apps.testing import PlatformTestCase, make_user


class BlogList(PlatformTestCase):
    def slugs(self, url):
        response = self.client.get(url)
        self.assertEqual(response.status_code, 200, response.content)
        return [row["slug"] for row in response.json()["results"]]

    def test_the_newest_post_comes_first_and_a_page_has_nine(self):
        made = [make_post().slug for _ in range(11)]
        newest = made[::-1]
        first = self.client.get("/api/v1/blog/").json()
        self.assertEqual(first["count"], 11)
        self.assertEqual([row["slug"] for row in first["results"]], newest[:9])
        self.assertEqual(self.slugs("/api/v1/blog/?page=2"), newest[9:])

    def test_a_post_shows_its_author_categories_and_tags(self):
        make_post(author=make_user(username="ann"), categories=["python", "web"], tags=["loops", "lists"])
        row = self.client.get("/api/v1/blog/").json()["results"][0]
        self.assertEqual(row["author"], "ann")
        self.assertEqual({category["slug"] for category in row["categories"]}, {"python", "web"})
        self.assertEqual(set(row["tags"]), {"loops", "lists"})
        self.assertNotIn("body", row)

    def test_a_draft_is_not_shown(self):
        make_post(live=False)
        self.assertEqual(self.slugs("/api/v1/blog/"), [])

    def test_a_private_section_is_not_shown(self):
        make_post()
        PageViewRestriction.objects.create(page=BlogIndexPage.objects.get(), restriction_type="login")
        self.assertEqual(self.slugs("/api/v1/blog/"), [])

    def test_category_and_tag_narrow_the_list(self):
        about_python = make_post(categories=["python"], tags=["loops"])
        make_post(categories=["web"], tags=["css"])
        self.assertEqual(self.slugs("/api/v1/blog/?category=python"), [about_python.slug])
        self.assertEqual(self.slugs("/api/v1/blog/?tag=loops"), [about_python.slug])
        self.assertEqual(self.slugs("/api/v1/blog/?category=python&tag=css"), [])

    def test_it_asks_five_queries_for_any_number_of_posts(self):
        def add(number):
            for _ in range(number):
                make_post(author=make_user(), categories=["python", "web"], tags=["loops", "lists"])

        self.assert_flat(self.client, "/api/v1/blog/?page_size=100", add, 5)

    def test_a_strange_page_is_not_found(self):
        self.assertEqual(self.client.get("/api/v1/blog/?page=no").status_code, 404)


class BlogDetail(PlatformTestCase):
    def test_it_has_the_text_and_three_newest_relatives(self):
        relatives = [make_post(categories=["python", "web"]).slug for _ in range(4)]
        post = make_post(categories=["python", "web"])
        make_post(categories=["cooking"])
        found = self.client.get(f"/api/v1/blog/{post.slug}/").json()
        self.assertEqual(found["body"], "<p>At length</p>")
        self.assertEqual([row["slug"] for row in found["related"]], relatives[:0:-1])

    def test_a_draft_or_an_unknown_slug_is_not_found(self):
        draft = make_post(live=False)
        self.assertEqual(self.client.get(f"/api/v1/blog/{draft.slug}/").status_code, 404)
        self.assertEqual(self.client.get("/api/v1/blog/nothing/").status_code, 404)


class Categories(PlatformTestCase):
    def test_live_posts_are_counted_and_names_are_in_order(self):
        make_post(categories=["web", "python"])
        make_post(categories=["web"])
        make_post(categories=["web"], live=False)
        found = self.client.get("/api/v1/blog/categories/").json()
        self.assertEqual([(row["slug"], row["post_count"]) for row in found], [("python", 1), ("web", 2)])

    def test_one_query_for_any_number(self):
        numbers = iter(range(1000))

        def add(number):
            for _ in range(number):
                make_post(categories=[f"category-{next(numbers)}"])

        self.assert_flat(self.client, "/api/v1/blog/categories/", add, 2)


class Homepage(PlatformTestCase):
    def test_three_newest_posts_and_featured_courses(self):
        posts = [make_post().slug for _ in range(4)]
        course = make_course(featured=True)
        make_course()
        found = self.client.get("/api/v1/wagtail/homepage/").json()
        self.assertEqual([row["slug"] for row in found["posts"]], posts[:0:-1])
        self.assertEqual([row["slug"] for row in found["courses"]], [course.slug])
