-- What a script sees: the globals of Redis 7 and nothing else, none of which it can change.
--
-- Lua 5.1 has no read-only tables. What scripts get in their place are empty tables that lead reads to the real one and
-- refuse writes; the functions that go round metatables (rawset, next, ...) know them. An error that Rust raised is an
-- opaque value, so whatever catches one asks what scripts are to see of it.
local native = ...

local READONLY = "Attempt to modify a readonly table"

local error, getmetatable, setmetatable, next, pcall, rawget, rawset, tostring, type, xpcall =
  error, getmetatable, setmetatable, next, pcall, rawget, rawset, tostring, type, xpcall
local byte, concat = string.byte, table.concat
local collectgarbage, loadstring, resume = collectgarbage, loadstring, coroutine.resume
local tonumber, unpack = tonumber, unpack
local raised = native.raised

-- What scripts see -> what is behind it, and -> what getmetatable tells of it.
local guarded, metatables = {}, {}

local function refuse()
  error(READONLY, 2)
end

local function protect(real, metatable)
  local seen = {}
  guarded[seen] = real
  metatables[seen] = metatable
  return setmetatable(seen, { __index = real, __newindex = refuse })
end

local function bad_argument(number, name, expected, found)
  error("bad argument #" .. number .. " to '" .. name .. "' (" .. expected .. " expected, got " .. found .. ")", 3)
end

-- A function of the table library that changes its first argument.
local function changing(name, f)
  return function(t, ...)
    if guarded[t] then
      error(READONLY, 0)
    elseif type(t) ~= "table" then
      bad_argument(1, name, "table", type(t))
    end
    return f(t, ...)
  end
end

local function guarded_next(seen, key)
  return next(guarded[seen], key)
end

local real = {
  _VERSION = _VERSION,
  assert = assert,
  error = error,
  gcinfo = gcinfo,
  ipairs = ipairs,
  rawequal = rawequal,
  select = select,
  tonumber = tonumber,
  tostring = tostring,
  type = type,
}

-- Arguments and results that fit the stack of a function written in C. Lua 5.1 counts results in an int, which a wide range
-- makes overflow.
local UNPACK_MAX = 8000

function real.unpack(t, first, last)
  if type(t) ~= "table" then
    bad_argument(1, "unpack", "table", type(t))
  end
  local from, to, given = 1, #t, 1
  if first ~= nil then
    from, given = tonumber(first) or bad_argument(2, "unpack", "number", type(first)), 2
  end
  if last ~= nil then
    to, given = tonumber(last) or bad_argument(3, "unpack", "number", type(last)), 3
  end
  if not (to - from < UNPACK_MAX - given) then
    error("too many results to unpack", 2)
  end
  if given == 1 then
    return unpack(t)
  elseif given == 2 then
    return unpack(t, from)
  end
  return unpack(t, from, to)
end

-- What a caught error is to a script; of a table with a text, pcall gives the text.
local function caught(succeeded, problem, ...)
  if succeeded then
    return succeeded, problem, ...
  end
  if type(problem) == "userdata" then
    problem = raised(problem)
  end
  if type(problem) == "table" and type(problem.err) == "string" then
    problem = problem.err
  end
  return false, problem
end

function real.pcall(...)
  return caught(pcall(...))
end

function real.xpcall(f, handler)
  return xpcall(f, function(problem)
    return handler(type(problem) == "userdata" and raised(problem) or problem)
  end)
end

local function resumed(succeeded, problem, ...)
  if not succeeded and type(problem) == "userdata" then
    problem = raised(problem)
  end
  return succeeded, problem, ...
end

local coroutines = {}
for name, f in next, coroutine do
  coroutines[name] = f
end

function coroutines.resume(...)
  return resumed(resume(...))
end

function real.next(t, key)
  if type(t) ~= "table" then
    bad_argument(1, "next", "table", type(t))
  end
  return next(guarded[t] or t, key)
end

function real.pairs(t)
  if guarded[t] then
    return guarded_next, t, nil
  elseif type(t) ~= "table" then
    bad_argument(1, "pairs", "table", type(t))
  end
  return next, t, nil
end

function real.rawget(t, key)
  if type(t) ~= "table" then
    bad_argument(1, "rawget", "table", type(t))
  end
  return rawget(guarded[t] or t, key)
end

function real.rawset(t, key, value)
  if type(t) ~= "table" then
    bad_argument(1, "rawset", "table", type(t))
  elseif guarded[t] then
    error(READONLY, 0)
  end
  return rawset(t, key, value)
end

function real.setmetatable(t, metatable)
  if type(t) ~= "table" then
    bad_argument(1, "setmetatable", "table", type(t))
  elseif guarded[t] then
    error(READONLY, 0)
  elseif metatable ~= nil and type(metatable) ~= "table" then
    error("bad argument #2 to 'setmetatable' (nil or table expected)", 2)
  end
  return setmetatable(t, metatable)
end

local string_metatable

function real.getmetatable(value)
  if type(value) == "string" then
    return string_metatable
  elseif guarded[value] then
    return metatables[value]
  end
  return getmetatable(value)
end

-- Scripts cannot stop the collector, which they share.
function real.collectgarbage(option, argument)
  if option == "stop" or option == "restart" or option == "setpause" or option == "setstepmul" then
    return 0
  end
  return collectgarbage(option or "collect", argument)
end

-- Compiled code would be trusted as it stands, so only source is loaded.
function real.loadstring(text, name)
  if type(text) ~= "string" then
    bad_argument(1, "loadstring", "string", type(text))
  elseif byte(text) == 27 then
    return nil, "compiled code is not loaded"
  end
  return loadstring(text, name or text)
end

function real.load(reader, name)
  if type(reader) ~= "function" then
    bad_argument(1, "load", "function", type(reader))
  end
  local pieces = {}
  while true do
    local piece = reader()
    if piece == nil or piece == "" then
      break
    elseif type(piece) ~= "string" then
      return nil, "reader function must return a string"
    end
    pieces[#pieces + 1] = piece
  end
  return real.loadstring(concat(pieces), name or "=(load)")
end

local function copy(t)
  local all = {}
  for name, value in next, t do
    all[name] = value
  end
  return all
end

local tables = copy(table)
for _, name in next, { "insert", "remove", "sort", "setn" } do
  tables[name] = changing(name, table[name])
end

local maths = copy(math)

maths.random, maths.randomseed = native.math.random, native.math.randomseed

local function cjson_module()
  local functions = native.cjson()
  functions.new = cjson_module
  functions._NAME, functions._VERSION = "cjson", "2.1.0"
  return functions
end

local cmsgpack = native.cmsgpack
cmsgpack._NAME = "cmsgpack"
cmsgpack._VERSION = "lua-cmsgpack 0.4.0"
cmsgpack._COPYRIGHT = "Copyright (C) 2012, Salvatore Sanfilippo"
cmsgpack._DESCRIPTION = "MessagePack C implementation for Lua"

real.bit = protect(native.bit)
real.cjson = protect(cjson_module())
real.cmsgpack = protect(cmsgpack)
real.coroutine = protect(coroutines)
real.math = protect(maths)
real.os = protect({ clock = native.clock })
real.string = protect(string)
real.struct = protect(native.struct)
real.table = protect(tables)

string_metatable = protect({ __index = real.string })

local function missing(_, name)
  error("Script attempted to access nonexistent global variable '" .. tostring(name) .. "'", 2)
end

setmetatable(real, { __index = missing })
local globals = protect(real, protect({ __index = missing }))
real._G = globals

-- Makes a table of what an error is, with the place where it was raised.
local function explain(problem)
  local source, line = native.position()
  if type(problem) == "userdata" then
    problem = raised(problem)
  end
  if type(problem) ~= "table" or guarded[problem] then
    problem = { err = "ERR " .. tostring(problem) }
  end
  if source then
    rawset(problem, "source", source)
    rawset(problem, "line", line)
  end
  return problem
end

-- While a library is loaded `redis` is another table, and the only global: functions are registered, commands are not
-- called.
local redis = native.redis
local loading = { register_function = native.register_function, log = redis.log }
for _, name in next, { "LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING", "REDIS_VERSION", "REDIS_VERSION_NUM" } do
  loading[name] = redis[name]
end
setmetatable(loading, { __index = missing })
local while_loading = setmetatable({ redis = protect(loading) }, { __index = missing })

-- Functions have no debugger, and no way of replication to choose.
local of_functions = copy(redis)
of_functions.breakpoint, of_functions.debug, of_functions.replicate_commands = nil, nil, nil
local redis_seen, redis_of_functions = protect(redis), protect(of_functions)

-- Where reads of globals lead.
local door = getmetatable(globals)

return {
  globals = globals,
  real = real,
  door = door,
  -- Makes a table of an error that a script or a function raises.
  explain = explain,
  redis_of_scripts = redis_seen,
  redis_of_functions = redis_of_functions,
  -- Runs the code of a library, which sees nothing but `redis`. What comes next leads reads back, since nothing runs
  -- behind code that was told to end.
  load = function(f)
    door.__index = while_loading
    return xpcall(f, explain)
  end,
}
