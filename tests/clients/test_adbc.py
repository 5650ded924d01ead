"""The scenarios from Python's ADBC driver for Flight SQL, as its users write them."""

import adbc_driver_flightsql
import adbc_driver_flightsql.dbapi as adbc
import adbc_driver_manager as manager
import pyarrow as pa
import pytest

COOKIES = {adbc_driver_flightsql.DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true"}


def rows(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def run(connection, sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_connect(server):
    with adbc.connect(server.flight_uri) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 'hello'")
        assert cursor.fetchone() == ("hello",)


def test_query(cursor):
    cursor.execute("SELECT 1 AS a, 'x' AS b, 2.5::DOUBLE AS c, NULL::DATE AS d")
    assert [column[0] for column in cursor.description] == ["a", "b", "c", "d"]
    table = cursor.fetch_arrow_table()
    assert table.schema.types == [pa.int32(), pa.string(), pa.float64(), pa.date32()]
    assert table.to_pylist() == [{"a": 1, "b": "x", "c": 2.5, "d": None}]


def test_large_result(cursor):
    cursor.execute("SELECT range AS r, repeat('x', 20) AS s FROM range(1000000)")
    expected = 0
    batches = 0
    for batch in cursor.fetch_record_batch():
        assert batch.column(0)[0].as_py() == expected
        expected += batch.num_rows
        batches += 1
    assert expected == 1_000_000
    assert batches > 1


def test_prepared_by_position(cursor):
    cursor.execute("SELECT ?::INTEGER + ?::INTEGER, $2::VARCHAR", (2, 40))
    assert cursor.fetchall() == [(42, "40")]


def test_a_null_for_a_parameter_of_any_type(cursor):
    cursor.execute("SELECT ? AS nothing, 1 AS one", (None,))
    assert cursor.fetchall() == [(None, 1)]


def test_a_parameter_is_cast_to_the_type_that_is_needed(cursor, table_name):
    cursor.execute(f"CREATE TABLE {table_name} (i BIGINT, d DATE, s VARCHAR)")
    cursor.execute(f"INSERT INTO {table_name} VALUES (?, ?, ?)", (7, "2024-02-29", 5))
    cursor.execute(f"SELECT i, d::VARCHAR, s FROM {table_name} WHERE i = ?", (7.0,))
    assert cursor.fetchall() == [(7, "2024-02-29", "5")]


def test_a_prepared_statement_runs_again_with_other_parameters(cursor):
    for number in range(5):
        cursor.execute("SELECT ? * 2", (number,))
        assert cursor.fetchone() == (number * 2,)


def test_executemany(cursor, table_name):
    cursor.execute(f"CREATE TABLE {table_name} (i INTEGER, s VARCHAR)")
    cursor.executemany(f"INSERT INTO {table_name} VALUES (?, ?)",
                       [(1, "a"), (2, None), (3, "c")])
    cursor.execute(f"SELECT * FROM {table_name} ORDER BY i")
    assert cursor.fetchall() == [(1, "a"), (2, None), (3, "c")]


def test_executemany_takes_a_table_of_parameters(cursor, table_name):
    cursor.execute(f"CREATE TABLE {table_name} (i INTEGER)")
    cursor.executemany(f"INSERT INTO {table_name} VALUES (?)",
                       pa.table({"i": list(range(1000))}))
    cursor.execute(f"SELECT count(*), sum(i)::BIGINT FROM {table_name}")
    assert cursor.fetchall() == [(1000, 499500)]


def test_wrong_number_of_parameters_is_refused(cursor):
    with pytest.raises(manager.Error) as caught:
        cursor.execute("SELECT ? + ?", (1,))
    assert "2" in str(caught.value) and "1" in str(caught.value)


def test_schema_before_execution(cursor, table_name):
    cursor.execute(f"CREATE TABLE {table_name} (i BIGINT, s VARCHAR)")
    schema = cursor.adbc_execute_schema(f"SELECT s, i FROM {table_name} WHERE i > 0")
    assert schema.names == ["s", "i"]
    assert schema.types == [pa.string(), pa.int64()]
    parameters = cursor.adbc_prepare(f"SELECT * FROM {table_name} WHERE i = ? AND s = ?")
    assert len(parameters) == 2


def test_update_count(cursor, table_name):
    cursor.execute(f"CREATE TABLE {table_name} AS SELECT range AS i FROM range(10)")
    statement = cursor.adbc_statement
    statement.set_sql_query(f"DELETE FROM {table_name} WHERE i < 4")
    assert statement.execute_update() == 4


def test_ingest_create(cursor, table_name):
    data = pa.table({"i": [1, 2], "s": ["a", None]})
    assert cursor.adbc_ingest(table_name, data, mode="create") == 2
    with pytest.raises(manager.Error) as caught:
        cursor.adbc_ingest(table_name, data, mode="create")
    assert caught.value.status_code == manager.AdbcStatusCode.ALREADY_EXISTS
    cursor.execute(f"SELECT * FROM {table_name} ORDER BY i")
    assert cursor.fetch_arrow_table() == data


def test_ingest_append(cursor, table_name):
    data = pa.table({"i": [1, 2]})
    with pytest.raises(manager.Error) as caught:
        cursor.adbc_ingest(table_name, data, mode="append")
    assert caught.value.status_code == manager.AdbcStatusCode.NOT_FOUND
    cursor.adbc_ingest(table_name, data, mode="create")
    assert cursor.adbc_ingest(table_name, data, mode="append") == 2
    cursor.execute(f"SELECT count(*) FROM {table_name}")
    assert cursor.fetchone() == (4,)


def test_ingest_replace(cursor, table_name):
    cursor.adbc_ingest(table_name, pa.table({"i": [1, 2]}), mode="create")
    cursor.adbc_ingest(table_name, pa.table({"other": ["x"]}), mode="replace")
    cursor.execute(f"SELECT * FROM {table_name}")
    assert cursor.fetch_arrow_table().to_pydict() == {"other": ["x"]}


def test_ingest_create_append(cursor, table_name):
    for _ in range(2):
        cursor.adbc_ingest(table_name, pa.table({"i": [1, 2]}), mode="create_append")
    cursor.execute(f"SELECT count(*) FROM {table_name}")
    assert cursor.fetchone() == (4,)


def test_ingest_into_a_schema(cursor, table_name):
    cursor.execute(f"CREATE SCHEMA {table_name}_schema")
    cursor.adbc_ingest("t", pa.table({"i": [1]}), mode="create",
                       db_schema_name=f"{table_name}_schema")
    cursor.execute(f"SELECT i FROM {table_name}_schema.t")
    assert cursor.fetchall() == [(1,)]


def test_ingest_temporary(server, table_name):
    with adbc.connect(server.flight_uri, db_kwargs=COOKIES, autocommit=True) as mine:
        with mine.cursor() as cursor:
            cursor.adbc_ingest(table_name, pa.table({"i": [1]}), mode="create", temporary=True)
        assert rows(mine, f"SELECT i FROM {table_name}") == [(1,)]
        with adbc.connect(server.flight_uri, db_kwargs=COOKIES, autocommit=True) as other:
            with pytest.raises(manager.Error):
                rows(other, f"SELECT i FROM {table_name}")


def test_commit(server, connect, table_name):
    watcher = connect()
    run(watcher, f"CREATE TABLE {table_name} (i INTEGER)")
    with adbc.connect(server.flight_uri) as connection:
        run(connection, f"INSERT INTO {table_name} VALUES (1)")
        assert rows(watcher, f"SELECT count(*) FROM {table_name}") == [(0,)]
        connection.commit()
        assert rows(watcher, f"SELECT count(*) FROM {table_name}") == [(1,)]


def test_rollback(server, connect, table_name):
    watcher = connect()
    run(watcher, f"CREATE TABLE {table_name} (i INTEGER)")
    with adbc.connect(server.flight_uri) as connection:
        run(connection, f"INSERT INTO {table_name} VALUES (1)")
        assert rows(connection, f"SELECT count(*) FROM {table_name}") == [(1,)]
        connection.rollback()
        assert rows(connection, f"SELECT count(*) FROM {table_name}") == [(0,)]


def test_two_transactions_on_one_row_conflict(server, connect, table_name):
    run(connect(), f"CREATE TABLE {table_name} AS SELECT 1 AS i")
    with adbc.connect(server.flight_uri) as one, adbc.connect(server.flight_uri) as two:
        run(one, f"UPDATE {table_name} SET i = 2")
        with pytest.raises(manager.Error, match="[Cc]onflict"):
            run(two, f"UPDATE {table_name} SET i = 3")
        one.commit()
        two.rollback()
    assert rows(connect(), f"SELECT i FROM {table_name}") == [(2,)]


def test_cancel_mid_stream(server, connect):
    cursor = connect().cursor()
    cursor.execute("SELECT range AS cancel_from_adbc FROM range(1000000000000)")
    reader = cursor.fetch_record_batch()
    assert reader.read_next_batch().num_rows > 0
    cursor.adbc_cancel()
    with pytest.raises((manager.Error, pa.ArrowException, OSError)):
        while True:
            reader.read_next_batch()
    cursor.close()
    watcher = connect()
    server.wait_until(
        lambda: rows(watcher, "SELECT state FROM pintail.statements WHERE sql LIKE"
                              " 'SELECT range AS cancel_from_adbc%'") == [("cancelled",)],
        "the statement is told as cancelled")


def test_tables_with_filters(connect, table_name):
    connection = connect()
    run(connection, f"CREATE TABLE {table_name}_a (i INTEGER)")
    run(connection, f"CREATE VIEW {table_name}_b AS SELECT 1 AS j")

    def names(**filters):
        objects = connection.adbc_get_objects(depth="tables", **filters).read_all().to_pylist()
        return {(table["table_name"], table["table_type"])
                for catalog in objects for schema in catalog["catalog_db_schemas"]
                for table in schema["db_schema_tables"]}

    assert names(table_name_filter=f"{table_name}%") == {
        (f"{table_name}_a", "TABLE"), (f"{table_name}_b", "VIEW")}
    assert names(table_name_filter=f"{table_name}%", table_types_filter=["VIEW"]) == {
        (f"{table_name}_b", "VIEW")}
    assert names(table_name_filter=f"{table_name}_x") == set()


def test_columns_of_objects(connect, table_name):
    connection = connect()
    run(connection, f"CREATE TABLE {table_name} (i INTEGER NOT NULL, s VARCHAR)")
    objects = connection.adbc_get_objects(
        depth="columns", table_name_filter=table_name).read_all().to_pylist()
    columns = [column for catalog in objects for schema in catalog["catalog_db_schemas"]
               for table in schema["db_schema_tables"] for column in table["table_columns"]]
    assert [(column["column_name"], column["ordinal_position"]) for column in columns] == [
        ("i", 1), ("s", 2)]
    assert [column["xdbc_type_name"] for column in columns] == ["INTEGER", "VARCHAR"]


def test_table_schema(connect, table_name):
    connection = connect()
    run(connection, f"CREATE TABLE {table_name} (i INTEGER NOT NULL, s VARCHAR)")
    schema = connection.adbc_get_table_schema(table_name)
    assert schema.names == ["i", "s"]
    assert schema.types == [pa.int32(), pa.string()]
    assert [field.nullable for field in schema] == [False, True]
    with pytest.raises(manager.Error):
        connection.adbc_get_table_schema("there_is_no_such_table")


def test_table_types(connect):
    types = connect().adbc_get_table_types()
    assert {"TABLE", "VIEW", "LOCAL TEMPORARY"} <= set(types)


def test_server_info(connect):
    info = connect().adbc_get_info()
    assert info["vendor_name"] == "Pintail"
    assert info["vendor_version"]
    assert info["vendor_arrow_version"]


def test_session_options(server):
    prefix = adbc_driver_flightsql.ConnectionOptions.OPTION_SESSION_OPTION_PREFIX.value
    with adbc.connect(server.flight_uri, db_kwargs=COOKIES, autocommit=True) as connection:
        run(connection, "CREATE SCHEMA IF NOT EXISTS adbc_session")
        connection.adbc_current_db_schema = "adbc_session"
        assert connection.adbc_current_db_schema == "adbc_session"
        assert rows(connection, "SELECT current_schema()") == [("adbc_session",)]
        connection.adbc_connection.set_options(**{prefix + "time_zone": "Asia/Tokyo"})
        assert rows(connection, "SELECT current_setting('TimeZone')") == [("Asia/Tokyo",)]


def test_close_session(server, connect):
    mark = "SELECT 'close_session_from_adbc'"
    connection = adbc.connect(server.flight_uri, db_kwargs=COOKIES)
    run(connection, mark)
    watcher = connect()
    before = rows(watcher, "SELECT count(*) FROM pintail.sessions")[0][0]
    connection.close()
    server.wait_until(
        lambda: rows(watcher, "SELECT count(*) FROM pintail.sessions")[0][0] < before,
        "the closed session is gone")


def test_errors(cursor):
    table = [
        ("SELEC 1", manager.AdbcStatusCode.INVALID_ARGUMENT, "syntax error"),
        ("SELECT * FROM no_such_table", manager.AdbcStatusCode.NOT_FOUND, "no_such_table"),
        ("SELECT 'x'::INTEGER", manager.AdbcStatusCode.INVALID_ARGUMENT, "x"),
        ("CREATE TABLE metrics (i INTEGER)", manager.AdbcStatusCode.ALREADY_EXISTS, "metrics"),
    ]
    for sql, status, message in table:
        with pytest.raises(manager.Error) as caught:
            cursor.execute(sql)
            cursor.fetchall()  # what fails on values fails while they are read
        assert caught.value.status_code == status, sql
        assert message in str(caught.value), sql


def test_an_error_in_a_row_reaches_the_client(cursor):
    with pytest.raises((manager.Error, pa.ArrowException, OSError), match="99999x"):
        cursor.execute("SELECT (range || 'x')::INTEGER FROM range(100000) WHERE range > 99998")
        cursor.fetchall()
