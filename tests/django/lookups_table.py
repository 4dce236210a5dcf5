"""The table of lookups: what a developer writes, and the declaration that serves it.

``code`` is evaluated in the project of lookups and run as it stands, so that the SQL is what Django really sends.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lookup:
    topic: str
    code: str
    index: str
    """``CREATE INDEX x ON ...`` without that beginning: the structure that is to be declared."""
    declaration: str
    """The source text that is to come out, under the name ``x``."""
    before: str = "Seq Scan"
    """What the plan does without the index."""


def person(topic: str, code: str, keys: str, declaration: str, before: str = "Seq Scan") -> Lookup:
    return Lookup(topic, f"Person.objects.{code}", f"lookups_person {keys}", declaration, before)


def event(topic: str, code: str, keys: str, declaration: str, before: str = "Seq Scan") -> Lookup:
    return Lookup(topic, f"Event.objects.{code}", f"lookups_event {keys}", declaration, before)


def figure(topic: str, code: str, keys: str, declaration: str, before: str = "Seq Scan") -> Lookup:
    return Lookup(topic, f"Figure.objects.{code}", f"lookups_figure {keys}", declaration, before)


def document(topic: str, code: str, keys: str, declaration: str) -> Lookup:
    return Lookup(topic, f"Document.objects.{code}", f"lookups_document {keys}", declaration)


def collection(topic: str, code: str, keys: str, declaration: str) -> Lookup:
    return Lookup(topic, f"Collection.objects.{code}", f"lookups_collection {keys}", declaration)


def plain(*fields: str) -> str:
    listed = ", ".join(f'"{name}"' for name in fields)
    return f'models.Index(fields=[{listed}], name="x")'


def classed(kind: str, field: str, opclass: str) -> str:
    return f'{kind}(fields=["{field}"], opclasses=["{opclass}"], name="x")'


TRIGRAMS = classed("GinIndex", "name", "gin_trgm_ops")
UPPER_TRIGRAMS = 'GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="x")'
PREFIXES = classed("models.Index", "name", "varchar_pattern_ops")

TEXTS = (
    person("exact", 'filter(name="C4ca4238a0")', "(name)", plain("name")),
    person("exact on text", 'filter(bio="one bio")', "(bio)", plain("bio")),
    person("in", 'filter(name__in=["C4ca4238a0", "C81e728d9d"])', "(name)", plain("name")),
    person("iexact", 'filter(name__iexact="c4CA4238a0")', "(UPPER(name::text))", 'models.Index(Upper("name"), name="x")'),
    person("contains", 'filter(name__contains="ca4238")', "USING gin (name gin_trgm_ops)", TRIGRAMS),
    person("icontains", 'filter(name__icontains="CA4238")', "USING gin (UPPER(name::text) gin_trgm_ops)", UPPER_TRIGRAMS),
    person("startswith", 'filter(name__startswith="C4ca42")', "(name varchar_pattern_ops)", PREFIXES),
    person("startswith on text", 'filter(bio__startswith="8f14e45fce")', "(bio text_pattern_ops)",
           classed("models.Index", "bio", "text_pattern_ops")),
    person("istartswith", 'filter(name__istartswith="c4CA42")', "(UPPER(name::text) text_pattern_ops)",
           'models.Index(OpClass(Upper("name"), name="text_pattern_ops"), name="x")'),
    person("endswith", 'filter(name__endswith="4238a0")', "USING gin (name gin_trgm_ops)", TRIGRAMS),
    person("iendswith", 'filter(name__iendswith="4238A0")', "USING gin (UPPER(name::text) gin_trgm_ops)", UPPER_TRIGRAMS),
    person("regex", 'filter(name__regex="ca4238[ab]")', "USING gin (name gin_trgm_ops)", TRIGRAMS),
    person("iregex", 'filter(name__iregex="CA4238[ab]")', "USING gin (name gin_trgm_ops)", TRIGRAMS),
    person("trigram_similar", 'filter(bio__trigram_similar="a87ff679a2f3e71d9181a67b7542122c")',
           "USING gin (bio gin_trgm_ops)", classed("GinIndex", "bio", "gin_trgm_ops")),
    person("trigram distance, nearest first",
           'annotate(far=TrigramDistance("name", "c4ca42")).order_by("far")[:5]',
           "USING gist (name gist_trgm_ops)", classed("GistIndex", "name", "gist_trgm_ops"), "Sort"),
    person("Lower", 'annotate(low=Lower("email")).filter(low="c4ca4238a0@example.org")', "(LOWER(email::text))",
           'models.Index(Lower("email"), name="x")'),
    person("order by Lower", 'order_by(Lower("name"))[:20]', "(LOWER(name::text))",
           'models.Index(Lower("name"), name="x")', "Sort"),
    person("Length", 'annotate(size=Length("bio")).filter(size__gt=90)', "(LENGTH(bio))",
           'models.Index(Length("bio"), name="x")'),
    person("Substr", 'annotate(head=Substr("name", 1, 4)).filter(head="C4ca")', "(SUBSTRING(name, 1, 4))",
           'models.Index(Substr("name", 1, 4), name="x")'),
    person("Coalesce", 'annotate(shown=Coalesce("nick", "name")).filter(shown="nick 500")', "(COALESCE(nick, name))",
           'models.Index(Coalesce("nick", "name"), name="x")'),
    person("Concat", 'annotate(both=Concat("name", Value(" "), "nick")).filter(both="a b")',
           "((COALESCE(name, '') || COALESCE((COALESCE(' ', '') || COALESCE(nick, '')), '')))",
           'models.Index(Concat("name", models.Value(" "), "nick"), name="x")'),
    person("Collate", 'order_by(Collate("name", "C"))[:20]', '(name COLLATE "C")',
           'models.Index(Collate("name", "C"), name="x")', "Sort"),
    person("isnull, few that are not", "filter(nick__isnull=False)", "(nick) WHERE nick IS NOT NULL",
           'models.Index(fields=["nick"], condition=models.Q(nick__isnull=False), name="x")'),
    person("distinct", 'values("name").distinct()[:20]', "(name)", plain("name")),
)  # fmt: skip

DATES = (
    event("range", "filter(created_at__range=(utc(2020, 5, 1), utc(2020, 5, 2)))", "(created_at)", plain("created_at")),
    event("gt, lt", "filter(created_at__gte=utc(2020, 5, 1), created_at__lt=utc(2020, 5, 2))", "(created_at)",
          plain("created_at")),
    event("range on a large table in order of time",
          "filter(created_at__gte=utc(2020, 5, 1), created_at__lt=utc(2020, 5, 2))", "USING brin (created_at)",
          'BrinIndex(fields=["created_at"], name="x")'),
    event("year", "filter(day__year=1903)", "(day)", plain("day")),
    event("date", "filter(created_at__date=date(2020, 5, 1))", "(((created_at AT TIME ZONE 'UTC')::date))",
          'models.Index(TruncDate("created_at"), name="x")'),
    event("time", "filter(created_at__time=time(3, 21))", "(((created_at AT TIME ZONE 'UTC')::time))",
          'models.Index(TruncTime("created_at"), name="x")'),
    event("month and day", "filter(day__month=2, day__day=29)",
          "((EXTRACT(MONTH FROM day)), (EXTRACT(DAY FROM day)))",
          'models.Index(ExtractMonth("day"), ExtractDay("day"), name="x")'),
    event("hour and minute", "filter(created_at__hour=3, created_at__minute=21)",
          "((EXTRACT(HOUR FROM created_at AT TIME ZONE 'UTC')), (EXTRACT(MINUTE FROM created_at AT TIME ZONE 'UTC')))",
          'models.Index(ExtractHour("created_at"), ExtractMinute("created_at"), name="x")'),
    event("week_day with state", 'filter(day__week_day=1, state="open")', "(state, (EXTRACT(DOW FROM day) + 1))",
          'models.Index("state", ExtractWeekDay("day"), name="x")'),
    event("TruncDay", 'annotate(on=TruncDay("created_at")).filter(on=utc(2020, 5, 1))',
          "(DATE_TRUNC('day', created_at AT TIME ZONE 'UTC'))", 'models.Index(TruncDay("created_at"), name="x")'),
    event("exact on time", "filter(at=time(3, 21))", "(at)", plain("at")),
    event("isnull, few that are", "filter(closed_at__isnull=True)", "(closed_at) WHERE closed_at IS NULL",
          'models.Index(fields=["closed_at"], condition=models.Q(closed_at__isnull=True), name="x")'),
    event("boolean, few that are not", "filter(archived=False)", "(id) WHERE NOT archived",
          'models.Index(fields=["id"], condition=models.Q(archived=False), name="x")'),
    event("rare value with an order", 'filter(state="open").order_by("-created_at")[:10]',
          "(created_at DESC) WHERE state = 'open'",
          'models.Index(fields=["-created_at"], condition=models.Q(state="open"), name="x")'),
    event("exclude", 'exclude(state="done")', "(id) WHERE NOT (state = 'done')",
          'models.Index(fields=["id"], condition=~models.Q(state="done"), name="x")'),
    event("Q of alternatives", 'filter(Q(state="open") | Q(archived=False))', "(id) WHERE state = 'open' OR NOT archived",
          'models.Index(fields=["id"], condition=models.Q(state="open") | models.Q(archived=False), name="x")'),
    event("order by with nulls last", 'order_by(F("closed_at").desc(nulls_last=True))[:10]',
          "(closed_at DESC NULLS LAST)", 'models.Index(models.F("closed_at").desc(nulls_last=True), name="x")', "Sort"),
    event("order by, mixed directions", 'order_by("state", "-created_at")[:10]', "(state, created_at DESC)",
          plain("state", "-created_at"), "Sort"),
    event("offset page", 'filter(state="open").order_by("created_at", "id")[40:60]', "(state, created_at, id)",
          plain("state", "created_at", "id")),
    event("keyset page",
          "filter(Q(created_at__lt=utc(2020, 5, 1)) | Q(created_at=utc(2020, 5, 1), id__lt=9)).filter("
          'created_at__lte=utc(2020, 5, 1)).order_by("-created_at", "-id")[:20]',
          "(created_at DESC, id DESC)", plain("-created_at", "-id")),
    event("latest", 'latest("created_at")', "(created_at DESC)", plain("-created_at"), "Sort"),
    event("Max", 'aggregate(Max("created_at"))', "(created_at)", plain("created_at")),
    event("exists", "filter(owner_id=0).exists()", "(owner_id)", plain("owner")),
    event("count", 'filter(state="open").count()', "(state)", plain("state")),
    event("foreign key", "filter(owner=77)", "(owner_id)", plain("owner")),
    event("join", 'filter(owner__id__in=[1, 2, 3]).select_related("owner")', "(owner_id)", plain("owner")),
    Lookup("subquery with OuterRef",
           'Person.objects.filter(id__lt=20).annotate(last=Subquery(Event.objects.filter(owner=OuterRef("pk"))'
           '.order_by("-created_at").values("created_at")[:1]))',
           "lookups_event (owner_id, created_at DESC)", plain("owner", "-created_at")),
    Lookup("Exists with OuterRef",
           'Person.objects.filter(id__lt=20).filter(Exists(Event.objects.filter(owner=OuterRef("pk"))))',
           "lookups_event (owner_id)", plain("owner")),
    Lookup("prefetch_related", 'Person.objects.filter(id__lt=20).prefetch_related("event_set")',
           "lookups_event (owner_id)", plain("owner")),
    event("covering", 'filter(owner__lt=60).values_list("owner_id", "state")', "(owner_id) INCLUDE (state)",
          'models.Index(fields=["owner"], include=["state"], name="x")'),
)  # fmt: skip

NUMBERS = (
    figure("exact on integer", "filter(number=77)", "(number)", plain("number")),
    figure("gt, lte", "filter(number__gt=10, number__lte=50)", "(number)", plain("number")),
    figure("decimal range", 'filter(price__range=("1.00", "1.50"))', "(price)", plain("price")),
    figure("float", "filter(score__lt=50)", "(score)", plain("score")),
    figure("duration", "filter(length__lt=timedelta(minutes=1))", "(length)", plain("length")),
    figure("uuid", 'filter(key=UUID("c4ca4238a0b923820dcc509a6f75849b"))', "USING hash (key)",
           'HashIndex(fields=["key"], name="x")'),
    figure("IP address", 'filter(address="10.0.0.9")', "(address)", plain("address")),
    figure("arithmetic", 'annotate(total=F("number") + F("other")).filter(total=77)', "((number + other))",
           'models.Index(models.F("number") + models.F("other"), name="x")'),
    figure("arithmetic with a constant", 'annotate(left=F("number") % 1000).filter(left=77)', "((number % 1000))",
           'models.Index(models.F("number") % 1000, name="x")'),
    figure("Cast", 'annotate(shown=Cast("number", CharField(max_length=9))).filter(shown="77")', "((number::varchar(9)))",
           'models.Index(Cast("number", models.CharField(max_length=9)), name="x")'),
    figure("Abs", 'annotate(size=Abs("number")).filter(size=77)', "(ABS(number))", 'models.Index(Abs("number"), name="x")'),
    figure("order by with nulls first", 'order_by(F("score").asc(nulls_first=True))[:10]', "(score NULLS FIRST)",
           'models.Index(models.F("score").asc(nulls_first=True), name="x")', "Sort"),
)  # fmt: skip

JSON_KEY = "(((data -> 'kind')))"
DOCUMENTS = (
    document("JSON key", 'filter(data__kind="k77")', JSON_KEY, 'models.Index(KeyTransform("kind", "data"), name="x")'),
    document("JSON key in", 'filter(data__kind__in=["k77", "k78"])', JSON_KEY,
             'models.Index(KeyTransform("kind", "data"), name="x")'),
    document("JSON key range", "filter(data__size__lt=50)", "(((data -> 'size')))",
             'models.Index(KeyTransform("size", "data"), name="x")'),
    document("JSON path", 'filter(data__deep__code="c77")', "(((data #> '{deep,code}')))",
             'models.Index(KeyTransform("code", KeyTransform("deep", "data")), name="x")'),
    document("JSON key as text", 'annotate(kind=KeyTextTransform("kind", "data")).filter(kind="k77")',
             "(((data ->> 'kind')))", 'models.Index(KeyTextTransform("kind", "data"), name="x")'),
    document("JSON key icontains", 'filter(data__deep__code__icontains="C19999")',
             "USING gin (UPPER(data #>> '{deep,code}') gin_trgm_ops)",
             'GinIndex(OpClass(Upper(KeyTextTransform("code", KeyTransform("deep", "data"))), name="gin_trgm_ops"), name="x")'),
    document("JSON contains", 'filter(data__contains={"kind": "k77"})', "USING gin (data jsonb_path_ops)",
             classed("GinIndex", "data", "jsonb_path_ops")),
    document("has_key", 'filter(data__has_key="rare")', "USING gin (data)", 'GinIndex(fields=["data"], name="x")'),
    document("has_any_keys", 'filter(data__has_any_keys=["rare", "seldom"])', "USING gin (data)",
             'GinIndex(fields=["data"], name="x")'),
    document("full text, stored column", 'filter(search=SearchQuery("word77", config="english"))', "USING gin (search)",
             'GinIndex(fields=["search"], name="x")'),
    document("full text, expression",
             'annotate(found=SearchVector("body", config="english")).filter(found=SearchQuery("word77", config="english"))',
             "USING gin (to_tsvector('english'::regconfig, COALESCE(body, '')))",
             'GinIndex(SearchVector("body", config="english"), name="x")'),
    document("search lookup", 'filter(body__search=SearchQuery("word77", config="english"))',
             "USING gin (to_tsvector('english'::regconfig, COALESCE(body, '')))",
             'GinIndex(SearchVector("body", config="english"), name="x")'),
)  # fmt: skip

COLLECTIONS = (
    collection("ArrayField contains", 'filter(tags__contains=["t77"])', "USING gin (tags)",
               'GinIndex(fields=["tags"], name="x")'),
    collection("ArrayField overlap", "filter(numbers__overlap=[77, 6999])", "USING gin (numbers)",
               'GinIndex(fields=["numbers"], name="x")'),
    collection("ArrayField contained_by", 'filter(tags__contained_by=["t77", "u77"])', "USING gin (tags)",
               'GinIndex(fields=["tags"], name="x")'),
    collection("HStoreField has_key", 'filter(attributes__has_key="k77")', "USING gin (attributes)",
               'GinIndex(fields=["attributes"], name="x")'),
    collection("HStoreField contains", 'filter(attributes__contains={"k77": "v"})', "USING gin (attributes)",
               'GinIndex(fields=["attributes"], name="x")'),
    collection("range overlap", "filter(span__overlap=(70, 72))", "USING gist (span)", 'GistIndex(fields=["span"], name="x")'),
    collection("range contains a point", "filter(period__contains=utc(2020, 5, 1))", "USING gist (period)",
               'GistIndex(fields=["period"], name="x")'),
    collection("range contained_by", "filter(span__contained_by=(70, 90))", "USING gist (span)",
               'GistIndex(fields=["span"], name="x")'),
    collection("range adjacent_to", "filter(span__adjacent_to=(70, 75))", "USING gist (span)",
               'GistIndex(fields=["span"], name="x")'),
    collection("range with a number", "filter(days__contains=date(1950, 5, 1), room=7)", "USING gist (room, days)",
               'GistIndex(fields=["room", "days"], name="x")'),
    collection("array with a number", 'filter(tags__contains=["t77"], room=27)', "USING gin (room, tags)",
               'GinIndex(fields=["room", "tags"], name="x")'),
)  # fmt: skip

LOOKUPS = (*TEXTS, *DATES, *NUMBERS, *DOCUMENTS, *COLLECTIONS)
