"""A link to a server on this machine that stalls and breaks when a test says so.

Carries TCP connections from a port of its own to the server's. Nothing is kept but what is
being carried, and no more than MAX_CONNECTIONS at a time are taken.
"""

import contextlib
import socket
import struct
import threading

MAX_CONNECTIONS = 200
CHUNK_BYTES = 16 * 1024
STOP_LIMIT_SECONDS = 30


class FaultyLink:
    """Thread-safe. A break is a reset, as a firewall or a lost machine gives it: both sides see an error, not an end."""

    def __init__(self, server_port):
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=MAX_CONNECTIONS)
        self.port = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        # Protected by _changed.
        self._pairs = set()
        self._held = False
        self._closed = False
        self._left = {"down": None, "up": None}  # bytes until the break; None: none is planned
        self.breaks = 0  # planned ones that have happened
        self.held_bytes = 0  # what waited when it was held
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def break_after(self, down=None, up=None):
        """Breaks all connections once the server has sent `down` bytes more, or was sent `up` bytes more. Once."""
        with self._changed:
            self._left = {"down": down, "up": up}

    def break_now(self):
        with self._changed:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            _reset(pair)

    def hold(self):
        """From now nothing is carried, and nothing is lost: the sides just wait."""
        with self._changed:
            self._held = True

    def release(self):
        with self._changed:
            self._held = False
            self._changed.notify_all()

    def wait_until_something_is_held(self):
        with self._changed:
            assert self._changed.wait_for(lambda: self.held_bytes, STOP_LIMIT_SECONDS), "nothing was sent"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._changed:
            self._closed = True
            self._held = False
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.break_now()
        for thread in self._threads:
            thread.join(STOP_LIMIT_SECONDS)
            assert not thread.is_alive(), "the link did not end"

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._server_port), timeout=STOP_LIMIT_SECONDS)
                far.settimeout(None)
            except OSError:
                _reset((near,))
                continue
            pair = (near, far)
            with self._changed:
                full = self._closed or len(self._pairs) >= MAX_CONNECTIONS
                if not full:
                    self._pairs.add(pair)
            if full:
                _reset(pair)
                continue
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            for source, sink, way in ((near, far, "up"), (far, near, "down")):
                thread = threading.Thread(target=self._carry, args=(pair, source, sink, way))
                self._threads.append(thread)
                thread.start()

    def _carry(self, pair, source, sink, way):
        while True:
            try:
                data = source.recv(CHUNK_BYTES)
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    break
                data, broken = self._let_through(data, way)
                sink.sendall(data)
            except OSError:
                break
            if broken:
                self.break_now()
                return
        with self._changed:
            last = way == "down"
            if last:
                self._pairs.discard(pair)
        if last:
            _reset(pair)

    def _let_through(self, data, way):
        """What of it may go on, and whether the link breaks after it. Waits while the link is held."""
        with self._changed:
            if self._held:
                self.held_bytes += len(data)
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._held)
            left = self._left[way]
            if left is None:
                return data, False
            if len(data) < left:
                self._left[way] = left - len(data)
                return data, False
            self._left = {"down": None, "up": None}
            self.breaks += 1
            return data[:left], True


def _reset(pair):
    for end in pair:
        with contextlib.suppress(OSError):
            # Ends a blocked recv of the other thread; closing alone would not.
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            end.close()
