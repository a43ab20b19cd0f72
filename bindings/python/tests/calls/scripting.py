"""Calls of scripts, functions and messages."""

from . import call

SCRIPT = "return {KEYS[1], ARGV[1], 7}"
DIGEST = "66e7fcfc7c1f55f3ec70dec75bdece9428590658"
LIBRARY = """#!lua name=library
redis.register_function('writes', function(keys, args) return redis.call('SET', keys[1], args[1]) end)
redis.register_function{function_name='reads', callback=function(keys) return redis.call('GET', keys[1]) end, flags={'no-writes'}}
"""

CALLS = [
    call("eval", SCRIPT, 1, "k", "v"),
    call("eval", "return redis.call('SET', KEYS[1], ARGV[1])", 1, "k", "v"),
    call("eval", "return false", 0),
    call("eval", "return redis.error_reply('MY error')", 0),
    call("eval", "return", "many"),
    call("eval_ro", "return redis.call('GET', KEYS[1])", 1, "k"),
    call("evalsha", DIGEST, 1, "k", "v"),
    call("evalsha_ro", DIGEST, 1, "k", "v"),
    call("script_load", SCRIPT),
    call("script_exists", DIGEST, "0" * 40),
    call("script_flush"),
    call("script_flush", "ASYNC"),
    call("script_exists", DIGEST),
    call("script_kill"),
    call("function_load", LIBRARY),
    call("function_load", LIBRARY),
    call("function_load", LIBRARY, replace=True),
    call("fcall", "writes", 1, "k", "w"),
    call("fcall_ro", "reads", 1, "k"),
    call("fcall_ro", "writes", 1, "k", "x"),
    call("function_dump"),
    call("function_delete", "library"),
    call("function_delete", "library"),
    call("function_list"),
    call("function_kill"),
    call("function_flush"),
    call("function_restore", b"damaged"),
    call("publish", "news", "hello"),
    call("spublish", "news", "hello"),
    call("pubsub_channels"),
    call("pubsub_channels", "n*"),
    call("pubsub_numpat"),
    call("pubsub_numsub", "a", "b"),
    call("pubsub_shardchannels"),
    call("pubsub_shardnumsub", "a"),
    call("acl_whoami"),
    call("acl_users"),
    call("acl_list"),
    call("acl_deluser", "nobody", "noone"),
]
