"""Follows a primary in an event loop, beside whatever else it does.

    python tail_async.py
"""

import asyncio

import kevy.aio
from kevy import FrameKind


async def follow(source: str) -> dict[bytes, bytes]:
    strings: dict[bytes, bytes] = {}
    async with kevy.aio.Replica(source) as replica:
        # The replica waits for its one descriptor in the loop: no thread, no timer.
        async for frame in replica:
            if frame.kind is FrameKind.SNAPSHOT_BEGIN:
                strings.clear()
            elif frame.argv and frame.argv[0] == b"SET":
                strings[frame.argv[1]] = frame.argv[2]
                if frame.argv[1] == b"last":
                    break
    return strings


async def main() -> None:
    async with kevy.aio.Runtime(port=0) as rt:
        following = asyncio.create_task(follow(f"kevy://127.0.0.1:{rt.port}"))
        db = rt.session()
        for number in range(100):
            await db.set(f"key:{number}", number)
            await asyncio.sleep(0)
        await db.set("last", "one")
        print("strings:", len(await following))


if __name__ == "__main__":
    asyncio.run(main())
