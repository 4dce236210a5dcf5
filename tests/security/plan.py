"""The rows of the security plan: the attack, what meets it, and the tests elsewhere that show a row already."""

from __future__ import annotations

ROWS: dict[str, tuple[str, str]] = {
    "S1": (
        "an identifier that holds SQL, from a catalog, a log or a snapshot",
        "quoted in one place; acted on by object id",
    ),
    "S2": (
        "captured text that is two statements, or EXPLAIN of a write",
        "prepared by the protocol: one only, run none",
    ),
    "S3": (
        "a function that calls itself immutable and writes or sleeps",
        "read-only transaction and a time limit",
    ),
    "S4": ("NUL, ESC, U+202E, line ends in text", "refused, or escaped in terminal, HTML and SQL"),
    "S5": (
        "hostile names and comments in generated SQL",
        "quoted; what comes back from the server is what was meant",
    ),
    "S6": ("the role that reads tries to change something", "every statement is refused"),
    "S7": ("the role that changes has more rights than it needs", "no inheritance, no superuser"),
    "S8": (
        "a trojan function, operator or table on the search path or in an index",
        "an empty search path; no right is gained",
    ),
    "S9": ("values in captured text, errors, plans, statistics", "left out when they are recorded"),
    "S10": ("passwords in pg_stat_statements", "utility statements are dropped"),
    "S11": (
        "a password in a connection error, log, journal, traceback",
        "URLs are parsed here and never printed",
    ),
    "S12": ("a password in the arguments of a child process", "given by file or environment"),
    "S13": (
        "path traversal, symbolic links, device files",
        "no archive is unpacked; links and devices are refused",
    ),
    "S14": (
        "bombs: gzip, long lines, deep JSON, huge numbers, NaN, double keys",
        "refused within two seconds",
    ),
    "S15": ("statements made to exhaust a parser", "the others are still analysed"),
    "S16": ("forged, broken, rotated, mis-encoded logs", "counted, not believed"),
    "S17": (
        "names, comments and SQL that are HTML or a script, in a report or on the dashboard",
        "escaped, and a policy that lets nothing of it run",
    ),
    "S18": ("a name that a spreadsheet would calculate", "the cell is text"),
    "S19": (
        "the dashboard, asked for by somebody who is not meant to see it",
        "a login for who has none, else 404; nothing is looked at",
    ),
    "S20": (
        "an action of the dashboard by GET, without CSRF token, from an old tab, twice, or about something else",
        "refused; a token is signed, good once and for one plan",
    ),
    "S21": (
        "a host or a database that only a request, a snapshot or an advice file names",
        "no connection goes there",
    ),
    "S22": ("files that others may read", "0600, whatever the umask"),
    "S23": ("pickle, YAML, eval on an input path", "there is none"),
    "S24": ("the server's log shows our statements", "they hold no value of a row and no password"),
    "S25": (
        "a connection to anywhere else at run time",
        "there is none, but for `measure --base-url`, to that address",
    ),
}

_STATEMENTS = "tests/postgres/test_snapshot_statements.py"
_DAMAGE = "tests/unit/workload/test_logs_damage.py"

SHOWN_BY: dict[str, tuple[str, ...]] = {
    "S1": (
        "tests/postgres/change/test_apply_build.py::test_hostile_names_are_only_names",
        "tests/unit/test_emit_sql.py::test_hostile_identifiers_are_quoted",
    ),
    "S2": (
        "tests/postgres/test_explain_safety.py::test_what_is_no_single_query_is_refused_and_harms_nothing",
        "tests/postgres/test_workload_sources.py::test_hostile_lines_of_a_log_are_planned_at_most_and_never_executed",
    ),
    "S3": (
        "tests/postgres/test_explain_safety.py::test_a_function_that_lies_about_itself_cannot_write",
        "tests/postgres/test_explain_safety.py::test_a_function_that_sleeps_is_cut_off",
    ),
    "S4": (
        "tests/unit/report/test_units.py::test_what_could_steer_a_terminal_is_escaped",
        "tests/unit/test_emit_sql.py::test_hostile_words_stay_inside_their_comment",
        "tests/unit/report/test_html.py::test_hostile_text_is_only_text",
    ),
    "S9": (
        "tests/postgres/test_explain_safety.py::test_no_value_is_in_an_error",
        "tests/unit/workload/test_logs.py::test_secrets_and_personal_values_are_not_kept",
        "tests/unit/workload/test_redaction.py::test_every_value_in_a_condition_with_a_secret_column_is_secret",
        "tests/unit/report/test_html.py::test_values_in_a_plan_s_conditions_are_withheld",
    ),
    "S10": (
        f"{_STATEMENTS}::test_statements_come_along_with_counts_and_window_but_no_password",
        "tests/unit/test_catalog_credentials.py::test_a_text_with_a_credential_is_seen",
    ),
    "S11": (
        "tests/unit/test_pg_target.py::test_what_is_no_url_is_refused_in_one_line_without_repeating_it",
        "tests/unit/test_pg_target.py::test_no_password_is_ever_printed",
        "tests/unit/cli/test_bad_input.py::test_no_server_is_exit_3_and_shows_no_password",
    ),
    "S12": (
        "tests/postgres/change/test_backup.py::test_the_password_reaches_pg_dump_and_nobody_else",
        "tests/postgres/change/test_backup.py::test_no_process_shows_the_password_while_the_dump_runs",
    ),
    "S13": ("tests/unit/workload/test_capture_file.py::test_a_symbolic_link_is_not_followed",),
    "S14": (
        "tests/unit/test_catalog_hostile.py::test_a_bomb_is_refused_soon_and_in_little_memory",
        "tests/unit/workload/test_logs_damage.py::test_an_archive_made_to_exhaust_its_reader_is_refused_at_once",
    ),
    "S15": (f"{_DAMAGE}::test_statements_built_to_exhaust_a_parser_do_not_stop_the_others",),
    "S16": (
        "tests/unit/workload/test_logs.py::test_a_forged_line_inside_a_literal_is_not_counted",
        "tests/unit/workload/test_logs.py::test_rotated_logs_are_one_source_with_one_window",
        "tests/unit/workload/test_logs_damage.py::test_broken_lines_are_counted_and_the_others_read",
        "tests/unit/workload/test_logs_damage.py::test_text_in_another_encoding_is_counted",
        "tests/unit/workload/test_logs_damage.py::test_a_damaged_archive_gives_what_is_before_the_damage",
    ),
    "S7": (
        "tests/faults/test_preflight_rights.py::test_a_superuser_is_told_refused_or_let_through_as_is_asked",
    ),
    "S8": ("tests/faults/test_preflight_rows.py::test_a_superuser_does_not_run_a_function_of_somebody_else",),
    "S17": (
        "tests/browser/test_report.py::test_hostile_text_runs_nothing_and_fetches_nothing",
        "tests/browser/test_report.py::test_the_page_s_own_policy_stops_a_script_that_got_past_the_escaping",
    ),
    "S22": (
        "tests/unit/test_catalog_file.py::test_only_the_owner_may_read_it_even_where_an_open_file_stood",
        "tests/unit/workload/test_capture_file.py::test_the_file_is_made_for_its_owner_only_whatever_the_umask",
    ),
}
