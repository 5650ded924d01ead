"""Threads that put numbered batches through a door, and remember what they sent and what was acknowledged."""

import random
import threading

from faults.checker import Written, batch_of_rows
from faults.doors import Refused

WAIT_SECONDS = 120


class Tally:
    """Counts the acknowledgements of many writers and wakes who waits for a number of them."""

    def __init__(self):
        self.changed = threading.Condition()
        self.count = 0
        self.ended = 0

    def add(self, acknowledged=0, ended=0):
        with self.changed:
            self.count += acknowledged
            self.ended += ended
            self.changed.notify_all()

    def wait_for(self, count, none_may_end=True):
        """Returns once so many were acknowledged, or, unless `none_may_end`, as soon as a writer has ended."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.ended or self.count >= count, WAIT_SECONDS), (
                f"{self.count} acknowledgements after {WAIT_SECONDS} s, and {count} were waited for")
            assert not (self.ended and none_may_end), "a writer was refused"


class Writer(threading.Thread):
    """Sends batches of random sizes until it is refused, stopped, or has sent as many as it shall."""

    def __init__(self, door, number, tally, seed, *, batches=None):
        super().__init__(name=f"writer {number} by {type(door).__name__}", daemon=True)
        self.door, self.number, self.tally = door, number, tally
        self.chance = random.Random(seed)
        self.batches = batches
        self.written = Written()
        self.refusal = None
        self.fault = None
        self.stopping = threading.Event()

    def run(self):
        try:
            batch = 0
            while not self.stopping.is_set() and batch != self.batches:
                rows = self.chance.choice(self.door.sizes)
                key = (self.number, batch)
                self.written.sent[key] = rows
                self._count(self.door.send(key, batch_of_rows(self.number, batch, rows)))
                batch += 1
            self._count(self.door.finish())
        except Refused as refusal:
            self.refusal = str(refusal)
        except Exception as fault:
            self.fault = fault
        finally:
            self.tally.add(ended=1)
            self.door.close()

    def _count(self, keys):
        self.written.acknowledged.update(keys)
        self.tally.add(acknowledged=len(keys))

    def stop(self):
        """After the batch under way no other is sent."""
        self.stopping.set()


def join(writers):
    """Waits for all; what they wrote together."""
    written = Written()
    for writer in writers:
        writer.join(WAIT_SECONDS)
        assert not writer.is_alive(), f"{writer.name} hangs"
        if writer.fault:
            raise writer.fault
        written.add(writer.written)
    return written


def refusals(writers):
    """What each writer that was refused was told."""
    return [f"{writer.name}: {writer.refusal}" for writer in writers if writer.refusal]
