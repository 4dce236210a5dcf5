from django.http import HttpRequest, JsonResponse
from django.views import View
from django.views.generic import ListView

from shop.models import Order


def order_list(request: HttpRequest) -> JsonResponse:
    orders = Order.objects.filter(status=request.GET["status"]).order_by("-created")
    return JsonResponse({"orders": [order.number for order in orders[:20]]})  # the list is read here


async def order_count(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"orders": await Order.objects.filter(total__gt=5).acount()})


class OrderView(View):
    def get(self, request: HttpRequest, pk: int) -> JsonResponse:
        return JsonResponse({"number": Order.objects.get(pk=pk).number})  # one order


class EveryOrder(ListView):  # written by the project, run by Django
    queryset = Order.objects.filter(note="").order_by("number")
    paginate_by = 5
    template_name = "orders.html"
