"""What the twin's server gets before any table: its own role, schemas, extensions, tablespaces."""

from __future__ import annotations

from indexical.ddl import quote
from indexical.errors import ConnectionFailed, DatabaseError
from indexical.model import Catalog, NotExamined
from indexical.pg.queries import load
from indexical.pg.session import Session
from indexical.twin import schema

ROLE = "indexical_planner"
"""Owns every table of the twin and has no other rights."""
_COSTS = frozenset(
    {"seq_page_cost", "random_page_cost", "effective_io_concurrency", "maintenance_io_concurrency"}
)


def prepare(admin: Session) -> None:
    """The twin's own role and schema. Fixed statements of our own, in one round trip."""
    admin.script(
        [
            f"CREATE ROLE {ROLE} LOGIN",
            f"ALTER DATABASE postgres OWNER TO {ROLE}",
            "CREATE SCHEMA indexical_twin",
            f"GRANT USAGE ON SCHEMA indexical_twin TO {ROLE}",
            "CREATE TABLE indexical_twin.empty (nothing integer)",
            load("twin_flip"),
            load("twin_operators"),
        ]
    )


def attempt(session: Session, sql: str) -> str:
    """Runs a statement that may be refused: empty when it held, else why not."""
    try:
        session.execute(sql)
    except ConnectionFailed:
        raise
    except DatabaseError as error:
        return str(error)
    return ""


def make_schemas(catalog: Catalog, admin: Session) -> list[NotExamined]:
    """Answers those that could not be made."""
    failed = []
    for name in schema.schemas(catalog):
        if name == "public":
            continue
        failure = attempt(admin, f"CREATE SCHEMA {quote(name)} AUTHORIZATION {ROLE}")
        if failure:
            failed.append(NotExamined(f"schema {name}", failure))
    return failed


def make_extensions(catalog: Catalog, admin: Session) -> list[NotExamined]:
    """Answers those that could not be made. Only extensions that reach nothing outside are tried."""
    failed = []
    wanted = sorted(schema.EXTENSIONS & set(catalog.extensions))
    rows = admin.rows(load("twin_extensions"), (wanted,)) if wanted else []
    available = {row["name"] for row in rows}
    places = dict(catalog.extension_schemas)
    for name in wanted:
        place = places.get(name, "public")
        failure = "the engine does not have it"
        if name in available:
            failure = attempt(admin, f"CREATE EXTENSION {quote(name)} SCHEMA {quote(place)} CASCADE")
        if failure:
            failed.append(NotExamined(f"extension {name}", failure))
    return failed


def make_tablespaces(catalog: Catalog, admin: Session) -> tuple[dict[str, str], list[NotExamined]]:
    """The twin's names of the catalog's tablespaces, and those that could not be made.

    Only those with costs of their own: to the planner all others are alike.
    """
    made: dict[str, str] = {}
    failed = []
    for number, space in enumerate(catalog.tablespaces):
        costs = [(name, value) for name, value in space.options if name in _COSTS]
        if not costs:
            continue
        name = "pg_default" if space.default else f"indexical_{number}"
        settings = ", ".join(f"{quote(cost)} = {admin.literal(value)}" for cost, value in costs)
        script = [f"ALTER TABLESPACE {name} SET ({settings})"]
        if not space.default:
            script = [
                "SET allow_in_place_tablespaces = on",
                f"CREATE TABLESPACE {name} LOCATION ''",
                f"GRANT CREATE ON TABLESPACE {name} TO {ROLE}",
                f"CREATE TABLE indexical_twin.{name} (nothing integer) TABLESPACE {name}",
                *script,
            ]
        why = next((failure for sql in script if (failure := attempt(admin, sql))), "")
        if why:
            failed.append(
                NotExamined(
                    f"tablespace {space.name}", f"its costs are not planned with in the planner twin: {why}"
                )
            )
        elif not space.default:
            made[space.name] = name
    return made, failed
