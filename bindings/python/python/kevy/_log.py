"""The engine's messages on ``logging.getLogger("kevy")``.

Core threads leave messages in a queue; one Python thread, begun with the first runtime or replica of a process, hands
them to the logger.
"""

from __future__ import annotations

import logging
import os
import threading

from . import _kevy

_logger = logging.getLogger("kevy")
_lock = threading.Lock()
_thread: threading.Thread | None = None
_process = 0


def _forward() -> None:
    while (message := _kevy.log_next()) is not None:
        level, text = message
        _logger.log(level, "%s", text)


def start() -> None:
    """Begins to forward messages in this process, if that has not begun."""
    global _thread, _process
    if not _kevy.log_open(_logger.isEnabledFor(logging.DEBUG)):
        return
    with _lock:
        if _thread is None or _process != os.getpid():
            _process = os.getpid()
            _thread = threading.Thread(target=_forward, name="kevy-log", daemon=True)
            _thread.start()


def stop() -> None:
    """Forwards what is left and ends."""
    global _thread
    if _thread is not None and _process == os.getpid():
        _kevy.log_close()
        _thread.join(1.0)
        _thread = None


def _in_child() -> None:
    global _lock, _thread
    _lock = threading.Lock()
    _thread = None


os.register_at_fork(after_in_child=_in_child)
