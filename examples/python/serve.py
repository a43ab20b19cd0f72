"""A keyspace that this program uses itself and serves to any Redis client at the same time."""

import socket

import kevy


def main() -> None:
    # Port 0 lets the system choose one; a program that serves others names it.
    with kevy.Runtime(port=0) as rt:
        assert rt.port is not None
        print("listening on port", rt.port)
        db = rt.session(decode_responses=True)
        db.set("greeting", "hello")

        # Any client will do; this one speaks the protocol by hand.
        with socket.create_connection(("127.0.0.1", rt.port)) as client:
            client.sendall(b"GET greeting\r\nINCR visits\r\n")
            with client.makefile("rb") as replies:
                print([replies.readline() for _ in range(3)])

        # What the client wrote is here at once.
        print(db.get("visits"))


if __name__ == "__main__":
    main()
