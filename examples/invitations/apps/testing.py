"""Rows and clients for the platform's own tests. Every row is valid and as small as it can be."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from decimal import Decimal
from itertools import count

from django.db import connection
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts.models import User
from apps.invitations.models import Guest, Invitation, Order, OrderStatus
from apps.plans.models import InvitationCategory, Plan, Template

PASSWORD = "correct horse battery"
AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"

_number = count(1)


def fingerprint(text):
    return hashlib.sha256(str(text).encode()).hexdigest()


def make_user(**fields):
    n = next(_number)
    defaults = {"username": f"user{n}", "phone": f"9{n:09d}", "full_name": f"User {n}", "password": PASSWORD}
    return User.objects.create_user(**(defaults | fields))


def make_plan(code=Plan.Code.BASIC, **fields):
    price = {"BASIC": 150, "PREMIUM": 350, "LUXURY": 500}[code]
    links = {"BASIC": 100, "PREMIUM": 150, "LUXURY": 200}[code]
    defaults = {
        "name": code.title(),
        "regular_links": links,
        "price_inr": Decimal(price),
        "sort_order": price,
    }
    return Plan.objects.get_or_create(code=code, defaults=defaults | fields)[0]


def make_category(code="wedding", **fields):
    return InvitationCategory.objects.get_or_create(code=code, defaults={"name": code.title()} | fields)[0]


def make_template(plan=None, category=None, **fields):
    n = next(_number)
    defaults = {
        "plan": plan or make_plan(),
        "category": category or make_category(),
        "name": f"Template {n}",
        "thumbnail": f"templates/{n}.jpg",
    }
    return Template.objects.create(**(defaults | fields))


def make_order(user, plan=None, **fields):
    plan = plan or make_plan()
    defaults = {
        "event_type": "wedding",
        "event_type_name": "Wedding",
        "status": OrderStatus.APPROVED,
        "payment_amount": plan.price_inr,
        "granted_regular_links": plan.regular_links,
    }
    return Order.objects.create(user=user, plan=plan, **(defaults | fields))


def make_invitation(user=None, order=None, template=None, **fields):
    """A live invitation; its order, template and owner are made when not given."""
    user = user or (order.user if order else make_user())
    now = timezone.now()
    defaults = {
        "event_title": "Asha weds Ravi",
        "event_date": now + timedelta(days=30),
        "event_venue": "Town hall",
        "host_name": "Asha's parents",
        "is_active": True,
        "link_expires_at": now + timedelta(days=15),
    }
    return Invitation.objects.create(
        user=user,
        order=order or make_order(user),
        template=template or make_template(),
        **(defaults | fields),
    )


def make_guest(invitation, **fields):
    n = next(_number)
    defaults = {
        "name": f"Guest {n}",
        "device_fingerprint": fingerprint(n),
        "ip_address": f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}",
    }
    return Guest.objects.create(invitation=invitation, **(defaults | fields))


# PBKDF2 is slow on purpose; dozens of test users would wait for it.
@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class PlatformTestCase(TestCase):
    """A client without a login, and one step to get a client with one."""

    client_class = APIClient

    def client_of(self, user):
        """A client with a real access token, so that its requests cost what a user's do."""
        client = APIClient(headers={"user-agent": AGENT})
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
        return client

    def query_count(self, client, url):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url)
        self.assertEqual(response.status_code, 200, response.content)
        return len(queries)

    def assert_flat(self, client, url, add_rows, ceiling):
        """The page asks the same number of queries with ten rows as with a hundred, and never more than the ceiling."""
        add_rows(10)
        few = self.query_count(client, url)
        add_rows(90)
        many = self.query_count(client, url)
        self.assertEqual(many, few, f"{url} asks {few} queries for 10 rows and {many} for 100")
        self.assertLessEqual(many, ceiling)
