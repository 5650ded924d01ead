"""Pintail from Python: put Arrow data in, ask SQL about it.

    pip install adbc-driver-flightsql pyarrow
    python python_quickstart.py

PINTAIL_URL says where the server is (default grpc://127.0.0.1:50051).
"""

import os

import adbc_driver_flightsql.dbapi as flight_sql
import pyarrow as pa

URL = os.environ.get("PINTAIL_URL", "grpc://127.0.0.1:50051")

weather = pa.table({
    "city": ["Oslo", "Rome", "Oslo", "Rome"],
    "day": pa.array([0, 0, 1, 1], pa.int32()).cast(pa.date32()),
    "degrees": [4.0, 19.5, 6.5, 21.0],
})

with flight_sql.connect(URL, autocommit=True) as connection:
    with connection.cursor() as cursor:
        # Bulk ingest: the table is made from the Arrow schema. The driver sends no message
        # above 16 MiB, so a large table goes in parts.
        rows = cursor.adbc_ingest("city_days", weather.to_reader(max_chunksize=100_000), mode="replace")
        print(f"ingested {rows} rows")

        # A query's result comes as Arrow, batch by batch.
        cursor.execute("SELECT city, avg(degrees) AS mean FROM city_days GROUP BY city ORDER BY city")
        for city, mean in cursor.fetchall():
            print(f"{city}: {mean}")

        # Parameters.
        cursor.execute("SELECT count(*) FROM city_days WHERE degrees > ?", (6,))
        print("warm days:", cursor.fetchone()[0])
        cursor.execute("SELECT max(degrees) FROM city_days WHERE city = ?", ("Rome",))
        print("Rome's warmest:", cursor.fetchone()[0])

# Without autocommit everything is one transaction until commit() or rollback().
with flight_sql.connect(URL) as connection:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM city_days")
    connection.rollback()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM city_days")
        print("rows after the rollback:", cursor.fetchone()[0])
