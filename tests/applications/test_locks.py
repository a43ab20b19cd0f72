"""Locks of libraries: redis-py's own, and python-redis-lock's."""

import threading

import pytest
import redis
import redis_lock
from redis.exceptions import LockError, LockNotOwnedError

from support.wait import eventually

THREADS = 6
ROUNDS = 15


@pytest.fixture
def client(url):
    with redis.Redis.from_url(url, decode_responses=True) as client:
        yield client


def critical_sections(client, lock):
    """Threads that each add to a counter in two steps, with the lock held; what the counter says in the end."""

    def work():
        for _ in range(ROUNDS):
            with lock():
                seen = int(client.get("counter") or 0)
                client.set("counter", seen + 1)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return int(client.get("counter"))


def test_redis_pys_lock_excludes(client):
    assert critical_sections(client, lambda: client.lock("lock", timeout=30, sleep=0.001)) == THREADS * ROUNDS


def test_redis_pys_lock_is_extended_and_lost(client):
    lock = client.lock("lock", timeout=10)
    assert lock.acquire(blocking=False)
    assert not client.lock("lock").acquire(blocking=False)
    assert not client.lock("lock").acquire(blocking_timeout=0.05)
    assert lock.extend(90) and 90_000 < client.pttl("lock") <= 100_000
    assert lock.reacquire() and client.pttl("lock") <= 10_000
    client.pexpire("lock", 1)
    eventually(lambda: not client.exists("lock"), "the lock expires")
    with pytest.raises(LockNotOwnedError):
        lock.release()
    with pytest.raises(LockError):
        lock.extend(10)


def test_python_redis_lock_excludes(client):
    assert critical_sections(client, lambda: redis_lock.Lock(client, "lock", expire=30)) == THREADS * ROUNDS


def test_python_redis_lock_wakes_who_waits(client):
    lock = redis_lock.Lock(client, "lock", expire=60)
    assert lock.acquire()
    got = threading.Event()

    def wait():
        with redis_lock.Lock(client, "lock", expire=60):
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    eventually(lambda: "blpop" in client.info("commandstats").get("cmdstat_blpop", {}) or
               any(one["cmd"] == "blpop" for one in client.client_list()), "the other one waits")
    assert not got.is_set()
    lock.release()
    assert got.wait(10)
    thread.join()


def test_python_redis_lock_is_renewed_and_reset(client):
    lock = redis_lock.Lock(client, "lock", expire=1, auto_renewal=True)
    with lock:
        eventually(lambda: 0 < client.pttl("lock:lock") < 600, "most of the time is gone")
        eventually(lambda: client.pttl("lock:lock") > 800, "the lock is renewed")
        assert lock.locked() and lock.get_owner_id() == lock.id
    assert not lock.locked()
    with pytest.raises(redis_lock.NotAcquired):
        lock.release()
    held = redis_lock.Lock(client, "held", expire=60)
    held.acquire()
    redis_lock.reset_all(client)
    assert redis_lock.Lock(client, "held").acquire(blocking=False)
