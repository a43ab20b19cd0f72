"""Types of arguments, as the methods' signatures name them."""

import datetime
from typing import Optional, TypedDict, Union

#: What a command takes as an argument: text is sent as UTF-8, numbers as Python writes them.
Encodable = Union[bytes, str, int, float, bytearray, memoryview]
#: A length of time: whole units, or a timedelta.
Span = Union[int, str, bytes, datetime.timedelta]
#: A point in time: units since 1970, or a datetime.
Moment = Union[int, str, bytes, datetime.datetime]


class Message(TypedDict):
    """A message of a subscription, as redis-py gives it: bytes, or text where the session decodes."""

    type: str
    #: What described the channel, where the subscription is to patterns.
    pattern: Optional[Union[bytes, str]]
    channel: Union[bytes, str]
    data: Union[bytes, str]
