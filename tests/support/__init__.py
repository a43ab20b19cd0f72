"""What the tests of every surface share: a RESP client, servers to start, and waiting with a deadline."""
