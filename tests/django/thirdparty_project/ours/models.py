"""A page of the project's own, on the models of a package."""

from django.db import models


class Bookmark(models.Model):
    product = models.ForeignKey("catalogue.Product", models.CASCADE, related_name="+")
    page = models.ForeignKey("wagtailcore.Page", models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
