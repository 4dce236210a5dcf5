"""TPC-H on a server of our own: its data, its queries, and the indexes and configurations that are asked about.

Data and query texts come from DuckDB's generator at run time (https://duckdb.org/docs/stable/core_extensions/tpch.html);
the tables follow the TPC-H specification, section 1.4.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from indexical.ddl import create_index
from indexical.model import Index, Key, Statement
from indexical.pg.session import Session, connect
from indexical.twin.server import PrivateServer

TABLES = {
    "region": "r_regionkey integer PRIMARY KEY, r_name char(25) NOT NULL, r_comment varchar(152)",
    "nation": "n_nationkey integer PRIMARY KEY, n_name char(25) NOT NULL,"
    " n_regionkey integer NOT NULL REFERENCES region, n_comment varchar(152)",
    "supplier": "s_suppkey integer PRIMARY KEY, s_name char(25) NOT NULL, s_address varchar(40) NOT NULL,"
    " s_nationkey integer NOT NULL REFERENCES nation, s_phone char(15) NOT NULL, s_acctbal numeric(15,2) NOT NULL,"
    " s_comment varchar(101) NOT NULL",
    "customer": "c_custkey integer PRIMARY KEY, c_name varchar(25) NOT NULL, c_address varchar(40) NOT NULL,"
    " c_nationkey integer NOT NULL REFERENCES nation, c_phone char(15) NOT NULL, c_acctbal numeric(15,2) NOT NULL,"
    " c_mktsegment char(10) NOT NULL, c_comment varchar(117) NOT NULL",
    "part": "p_partkey integer PRIMARY KEY, p_name varchar(55) NOT NULL, p_mfgr char(25) NOT NULL, p_brand char(10) NOT NULL,"
    " p_type varchar(25) NOT NULL, p_size integer NOT NULL, p_container char(10) NOT NULL,"
    " p_retailprice numeric(15,2) NOT NULL, p_comment varchar(23) NOT NULL",
    "partsupp": "ps_partkey integer NOT NULL REFERENCES part, ps_suppkey integer NOT NULL REFERENCES supplier,"
    " ps_availqty integer NOT NULL, ps_supplycost numeric(15,2) NOT NULL, ps_comment varchar(199) NOT NULL,"
    " PRIMARY KEY (ps_partkey, ps_suppkey)",
    "orders": "o_orderkey bigint PRIMARY KEY, o_custkey integer NOT NULL REFERENCES customer, o_orderstatus char(1) NOT NULL,"
    " o_totalprice numeric(15,2) NOT NULL, o_orderdate date NOT NULL, o_orderpriority char(15) NOT NULL,"
    " o_clerk char(15) NOT NULL, o_shippriority integer NOT NULL, o_comment varchar(79) NOT NULL",
    "lineitem": "l_orderkey bigint NOT NULL REFERENCES orders, l_partkey integer NOT NULL, l_suppkey integer NOT NULL,"
    " l_linenumber integer NOT NULL, l_quantity numeric(15,2) NOT NULL, l_extendedprice numeric(15,2) NOT NULL,"
    " l_discount numeric(15,2) NOT NULL, l_tax numeric(15,2) NOT NULL, l_returnflag char(1) NOT NULL,"
    " l_linestatus char(1) NOT NULL, l_shipdate date NOT NULL, l_commitdate date NOT NULL, l_receiptdate date NOT NULL,"
    " l_shipinstruct char(25) NOT NULL, l_shipmode char(10) NOT NULL, l_comment varchar(44) NOT NULL,"
    " PRIMARY KEY (l_orderkey, l_linenumber), FOREIGN KEY (l_partkey, l_suppkey) REFERENCES partsupp",
}
"""Parents before children."""


def _on(table: str, *keys: str, **details: Any) -> Index:
    made = tuple(Key.desc(key[:-1]) if key.endswith("-") else Key.asc(key) for key in keys)
    return Index("public", table, made, **details)


INDEXES = {
    "h_l_shipdate": _on("lineitem", "l_shipdate"),
    "h_l_suppkey": _on("lineitem", "l_suppkey"),
    "h_l_partkey": _on("lineitem", "l_partkey", include=("l_quantity", "l_extendedprice")),
    "h_l_part_supp": _on("lineitem", "l_partkey", "l_suppkey"),
    "h_l_order_supp": _on("lineitem", "l_orderkey", "l_suppkey"),
    "h_l_receipt": _on("lineitem", "l_receiptdate", "l_shipmode"),
    "h_l_forecast": _on("lineitem", "l_shipdate", "l_discount", "l_quantity", include=("l_extendedprice",)),
    "h_l_returned": _on("lineitem", "l_orderkey", predicate="l_returnflag = 'R'"),
    "h_l_late": _on("lineitem", "l_orderkey", predicate="l_commitdate < l_receiptdate"),
    "h_l_mode": _on("lineitem", "l_shipmode", "l_receiptdate"),
    "h_o_date": _on("orders", "o_orderdate"),
    "h_o_customer": _on("orders", "o_custkey"),
    "h_o_customer_date": _on("orders", "o_custkey", "o_orderdate-"),
    "h_o_date_customer": _on("orders", "o_orderdate", "o_custkey", include=("o_shippriority",)),
    "h_o_status": _on("orders", "o_orderstatus", "o_orderkey"),
    "h_o_total": _on("orders", "o_totalprice-"),
    "h_ps_supplier": _on("partsupp", "ps_suppkey"),
    "h_ps_cost": _on("partsupp", "ps_partkey", "ps_supplycost"),
    "h_p_type_size": _on("part", "p_type", "p_size"),
    "h_p_brand": _on("part", "p_brand", "p_container", "p_size"),
    "h_p_size": _on("part", "p_size"),
    "h_p_name": Index("public", "part", (Key(column="p_name", opclass="varchar_pattern_ops"),)),
    "h_c_segment": _on("customer", "c_mktsegment"),
    "h_c_nation": _on("customer", "c_nationkey"),
    "h_c_code": Index("public", "customer", (Key(expression="SUBSTRING(c_phone FROM 1 FOR 2)"),)),
    "h_c_balance": _on("customer", "c_acctbal"),
    "h_s_nation": _on("supplier", "s_nationkey"),
}
"""Built on the database, hypothetical on the twin."""


def configurations() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Indexes that are there and existing ones that are not, by the configuration's name."""
    names = tuple(INDEXES)
    found: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "none": ((), ()),
        "all": (names, ()),
        "lineitem": (tuple(name for name in names if name.startswith("h_l")), ()),
        "orders": (tuple(name for name in names if name.startswith("h_o")), ()),
        "the small ones": (tuple(name for name in names if name[2] not in "lo"), ()),
        "one column": (tuple(name for name in names if len(INDEXES[name].keys) == 1), ()),
        "without two keys": ((), ("lineitem_pkey", "partsupp_pkey")),
        "all without two keys": (names, ("orders_pkey", "partsupp_pkey")),
    }
    chance = random.Random(20)
    for share in (0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85):
        found[f"random {share:.0%}"] = (tuple(name for name in names if chance.random() < share), ())
    return found


def statements() -> list[Statement]:
    """The 22 queries."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("LOAD tpch")
    found = connection.execute("SELECT query_nr, query FROM tpch_queries() ORDER BY query_nr").fetchall()
    return [Statement(id=f"q{number}", sql=text.strip().rstrip(";")) for number, text in found]


def generate(folder: Path, scale: float) -> Path:
    """CSV files of the eight tables, made once."""
    import duckdb

    target = folder / f"tpch-{scale:g}"
    if (target / "done").exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o755)
    connection = duckdb.connect(config={"threads": "2"})
    connection.execute("LOAD tpch")
    connection.execute(f"CALL dbgen(sf={scale:g})")
    for table in TABLES:
        file = target / f"{table}.csv"
        connection.execute(f"COPY {table} TO '{file}' (FORMAT csv, HEADER false)")
        file.chmod(0o644)
    (target / "done").touch()
    return target


def fill(server: PrivateServer, folder: Path, scale: float, *, bare: bool = False) -> str:
    """The URL of a database with data, statistics and every index; made once on a server whose folder is kept.

    A ``bare`` one has no index but the primary keys'.
    """
    name = f"tpch_{scale:g}".replace(".", "_") + ("_bare" if bare else "")
    with connect(server.url(), read_only=False, statement_timeout_ms=0) as admin:
        if admin.rows("SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s", (f"{name}_ready",)):
            return server.url(f"{name}_ready")
        admin.execute(f"DROP DATABASE IF EXISTS {name}")
        admin.execute(f"CREATE DATABASE {name}")
    files = generate(folder, scale)
    with connect(server.url(name), read_only=False, statement_timeout_ms=0) as session:
        _load(session, files, {} if bare else INDEXES)
    with connect(server.url(), read_only=False, statement_timeout_ms=0) as admin:
        admin.execute(f"ALTER DATABASE {name} RENAME TO {name}_ready")
    return server.url(f"{name}_ready")


def _load(session: Session, files: Path, indexes: Mapping[str, Index]) -> None:
    for table, columns in TABLES.items():
        session.execute(f"CREATE TABLE {table} ({columns})")
        session.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        session.execute(f"COPY {table} FROM '{files / table}.csv' (FORMAT csv)")
        session.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
    session.execute("SET maintenance_work_mem = '512MB'")
    session.execute("VACUUM (ANALYZE)")
    # After ANALYZE, as on a database that has just got them: expressions have no statistics yet.
    for name, index in indexes.items():
        session.execute(create_index(index, name))
    # The heights of the trees are part of what is compared.
    session.execute("CREATE EXTENSION pageinspect")
    session.execute("CHECKPOINT")
