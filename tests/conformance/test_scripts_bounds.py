"""Scripts that nest without end: each ends in an error, and the server goes on."""

#: What a script does, and a word of the error that it ends in; `None` where it ends well.
DEEP = {
    "recursion": ("local function f() return 1 + f() end return f()", b"stack overflow"),
    "recursion of a metatable": ("local t = setmetatable({}, {__index = function(t, k) return t[k .. 'x'] end}) return t.x", b"overflow"),
    "nested coroutines": ("local function f() return coroutine.wrap(f)() end return f()", b"overflow"),
    "a long list of results": ("local t = {} for i = 1, 2e5 do t[i] = i end return unpack(t)", b"too many results to unpack"),
    "a range of results that overflows": ("return {unpack({1, 2, 3}, -2, 2147483647)}", b"too many results to unpack"),
    "one from far below": ("return {unpack({1, 2, 3}, -2147483648, -2)}", b"too many results to unpack"),
    "one that is no number": ("return {unpack({1, 2, 3}, 0/0, 2147483647)}", b"too many results to unpack"),
    "one that is empty": ("return {unpack({1, 2, 3}, 2147483647, -2147483648)}", None),
    "JSON to read": ("return cjson.decode(string.rep('[', 2e5))", b"too many nested data structures"),
    "JSON to write": ("local t = {} for i = 1, 2e4 do t = {t} end return cjson.encode(t)", b"excessive nesting"),
    "JSON of what holds itself": ("local t = {} t[1] = t return cjson.encode(t)", b"excessive nesting"),
    "MessagePack to read": ("return type(cmsgpack.unpack(string.rep('\\145', 2e5)))", b"stack overflow"),
    "MessagePack to write": ("local t = {} for i = 1, 2e4 do t = {t} end return type(cmsgpack.pack(t))", None),
    "MessagePack of many members": ("local t = {} for i = 1, 1e5 do t['k' .. i] = i end return #cmsgpack.pack(t)", None),
    "MessagePack of what holds itself": ("local t = {} t[1] = t return type(cmsgpack.pack(t))", None),
    "MessagePack that promises much": ("return cmsgpack.unpack('\\221\\255\\255\\255\\255')", b"Missing bytes"),
    "source": ("local f, e = loadstring('return ' .. string.rep('(', 2e4)) error(e)", b"too many"),
    "arguments": ("local t = {} for i = 1, 2e5 do t[i] = 'a' end return redis.call('DEL', unpack(t))", b"too many results to unpack"),
}


def test_what_nests_without_end_ends_in_an_error(shared):
    server = shared(3)
    with server.connect() as session:
        for name, (script, word) in DEEP.items():
            reply = session.call("EVAL", script, "0")
            assert reply.is_error == (word is not None), (name, reply)
            assert word is None or word in reply.value, (name, reply)
            assert session.call("EVAL", "return ARGV[1]", "0", "v").value == b"v", name
