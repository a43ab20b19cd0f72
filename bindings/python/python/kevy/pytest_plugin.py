"""A pytest plug-in: the fixture ``kevy`` is a running keyspace of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ._runtime import Runtime


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "kevy(**options): options of the runtime behind the fixture `kevy`")


@pytest.fixture
def kevy(request: pytest.FixtureRequest) -> Iterator[Runtime]:
    """A fresh ``kevy.Runtime`` that listens on a free port of the loopback interface.

    ``kevy.session()`` runs commands in-process, ``kevy.redis()`` and ``kevy.aioredis()`` are clients, ``kevy.port``
    is for others. ``@pytest.mark.kevy(maxmemory="1mb")`` sets options.
    """
    options: dict[str, Any] = {"port": 0, "shards": 1}
    for marker in reversed(list(request.node.iter_markers("kevy"))):
        options.update(marker.kwargs)
    with Runtime(**options) as runtime:
        yield runtime
