"""Runs a scenario by name: ``python scenario.py NAME``."""

import asyncio
import os
import signal
import sys
import threading
import uuid
from decimal import Decimal

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
django.setup()

from django.db import connection, transaction  # noqa: E402
from django.test import AsyncClient, Client  # noqa: E402
from shop.models import Login, Order  # noqa: E402


def make_orders(count: int = 30) -> list[Order]:
    orders = [
        Order(number=f"N{n}", status="new" if n % 3 else "paid", total=Decimal(n), details={"n": n})
        for n in range(count)
    ]
    return Order.objects.bulk_create(orders)


def requests() -> None:
    make_orders()
    client = Client()
    for status in ("new", "paid", "new", "it's", "new"):
        assert client.get("/orders/", {"status": status}).status_code == 200
    first = Order.objects.order_by("pk").first()
    assert client.get(f"/orders/{first.pk}/").status_code == 200
    assert client.get("/orders/every/").status_code == 200
    assert asyncio.run(AsyncClient().get("/orders/later/")).status_code == 200


def secrets() -> None:
    Login.objects.create(phone="100", otp="CANARY1", password="CANARY2")
    list(Login.objects.filter(otp="CANARY1", phone="0999"))
    list(Login.objects.filter(phone="0999", password__in=["CANARY2", "CANARY3"]))
    list(Login.objects.filter(otp__iexact="CANARY1"))
    Login.objects.filter(phone="100").update(password="CANARY4")
    Login.objects.filter(password="CANARY4").delete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'CANARY5', password FROM shop_login WHERE md5(password) = 'CANARY6' LIMIT 5")
        cursor.execute("SELECT 1 FROM shop_login WHERE phone = %s", ["CANARY7" * 60])
        cursor.execute("SELECT 1 FROM shop_login WHERE phone = %s", ["CANARY9@mail.example.com"])
        cursor.execute("SELECT 'CANARY@mail.example.com' FROM shop_login ORDER BY phone = '4111111111111111'")
        cursor.execute("CREATE ROLE capture_test PASSWORD 'CANARY8'")
        cursor.execute("DROP ROLE capture_test")


def plain_values() -> None:
    list(Order.objects.filter(number="VALUE1")[:7])


def saves() -> None:
    make_orders(25)
    for order in Order.objects.all():
        order.status = "shipped"
        order.total += 1
        order.save()


def saves_in_transaction() -> None:
    from django.test.utils import CaptureQueriesContext

    make_orders(3)
    with transaction.atomic():
        order = Order.objects.first()
        order.status = "shipped"
        with CaptureQueriesContext(connection) as queries:
            order.save()
        assert len(queries) == 1, queries.captured_queries
        order.refresh_from_db()
        assert order.status == "shipped"


def unreadable_table() -> None:
    """An UPDATE that may be sent, of columns that may not be read."""
    make_orders(2)
    pk = Order.objects.first().pk
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS capture_writer")
        cursor.execute("CREATE ROLE capture_writer")
        cursor.execute("GRANT UPDATE ON shop_order TO capture_writer")
        cursor.execute("GRANT SELECT (id) ON shop_order TO capture_writer")
        with transaction.atomic():
            cursor.execute("SET LOCAL ROLE capture_writer")
            cursor.execute(
                'UPDATE "shop_order" SET "status" = %s, "note" = %s WHERE "shop_order"."id" = %s',
                ["x", "y", pk],
            )
            assert cursor.rowcount == 1
        cursor.execute("SELECT status FROM shop_order WHERE id = %s", [pk])
        assert cursor.fetchone() == ("x",)


def threads() -> None:
    def work() -> None:
        for _ in range(50):
            Order.objects.filter(status="threads").count()
        connection.close()

    running = [threading.Thread(target=work) for _ in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def forks() -> None:
    Order.objects.filter(status="before").count()
    connection.close()
    child = os.fork()
    Order.objects.filter(number="child" if child == 0 else "parent").count()
    if child == 0:
        sys.exit(0)
    assert os.waitpid(child, 0)[1] == 0


def terminated() -> None:
    Order.objects.filter(status="last").count()
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()


def kinds_of_use() -> None:
    make_orders(5)
    assert len(list(Order.objects.filter(total__gte=Decimal("1.5")).iterator(chunk_size=2))) == 3
    list(Order.objects.filter(details__n=3))
    list(Order.objects.filter(pk__in=[1, 2, 3]))
    list(Order.objects.filter(pk__in=[1, 2]))
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE shop_order SET note = %s WHERE id = %s", [("a", 1), ("b", 2), ("c", 3)])
        cursor.execute("SELECT '100%' FROM shop_order")
        cursor.execute("SELECT 1 FROM shop_order WHERE number LIKE '5%%' AND id = ANY(%s)", [[1, 2]])
        cursor.execute(
            "SELECT 1 FROM shop_order WHERE number = %(n)s OR note = %(n)s OR id = %(i)s", {"n": "q", "i": 4}
        )
        cursor.execute("SELECT 1 WHERE %s = %s", [uuid.UUID(int=5), uuid.UUID(int=5)])


@transaction.atomic
def aggregates() -> None:
    from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, When, Window
    from django.db.models.functions import (
        Coalesce,
        Concat,
        ExtractYear,
        Lower,
        RowNumber,
        TruncDay,
        TruncMonth,
    )
    from django.utils import timezone

    make_orders(10)
    orders = Order.objects.all()
    list(orders.annotate(day=TruncDay("created")).values("day").annotate(n=Count("id")).order_by("day"))
    list(orders.values(month=TruncMonth("created")).annotate(n=Count("id"), s=Sum("total")).filter(n__gt=1))
    list(
        orders.annotate(big=Case(When(total__gt=5, then=Value("big")), default=Value("small")))
        .values("big")
        .annotate(n=Count("id"))
    )
    list(
        orders.annotate(label=Concat("number", Value("-"), "status"))
        .values("label")
        .annotate(n=Count("id"))
        .order_by("-n")
    )
    list(orders.annotate(label=Coalesce("number", Value("none"))).order_by("label").distinct())
    list(orders.values("details__n").annotate(n=Count("id")).order_by("details__n"))
    list(orders.annotate(row=Window(RowNumber(), partition_by=F("status"), order_by=F("created").desc())))
    list(
        orders.filter(
            Exists(Order.objects.filter(number=OuterRef("number"), status="new")), ~Q(status="paid")
        )
    )
    list(orders.annotate(last=Subquery(Order.objects.filter(status=OuterRef("status")).values("id")[:1])))
    list(orders.order_by(Case(When(status="new", then=0), default=1), Lower("number"))[5:10])
    list(
        orders.filter(
            number__icontains="n",
            number__istartswith="N",
            number__regex="^N",
            created__date=timezone.now().date(),
        )
    )
    list(
        orders.annotate(year=ExtractYear("created")).filter(
            year=2024, created__year=2024, total__range=(1, 5)
        )
    )
    list(
        orders.filter(Q(status="a") | Q(pk__in=orders.filter(total__lt=3).values("pk"))).select_for_update(
            of=("self",)
        )
    )
    orders.aggregate(a=Count("id", filter=Q(status="new")), b=Sum("total", default=0))
    list(orders.filter(status="a").union(orders.filter(status="b"), all=True).order_by("number")[:3])
    list(orders.filter(details__contains={"n": 1}, details__has_key="n", details__n__gt=3))
    list(orders.none()), orders.filter(status="x").exists(), orders.filter(status__in=[]).count()
    orders.explain()
    orders.filter(pk=1).update(total=F("total") + 1, number=Concat("number", Value("x")))
    Order.objects.bulk_update([Order(pk=n, status="b", note="c") for n in (1, 2)], ["status", "note"])
    Order.objects.update_or_create(number="N1", defaults={"status": "z"})


def broken_recorder() -> None:
    from indexical.django.capture.recorder import Recorder

    def fail(*arguments: object) -> None:
        raise RuntimeError("broken on purpose")

    Recorder._note = fail
    assert Order.objects.filter(status="x").count() == 0
    assert Order.objects.filter(status="y").count() == 0
    print("still alive")


def wrapper_order() -> None:
    """A block that opens the connection must get its own wrapper back off, not ours."""
    calls = []

    def theirs(execute, sql, params, many, context):
        calls.append(sql)
        return execute(sql, params, many, context)

    connection.close()
    with connection.execute_wrapper(theirs):
        Order.objects.count()
    Order.objects.filter(status="after").count()
    assert len(calls) == 1, calls


if __name__ == "__main__":
    globals()[sys.argv[1]]()
