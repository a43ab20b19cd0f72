"""Forks, signals and leaks, each in a process of its own."""

from __future__ import annotations

import pytest


def test_a_forked_child_is_refused_and_leaves_the_parent_alone(script):
    done = script("""
        import gc, os, kevy
        rt = kevy.Runtime(shards=2, port=0)
        db = rt.session()
        rep = kevy.Replica(rt)
        while rep.next() .kind is not kevy.FrameKind.SNAPSHOT_END:
            pass
        db.set("k", 1)
        child = os.fork()
        if child == 0:
            calls = [lambda: db.get("k"), lambda: db.set("k", 2), lambda: db.execute("PING"), lambda: db.ttl("k"),
                     lambda: db.pipeline().set("k", 2).execute(), rt.session, rt.connect_fd, lambda: rep.next(0)]
            for call in calls:
                try:
                    call()
                except kevy.ForkedError:
                    continue
                os._exit(1)
            rt.close()
            del calls, call, db, rt, rep
            gc.collect()
            fresh = kevy.Runtime(shards=1)
            fresh.session().set("own", 1)
            fresh.close()
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert db.get("k") == b"1"
        frame = rep.next(10)
        assert frame.argv[0] == b"SET", frame
        db.set("k", 3)
        assert rep.next(10).argv[2] == b"3"
        rep.close()
        rt.close()
        print("fine")
    """)
    assert done.stdout == "fine\n", done.stderr


@pytest.mark.parametrize(
    "wait",
    [
        "rep.next()",
        "rep.next_batch()",
        "next(iter(rep))",
        "next(iter(rep.batches()))",
        "rt.session().wait(9, 0)",
    ],
)
def test_ctrl_c_ends_a_wait_at_once(script, wait):
    done = script(f"""
        import os, signal, threading, time, kevy
        rt = kevy.Runtime(shards=2)
        rep = kevy.Replica(rt)
        while rep.next().kind is not kevy.FrameKind.SNAPSHOT_END:
            pass
        while rep.next(0.2) is not None:
            pass

        def interrupt():
            # The wait has begun when the main thread sleeps in the kernel.
            def state():
                with open(f"/proc/self/task/{{os.getpid()}}/stat") as stat:
                    return stat.read().rpartition(")")[2].split()[0]
            asleep = 0
            while asleep < 20:
                asleep = asleep + 1 if state() == "S" else 0
            global at
            at = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            {wait}
        except KeyboardInterrupt:
            assert time.monotonic() - at < 1
            print("interrupted")
        thread.join()
        rep.close()
        rt.close()
    """)
    assert done.stdout == "interrupted\n", done.stderr


def test_a_signal_whose_handler_returns_does_not_end_a_wait(script):
    done = script("""
        import os, signal, threading, kevy
        rt = kevy.Runtime(shards=1)
        rep = kevy.Replica(rt)
        seen = []
        def handler(*_):
            seen.append(1)
            rt.session().set("k", len(seen))
        signal.signal(signal.SIGALRM, handler)
        while rep.next().kind is not kevy.FrameKind.SNAPSHOT_END:
            pass
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        frame = rep.next()
        print(frame.argv, len(seen))
        rep.close()
        rt.close()
    """)
    assert done.stdout == "[b'SET', b'k', b'1'] 1\n", done.stderr


def test_no_signal_handler_is_installed(script):
    done = script("""
        import signal, threading
        # The C library handles a signal of its own from the first thread on.
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
        before = {number: signal.getsignal(number) for number in signal.valid_signals()}
        def caught():
            with open("/proc/self/status") as status:
                return next(line for line in status if line.startswith("SigCgt"))
        mask = caught()
        import kevy
        with kevy.Runtime(shards=2, port=0) as rt, kevy.Replica(rt) as rep:
            rep.next()
            assert caught() == mask
        assert {number: signal.getsignal(number) for number in signal.valid_signals()} == before
        print("fine")
    """)
    assert done.stdout == "fine\n", done.stderr


def test_nothing_leaks(script):
    done = script("""
        import gc, sys, kevy, kevy.aio

        def rss():
            with open("/proc/self/statm") as statm:
                return int(statm.read().split()[1]) * 4096

        rt = kevy.Runtime(shards=2)
        name, value = "name" * 5, b"value" * 200

        def work(rounds):
            db = rt.session()
            for _ in range(rounds):
                db.set(name, value)
                db.get(name)
                db.hset("h", mapping={name: value})
                db.hgetall("h")
                db.execute("HGETALL", "h")
                db.pipeline().set(name, value).get(name).execute()
                db.execute_batch([("SET", name, value), ("GET", name)])
                for bad in (lambda: db.incr(name), lambda: db.set(name, None), lambda: db.get("h")):
                    try:
                        bad()
                    except (kevy.KevyError, TypeError):
                        pass
                rt.session().close()

        work(2000)
        gc.collect()
        counts = sys.getrefcount(name), sys.getrefcount(value), sys.getrefcount(None)
        before = rss()
        work(20000)
        gc.collect()
        assert (sys.getrefcount(name), sys.getrefcount(value)) == counts[:2]
        assert abs(sys.getrefcount(None) - counts[2]) < 100
        grown = rss() - before
        assert grown < 8 << 20, grown
        rt.close()
        print("fine")
    """)
    assert done.stdout == "fine\n", done.stderr
