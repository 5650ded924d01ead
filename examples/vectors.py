"""Nearest neighbours: a fixed-size list of floats is a vector.

    pip install adbc-driver-flightsql pyarrow
    python vectors.py

PINTAIL_URL says where the server is (default grpc://127.0.0.1:50051).
"""

import os

import adbc_driver_flightsql.dbapi as flight_sql
import pyarrow as pa

URL = os.environ.get("PINTAIL_URL", "grpc://127.0.0.1:50051")

birds = pa.table({
    "name": ["mallard", "pintail", "goose", "heron"],
    # wingspan, weight, length of the legs, each from 0 to 1
    "shape": pa.array([[0.45, 0.30, 0.10], [0.44, 0.25, 0.10], [0.80, 0.90, 0.25],
                       [0.95, 0.45, 1.00]], pa.list_(pa.float32(), 3)),
})

with flight_sql.connect(URL, autocommit=True) as connection, connection.cursor() as cursor:
    cursor.adbc_ingest("birds", birds, mode="replace")
    cursor.execute("""
        SELECT b.name, round(array_distance(b.shape, p.shape), 3) AS distance
        FROM birds b, birds p
        WHERE p.name = 'pintail' AND b.name <> 'pintail'
        ORDER BY distance
    """)
    for name, distance in cursor.fetchall():
        print(f"{name} {distance:.2f}")
