"""The bare engine: commands by their arguments, without threads and without I/O."""

import kevy


def main() -> None:
    keyspace = kevy.Keyspace(decode_responses=True)

    # A command is a list of arguments; a reply has its own type: maps are dicts, doubles are floats.
    print(keyspace.dispatch("HSET", "ada", "born", 1815, "died", 1852))
    print(keyspace.dispatch("HGETALL", "ada"))

    # A frame of a primary's stream is applied without limits: so is a copy of it kept.
    keyspace.apply(0, ["HINCRBY", "ada", "born", "1"])
    print(keyspace.dispatch("HGET", "ada", "born"))

    # Many commands for a runtime cross in one call.
    with kevy.Runtime() as rt:
        db = rt.session(decode_responses=True)
        print(db.execute_batch([("SET", "a", 1), ("INCR", "a"), ("GET", "a")]))


if __name__ == "__main__":
    main()
