from django.urls import path
from shop import views

urlpatterns = [
    path("orders/", views.order_list, name="order-list"),
    path("orders/every/", views.EveryOrder.as_view(), name="order-every"),
    path("orders/later/", views.order_count, name="order-count"),
    path("orders/<int:pk>/", views.OrderView.as_view(), name="order-detail"),
]
