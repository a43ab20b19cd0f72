"""Calls of the connection and its server."""

from . import call

CALLS = [
    call("ping"),
    call("echo", "hi"),
    call("select", 0),
    call("swapdb", 2, 3),
    call("dbsize"),
    call("config_get", "maxmemory*"),
    call("config_set", "maxmemory-samples", 7),
    call("config_resetstat"),
    call("client_setname", "me"),
    call("client_getname"),
    call("client_setinfo", "LIB-NAME", "x"),
    call("client_no_evict", "on"),
    call("client_no_touch", "off"),
    call("client_kill_filter", _id=999999),
    call("command_count"),
    call("memory_usage", "nothing"),
    call("wait", 0, 10),
    call("flushdb"),
    call("flushall", asynchronous=True),
]
