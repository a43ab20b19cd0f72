"""The status page in a browser, `/metrics` through Prometheus's own parser, and what the port refuses."""

import json
import os
import re
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.browser import Browser
from support.servers import start_kevy
from support.wait import eventually


@pytest.fixture(scope="module")
def server():
    with start_kevy(shards=3, http_port=0) as server:
        server.http_port = int(re.search(r"status page (\d+)", server.output())[1])
        session = server.connect()
        session.call("CONFIG", "SET", "slowlog-log-slower-than", "1000")
        session.pipeline([("SET", f"key:{i}", "x" * 500) for i in range(500)])
        session.pipeline([("SET", f"soon:{i}", "x", "EX", 1000) for i in range(20)])
        session.pipeline([("LPUSH", "key:1", "x"), ("GET",), ("GET", "key:2"), ("GET", "none")])
        session.call("DEBUG", "SLEEP", "0.05")
        yield server


def get(server, path, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{server.http_port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.read().decode(), response.headers


def raw(server, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.http_port), 10) as sock:
        sock.sendall(data)
        received = b""
        while more := sock.recv(65536):
            received += more
        return received


def metrics(server) -> dict:
    """Values by name and labels."""
    text, _ = get(server, "/metrics")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_are_what_the_server_says(server):
    session = server.connect()
    found = metrics(server)
    value = lambda name, **labels: found[name, frozenset(labels.items())]
    assert value("kevy_db_keys", db="0") == session.call("DBSIZE").value == 520
    assert value("kevy_db_expiring_keys", db="0") == 20
    assert sum(value("kevy_shard_keys", shard=str(i)) for i in range(3)) == 520
    assert value("kevy_commands_total", command="set") == 520
    assert value("kevy_command_seconds_total", command="set") > 0
    assert value("kevy_command_failures_total", command="lpush", outcome="failed") == 1
    assert value("kevy_command_failures_total", command="get", outcome="rejected") == 1
    assert value("kevy_errors_total", code="WRONGTYPE") == 1
    assert value("kevy_keyspace_misses_total") == 1
    assert value("kevy_memory_used_bytes") > 250_000
    assert value("kevy_connected_clients") >= 1
    assert value("kevy_slow_log_length") >= 1
    families = list(text_string_to_metric_families(get(server, "/metrics")[0]))
    assert all(family.documentation and family.type in ("gauge", "counter") for family in families)


def test_counters_only_grow(server):
    before = metrics(server)
    server.connect().pipeline([("GET", "key:5")] * 10)
    after = metrics(server)
    key = ("kevy_commands_total", frozenset({("command", "get")}))
    assert after[key] == before[key] + 10


def test_the_page_in_a_browser(server):
    with Browser() as browser:
        browser.open(f"http://127.0.0.1:{server.http_port}/")
        text = lambda id: browser.run(f"return document.getElementById('{id}').textContent")
        eventually(lambda: text("state") == "live", "the page gets events")
        session = server.connect()
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            session.pipeline([("SET", f"key:{i}", "y" * 500) for i in range(500)])
        eventually(lambda: int(re.match(r"[\d,]+", text("ops"))[0].replace(",", "")) > 100, "commands are counted")
        eventually(lambda: browser.run("return document.querySelector('#ops-chart polyline').getAttribute('points').split(' ').length") >= 3, "the line grows")
        assert "port " + str(server.port) in text("about")
        assert re.match(r"[\d.]+ [KM]B", text("memory"))
        assert len(browser.run("return [...document.querySelectorAll('#shards rect.bar')].map(bar => +bar.getAttribute('width'))")) == 3
        keys = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) keys", text("shards"))]
        assert sum(keys) == 520
        row = browser.run("return [...document.querySelector('#keyspace table').rows[1].cells].map(cell => cell.textContent)")
        assert row[:3] == ["db0", "520", "20"]
        assert "DEBUG SLEEP 0.05" in text("slow")
        assert "set" in text("commands")
        assert text("replicas") == "None is attached."
        assert browser.complaints() == []
        if kept := os.environ.get("KEVY_SCREENSHOT"):
            Path(kept).write_bytes(browser.screenshot())
    # The page's stream ends with it.
    eventually(lambda: json.loads(get(server, "/status.json")[0])["info"]["clients"]["connected_clients"] >= 1, "the thread goes on")


def test_what_is_not_there(server):
    for path, status in (("/nothing", 404), ("/../etc/passwd", 404)):
        with pytest.raises(urllib.error.HTTPError) as failure:
            get(server, path)
        assert failure.value.code == status


def test_strangers_are_refused(server):
    assert raw(server, b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 405 ")
    assert raw(server, b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").startswith(b"HTTP/1.1 403 ")
    assert raw(server, b"SET a b\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(server, b"\x16\x03\x01\x02\x00\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert raw(server, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 3000).startswith(b"HTTP/1.1 431 ")
    head = raw(server, b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ") and head.endswith(b"\r\n\r\n")


def test_idle_connections_do_not_keep_others_out(server):
    idle = [socket.create_connection(("127.0.0.1", server.http_port)) for _ in range(30)]
    try:
        assert "kevy_info" in get(server, "/metrics")[0]
    finally:
        for sock in idle:
            sock.close()


def test_the_port_is_closed_at_the_stop():
    with start_kevy(http_port=0) as server:
        port = int(re.search(r"status page (\d+)", server.output())[1])
        stream = socket.create_connection(("127.0.0.1", port), 10)
        stream.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 200 OK")
        assert server.stop() == 0
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), 1)


def test_without_the_option_there_is_no_page(kevy):
    assert "status page" not in kevy.output()
