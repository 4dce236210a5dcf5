"""The dashboard: what the project's indexes do, as pages in the style of Django's admin.

A project includes :mod:`indexical.django.dashboard.urls` itself; nothing is registered by being installed. The pages read, and
are for staff with a permission only; the two actions behind a second permission change nothing in a database either.
"""
