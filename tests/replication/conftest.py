"""Servers and links that end with their test."""

import pytest

from support.servers import start_kevy, start_redis

from .links import Link, Played


@pytest.fixture
def closing():
    """Takes whatever has a ``close`` and closes it when the test ends, the last one first."""
    things = []

    def keep(thing):
        things.append(thing)
        return thing

    yield keep
    for thing in reversed(things):
        thing.close()


@pytest.fixture(params=[1, 3], ids=["1 shard", "3 shards"])
def shards(request):
    return request.param


@pytest.fixture
def kevy(closing):
    return lambda shards=1, **options: closing(start_kevy(shards=shards, **options))


@pytest.fixture
def redis(closing):
    return lambda **options: closing(start_redis(**options))


@pytest.fixture
def link(closing):
    return lambda server: closing(Link(server.port))


@pytest.fixture
def played(closing):
    return lambda server, *capabilities, **rest: closing(Played(server.port, *capabilities, **rest))
