from collections.abc import Callable

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware


@sync_and_async_middleware
def outermost(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., object]:
    """Stands around every view and sends nothing itself."""
    if iscoroutinefunction(get_response):

        async def serve_async(request: HttpRequest) -> HttpResponseBase:
            return await get_response(request)

        return serve_async

    def serve(request: HttpRequest) -> HttpResponseBase:
        return get_response(request)

    return serve
