"""Types of arguments, as the methods' signatures name them."""

import datetime
from typing import Union

#: What a command takes as an argument: text is sent as UTF-8, numbers as Python writes them.
Encodable = Union[bytes, str, int, float, bytearray, memoryview]
#: A length of time: whole units, or a timedelta.
Span = Union[int, str, bytes, datetime.timedelta]
#: A point in time: units since 1970, or a datetime.
Moment = Union[int, str, bytes, datetime.datetime]
