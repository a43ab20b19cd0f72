"""RQ: queues, workers that fork, retries, dependencies, the scheduler, and commands to workers."""

from datetime import timedelta

import pytest
import redis
from rq import Callback, Queue, Repeat, Retry, Worker
from rq.command import send_shutdown_command, send_stop_job_command
from rq.job import Job, JobStatus

from support.wait import eventually

from . import rq_jobs

WORKERS = 2


@pytest.fixture(scope="module")
def connection(kevy):
    with redis.Redis(port=kevy.port) as client:
        yield client


@pytest.fixture(scope="module")
def workers(kevy, connection, programs):
    url = f"redis://127.0.0.1:{kevy.port}/0"
    kinds = [("rq.worker.Worker", "forked"), ("rq.worker.SimpleWorker", "simple")]
    started = [
        programs("rq.cli", "worker", "--url", url, "--name", f"worker{i}", "--worker-class", kind, "--with-scheduler",
                 "--worker-ttl", "30", "high", "low", queue, KEVY_URL=url)
        for i, (kind, queue) in enumerate(kinds)
    ]
    eventually(lambda: len(Worker.all(connection)) == WORKERS, "the workers are known")
    return started


@pytest.fixture
def high(connection, workers):
    return Queue("high", connection=connection)


@pytest.fixture
def low(connection, workers):
    return Queue("low", connection=connection)


def finished(*jobs):
    eventually(lambda: all(job.get_status() == JobStatus.FINISHED for job in jobs), f"{len(jobs)} jobs finish")


def test_jobs_of_two_queues_are_done_and_their_results_kept(high, low, connection):
    jobs = [queue.enqueue(rq_jobs.add, i, i) for i in range(8) for queue in (high, low)]
    finished(*jobs)
    assert sorted(job.return_value() for job in jobs) == sorted([2 * i for i in range(8)] * 2)
    assert set(low.finished_job_registry.get_job_ids()) == {job.id for job in jobs if job.origin == "low"}
    assert high.count == low.count == 0
    assert {worker.name for worker in Worker.all(connection)} == {"worker0", "worker1"}


def test_many_jobs_are_enqueued_in_one_transaction(high):
    data = [Queue.prepare_data(rq_jobs.add, args=(i, 1), job_id=f"many{i}") for i in range(10)]
    jobs = high.enqueue_many(data)
    finished(*jobs)
    assert [Job.fetch(f"many{i}", connection=high.connection).return_value() for i in range(10)] == list(range(1, 11))


def test_a_failure_is_tried_again_and_what_keeps_failing_is_registered(high, connection):
    mended = high.enqueue(rq_jobs.fail, "mended", 2, retry=Retry(max=3))
    hopeless = high.enqueue(rq_jobs.fail, "hopeless", 9, retry=Retry(max=1))
    finished(mended)
    assert mended.return_value() == 3
    eventually(lambda: hopeless.get_status() == JobStatus.FAILED, "the other one fails")
    assert hopeless.id in high.failed_job_registry
    assert "attempt 2" in hopeless.latest_result().exc_string
    assert connection.get("hopeless") == b"2"


def test_a_job_waits_for_those_it_depends_on(high, low):
    first = [low.enqueue(rq_jobs.add, i, 10) for i in range(3)]
    last = high.enqueue(rq_jobs.total, "sum", depends_on=first)
    finished(last)
    assert last.return_value() == ("sum", 33)


def test_callbacks_run_and_cancelled_jobs_do_not(high, connection):
    idle = Queue("idle", connection=connection)
    never = idle.enqueue(rq_jobs.add, 0, 0)
    never.cancel()
    assert idle.get_job_ids() == [] and never.id in idle.canceled_job_registry
    assert never.get_status() == JobStatus.CANCELED
    done = high.enqueue(rq_jobs.add, 2, 3, on_success=Callback(rq_jobs.noted))
    finished(done)
    eventually(lambda: connection.lrange("noted", 0, -1) == [f"{done.id}=5".encode()], "the callback has run")


def test_the_scheduler_brings_jobs_when_their_time_has_come(high, connection):
    later = high.enqueue_in(timedelta(seconds=1), rq_jobs.add, 20, 22)
    assert later.id in high.scheduled_job_registry
    often = high.enqueue(rq_jobs.counted, repeat=Repeat(times=1, interval=1))
    finished(later, often)
    assert later.return_value() == 42
    eventually(lambda: connection.get("counted") == b"2", "the job is repeated")


def test_a_running_job_is_stopped_by_a_message_to_its_worker(workers, connection):
    job = Queue("forked", connection=connection).enqueue(rq_jobs.run_until_stopped, "stopping")
    eventually(lambda: connection.get("stopping") == b"running", "the job runs")
    send_stop_job_command(connection, job.id)
    eventually(lambda: job.get_status() == JobStatus.STOPPED, "the job is stopped")


def test_workers_sign_off(workers, connection):
    for name in ("worker0", "worker1"):
        send_shutdown_command(connection, name)
    eventually(lambda: not any(worker.is_running() for worker in workers), "the workers end")
    assert Worker.all(connection) == []
    assert [worker.process.returncode for worker in workers] == [0, 0]
