"""The scenarios that every client goes through, by name.

Each client has a file `test_<client>.py` with a test `test_<scenario>` for each of these; what
a client cannot do by its nature is told in NOT_OFFERED.
"""

SCENARIOS = {
    "connect": "A connection is made and answers.",
    "query": "A query's rows and types arrive.",
    "large_result": "A result of many batches arrives whole and in order.",
    "prepared_by_position": "A prepared statement takes parameters by position.",
    "prepared_by_name": "A prepared statement takes parameters by name.",
    "executemany": "One statement runs once for each of several rows of parameters.",
    "schema_before_execution": "The result's schema is known without running the query.",
    "update_count": "A change tells how many rows it touched.",
    "ingest_create": "Bulk ingest creates a table, and fails if there is one.",
    "ingest_append": "Bulk ingest appends, and fails if there is no table.",
    "ingest_replace": "Bulk ingest replaces a table.",
    "ingest_create_append": "Bulk ingest creates or appends.",
    "ingest_temporary": "Bulk ingest into a temporary table of the session.",
    "ingest_in_transaction": "Bulk ingest is undone with its transaction.",
    "commit": "What is committed is seen by others.",
    "rollback": "What is rolled back is gone.",
    "cancel_mid_stream": "A cancelled result ends its query on the server.",
    "tables_with_filters": "Tables are listed, by pattern and type.",
    "table_schema": "A table's columns, with nullability.",
    "keys": "Primary, imported and exported keys.",
    "table_types": "The kinds of tables.",
    "server_info": "Name, version and abilities of the server.",
    "session_options": "Options of the session are set, read and take effect.",
    "close_session": "Closing a session ends what belongs to it.",
    "errors": "Errors carry a kind and a message a person can use.",
}

_NO_INGEST = {name: "this client has no bulk ingest" for name in SCENARIOS
              if name.startswith("ingest_")}

NOT_OFFERED = {
    "adbc": {
        "keys": "the driver asks for no keys; the flight client shows them",
        "prepared_by_name": "the driver binds by position only",
        "ingest_in_transaction": "the driver names no transaction in its bulk ingest",
    },
    "flight": {},
    "rest": {
        "schema_before_execution": "HTTP has no prepared statements",
        "close_session": "a session of HTTP ends by idling",
        "keys": "GET /v1/tables tells columns only",
        "table_types": "the type stands in each row of GET /v1/tables",
    },
    "jdbc": {
        **_NO_INGEST,
        "prepared_by_name": "JDBC has parameters by position only",
        "session_options": "the driver sets no session options",
    },
}
