from django.conf import settings
from django.urls import include, path
from shelf import views

urlpatterns = [
    path("authors/<int:count>/", views.authors),
    path("later/<int:count>/", views.authors_later),
    path("different/<int:count>/", views.different),
    path("written/<int:count>/", views.written),
    path("slow/<str:seconds>/", views.slow),
    path("broken/<int:count>/", views.broken),
    path("hostile/", views.hostile),
    path("page/", views.page),
]
if settings.TOOLBAR:
    urlpatterns.append(path("__debug__/", include("debug_toolbar.urls")))
