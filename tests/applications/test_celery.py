"""Celery with kevy as broker and as result backend."""

import threading
from datetime import datetime, timedelta, timezone

import pytest
from celery import Celery, chain, chord, group
from celery.events import EventReceiver

from support.wait import eventually

from .celery_tasks import application

TIMEOUT = 30


class Tasks:
    """The tasks of an application by name."""

    def __init__(self, app: Celery):
        self.app = app

    def __getattr__(self, name: str):
        return self.app.tasks[name]


@pytest.fixture(scope="module")
def tasks(kevy, programs):
    """The application's tasks, with a worker beside it."""
    url = f"redis://127.0.0.1:{kevy.port}/1"
    worker = programs("celery", "-A", "applications.celery_tasks", "worker", "--pool", "threads", "--concurrency", "4",
                      "--loglevel", "INFO", "--hostname", "one@test", "--without-mingle", KEVY_URL=url)
    app = application(url)
    eventually(lambda: "ready." in worker.output() or not worker.is_running(), "the worker is ready")
    assert worker.is_running(), worker.output()
    yield Tasks(app)
    assert worker.stop() == 0, worker.output()
    app.close()


def test_tasks_are_done_and_results_come_back(tasks):
    results = [tasks.add.delay(i, 1) for i in range(50)]
    assert [result.get(timeout=TIMEOUT) for result in results] == list(range(1, 51))
    assert results[0].state == "SUCCESS" and results[0].args == [0, 1]


def test_chains_groups_and_chords(tasks):
    assert chain(tasks.add.s(1, 2), tasks.add.s(3), tasks.add.s(4)).delay().get(timeout=TIMEOUT) == 10
    assert group(tasks.add.s(i, i) for i in range(20)).delay().get(timeout=TIMEOUT) == [2 * i for i in range(20)]
    assert chord((tasks.add.s(i, 1) for i in range(20)), tasks.total.s())().get(timeout=TIMEOUT) == 210


def test_failures_come_back_and_tasks_are_tried_again(tasks):
    assert tasks.flaky.delay(2).get(timeout=TIMEOUT) == 2
    with pytest.raises(KeyError, match="broken"):
        tasks.broken.delay().get(timeout=TIMEOUT)
    with pytest.raises(ValueError, match="not yet"):
        tasks.flaky.delay(9).get(timeout=TIMEOUT)


def test_states_are_told_while_a_task_runs(tasks):
    seen = []
    assert tasks.staged.delay(5).get(timeout=TIMEOUT, on_message=lambda message: seen.append(message["status"])) == "done"
    assert seen[-1] == "SUCCESS" and set(seen) <= {"STARTED", "STAGE", "SUCCESS"}


def test_priorities_and_times(tasks):
    urgent = [tasks.add.apply_async((i, 0), priority=p) for i, p in enumerate((9, 0, 6, 3))]
    assert [result.get(timeout=TIMEOUT) for result in urgent] == [0, 1, 2, 3]
    due = datetime.now(timezone.utc) + timedelta(seconds=1)
    result = tasks.add.apply_async((20, 22), eta=due)
    assert result.get(timeout=TIMEOUT) == 42
    assert result.date_done.replace(tzinfo=timezone.utc) >= due


def test_a_result_is_forgotten(tasks):
    result = tasks.add.delay(1, 1)
    assert result.get(timeout=TIMEOUT) == 2
    result.forget()
    assert tasks.app.AsyncResult(result.id).state == "PENDING"


def test_workers_answer_what_is_asked_of_all(tasks):
    inspect = tasks.app.control.inspect(timeout=5, limit=1)
    assert inspect.ping() == {"one@test": {"ok": "pong"}}
    assert "add" in inspect.registered()["one@test"]
    held = tasks.add.apply_async((1, 1), countdown=600)
    eventually(lambda: [t["request"]["id"] for t in inspect.scheduled()["one@test"]] == [held.id], "the task is held")
    tasks.app.control.revoke(held.id)
    eventually(lambda: held.id in inspect.revoked()["one@test"], "the task is revoked")


def test_events_reach_a_watcher(tasks):
    wanted, seen, listening = {"task-received", "task-started", "task-succeeded"}, [], threading.Event()

    def heard(event):
        # Workers show every other second that they are there, so whoever listens soon knows that they do.
        listening.set()
        seen.append(event["type"])
        receiver.should_stop = wanted <= set(seen)

    with tasks.app.connection_for_read() as connection:
        receiver = EventReceiver(connection, handlers={"*": heard}, app=tasks.app)
        thread = threading.Thread(target=lambda: receiver.capture(limit=None, timeout=TIMEOUT, wakeup=True))
        thread.start()
        assert listening.wait(TIMEOUT)
        assert tasks.add.delay(2, 2).get(timeout=TIMEOUT) == 4
        thread.join(TIMEOUT)
    assert wanted <= set(seen)
