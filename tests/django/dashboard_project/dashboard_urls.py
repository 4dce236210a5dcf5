from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import include, path, re_path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("indexes/", include("indexical.django.dashboard.urls")),
    re_path(r"^static/(?P<path>.*)$", lambda request, path: serve(request, path, insecure=True)),
]
