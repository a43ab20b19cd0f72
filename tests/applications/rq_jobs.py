"""The jobs that RQ's workers run in the tests."""

import os
import threading

import redis
from rq import get_current_job


def client() -> redis.Redis:
    return redis.Redis.from_url(os.environ["KEVY_URL"], decode_responses=True)


def add(a, b):
    return a + b


def total(name):
    """What the jobs before this one have left under their results."""
    job = get_current_job()
    return name, sum(dependency.return_value() for dependency in job.fetch_dependencies())


def fail(name, times):
    """Fails that many times, then succeeds."""
    attempt = client().incr(name)
    if attempt <= times:
        raise ValueError(f"attempt {attempt}")
    return attempt


def run_until_stopped(name):
    client().set(name, "running")
    threading.Event().wait()


def noted(job, connection, result, *_):
    connection.rpush("noted", f"{job.id}={result}")


def counted():
    return client().incr("counted")
