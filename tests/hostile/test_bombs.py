"""Small bodies that grow huge are refused before they fill the memory."""

import base64
import functools
import gzip
import io
import zlib

import pyarrow as pa
import pyarrow.parquet
import pytest
import requests

from hostile.doors import ARROW, WAYS, Refusal, by_rest
from ipc_messages import table_bytes

MEBIBYTE = 1 << 20
ALLOWED_GROWTH = 256 * MEBIBYTE


@pytest.fixture
def unmoved(target):
    """Fails when the server's memory grew by more than is allowed meanwhile."""
    before = target.resident_bytes()
    target.forget_peak()
    yield target
    growth = target.peak_resident_bytes() - before
    assert growth <= ALLOWED_GROWTH, f"memory grew by {growth / MEBIBYTE:.0f} MiB"


@pytest.fixture(scope="module")
def zero_table():
    size = 512 * MEBIBYTE
    buffers = [None, pa.py_buffer(bytes(size))]
    return pa.table({"n": pa.Array.from_buffers(pa.int64(), size // 8, buffers)})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_a_bomb_of_compressed_buffers(unmoved, zero_table, table_name, codec, way):
    bomb = table_bytes(zero_table, compression=codec)
    assert len(bomb) < 4 * MEBIBYTE
    with pytest.raises(Refusal) as caught:
        way(unmoved, table_name, bomb)
    assert caught.value.kind == "resource_exhausted"


@functools.cache
def packed_zeros(encoding, size):
    if encoding == "zstd":
        return pa.Codec("zstd", 3).compress(bytes(size), asbytes=True)
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(16 * MEBIBYTE)
    out = bytearray()
    for _ in range(size // len(block)):
        out += packer.compress(block)
    return bytes(out + packer.flush())


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("media_type", [ARROW, "text/csv", "application/x-ndjson"])
def test_a_bomb_of_a_body(unmoved, table_name, encoding, media_type):
    """A gigabyte of zeros in a megabyte."""
    bomb = packed_zeros(encoding, 1024 * MEBIBYTE)
    assert len(bomb) < 2 * MEBIBYTE
    with pytest.raises(Refusal) as caught:
        by_rest(unmoved, table_name, bomb, media_type, {"Content-Encoding": encoding})
    assert caught.value.kind in ("resource_exhausted", "invalid_argument")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_of_rows(target, table_name, encoding):
    """Every byte of it is what it should be: only its growth gives it away."""
    rows = b"n\n" + b"0\n" * (32 * MEBIBYTE)
    bomb = pa.Codec("zstd", 3).compress(rows, asbytes=True) if encoding == "zstd" else gzip.compress(rows)
    assert len(bomb) < len(rows) / 500
    with pytest.raises(Refusal) as caught:
        by_rest(target, table_name, bomb, "text/csv", {"Content-Encoding": encoding})
    assert caught.value.kind == "resource_exhausted"
    assert "max_compression_ratio" in caught.value.message


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_body_that_decodes_to_more_than_the_limit(start_target, encoding):
    """Though it hardly grows."""
    server = start_target("--limits-max-decompressed", "1MiB")
    rows = b"n\n" + b"".join(b"%d\n" % (number * 7919 % 1000003) for number in range(200_000))
    body = pa.Codec("zstd", 3).compress(rows, asbytes=True) if encoding == "zstd" else gzip.compress(rows)
    assert MEBIBYTE < len(rows) < 20 * len(body)
    with pytest.raises(Refusal) as caught:
        by_rest(server, "large", body, "text/csv", {"Content-Encoding": encoding})
    assert caught.value.kind == "resource_exhausted"
    assert "limits.max_decompressed" in caught.value.message
    server.assert_unharmed()


def test_a_bomb_in_a_bomb(unmoved, zero_table, table_name):
    inner = table_bytes(zero_table, compression="zstd")
    with pytest.raises(Refusal) as caught:
        by_rest(unmoved, table_name, gzip.compress(inner), headers={"Content-Encoding": "gzip"})
    assert caught.value.kind == "resource_exhausted"


def test_a_bomb_in_a_stream_request(unmoved, zero_table, table_name):
    answer = requests.post(f"{unmoved.http_url}/stream/bomb", timeout=60, json={
        "config": {"target_table": table_name},
        "batch": {"arrow_schema": base64.b64encode(zero_table.schema.serialize()).decode(),
                  "data": base64.b64encode(table_bytes(zero_table, compression="zstd")).decode()},
    })
    assert answer.status_code in (413, 500), answer.text
    assert "detail" in answer.json()


def test_a_parquet_bomb(start_target, zero_table, table_name):
    sink = io.BytesIO()
    pa.parquet.write_table(zero_table, sink, compression="zstd", use_dictionary=False,
                           row_group_size=1 << 30, data_page_size=1 << 30)
    assert len(sink.getvalue()) < 4 * MEBIBYTE
    server = start_target()
    before = server.resident_bytes()
    server.forget_peak()
    with pytest.raises(Refusal) as caught:
        by_rest(server, table_name, sink.getvalue(), "application/vnd.apache.parquet")
    assert caught.value.kind == "resource_exhausted"
    growth = server.peak_resident_bytes() - before
    assert growth <= ALLOWED_GROWTH, f"memory grew by {growth / MEBIBYTE:.0f} MiB"
    server.assert_unharmed()


def test_what_compresses_well_and_is_small_is_no_bomb(target, table_name):
    table = pa.table({"n": [0] * 500_000})
    assert by_rest(target, table_name, table_bytes(table, compression="zstd")) == 500_000
    requests.post(f"{target.http_url}/v1/query", json={"sql": f"DROP TABLE {table_name}"},
                  timeout=60)
