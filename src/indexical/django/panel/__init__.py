"""A panel of django-debug-toolbar: the request's statements with what they have in common, and index verdicts on a click.

Needs ``pip install 'indexical[toolbar]'`` and ``"indexical.django.panel.IndexPanel"`` in ``DEBUG_TOOLBAR_PANELS``.
"""

from __future__ import annotations

from indexical.django.panel.panel import IndexPanel

__all__ = ["IndexPanel"]
