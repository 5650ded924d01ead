"""Just enough of the protobuf wire format to speak Flight without generated code.

Hand-made messages let tests send what no client library would: missing fields, broken
Arrow messages, commands of unknown types.
"""

import struct


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while True:
        low = value & 0x7F
        value >>= 7
        if value:
            out.append(low | 0x80)
        else:
            out.append(low)
            return bytes(out)


def field(number, value):
    """One field; None and empty repetitions are left out, lists repeat the field."""
    if value is None:
        return b""
    if isinstance(value, (list, tuple)):
        return b"".join(field(number, item) for item in value)
    if isinstance(value, bool):
        return varint(number << 3) + varint(int(value))
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed64(number, value):
    return varint(number << 3 | 1) + struct.pack("<q", value)


def message(fields):
    """A message from {number: value}, in the order given."""
    return b"".join(field(number, value) for number, value in fields.items())


def _read_varint(data, at):
    result = shift = 0
    while True:
        byte = data[at]
        at += 1
        result |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return result, at
        shift += 7


def parse(data):
    """{number: [values]}; varints as int, the rest as bytes (fixed 64 bits as 8 bytes)."""
    data = bytes(data)
    fields = {}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _read_varint(data, at)
        elif kind == 1:
            value, at = data[at : at + 8], at + 8
        elif kind == 2:
            length, at = _read_varint(data, at)
            value, at = data[at : at + length], at + length
        elif kind == 5:
            value, at = data[at : at + 4], at + 4
        else:
            raise ValueError(f"wire type {kind} in field {number}")
        fields.setdefault(number, []).append(value)
    return fields


def signed(value):
    """A varint read as int64."""
    return value - (1 << 64) if value >= 1 << 63 else value
