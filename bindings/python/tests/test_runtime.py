"""Starting, stopping, options, and what happens to a runtime that nobody closes."""

from __future__ import annotations

import contextlib
import gc
import pathlib
import socket
import sys
import threading
import weakref

import pytest

import kevy


def test_options_are_keyword_arguments_named_as_in_redis_conf():
    with kevy.Runtime(shards=3, maxmemory="2mb", lazyfree_lazy_user_del=True, timeout=None) as rt:
        assert rt.shards == 3
        assert rt.port is None
        assert rt.open_report["shards"] == 3
        db = rt.session()
        assert db.config_get("maxmemory") == {"maxmemory": str(2 << 20)}
        assert db.config_get("lazyfree-lazy-user-del") == {"lazyfree-lazy-user-del": "yes"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"no_such_option": 1}, "no-such-option"),
        ({"shards": "many"}, "shards"),
        ({"maxmemory_policy": "sometimes"}, "maxmemory-policy"),
    ],
)
def test_a_wrong_option_is_named(options, message):
    with pytest.raises(kevy.OptionError, match=message) as caught:
        kevy.Runtime(**options)
    assert isinstance(caught.value, ValueError)


def test_a_value_that_is_no_option_is_refused():
    with pytest.raises(TypeError, match="maxmemory"):
        kevy.Runtime(maxmemory=object())


def test_it_listens_only_where_asked(tmp_path: pathlib.Path):
    with kevy.Runtime(port=0, unixsocket=tmp_path / "s") as rt:
        assert rt.port
        for address in (("127.0.0.1", rt.port), str(tmp_path / "s")):
            family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
            with socket.socket(family) as client:
                client.connect(address)
                client.sendall(b"PING\r\n")
                assert client.recv(100) == b"+PONG\r\n"
        with pytest.raises(kevy.IoError):
            kevy.Runtime(port=rt.port)


def test_the_descriptor_of_a_connection_speaks_the_protocol(runtime):
    with socket.socket(fileno=runtime.connect_fd()) as client:
        client.sendall(b"SET k v\r\nGET k\r\n")
        with client.makefile("rb") as replies:
            assert [replies.readline() for _ in range(3)] == [b"+OK\r\n", b"$1\r\n", b"v\r\n"]
    assert runtime.session().get("k") == b"v"


def test_closing_is_idempotent_and_ends_everything():
    rt = kevy.Runtime(shards=2, port=0)
    db = rt.session()
    client = socket.create_connection(("127.0.0.1", rt.port))
    assert not rt.closed
    rt.close()
    rt.close(timeout=0)
    assert rt.closed
    with client, contextlib.suppress(ConnectionResetError):
        assert client.recv(1) == b""
    for call in (lambda: db.get("k"), lambda: db.execute("PING"), rt.session, rt.connect_fd):
        with pytest.raises(kevy.ClosedError):
            call()
    assert "closed" in repr(rt)
    with pytest.raises(kevy.InvalidArgumentError):
        rt.close(timeout=-1)


def test_several_runtimes_live_side_by_side():
    with kevy.Runtime(shards=1) as one, kevy.Runtime(shards=1) as two:
        one.session().set("k", 1)
        assert two.session().get("k") is None


def test_a_runtime_that_is_not_closed_warns():
    rt = kevy.Runtime(shards=1)
    gone = weakref.ref(rt)
    with pytest.warns(ResourceWarning, match="unclosed <kevy.Runtime: running"):
        del rt
        gc.collect()
    assert gone() is None


def test_a_session_keeps_its_runtime_alive():
    db = kevy.Runtime(shards=1).session()
    gc.collect()
    assert db.set("k", 1) is True
    pipe = db.pipeline()
    with pytest.warns(ResourceWarning, match="unclosed"):
        del db
        gc.collect()
        assert pipe.get("k").execute() == [b"1"]
        del pipe
        gc.collect()


def test_a_runtime_in_a_cycle_is_collected():
    rt = kevy.Runtime(shards=1)
    rt.db = rt.session()  # type: ignore[attr-defined]
    rt.pipe = rt.db.pipeline()  # type: ignore[attr-defined]
    rt.close()
    gone = weakref.ref(rt)
    del rt
    gc.collect()
    assert gone() is None


def test_a_runtime_left_open_at_exit_is_stopped_and_reported(script):
    done = script("""
        import kevy
        rt = kevy.Runtime(shards=2, port=0)
        rt.session().set("k", 1)
        print("end")
    """)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "end\n"


def test_threads_hammer_sessions_of_their_own(runtime):
    failures = []

    def work(number: int) -> None:
        try:
            db = runtime.session()
            for round_ in range(3000):
                db.set(f"{number}:{round_ % 100}", round_)
                assert db.get(f"{number}:{round_ % 100}") == str(round_).encode()
                db.incr("shared")
                if round_ % 100 == 0:
                    with db.pipeline() as pipe:
                        pipe.incr("a").incr("b").execute()
                    db.keys("*")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert runtime.session().mget("shared", "a", "b") == [b"24000", b"240", b"240"]


def test_overlapping_use_of_one_session_is_refused(runtime):
    db = runtime.session()
    other = runtime.session()
    db.client_setname("waiter")

    def wait() -> None:
        with pytest.raises(kevy.ClosedError):
            db.wait(1, 0)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not any(entry["name"] == "waiter" and entry["cmd"] == "wait" for entry in other.client_list()):
        pass
    with pytest.raises(kevy.BusyError) as caught:
        db.get("k")
    assert caught.value.retriable
    with pytest.raises(kevy.BusyError):
        db.close()
    runtime.close()
    waiting.join()


def test_messages_of_the_engine_go_to_the_logger(script):
    done = script("""
        import logging, sys, kevy
        logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
        with kevy.Runtime(shards=2) as rt:
            pass
    """)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "kevy INFO runtime started: 2 shards\nkevy INFO runtime stopped\n"


def test_the_stand_alone_server_says_what_it_does(script):
    done = script("""
        import subprocess, sys, signal, socket, re
        server = subprocess.Popen([sys.executable, "-m", "kevy", "--port", "0", "--shards", "1"],
                                  stdout=subprocess.PIPE, text=True)
        port = int(re.search(r"port (\\d+)", server.stdout.readline())[1])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"PING\\r\\n")
            print(client.recv(100))
        server.send_signal(signal.SIGTERM)
        print(server.wait())
        server.stdout.close()
    """)
    assert done.stdout == "b'+PONG\\r\\n'\n0\n", done.stderr


@pytest.mark.parametrize("appendonly", [False, True])
def test_a_start_tells_how_far_reading_has_come(tmp_path: pathlib.Path, appendonly: bool):
    options = {"dir": tmp_path, "shards": 2, "appendonly": appendonly, "save": "" if appendonly else "3600 1"}
    calls: list[tuple[int, int]] = []
    with kevy.Runtime(on_load=lambda *call: calls.append(call), **options) as rt:
        assert calls == []
        with rt.session().pipeline() as p:
            for number in range(5000):
                p.set(f"key:{number}", "x" * 100)
            p.execute()
    with kevy.Runtime(on_load=lambda *call: calls.append(call), **options) as rt:
        read = rt.open_report["bytes_read"]
        assert rt.session().dbsize() == 5000
    total = calls[-1][1]
    assert total >= read > 100_000
    assert calls[0] == (0, total)
    assert calls[-1] == (total, total)
    assert len(calls) > 2
    assert calls == sorted(calls)


def test_what_on_load_raises_is_reported_and_the_runtime_starts(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch):
    with kevy.Runtime(dir=tmp_path, save="3600 1") as rt:
        rt.session().set("k", "v")
    seen = []
    monkeypatch.setattr(sys, "unraisablehook", seen.append)

    def fail(read: int, total: int) -> None:
        raise ValueError(read)

    with kevy.Runtime(dir=tmp_path, save="3600 1", on_load=fail) as rt:
        assert rt.session().get("k") == b"v"
    assert {one.exc_type for one in seen} == {ValueError}
    with pytest.raises(TypeError, match="on_load"):
        kevy.Runtime(on_load=1)
