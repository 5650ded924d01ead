"""How long these tests go on: short in every run, long when PINTAIL_SOAK is set (`make soak`); and with which seeds."""

import os
import random


def soaking():
    return os.environ.get("PINTAIL_SOAK", "") not in ("", "0")


def short_or_long(short, long):
    """The first, or the second when soaking."""
    return long if soaking() else short


def seeds(short, long):
    """The seeds to run with: PINTAIL_SEED alone, else 1, 2, … of the short form, else as many new ones as the long form takes."""
    if chosen := os.environ.get("PINTAIL_SEED"):
        return [int(chosen)]
    if not soaking():
        return list(range(1, short + 1))
    return [random.SystemRandom().randrange(1_000_000_000) for _ in range(long)]
