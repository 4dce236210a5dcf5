from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from apps.accounts.models import PhoneVerification, User, UserActivityLog
from apps.admin_dashboard.models import AdminNotification
from apps.invitations.models import OrderStatus
from apps.plans.models import Plan
from apps.testing import PASSWORD, PlatformTestCase, make_invitation, make_order, make_plan, make_user

AUTH = "/api/v1/auth"
NEW = {"phone": "9876543210", "username": "asha", "password": PASSWORD, "full_name": "Asha Rao"}


class Register(PlatformTestCase):
    def test_makes_the_account_and_tells_the_staff(self):
        response = self.client.post(f"{AUTH}/register/", NEW, format="json", REMOTE_ADDR="203.0.113.9")
        self.assertEqual(response.status_code, 201, response.content)
        user = User.objects.get(phone="9876543210")
        self.assertTrue(user.check_password(PASSWORD))
        self.assertIsNone(user.email)
        self.assertFalse(user.is_approved)
        self.assertEqual(user.signup_ip, "203.0.113.9")
        self.assertEqual(AdminNotification.objects.get().user, user)
        self.assertEqual(user.activity_logs.count(), 1)
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['tokens']['access']}")
        self.assertEqual(self.client.get(f"{AUTH}/profile/").json()["username"], "asha")

    def test_names_every_field_that_is_taken_and_makes_nothing(self):
        make_user(phone=NEW["phone"], username=NEW["username"], email="asha@example.org")
        response = self.client.post(f"{AUTH}/register/", NEW | {"email": "asha@example.org"}, format="json")
        self.assertEqual(response.status_code, 400)
        self.assertEqual(set(response.json()), {"phone", "username", "email"})
        self.assertEqual(User.objects.count(), 1)
        self.assertFalse(AdminNotification.objects.exists())

    def test_two_accounts_without_an_address_do_not_collide(self):
        self.client.post(f"{AUTH}/register/", NEW, format="json")
        second = NEW | {"phone": "9876543211", "username": "ravi"}
        self.assertEqual(self.client.post(f"{AUTH}/register/", second, format="json").status_code, 201)

    def test_refuses_a_phone_that_is_no_indian_mobile_number(self):
        for phone in ("12345", "+449876543210", "5876543210", "98765432100"):
            response = self.client.post(f"{AUTH}/register/", NEW | {"phone": phone}, format="json")
            self.assertEqual(response.status_code, 400, phone)
            self.assertIn("phone", response.json())


class Login(PlatformTestCase):
    def setUp(self):
        self.user = make_user(phone="9876543210", username="asha")

    def login(self, login, password=PASSWORD):
        data = {"login": login, "password": password}
        return self.client.post(f"{AUTH}/login/", data, format="json", REMOTE_ADDR="203.0.113.9")

    def test_takes_the_phone_number_or_the_user_name(self):
        for login in ("9876543210", "asha"):
            response = self.login(login)
            self.assertEqual(response.status_code, 200, login)
            self.assertIn("access", response.json()["tokens"])
        self.user.refresh_from_db()
        self.assertEqual(self.user.last_login_ip, "203.0.113.9")
        self.assertEqual(self.user.activity_logs.filter(activity_type="LOGIN").count(), 2)

    def test_refuses_a_wrong_password_and_an_unknown_name_alike(self):
        wrong, unknown = self.login("asha", "wrong"), self.login("nobody")
        self.assertEqual((wrong.status_code, unknown.status_code), (401, 401))
        self.assertEqual(wrong.json(), unknown.json())
        self.assertFalse(UserActivityLog.objects.exists())

    def test_refuses_a_blocked_user_and_a_token_they_still_hold(self):
        client = self.client_of(self.user)
        User.objects.update(is_blocked=True)
        self.assertEqual(self.login("asha").status_code, 403)
        self.assertEqual(client.get(f"{AUTH}/profile/").status_code, 401)

    def test_asks_few_queries(self):
        # phone, (name), the row with its plan; UPDATE; activity; token
        with self.assertNumQueries(5):
            self.login("9876543210")

    def test_logout_ends_the_refresh_token(self):
        client = self.client_of(self.user)
        refresh = str(RefreshToken.for_user(self.user))
        data = {"refresh": refresh}
        self.assertEqual(client.post(f"{AUTH}/logout/", data, format="json").status_code, 204)
        self.assertEqual(client.post(f"{AUTH}/logout/", data, format="json").status_code, 400)
        self.assertEqual(self.user.activity_logs.filter(activity_type="LOGOUT").count(), 1)


class Profile(PlatformTestCase):
    def setUp(self):
        self.user = make_user(current_plan=make_plan("PREMIUM"))
        self.client = self.client_of(self.user)

    def test_needs_a_login(self):
        for path in ("profile", "my-plan", "otp-status"):
            self.assertEqual(self.client_class().get(f"{AUTH}/{path}/").status_code, 401)

    def test_a_token_of_nobody_or_of_nonsense_opens_nothing(self):
        for claim in (uuid4(), "nonsense", None):
            token = AccessToken()
            if claim is not None:
                token["user_id"] = str(claim)
            self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
            self.assertEqual(self.client.get(f"{AUTH}/profile/").status_code, 401, claim)

    def test_counts_open_orders_and_invitations(self):
        make_order(self.user, status=OrderStatus.PENDING_PAYMENT)
        make_order(self.user, status=OrderStatus.REJECTED)
        make_invitation(self.user)
        make_invitation()
        body = self.client.get(f"{AUTH}/profile/").json()
        self.assertEqual((body["plan"], body["open_orders"], body["invitations"]), ("PREMIUM", 2, 1))
        with self.assertNumQueries(3):
            self.client.get(f"{AUTH}/profile/")

    def test_changes_the_name_and_leaves_the_rest(self):
        phone = self.user.phone
        data = {"full_name": "Asha R", "phone": "9000000000", "is_approved": True}
        response = self.client.put(f"{AUTH}/profile/", data, format="json")
        self.assertEqual(response.status_code, 200)
        self.user.refresh_from_db()
        self.assertEqual(
            (self.user.full_name, self.user.phone, self.user.is_approved), ("Asha R", phone, False)
        )
        self.assertEqual(self.user.activity_logs.get().metadata, {"changed": ["full_name"]})

    def test_refuses_another_users_address(self):
        make_user(email="taken@example.org")
        response = self.client.put(f"{AUTH}/profile/", {"email": "taken@example.org"}, format="json")
        self.assertEqual(response.status_code, 400)

    def test_changes_the_password_only_with_the_old_one(self):
        url, new = f"{AUTH}/change-password/", "another long phrase"
        wrong = self.client.post(url, {"old_password": "guess", "new_password": new}, format="json")
        right = self.client.post(url, {"old_password": PASSWORD, "new_password": new}, format="json")
        self.assertEqual((wrong.status_code, right.status_code), (400, 200))
        self.user.refresh_from_db()
        self.assertTrue(self.user.check_password(new))


class OneTimePasswords(PlatformTestCase):
    def setUp(self):
        self.user = make_user(phone="9876543210")

    def send(self):
        return self.client.post(f"{AUTH}/send-otp/", {"phone": "9876543210"}, format="json")

    def verify(self, otp):
        return self.client.post(f"{AUTH}/verify-otp/", {"phone": "9876543210", "otp": otp}, format="json")

    def test_a_sent_code_verifies_the_phone_once(self):
        otp = self.send().json()["otp"]
        self.assertEqual(self.verify(otp).status_code, 200)
        self.user.refresh_from_db()
        self.assertTrue(self.user.is_phone_verified)
        self.assertIsNotNone(self.user.phone_verified_at)
        self.assertEqual(self.verify(otp).status_code, 400)

    def test_a_code_runs_out(self):
        otp = self.send().json()["otp"]
        PhoneVerification.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        self.assertEqual(self.verify(otp).status_code, 400)
        self.user.refresh_from_db()
        self.assertFalse(self.user.is_phone_verified)

    def test_the_code_of_another_user_does_nothing(self):
        other = make_user()
        sent = self.client.post(f"{AUTH}/send-otp/", {"phone": other.phone}, format="json").json()["otp"]
        if sent == (own := self.send().json()["otp"]):
            self.skipTest(f"both codes are {own} by chance")
        self.assertEqual(self.verify(sent).status_code, 400)

    def test_the_code_stays_secret_when_the_setting_says_so(self):
        with self.settings(OTP_IN_RESPONSE=False):
            self.assertNotIn("otp", self.send().json())

    def test_an_unknown_phone_gets_no_code(self):
        response = self.client.post(f"{AUTH}/send-otp/", {"phone": "9999999999"}, format="json")
        self.assertEqual(response.status_code, 404)
        self.assertFalse(PhoneVerification.objects.exists())

    def test_the_status_tells_of_the_latest_code(self):
        client = self.client_of(self.user)
        self.assertEqual(client.get(f"{AUTH}/otp-status/").json(), {"sent": False})
        self.verify(self.send().json()["otp"])
        self.send()
        self.assertEqual(client.get(f"{AUTH}/otp-status/").json()["is_used"], False)


class MyPlan(PlatformTestCase):
    def setUp(self):
        self.user = make_user()
        self.client = self.client_of(self.user)

    def test_an_approved_order_gives_its_plan_to_a_user_without_one(self):
        order = make_order(self.user, make_plan("LUXURY"))
        body = self.client.get(f"{AUTH}/my-plan/").json()
        self.assertEqual((body["plan"]["code"], body["order"]), ("LUXURY", order.order_number))
        self.user.refresh_from_db()
        self.assertEqual(self.user.current_plan.code, "LUXURY")

    def test_an_order_that_waits_gives_nothing(self):
        make_order(self.user, status=OrderStatus.PENDING_APPROVAL)
        self.assertEqual(self.client.get(f"{AUTH}/my-plan/").json()["plan"], None)

    def test_the_wish_for_another_plan_is_noted(self):
        make_plan("PREMIUM")
        response = self.client.post(f"{AUTH}/request-plan-change/", {"plan": "PREMIUM"}, format="json")
        self.assertEqual(response.status_code, 200, response.content)
        self.user.refresh_from_db()
        self.assertTrue(self.user.plan_change_requested)
        self.assertEqual(self.user.activity_logs.get().activity_type, "PLAN_CHANGE_REQUEST")

    def test_a_plan_that_is_not_sold_cannot_be_wished_for(self):
        make_plan("PREMIUM")
        Plan.objects.update(is_active=False)
        response = self.client.post(f"{AUTH}/request-plan-change/", {"plan": "PREMIUM"}, format="json")
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self.user.activity_logs.exists())
