"""The doors that no app of ours has: the two back offices, and addresses no text column could hold."""

from __future__ import annotations

from django.test import TestCase


class Doors(TestCase):
    def test_both_back_offices_ask_who_is_there(self):
        for address in ("/admin/login/", "/cms/login/"):
            self.assertEqual(self.client.get(address).status_code, 200, address)

    def test_a_null_character_is_refused(self):
        self.assertEqual(self.client.get("/api/v1/blog/?tag=%00").status_code, 400)
        self.assertEqual(self.client.get("/api/v1/blog/a%00b/").status_code, 400)
