"""The Django app: add ``"indexical.django"`` to ``INSTALLED_APPS``. It has no models and changes nothing by being there."""
