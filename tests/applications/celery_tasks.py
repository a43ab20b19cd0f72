"""The Celery application of the tests: the server at a URL keeps its queues and its results."""

import os

from celery import Celery


def application(url: str) -> Celery:
    app = Celery("tasks", broker=url, backend=url)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        broker_transport_options={"queue_order_strategy": "priority", "priority_steps": [0, 3, 6, 9]},
        result_expires=60,
        result_extended=True,
        task_send_sent_event=True,
        task_track_started=True,
        worker_send_task_events=True,
    )

    @app.task(name="add", shared=False)
    def add(a, b):
        return a + b

    @app.task(name="total", shared=False)
    def total(numbers):
        return sum(numbers)

    @app.task(name="flaky", shared=False, bind=True, max_retries=3)
    def flaky(self, times):
        """Fails that many times, then tells how often it was tried again."""
        if self.request.retries < times:
            raise self.retry(exc=ValueError("not yet"), countdown=0.1)
        return self.request.retries

    @app.task(name="broken", shared=False)
    def broken():
        raise KeyError("broken")

    @app.task(name="staged", shared=False, bind=True)
    def staged(self, stages):
        for stage in range(stages):
            self.update_state(state="STAGE", meta={"stage": stage})
        return "done"

    return app


if url := os.environ.get("KEVY_URL"):
    app = application(url)
