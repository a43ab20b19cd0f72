"""Calls that delete entries of streams with a view to the groups that still need them."""

from . import call

POLICIES = ("KEEPREF", "DELREF", "ACKED")

CALLS = [
    *(call("xadd", "s", {"f": "v"}, f"{n}-1", maxlen=50, ref_policy=word) for n, word in enumerate(POLICIES, 1)),
    call("xgroup_create", "s", "g", "0"),
    call("xgroup_create", "s", "h", "0"),
    call("xreadgroup", "g", "c", {"s": ">"}),
    *(call("xtrim", "s", maxlen=10, ref_policy=word) for word in POLICIES),
    *(call("xackdel", "s", "g", f"{n}-1", "9-9", ref_policy=word) for n, word in enumerate(POLICIES, 1)),
    *(call("xdelex", "s", "3-1", "9-9", ref_policy=word) for word in reversed(POLICIES)),
    call("xdelex", "s", "3-1"),
    call("xackdel", "s", "g", "3-1"),
    call("set", "string", "x"),
    call("xdelex", "string", "1-1"),
]
