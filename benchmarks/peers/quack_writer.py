"""Writers of one row after the other into a quack server, each as fast as its INSERT is answered.

    quack_writer.py ADDRESS INSERT WRITERS

ADDRESS is what the server printed. Each writer has a thread and a DuckDB of its own; the INSERT runs
on the server by quack_query_by_name, which is one round trip (into the attached table it takes more).
Speaks on its standard input and output as flight_writer does.
"""

import json
import sys
import threading
import time

import quack_server


def write(connection, insert, until, seconds, in_time):
    """Inserts until the moment has come; the seconds of each go to `seconds`."""
    while (start := time.monotonic()) < until:
        connection.execute(insert).fetchall()
        end = time.monotonic()
        seconds.append(end - start)
        if end <= until:
            in_time.append(1)


if __name__ == "__main__":
    address, insert = json.loads(sys.argv[1]), f"CALL quack_query_by_name('remote', $${sys.argv[2]}$$)"
    connections = [quack_server.connect(address) for _ in range(int(sys.argv[3]))]
    print("ready", flush=True)
    for line in sys.stdin:
        seconds, in_time = [], []
        threads = [
            threading.Thread(target=write, args=(connection, insert, float(line), seconds, in_time))
            for connection in connections
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({"seconds": seconds, "in_time": len(in_time)}), flush=True)
