"""The Django app: add ``"indexical.django"`` to ``INSTALLED_APPS``. It changes nothing by being there."""
