"""The stand-alone server as a process: its command line, its configuration file, its sockets, its end."""

import os
import signal
import socket
import subprocess
import threading

import pytest

from support.resp import Connection, Disconnected, Reply, encode
from support.servers import free_port, kevy_binary, start_kevy
from support.wait import eventually

from .conftest import SHARDS


def run(*arguments: str, **rest) -> subprocess.CompletedProcess:
    return subprocess.run([kevy_binary(), *arguments], capture_output=True, text=True, timeout=30, **rest)


def test_help_lists_the_options():
    shown = run("--help")
    assert shown.returncode == 0
    for option in ("--port", "--shards", "--dir", "--maxmemory-policy", "--replication-port-base"):
        assert option in shown.stdout


def test_version():
    shown = run("--version")
    assert shown.returncode == 0
    assert shown.stdout.startswith("kevy ")


@pytest.mark.parametrize(
    "arguments, named",
    [
        (["--no-such-option", "1"], "no-such-option"),
        (["--port", "abc"], "port"),
        (["--port", "70000"], "port"),
        (["--maxmemory", "lots"], "maxmemory"),
        (["--maxmemory-policy", "sometimes"], "maxmemory-policy"),
        (["--shards", "-1"], "shards"),
        (["--bind", "no.such.host.invalid", "--port", "0"], "no.such.host.invalid"),
        (["/no/such/file.conf"], "/no/such/file.conf"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_bad_options_are_named(arguments, named):
    shown = run(*arguments)
    assert shown.returncode == 1
    assert named in shown.stderr
    assert shown.stdout == ""


def test_an_address_in_use_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        shown = run("--port", str(port))
        assert shown.returncode == 1
        assert str(port) in shown.stderr


def test_a_configuration_file_and_options_over_it(tmp_path):
    file = tmp_path / "kevy.conf"
    file.write_text('# a comment\n\nmaxmemory 100mb\nmaxmemory-policy allkeys-lru\nrequirepass "two words"\nshards 2\n')
    with start_kevy(str(file), shards=4, maxmemory="200mb") as server:
        session = server.connect()
        assert session.call("PING").is_error
        assert session.call("AUTH", "two words").text == "OK"
        got = session.call("CONFIG", "GET", "maxmemory", "maxmemory-policy").value
        pairs = {got[i].text: got[i + 1].text for i in range(0, len(got), 2)}
        assert pairs == {"maxmemory": str(200 << 20), "maxmemory-policy": "allkeys-lru"}
        assert "4 shards" in server.output()


def test_a_bad_line_of_a_file_is_named(tmp_path):
    file = tmp_path / "kevy.conf"
    file.write_text("port 0\nmaxmemory lots\n")
    shown = run(str(file))
    assert shown.returncode == 1
    assert "maxmemory" in shown.stderr and "2" in shown.stderr


def test_the_greeting_names_what_it_listens_on(tmp_path):
    path = str(tmp_path / "socket")
    with start_kevy(shards=3, unixsocket=path, unixsocketperm="700") as server:
        line = next(line for line in server.output().splitlines() if "ready" in line)
        assert f"port {server.port}" in line
        assert path in line
        assert "3 shards" in line
        assert str(server.pid) in line
        with Connection.unix(path) as connection:
            assert connection.call("SET", "k", "v").text == "OK"
            shown = connection.call("CLIENT", "INFO").text
            assert f"addr={path}:0" in shown
        assert os.stat(path).st_mode & 0o777 == 0o700
        assert server.connect().call("GET", "k").text == "v"
        assert server.stop() == 0
        assert not os.path.exists(path)


def test_a_stale_unix_socket_is_replaced(tmp_path):
    path = str(tmp_path / "socket")
    with start_kevy(unixsocket=path) as server:
        server.kill()
    assert os.path.exists(path)
    with start_kevy(unixsocket=path):
        assert Connection.unix(path).call("PING").text == "PONG"


def test_ipv6():
    with start_kevy(bind="127.0.0.1 ::1") as server:
        with Connection.tcp(server.port, host="::1") as connection:
            assert connection.call("PING").text == "PONG"
            assert "addr=[::1]:" in connection.call("CLIENT", "INFO").text
        assert server.connect().call("PING").text == "PONG"


def test_a_given_port():
    port = free_port()
    with start_kevy(port=port) as server:
        assert server.port == port
        assert server.connect().call("PING").text == "PONG"


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("shards", SHARDS)
def test_signals_stop_it_cleanly(shards, sent):
    with start_kevy(shards=shards) as server:
        idle = [server.connect() for _ in range(5)]
        assert all(connection.call("PING").text == "PONG" for connection in idle)
        server.process.send_signal(sent)
        assert server.wait() == 0
        assert all(connection.at_end() for connection in idle)


@pytest.mark.parametrize("words", [[], ["NOSAVE"], ["NOW"], ["SAVE", "FORCE"], ["NOSAVE", "NOW", "FORCE"]], ids=" ".join)
@pytest.mark.parametrize("shards", SHARDS)
def test_shutdown(shards, words):
    with start_kevy(shards=shards) as server:
        other, session = server.connect(), server.connect()
        assert other.call("PING").text == "PONG"
        session.send("SHUTDOWN", *words)
        assert session.read_to_end() == []
        assert other.at_end()
        assert server.wait() == 0


def test_there_is_no_shutdown_to_be_aborted():
    with start_kevy() as server:
        session = server.connect()
        assert session.call("SHUTDOWN", "ABORT").text == "ERR No shutdown in progress."
        assert session.call("PING").text == "PONG"


class Load:
    """Threads that run commands until their connection ends; each notes what it was told."""

    def __init__(self, server, threads: int = 6):
        self.server = server
        self.rounds = [0] * threads
        self.unexpected: list[object] = []
        self.threads = [threading.Thread(target=self._run, args=(i,)) for i in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self, number: int) -> None:
        try:
            with self.server.connect() as connection:
                self._work(connection, number)
        except (Disconnected, ConnectionError):
            pass
        except Exception as error:
            self.unexpected.append(error)

    def _work(self, connection: Connection, number: int) -> None:
        while True:
            i = self.rounds[number]
            commands = [("SET", f"{number}:{i}", i), ("INCR", f"n{number}"), ("MGET", f"n{number}", f"{number}:{i}", "x")]
            commands += [("MULTI",), ("INCR", "a"), ("INCR", "b"), ("EXEC",)]
            for reply in connection.pipeline(commands):
                if reply.is_error:
                    self.unexpected.append(reply)
            self.rounds[number] += 1

    def is_running_well(self) -> bool:
        return all(count > 20 for count in self.rounds)

    def join(self) -> None:
        for thread in self.threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in self.threads), "a client hangs"
        assert not self.unexpected, self.unexpected[:5]


@pytest.mark.parametrize("shards", SHARDS)
@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SHUTDOWN"])
def test_the_end_under_load_answers_or_closes_every_connection(shards, how):
    with start_kevy(shards=shards) as server:
        load = Load(server)
        eventually(load.is_running_well, "clients are served")
        session = server.connect()
        match how:
            case "SIGKILL":
                server.kill()
            case "SIGTERM":
                assert server.stop() == 0
            case "SHUTDOWN":
                session.send("SHUTDOWN", "NOSAVE")
                assert server.wait() == 0
        load.join()


@pytest.mark.parametrize("shards", SHARDS)
def test_replies_under_way_arrive_before_the_end(shards):
    """A stop lets clients take the replies to what they had sent."""
    with start_kevy(shards=shards) as server:
        session = server.connect()
        session.call("SET", "big", b"x" * (1 << 20))
        count = 30
        session.send_raw(encode("GET", "big") * count)
        # One reply read shows that the requests have arrived.
        assert len(session.read().value) == 1 << 20
        server.process.terminate()
        replies = session.read_to_end()
        assert all(len(reply.value) == 1 << 20 for reply in replies)
        assert len(replies) == count - 1
        assert server.wait() == 0


def test_a_stop_does_not_wait_for_a_client_that_reads_nothing():
    with start_kevy() as server:
        session = server.connect()
        session.call("SET", "big", b"x" * (1 << 20))
        session.send_raw(encode("GET", "big") * 100)
        assert session.read() == Reply("$", b"x" * (1 << 20))
        assert server.stop() == 0


def test_kill_and_start_again_on_the_same_port():
    port = free_port()
    with start_kevy(port=port) as server:
        clients = [server.connect() for _ in range(20)]
        assert all(client.call("PING").text == "PONG" for client in clients)
        server.kill()
        assert all(client.at_end() for client in clients)
    with start_kevy(port=port) as server:
        assert server.connect().call("DBSIZE").value == 0
