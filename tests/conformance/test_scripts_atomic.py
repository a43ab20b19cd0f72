"""Scripts under load over several shards: money moves between accounts, and nobody ever sees another sum."""

import threading
import time

ACCOUNTS = 30
#: Takes from one account and gives to another, in several commands.
TRANSFER = """
local taken = redis.call('DECRBY', KEYS[1], ARGV[1])
if taken < 0 then
  redis.call('INCRBY', KEYS[1], ARGV[1])
  return 0
end
redis.call('INCRBY', KEYS[2], ARGV[1])
redis.call('INCR', KEYS[3])
return 1
"""
SUM = "local sum = 0 for _, v in ipairs(redis.call('MGET', unpack(KEYS))) do sum = sum + v end return sum"
LOAD_SECONDS = 1.5


def test_nobody_sees_half_of_a_script(kevy):
    accounts = [f"account:{n}" for n in range(ACCOUNTS)]
    with kevy.connect() as session:
        session.call("MSET", *[word for account in accounts for word in (account, 100)])
        code = session.call("FUNCTION", "LOAD", f"#!lua name=bank\nredis.register_function('transfer', function(KEYS, ARGV) {TRANSFER} end)")
        assert not code.is_error
    total, deadline = 100 * ACCOUNTS, time.monotonic() + LOAD_SECONDS
    done, wrong = [], []

    def write(seed: int) -> None:
        count = 0
        with kevy.connect() as session:
            while time.monotonic() < deadline:
                commands = []
                for n in range(16):
                    a, b = accounts[(seed * 7 + count * 3 + n) % ACCOUNTS], accounts[(seed + count + n * 5) % ACCOUNTS]
                    run = ("EVAL", TRANSFER) if n % 2 else ("FCALL", "transfer")
                    commands.append((*run, "3", a, b, "transfers", n + 1))
                replies = session.pipeline(commands)
                wrong.extend(reply for reply in replies if reply.is_error)
                count += sum(reply.value for reply in replies if not reply.is_error)
        done.append(count)

    def read(command: tuple) -> None:
        with kevy.connect() as session:
            while time.monotonic() < deadline:
                reply = session.call(*command)
                found = reply.value if reply.kind == ":" else sum(int(item.value) for item in reply.value)
                if found != total:
                    wrong.append(reply)

    readers = [("EVAL", SUM, ACCOUNTS, *accounts), ("EVAL_RO", SUM, ACCOUNTS, *accounts), ("MGET", *accounts)]
    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    threads += [threading.Thread(target=read, args=(command,)) for command in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong[:3]
    with kevy.connect() as session:
        assert int(session.call("GET", "transfers").value) == sum(done) > 0
        assert session.call("EVAL", SUM, ACCOUNTS, *accounts).value == total
