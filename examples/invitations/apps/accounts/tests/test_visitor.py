from __future__ import annotations

from django.test import RequestFactory, SimpleTestCase

from apps.accounts.visitor import client_ip, describe_device


class ClientAddress(SimpleTestCase):
    def address(self, **meta):
        return client_ip(RequestFactory().get("/", **meta))

    def test_the_first_forwarded_address_is_the_visitors(self):
        self.assertEqual(self.address(HTTP_X_FORWARDED_FOR="203.0.113.9, 10.0.0.1"), "203.0.113.9")

    def test_a_forwarded_text_that_is_no_address_is_ignored(self):
        self.assertEqual(self.address(HTTP_X_FORWARDED_FOR="'; --", REMOTE_ADDR="2001:db8::1"), "2001:db8::1")

    def test_a_socket_without_an_address_still_gives_one(self):
        self.assertEqual(self.address(REMOTE_ADDR=""), "0.0.0.0")

    def test_forwarding_is_ignored_where_no_proxy_stands(self):
        with self.settings(TRUST_FORWARDED_FOR=False):
            self.assertEqual(self.address(HTTP_X_FORWARDED_FOR="203.0.113.9"), "127.0.0.1")

    def test_usual_user_agents_are_told_apart(self):
        phone = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
        desk = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0"
        self.assertEqual(describe_device(phone), ("mobile", "Chrome", "Android"))
        self.assertEqual(describe_device(desk), ("desktop", "Firefox", "Windows"))
        self.assertEqual(describe_device(""), ("desktop", "", ""))
