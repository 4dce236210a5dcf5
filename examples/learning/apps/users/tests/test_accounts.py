from __future__ import annotations

from apps.testing import PASSWORD, PlatformTestCase, make_language, make_user
from apps.users.models import Notification, User

ROOT = "/api/v1"
NEW = {"username": "asha", "email": "asha@example.org", "password": PASSWORD}


class Register(PlatformTestCase):
    def register(self, **fields):
        return self.client.post(f"{ROOT}/auth/register/", NEW | fields, format="json")

    def test_makes_an_account_with_a_profile_and_shows_no_password(self):
        response = self.register()
        self.assertEqual(response.status_code, 201, response.content)
        user = User.objects.get(username="asha")
        self.assertTrue(user.check_password(PASSWORD))
        self.assertEqual(user.profile.skill_level, "beginner")
        self.assertNotIn("password", response.json())

    def test_names_every_field_that_is_taken_and_makes_nothing(self):
        make_user(username="asha", email="asha@example.org")
        response = self.register()
        self.assertEqual((response.status_code, set(response.json())), (400, {"username", "email"}))
        self.assertEqual(User.objects.count(), 1)

    def test_refuses_a_short_password_and_cannot_make_staff(self):
        self.assertEqual(self.register(password="short").status_code, 400)
        self.register(is_staff=True, is_superuser=True)
        self.assertFalse(User.objects.filter(is_staff=True).exists())


class Login(PlatformTestCase):
    def login(self, **fields):
        data = {"username": "asha", "password": PASSWORD} | fields
        return self.client.post(f"{ROOT}/auth/login/", data, format="json")

    def test_gives_two_tokens_that_work(self):
        make_user(username="asha")
        tokens = self.login().json()
        self.assertEqual(set(tokens), {"access", "refresh"})
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
        self.assertEqual(self.client.get(f"{ROOT}/auth/user/").json()["username"], "asha")
        self.client.credentials()
        renewed = self.client.post(f"{ROOT}/auth/refresh/", {"refresh": tokens["refresh"]}, format="json")
        self.assertIn("access", renewed.json())

    def test_refuses_a_wrong_password_a_closed_account_and_a_broken_token(self):
        make_user(username="asha")
        make_user(username="gone", is_active=False)
        self.assertEqual(self.login(password="wrong").status_code, 401)
        self.assertEqual(self.login(username="gone").status_code, 401)
        self.client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        self.assertEqual(self.client.get(f"{ROOT}/auth/user/").status_code, 401)


class Current(PlatformTestCase):
    def test_shows_account_and_profile_in_six_queries_and_needs_a_login(self):
        user = make_user(bio="Learns")
        client = self.client_of(user)
        body = client.get(f"{ROOT}/auth/user/").json()
        self.assertEqual((body["bio"], body["email"]), ("Learns", user.email))
        self.assertEqual(body["profile"]["skill_level"], "beginner")
        # The token's user, the profile, its languages, and three that note the visit.
        self.assertEqual(self.query_count(client, f"{ROOT}/auth/user/"), 6)
        self.assertEqual(self.client.get(f"{ROOT}/auth/user/").status_code, 401)


class People(PlatformTestCase):
    def setUp(self):
        self.user = make_user()
        self.client = self.client_of(self.user)

    def add_people(self, number):
        for _ in range(number):
            make_user()

    def test_the_list_has_open_accounts_without_addresses(self):
        make_user(is_active=False)
        body = self.client.get(f"{ROOT}/users/").json()
        self.assertEqual((body["count"], body["results"][0]["username"]), (1, self.user.username))
        self.assertNotIn("email", body["results"][0])
        self.assertEqual(self.client_class().get(f"{ROOT}/users/").status_code, 401)

    def test_the_list_asks_the_same_number_of_queries_whatever_its_length(self):
        self.assert_flat(self.client, f"{ROOT}/users/?page_size=100", self.add_people, 6)

    def test_one_changes_ones_own_account_only_and_the_profile_is_saved_too(self):
        before = self.user.profile.updated_at
        response = self.client.patch(
            f"{ROOT}/users/{self.user.pk}/",
            {"bio": "Teaches", "username": "root", "is_mentor": True},
            format="json",
        )
        self.assertEqual(response.status_code, 200, response.content)
        user = User.objects.get(pk=self.user.pk)
        self.assertEqual((user.bio, user.username, user.is_mentor), ("Teaches", self.user.username, False))
        self.assertGreater(user.profile.updated_at, before)
        other = make_user()
        self.assertEqual(
            self.client.patch(f"{ROOT}/users/{other.pk}/", {"bio": "x"}, format="json").status_code, 404
        )


class Profiles(PlatformTestCase):
    def setUp(self):
        self.user = make_user()
        self.client = self.client_of(self.user)

    def add_profiles(self, number):
        for _ in range(number):
            make_user().profile.programming_languages.add(make_language())

    def test_one_sees_ones_own_and_the_staff_sees_all(self):
        other = make_user()
        self.assertEqual(self.client.get(f"{ROOT}/user-profiles/").json()["count"], 1)
        self.assertEqual(self.client.get(f"{ROOT}/user-profiles/{other.profile.pk}/").status_code, 404)
        staff = self.client_of(make_user(is_staff=True))
        self.assertEqual(staff.get(f"{ROOT}/user-profiles/").json()["count"], 3)
        self.assertEqual(self.client_class().get(f"{ROOT}/user-profiles/").status_code, 401)

    def test_the_list_of_all_asks_the_same_number_of_queries_whatever_its_length(self):
        staff = self.client_of(make_user(is_staff=True))
        self.assert_flat(staff, f"{ROOT}/user-profiles/?page_size=100", self.add_profiles, 7)

    def test_save_changes_the_choices_and_never_the_figures(self):
        language = make_language("rust")
        response = self.client.patch(
            f"{ROOT}/user-profiles/{self.user.profile.pk}/",
            {"skill_level": "expert", "programming_languages": [language.pk], "total_courses_completed": 99},
            format="json",
        )
        self.assertEqual(response.status_code, 200, response.content)
        profile = User.objects.get(pk=self.user.pk).profile
        self.assertEqual((profile.skill_level, profile.total_courses_completed), ("expert", 0))
        self.assertEqual(list(profile.programming_languages.all()), [language])
        bad = self.client.patch(
            f"{ROOT}/user-profiles/{profile.pk}/", {"skill_level": "wizard"}, format="json"
        )
        self.assertEqual(bad.status_code, 400)


class Notifications(PlatformTestCase):
    def test_one_sees_ones_own_newest_first_in_a_fixed_number_of_queries(self):
        user = make_user()
        Notification.objects.create(recipient=make_user(), title="not yours")

        def add(number):
            for n in range(number):
                Notification.objects.create(recipient=user, title=f"News {n}")

        self.assert_flat(self.client_of(user), f"{ROOT}/notifications/?page_size=100", add, 6)
        body = self.client_of(user).get(f"{ROOT}/notifications/").json()
        self.assertEqual((body["count"], body["results"][0]["title"]), (100, "News 89"))
