"""The stand-alone server: ``kevy [config file] [--option value ...]``, or ``python -m kevy``."""

import signal
import sys

from . import _kevy


def main() -> int:
    """Runs the server until SIGTERM, SIGINT or SHUTDOWN."""
    # The server ends cleanly on SIGINT by itself, so Python's KeyboardInterrupt must not follow.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _kevy.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
