"""Flight over bare gRPC: every byte of a message is the test's own."""

import grpc

from protobuf_wire import message, parse

_SERVICE = "/arrow.flight.protocol.FlightService/"
_HEALTH = "/grpc.health.v1.Health/Check"
_identity = bytes


def descriptor_for_command(command):
    return message({1: 2, 2: command})


def descriptor_for_path(*path):
    return message({1: 1, 3: list(path)})


def flight_data(metadata=b"", body=b"", descriptor=None, app_metadata=None):
    """One FlightData message."""
    return message({1: descriptor, 2: metadata, 3: app_metadata, 1000: body})


class RawFlight:
    """A channel to a server. Use as a context manager."""

    def __init__(self, address):
        big = 1 << 30
        self.channel = grpc.insecure_channel(address, options=[
            ("grpc.max_send_message_length", big),
            ("grpc.max_receive_message_length", big),
            ("grpc.use_local_subchannel_pool", 1),
        ])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def _unary(self, path):
        return self.channel.unary_unary(path, _identity, _identity)

    def do_put(self, messages, timeout=60):
        """Sends FlightData messages; the PutResults' app_metadata. Raises grpc.RpcError."""
        call = self.channel.stream_stream(_SERVICE + "DoPut", _identity, _identity)
        return [parse(answer).get(1, [b""])[0] for answer in call(iter(messages), timeout=timeout)]

    def put_stream(self, descriptor, ipc_messages, timeout=60):
        """Sends the messages of an IPC stream under a descriptor."""
        data = [flight_data(metadata, body, descriptor if index == 0 else None)
                for index, (metadata, body) in enumerate(ipc_messages)]
        return self.do_put(data or [flight_data(descriptor=descriptor)], timeout)

    def do_get(self, ticket, timeout=60):
        """The call, an iterator of FlightData; `cancel()` ends it."""
        call = self.channel.unary_stream(_SERVICE + "DoGet", _identity, _identity)
        return call(message({1: ticket}), timeout=timeout)

    def get_flight_info(self, descriptor, timeout=60):
        return self._unary(_SERVICE + "GetFlightInfo")(descriptor, timeout=timeout)

    def get_schema(self, descriptor, timeout=60):
        return self._unary(_SERVICE + "GetSchema")(descriptor, timeout=timeout)

    def poll_flight_info(self, descriptor, timeout=60):
        """PollInfo's fields: 1 info, 2 descriptor to go on with, 3 progress, 4 expiry."""
        answer = self._unary(_SERVICE + "PollFlightInfo")(descriptor, timeout=timeout)
        return parse(answer)

    def do_action(self, kind, body=b"", timeout=60):
        call = self.channel.unary_stream(_SERVICE + "DoAction", _identity, _identity)
        return [parse(answer).get(1, [b""])[0]
                for answer in call(message({1: kind, 2: body}), timeout=timeout)]

    def health(self, service="", timeout=10):
        """The health service's status: 1 is SERVING."""
        answer = self._unary(_HEALTH)(message({1: service or None}), timeout=timeout)
        return parse(answer).get(1, [0])[0]


def tickets(flight_info):
    """The tickets in a serialized FlightInfo."""
    return [parse(parse(endpoint)[1][0])[1][0] for endpoint in parse(flight_info).get(3, [])]
