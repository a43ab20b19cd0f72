"""A keyspace inside this program: typed methods, every verb, a transaction, and redis-py without a port."""

import kevy


def main() -> None:
    # Options are those of redis.conf, with _ for -. No port is opened unless one is given.
    with kevy.Runtime(maxmemory="256mb", maxmemory_policy="allkeys-lru") as rt:
        db = rt.session(decode_responses=True)

        # Names and arguments are redis-py's; calls run on this thread, in well under a microsecond.
        db.set("greeting", "hello", ex=60)
        print(db.get("greeting"), "for", db.ttl("greeting"), "seconds")

        db.hset("ada", mapping={"name": "Ada Lovelace", "born": 1815})
        print(db.hgetall("ada"))

        # A verb without a method of its own, or one that you know only at run time.
        print(db.execute("OBJECT", "ENCODING", "ada"))

        # MULTI/EXEC: all of it happens, at once.
        with db.pipeline() as pipe:
            pipe.incr("visits")
            pipe.expire("visits", 3600)
            print(pipe.execute())

        # Code that expects a redis-py client gets one, over an in-process socket pair.
        with rt.redis(decode_responses=True) as client:
            print(client.get("greeting"), "from redis-py")

        try:
            db.incr("ada")
        except kevy.WrongTypeError as error:
            print("refused:", error)


if __name__ == "__main__":
    main()
