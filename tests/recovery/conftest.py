"""A data directory, and servers on it."""

import pytest

from support.servers import start_kevy, start_redis


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def start(directory):
    """Starts kevy on the directory; what still runs at the end of a test is killed."""
    started = []

    def run(shards: int = 2, **options):
        options.setdefault("dir", directory)
        server = start_kevy(shards=shards, **options)
        started.append(server)
        return server

    yield run
    for server in started:
        server.close()


@pytest.fixture
def redis(directory):
    """Starts redis-server on the directory, or on another that is given as ``dir``."""
    started = []

    def run(**options):
        options.setdefault("dir", directory)
        server = start_redis(**options)
        started.append(server)
        return server

    yield run
    for server in started:
        server.close()
