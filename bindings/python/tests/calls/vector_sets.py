"""Calls of vector sets."""

import struct

from redis.commands.vectorset.commands import QuantizationOptions

from . import call

CALLS = [
    call("vset.vadd", "v", [1.0, 0.0, 0.5], "a"),
    call("vset.vadd", "v", struct.pack("<3f", 0.0, 1.0, 0.5), "b", attributes={"year": 1950}),
    call("vset.vadd", "v", [0.0, 0.5, 1.0], "c", cas=True, ef=100, numlinks=16),
    call("vset.vcard", "v"),
    call("vset.vdim", "v"),
    call("vset.vgetattr", "v", "b"),
    call("vset.vgetattr", "v", "a"),
    call("vset.vsetattr", "v", "a", {"year": 2000}),
    call("vset.vsetattr", "v", "a", '{"year": 1999}'),
    call("vset.vsim", "v", "a"),
    call("vset.vsim", "v", "a", with_scores=True, count=2),
    call("vset.vsim", "v", [1.0, 0.0, 0.5], with_attribs=True, truth=True),
    call("vset.vsim", "v", "a", with_scores=True, with_attribs=True, filter=".year > 1960", filter_ef=10),
    call("vset.vadd", "plain", [1.0, 0.0], "a", quantization=QuantizationOptions.NOQUANT),
    call("vset.vadd", "plain", [0.0, 1.0], "b", quantization=QuantizationOptions.NOQUANT, attributes="{}"),
    call("vset.vadd", "bits", [1.0, -1.0], "a", quantization=QuantizationOptions.BIN),
    call("vset.vadd", "bytes", [1.0, -1.0], "a", quantization=QuantizationOptions.Q8),
    call("vset.vadd", "less", [1.0, 2.0, 3.0, 4.0], "a", reduce_dim=2),
    call("vset.vsim", "plain", struct.pack("<2f", 1.0, 0.0), epsilon=0.5, no_thread=True, ef=50),
    call("vset.vemb", "plain", "a"),
    call("vset.vemb", "plain", "a", raw=True),
    call("vset.vlinks", "plain", "a"),
    call("vset.vlinks", "plain", "a", with_scores=True),
    call("vset.vinfo", "nothing"),
    call("vset.vrandmember", "plain", 5),
    call("vset.vrange", "plain", "-", "+"),
    call("vset.vrange", "plain", "(a", "+", 1),
    call("vset.vemb", "nothing", "a"),
    call("vset.vlinks", "nothing", "a"),
    call("vset.vrandmember", "nothing"),
    call("vset.vrem", "v", "a"),
    call("vset.vrem", "v", "a"),
]
