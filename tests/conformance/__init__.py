"""Replies and resulting keys of kevy compared with Debian's redis-server, on every surface."""
