from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from shelf.models import Author, Book

HOSTILE = "<script>document.title='run'</script>"


def authors(request: HttpRequest, count: int) -> HttpResponse:
    for number in range(count):
        Author.objects.filter(pk=number).first()  # one question for each
    return HttpResponse("done")


async def authors_later(request: HttpRequest, count: int) -> HttpResponse:
    for number in range(count):
        await Author.objects.filter(pk=number).afirst()
    return HttpResponse("done")


def different(request: HttpRequest, count: int) -> HttpResponse:
    with connection.cursor() as cursor:
        for number in range(count):
            cursor.execute(f"SELECT 1 AS column_{number}")
    return HttpResponse("done")


def written(request: HttpRequest, count: int) -> HttpResponse:
    """Each value written into the text, and each inside a savepoint."""
    with transaction.atomic(), connection.cursor() as cursor:
        for number in range(count):
            with transaction.atomic():
                cursor.execute(f"SELECT name FROM shelf_author WHERE name = 'canary-{number}'")
    return HttpResponse("done")


def slow(request: HttpRequest, seconds: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_sleep({float(seconds)}), 'canary'")
    return HttpResponse("done")


def broken(request: HttpRequest, count: int) -> HttpResponse:
    for number in range(count):
        Author.objects.filter(pk=number).first()
    raise RuntimeError("the view's own")


def hostile(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT 1 AS "{HOSTILE}"')
        cursor.execute('SELECT 1 AS "\u202etxet", %s', ["</code><img src=x onerror=alert(1)>"])
    return HttpResponse("<html><body>hostile</body></html>")


def page(request: HttpRequest) -> HttpResponse:
    books = list(Book.objects.filter(pages__gt=300).order_by("title")[:12])
    names = [book.author.name for book in books]  # one question for each book
    total = Book.objects.count()
    again = Book.objects.count()
    Book.objects.get(pk=books[0].pk)
    return HttpResponse(
        f"<html><head><title>books</title></head><body><h1>{total + again} books</h1>{', '.join(names)}</body></html>"
    )


def always(request: HttpRequest) -> bool:
    """Shows the toolbar to everybody, whatever the settings say."""
    return True
