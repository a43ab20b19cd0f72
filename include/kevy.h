/* kevy: a Redis-compatible, thread-per-core, replicated keyspace inside your process.
 *
 * Generated from kevy-ffi by cbindgen; a test keeps it in step with the library.
 *
 *     kevy_runtime *runtime;
 *     kevy_session *session;
 *     const kevy_reply *reply;
 *     kevy_bytes set[] = {KEVY_LIT("SET"), KEVY_LIT("greeting"), KEVY_LIT("hello")};
 *
 *     if (kevy_runtime_start(NULL, &runtime, NULL) != KEVY_OK) return 1;
 *     if (kevy_session_open(runtime, &session, NULL) != KEVY_OK) return 1;
 *     if (kevy_session_dispatch(session, set, 3, &reply, NULL) != KEVY_OK) return 1;
 *     kevy_session_free(session);
 *     kevy_runtime_free(runtime);
 *
 * Calls and errors
 *     A call returns a kevy_status: KEVY_OK, another number from 0 on that is no failure, or a negative number.
 *     Its last parameter takes the whole story: pass the address of a kevy_error pointer, or NULL. Before anything
 *     else a call clears *err and whatever it gives back, so after a failure both hold something defined. Every
 *     out parameter but err is required. A panic inside the library becomes KEVY_ERROR_PANIC and poisons the
 *     handle; it never unwinds into your code.
 *
 * Ownership
 *     What a function ending in _new, _open, _start, _clone or _next_batch gives is yours: give it back to the
 *     _free function of its type, once. Those take NULL; a second free is ignored as long as the address was not
 *     given to a new handle. Handles keep what they depend on alive, so the order in which you free them is free.
 *     What you pass in is copied before the call returns.
 *
 * Views
 *     A kevy_bytes points at bytes and says how many; they may contain NUL, and no NUL follows them. A view, a
 *     const kevy_reply and a const kevy_frame that a handle gives are borrowed: they are good until that handle is
 *     used again or freed, and reading them later is undefined. kevy_reply_clone() makes a reply yours;
 *     kevy_replica_next_batch() makes frames yours.
 *
 * Threads
 *     A kevy_runtime, and whatever only holds data (an error, a clone, a batch), may be used by any number of
 *     threads. Options, sessions, keyspaces and replicas are for one thread at a time: use by two at once gives
 *     one of them KEVY_ERROR_BUSY. The functions ending in _interrupt work from any thread. Nobody may be inside
 *     of a handle that is being freed. Callbacks run on threads of the library.
 *
 * fork
 *     Handles belong to the process that made them. In a child of fork they give KEVY_ERROR_FORKED, and freeing
 *     them does nothing. The child may start a runtime of its own.
 *
 * Growth
 *     Numbers are never reused. A struct that begins with struct_size may get fields at its end: set struct_size
 *     to its sizeof, and an older or newer library fills what both sides know. All other structs are final; opaque
 *     types have no size. Functions are added, never changed, while KEVY_ABI_VERSION stays the same.
 *
 * Linking
 *     pkg-config kevy, or find_package(kevy) and the target kevy::kevy (kevy::static for libkevy.a). The library
 *     brings its own allocator for its own memory and leaves your malloc alone; it installs no signal handler and
 *     prints nothing: see kevy_log_set(). Once loaded it stays loaded, also after dlclose.
 */

#ifndef KEVY_H
#define KEVY_H

#include <stddef.h>
#include <stdint.h>
/* A view of a string literal, without its NUL; for initializers. */
#define KEVY_LIT(text) {(const uint8_t *)("" text), sizeof(text) - 1}

// The number in the SONAME of the library this header belongs to. Within one number functions and fields are
// only added.
#define KEVY_ABI_VERSION 0

// The same call may succeed later without any change by the caller.
#define KEVY_FLAG_RETRIABLE 1

// The handle cannot be used again: free it and make another.
#define KEVY_FLAG_FATAL 2

// Something failed and somebody has to act.
#define KEVY_LOG_ERROR 1

// Something is wrong and the library goes on.
#define KEVY_LOG_WARNING 2

// A change of state: started, stopped, a replica attached.
#define KEVY_LOG_INFO 3

// What only helps to find a defect.
#define KEVY_LOG_DEBUG 4

// Waits without a limit where it is given as `timeout_ms`.
#define KEVY_FOREVER 4294967295

// There is no reply: the pointer was NULL.
#define KEVY_REPLY_NONE 0

// A simple string such as OK: read it with kevy_reply_bytes().
#define KEVY_REPLY_SIMPLE 1

// An error reply: kevy_reply_bytes() is its text, kevy_reply_error_status() what it stands for.
#define KEVY_REPLY_ERROR 2

// A signed integer: kevy_reply_integer().
#define KEVY_REPLY_INTEGER 3

// A string of bytes: kevy_reply_bytes().
#define KEVY_REPLY_BULK 4

// The absence of a value.
#define KEVY_REPLY_NULL 5

// An array: kevy_reply_len(), kevy_reply_at().
#define KEVY_REPLY_ARRAY 6

// A map: its parts are key, value, key, value.
#define KEVY_REPLY_MAP 7

// A set.
#define KEVY_REPLY_SET 8

// A message that nobody asked for: from kevy_session_next_push().
#define KEVY_REPLY_PUSH 9

// A double: kevy_reply_double().
#define KEVY_REPLY_DOUBLE 10

// A boolean: kevy_reply_boolean().
#define KEVY_REPLY_BOOLEAN 11

// Text with a format: kevy_reply_bytes() is the text.
#define KEVY_REPLY_VERBATIM 12

// An integer of any size: kevy_reply_bytes() is its decimal text.
#define KEVY_REPLY_BIG_NUMBER 13

// There is no frame: the pointer was NULL.
#define KEVY_FRAME_NONE 0

// A snapshot begins: what was copied before is not part of the copy any more.
#define KEVY_FRAME_SNAPSHOT_BEGIN 1

// A command that rebuilds a key of the snapshot, or a part of one.
#define KEVY_FRAME_ENTRY 2

// The snapshot is whole; changes follow.
#define KEVY_FRAME_SNAPSHOT_END 3

// A command that the primary's keyspace changed by.
#define KEVY_FRAME_COMMAND 4

// The commands up to the matching end happened at once.
#define KEVY_FRAME_TXN_BEGIN 5

// The transaction is whole.
#define KEVY_FRAME_TXN_END 6

// Everything that had happened on the primary at a moment was handed out. Only if the option "bookmarks" is yes.
#define KEVY_FRAME_BOOKMARK 7

// The position could not be continued, for the reason given; a snapshot follows.
#define KEVY_FRAME_RESYNC 8

// The link came up or went down: kevy_frame_is_up(), kevy_frame_reason().
#define KEVY_FRAME_LINK 9

// Frames that own their bytes. The caller owns the batch; any number of threads may read it.
typedef struct kevy_batch kevy_batch;

// Why a call failed. The caller owns it and frees it; any number of threads may read it.
typedef struct kevy_error kevy_error;

// One frame of a primary's stream. It is borrowed from the replica until that is used again, or from the batch
// that holds it until that is freed.
typedef struct kevy_frame kevy_frame;

// A keyspace that does nothing by itself: no threads, no I/O. For tests, and for keeping a copy of a primary.
// One thread at a time.
typedef struct kevy_keyspace kevy_keyspace;

// Settings for what is about to be started or opened. One thread at a time.
typedef struct kevy_options kevy_options;

// A primary's snapshot and every change after it, as frames. One thread at a time. It has no thread of its own:
// everything happens inside its calls.
typedef struct kevy_replica kevy_replica;

// A reply or a part of one. A reply is borrowed from what gave it until that is used again; a clone is the
// caller's. Any number of threads may read it meanwhile.
typedef struct kevy_reply kevy_reply;

// One running keyspace: shards, core threads, listeners. Any number of threads may use it, and a process may
// hold several.
typedef struct kevy_runtime kevy_runtime;

// One client's state: database, MULTI, WATCH. One thread at a time. A session keeps its runtime alive.
typedef struct kevy_session kevy_session;

// What a call returns: 0 or more is no failure, a negative number is one. Numbers are never reused.
typedef int32_t kevy_status;

// A view of bytes, which may contain NUL. As an argument it is read before the call returns and never kept; as a
// result it is borrowed from the handle it came from. `data` may be NULL where `len` is 0. This struct never grows.
typedef struct {
    // The first byte.
    const uint8_t *data;
    // How many bytes there are.
    size_t len;
} kevy_bytes;

// Takes a message of the library: `level` is one of KEVY_LOG_*, `message` is UTF-8 and good until it returns. It
// is called from any thread, also from several at once and in the middle of the library's work: it must return soon
// and call no function of kevy.
typedef void (*kevy_log_fn)(void *ctx, int32_t level, kevy_bytes message);

// A callback: `ctx` is what was given with it.
typedef void (*kevy_fn)(void *ctx);

// Is told while a runtime starts how far reading from disk has come: `bytes_read` of `bytes_total`, with numbers that
// grow. First nothing has been read, last everything; it is not called where there is nothing to read. Calls come from
// the thread that starts the runtime and from others, but from one at a time, and reading waits for them. It must call
// no function of kevy.
typedef void (*kevy_load_fn)(void *ctx, uint64_t bytes_read, uint64_t bytes_total);

// What opening found. Set struct_size to sizeof(kevy_open_report) before the call; fields that this library does
// not know are left as they are.
typedef struct {
    // In: the size of the caller's struct in bytes. Out: how many of them were filled.
    uint32_t struct_size;
    // How many shards the keyspace has.
    uint32_t shards;
    // How many keys were read from disk.
    uint64_t keys_loaded;
    // How many keys on disk were left out because their time had passed.
    uint64_t keys_expired;
    // How many bytes were read from disk.
    uint64_t bytes_read;
    // How many commands of the append-only log were run.
    uint64_t commands_replayed;
    // How many bytes at the end of the append-only log made no whole transaction. They were cut off and are kept in
    // files beside it, which the messages of the library name.
    uint64_t bytes_cut;
} kevy_open_report;

// The arguments of one command; the first is the verb. This struct never grows.
typedef struct {
    // The first argument.
    const kevy_bytes *argv;
    // How many arguments there are.
    size_t argc;
} kevy_argv;

// What a replica has done since it was opened. Set struct_size to sizeof(kevy_replica_stats_t) before the call;
// fields that this library does not know are left as they are.
typedef struct {
    // In: the size of the caller's struct in bytes. Out: how many of them were filled.
    uint32_t struct_size;
    // 1 while the primary is connected and has taken the handshake, else 0.
    uint32_t up;
    // Frames of the stream handed out, with those that switch databases and mark transactions.
    uint64_t frames;
    // Commands that rebuild keys of a snapshot.
    uint64_t entries;
    // Bytes received.
    uint64_t bytes;
    // Transactions handed out.
    uint64_t transactions;
    // Snapshots handed out whole.
    uint64_t snapshots;
    // Positions that could not be continued.
    uint64_t resyncs;
    // Connections made.
    uint64_t connections;
    // Milliseconds since the primary was last heard of; UINT64_MAX if never.
    uint64_t silent_ms;
    // 1 where the primary forbids to be followed by its stream, so that its keys are scanned and tracked: for each key
    // the last value arrives, but not those in between, nor transactions. Else 0.
    uint64_t weaker;
} kevy_replica_stats_t;

// The call did what it says.
#define KEVY_OK 0

// The time limit passed and nothing had come. Not a failure: call again.
#define KEVY_AGAIN 1

// There is nothing more to come, ever.
#define KEVY_END 2

// An argument is outside what the function takes: NULL, a handle of another type, a number out of range.
#define KEVY_ERROR_INVALID_ARGUMENT -1

// An option's name or value is not known.
#define KEVY_ERROR_INVALID_OPTION -2

// A handle for one thread at a time is in use by another thread.
#define KEVY_ERROR_BUSY -3

// The runtime, session or replica was stopped or closed.
#define KEVY_ERROR_CLOSED -4

// The handle was made before `fork` and is used in the child.
#define KEVY_ERROR_FORKED -5

// An interrupt function ended the wait.
#define KEVY_ERROR_INTERRUPTED -6

// A defect of kevy was caught; the handle is poisoned and only good for its free function.
#define KEVY_ERROR_PANIC -7

// The operating system reported a failure.
#define KEVY_ERROR_IO -8

// The peer sent bytes that are not the protocol.
#define KEVY_ERROR_PROTOCOL -9

// The peer refused the credentials or the permission.
#define KEVY_ERROR_AUTH -10

// Memory could not be had, or `maxmemory` forbids it.
#define KEVY_ERROR_OUT_OF_MEMORY -11

// The peer or this build does not do what was asked.
#define KEVY_ERROR_UNSUPPORTED -12

// A time limit passed before the work was done.
#define KEVY_ERROR_TIMEOUT -13

// Stored or received bytes are damaged.
#define KEVY_ERROR_CORRUPT -14

// The key holds another type.
#define KEVY_ERROR_WRONG_TYPE -15

// Writes are refused here.
#define KEVY_ERROR_READ_ONLY -16

// The peer refused to serve a replica.
#define KEVY_ERROR_REPLICA -17

// The server answered a command with an error reply that no other number stands for.
#define KEVY_ERROR_SERVER -18

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// The KEVY_ABI_VERSION that the loaded library was built with. From any thread.
uint32_t kevy_abi_version(void);

// The version of the loaded library, such as "0.1.0": a string that lives for ever. From any thread.
const char *kevy_version(void);

// The name of a status, such as "BUSY": a string that lives for ever. "UNKNOWN" for a number of a later version.
// From any thread.
const char *kevy_status_name(kevy_status status);

// The status that came with the error; KEVY_ERROR_INVALID_ARGUMENT where `error` is NULL.
kevy_status kevy_error_status(const kevy_error *error);

// A sentence for people that names what was wrong, in UTF-8; borrowed from `error`, and without a NUL at its end.
// Empty where `error` is NULL.
kevy_bytes kevy_error_message(const kevy_error *error);

// KEVY_FLAG_RETRIABLE and KEVY_FLAG_FATAL as they apply; 0 where `error` is NULL.
uint32_t kevy_error_flags(const kevy_error *error);

// Frees an error; NULL is left alone.
void kevy_error_free(kevy_error *error);

// Names the function that gets the library's messages up to `level_max`, for the whole process; NULL for silence,
// which is how a process begins. `drop`, which may be NULL, is called with `ctx` once the function is replaced and
// no thread is inside of it; at once where `function` is NULL or this call fails.
kevy_status kevy_log_set(kevy_log_fn function,
                         void *ctx,
                         kevy_fn drop,
                         int32_t level_max,
                         kevy_error **err);

// Makes options that are all at their default: no port, one shard for each core. Free them with
// kevy_options_free(), at once after use if you like: what is started or opened with them keeps a copy.
kevy_status kevy_options_new(kevy_options **out, kevy_error **err);

// Sets one option. For a runtime or a keyspace, names and values are those of redis.conf, such as "maxmemory" and
// "1gb", and "shards". A replica takes: source, id, user, password, connect-timeout, receive-timeout,
// reconnect-delay-min, reconnect-delay-max, batch-bytes-max, transaction-bytes-max, frame-bytes-max, acknowledge,
// bookmarks, follow, database, batches, compression, and prefix (given again it adds another) and type, which a kevy
// primary sends no others of.
// KEVY_ERROR_INVALID_OPTION tells what the option takes; so it does where options of the one are given to the other.
kevy_status kevy_options_set(kevy_options *options,
                             kevy_bytes name,
                             kevy_bytes value,
                             kevy_error **err);

// Names the function that is told how far reading from disk has come while a runtime starts with these options; NULL for
// none. `drop`, which may be NULL, is called with `ctx` once neither the options nor a runtime that was started with them
// hold the function; at once where `function` is NULL or this call fails.
kevy_status kevy_options_set_on_load(kevy_options *options,
                                     kevy_load_fn function,
                                     void *ctx,
                                     kevy_fn drop,
                                     kevy_error **err);

// Frees options; NULL is left alone.
void kevy_options_free(kevy_options *options);

// Starts a runtime. `options` may be NULL for the defaults. It opens no port unless the options name one. Stop it
// with kevy_runtime_stop() and free it with kevy_runtime_free().
kevy_status kevy_runtime_start(const kevy_options *options,
                               kevy_runtime **out,
                               kevy_error **err);

// Gives the TCP port, which the system chose where the option "port" was 0. KEVY_ERROR_UNSUPPORTED where the
// runtime listens on no TCP port.
kevy_status kevy_runtime_port(const kevy_runtime *runtime, uint16_t *port, kevy_error **err);

// Opens one end of a socket pair whose other end is a session of the runtime: give it to any client library that
// takes a descriptor. The caller owns and closes it. It blocks until set otherwise; -1 on failure.
kevy_status kevy_runtime_connect_fd(kevy_runtime *runtime,
                                    int *fd,
                                    kevy_error **err);

// Tells what opening found: fills as much of `inout` as its struct_size says.
kevy_status kevy_runtime_open_report(const kevy_runtime *runtime, kevy_open_report *inout, kevy_error **err);

// Waits on a runtime with the option "replicaof" until its first copy is whole: KEVY_AGAIN where `timeout_ms` passed
// before. At once on one that follows nobody.
kevy_status kevy_runtime_wait_synced(const kevy_runtime *runtime,
                                     uint32_t timeout_ms,
                                     kevy_error **err);

// Waits until everything that its writer did before it got `token` can be read here: KEVY_AGAIN where `timeout_ms`
// passed before, KEVY_ERROR_REPLICA for a token of another history. A token is the field repl_token of INFO replication
// on a kevy primary, or master_replid, a colon and master_repl_offset on Redis and Valkey.
kevy_status kevy_runtime_wait_token(const kevy_runtime *runtime,
                                    kevy_bytes token,
                                    uint32_t timeout_ms,
                                    kevy_error **err);

// Gives the milliseconds by which the copy of a primary may lie behind it: UINT64_MAX while there is none, 0 on a runtime
// that follows nobody.
kevy_status kevy_runtime_staleness(const kevy_runtime *runtime,
                                   uint64_t *ms,
                                   kevy_error **err);

// Stops: refuses new work, lets connections take their last replies for at most `timeout_ms`, ends the core
// threads. KEVY_ERROR_TIMEOUT where they had not ended in time; they still will. Safe to call again, from any
// thread; not from a callback.
kevy_status kevy_runtime_stop(kevy_runtime *runtime, uint32_t timeout_ms, kevy_error **err);

// Frees a runtime; NULL is left alone. It is stopped first, unless sessions are still open: then it runs on until
// the last of them is freed.
void kevy_runtime_free(kevy_runtime *runtime);

// Opens a session. It needs no password: whoever links the library owns the keyspace. Free it with
// kevy_session_free().
kevy_status kevy_session_open(kevy_runtime *runtime, kevy_session **out, kevy_error **err);

// Runs one command; `argv[0]` is the verb. `*reply` is borrowed until the session is used again or freed. An
// error reply of the command, such as WRONGTYPE, is KEVY_OK and a reply of kind KEVY_REPLY_ERROR.
kevy_status kevy_session_dispatch(kevy_session *session,
                                  const kevy_bytes *argv,
                                  size_t argc,
                                  const kevy_reply **reply,
                                  kevy_error **err);

// Runs `count` commands one after the other in one call. `*reply` is an array of their replies, borrowed until
// the session is used again or freed. They are no transaction; nothing has run where this fails for an argument.
kevy_status kevy_session_dispatch_batch(kevy_session *session,
                                        const kevy_argv *commands,
                                        size_t count,
                                        const kevy_reply **reply,
                                        kevy_error **err);

// Applies a frame of a primary's stream to database `db`: as kevy_session_dispatch(), but limits on memory do not
// apply and the change is not replicated again. An error reply means that the frame does not fit this copy.
kevy_status kevy_session_apply(kevy_session *session,
                               uint32_t db,
                               const kevy_bytes *argv,
                               size_t argc,
                               const kevy_reply **reply,
                               kevy_error **err);

// GET without a reply in between. `*value` is borrowed until the session is used again or freed; its data is NULL
// where the key is not there, and not NULL where the value is empty. KEVY_ERROR_WRONG_TYPE for a key that holds
// another type; KEVY_ERROR_INVALID_ARGUMENT inside MULTI.
kevy_status kevy_session_get(kevy_session *session,
                             kevy_bytes key,
                             kevy_bytes *value,
                             kevy_error **err);

// SET without a reply in between: the key gets this value and no expiry. KEVY_ERROR_OUT_OF_MEMORY where maxmemory
// forbids it; KEVY_ERROR_INVALID_ARGUMENT inside MULTI.
kevy_status kevy_session_set(kevy_session *session,
                             kevy_bytes key,
                             kevy_bytes value,
                             kevy_error **err);

// Waits for a message that nobody asked for, at most `timeout_ms` milliseconds; 0 only looks, KEVY_FOREVER has no
// limit. KEVY_AGAIN where none came. `*message` is borrowed until the session is used again or freed.
kevy_status kevy_session_next_push(kevy_session *session,
                                   uint32_t timeout_ms,
                                   const kevy_reply **message,
                                   kevy_error **err);

// Ends the wait that the session is in, or else its next one, with KEVY_ERROR_INTERRUPTED. From any thread, as
// long as the session is not freed; NULL is left alone.
void kevy_session_interrupt(const kevy_session *session);

// Frees a session; NULL is left alone. No thread may be inside of it.
void kevy_session_free(kevy_session *session);

// What kind of reply it is: one of KEVY_REPLY_*. KEVY_REPLY_NONE where `reply` is NULL.
int32_t kevy_reply_kind(const kevy_reply *reply);

// The bytes of a string, the text of an error, the digits of a number; borrowed like the reply. Empty for what
// has none; data is NULL only for a null, an aggregate and a `reply` that is NULL.
kevy_bytes kevy_reply_bytes(const kevy_reply *reply);

// The value of an integer; 1 or 0 for a boolean; 0 for every other kind.
int64_t kevy_reply_integer(const kevy_reply *reply);

// The value of a double or of an integer; 0 for every other kind.
double kevy_reply_double(const kevy_reply *reply);

// 1 for a boolean that is true and for an integer that is not 0; otherwise 0.
int32_t kevy_reply_boolean(const kevy_reply *reply);

// How many parts an array, map, set or push has, a map counting keys and values; 0 for every other kind.
size_t kevy_reply_len(const kevy_reply *reply);

// Part `index` of an array, map, set or push, borrowed like the reply; NULL where there is none.
const kevy_reply *kevy_reply_at(const kevy_reply *reply, size_t index);

// What an error reply stands for, such as KEVY_ERROR_WRONG_TYPE; KEVY_OK for every other kind.
kevy_status kevy_reply_error_status(const kevy_reply *reply);

// Copies a reply, or a part of one, so that it stays good; NULL gives NULL. Free the copy with kevy_reply_free().
kevy_reply *kevy_reply_clone(const kevy_reply *reply);

// Frees a clone; NULL, and a reply that is borrowed, are left alone.
void kevy_reply_free(kevy_reply *reply);

// Makes an empty keyspace. `options` may be NULL for the defaults; of them, those that need threads or files do
// not apply. Free it with kevy_keyspace_free().
kevy_status kevy_keyspace_new(const kevy_options *options, kevy_keyspace **out, kevy_error **err);

// Runs one command; `argv[0]` is the verb. `*reply` is borrowed until the keyspace is used again or freed. An
// error reply of the command is KEVY_OK and a reply of kind KEVY_REPLY_ERROR.
kevy_status kevy_keyspace_dispatch(kevy_keyspace *keyspace,
                                   const kevy_bytes *argv,
                                   size_t argc,
                                   const kevy_reply **reply,
                                   kevy_error **err);

// Applies a frame of a primary's stream to database `db`: as kevy_keyspace_dispatch(), but limits on memory do
// not apply. An error reply means that the frame does not fit this copy.
kevy_status kevy_keyspace_apply(kevy_keyspace *keyspace,
                                uint32_t db,
                                const kevy_bytes *argv,
                                size_t argc,
                                const kevy_reply **reply,
                                kevy_error **err);

// Deletes what has expired and frees what was unlinked, a bounded amount. `*more` is 1 where some is left, else 0.
kevy_status kevy_keyspace_tick(kevy_keyspace *keyspace,
                               int32_t *more,
                               kevy_error **err);

// Frees a keyspace; NULL is left alone.
void kevy_keyspace_free(kevy_keyspace *keyspace);

// What kind of frame it is: one of KEVY_FRAME_*. KEVY_FRAME_NONE where `frame` is NULL.
int32_t kevy_frame_kind(const kevy_frame *frame);

// The shard of the primary that the frame comes from; of a transaction over several, the first.
uint32_t kevy_frame_shard(const kevy_frame *frame);

// The offset in the stream of its shard, counted in frames; 0 for an entry of a snapshot.
uint64_t kevy_frame_offset(const kevy_frame *frame);

// The database that the command is for.
uint32_t kevy_frame_db(const kevy_frame *frame);

// How many arguments the command has, the verb included; 0 for every kind but entries and commands.
size_t kevy_frame_argc(const kevy_frame *frame);

// All arguments, kevy_frame_argc() of them: as kevy_session_apply() and kevy_keyspace_apply() take them.
const kevy_bytes *kevy_frame_argv(const kevy_frame *frame);

// Argument `index`; its data is NULL where there is none.
kevy_bytes kevy_frame_arg(const kevy_frame *frame, size_t index);

// Why there is a resync, or why the link went down, for people and in UTF-8; empty for every other frame.
kevy_bytes kevy_frame_reason(const kevy_frame *frame);

// 1 for a link that came up, 0 for one that went down and for every other frame.
int32_t kevy_frame_is_up(const kevy_frame *frame);

// How many frames the batch holds; 0 where `batch` is NULL.
size_t kevy_batch_len(const kevy_batch *batch);

// Frame `index`, borrowed from the batch; NULL where there is none.
const kevy_frame *kevy_batch_at(const kevy_batch *batch, size_t index);

// The place after the last frame of the batch, borrowed from it: keep it once all its frames have been applied.
kevy_bytes kevy_batch_cursor(const kevy_batch *batch);

// Frees a batch and its frames; NULL is left alone.
void kevy_batch_free(kevy_batch *batch);

// Opens a replica of the primary that the option "source" names: "kevy://[user:password@]host[:port]" or
// "kevy+unix:///path"; for Redis and Valkey "redis://[user:password@]host[:port][/db]" or "sentinel://host[:port]/name".
// Where one of those forbids PSYNC, as managed services do, its keys are scanned and tracked (option "follow"), of one
// database: kevy_replica_stats_t says so in `weaker`. `cursor` is where to resume; empty begins with a snapshot. It
// connects in the calls that wait for frames. KEVY_ERROR_CORRUPT for bytes that are no cursor. Free it with kevy_replica_free().
kevy_status kevy_replica_open(const kevy_options *options,
                              kevy_bytes cursor,
                              kevy_replica **out,
                              kevy_error **err);

// Gives the next frame, waiting at most `timeout_ms` milliseconds; 0 only looks, KEVY_FOREVER has no limit.
// KEVY_AGAIN where none came. `*frame` is borrowed until the replica is used again or freed. By calling again you
// say that the frames before were applied, unless the option "acknowledge" is "manual".
//
// A loop that applies the command of every ENTRY and COMMAND to its database, and begins anew at every
// SNAPSHOT_BEGIN, holds a true copy. A link that breaks shows as a frame and is made again.
// KEVY_ERROR_INTERRUPTED for an interrupt or a signal; KEVY_ERROR_AUTH, KEVY_ERROR_UNSUPPORTED and
// KEVY_ERROR_REPLICA where the primary refuses; calling again tries again.
kevy_status kevy_replica_next(kevy_replica *replica,
                              uint32_t timeout_ms,
                              const kevy_frame **frame,
                              kevy_error **err);

// Gives up to `frames_max` frames that own their bytes: waits for the first as kevy_replica_next() does, then
// takes those that are there. KEVY_AGAIN, and no batch, where none came. Free the batch with kevy_batch_free().
kevy_status kevy_replica_next_batch(kevy_replica *replica,
                                    size_t frames_max,
                                    uint32_t timeout_ms,
                                    kevy_batch **batch,
                                    kevy_error **err);

// Gives the place after the last frame that was handed out, to resume from: opaque bytes, borrowed until the
// replica is used again or freed. Always between two transactions, and empty, which means to start again, as long
// as no snapshot was whole. Keep it together with what you applied.
kevy_status kevy_replica_cursor(const kevy_replica *replica,
                                kevy_bytes *cursor,
                                kevy_error **err);

// Tells the primary that everything before `cursor` was applied. KEVY_ERROR_INVALID_ARGUMENT for a cursor that
// does not belong to what was handed out.
kevy_status kevy_replica_ack(kevy_replica *replica, kevy_bytes cursor, kevy_error **err);

// Tells what the replica has done: fills as much of `inout` as its struct_size says.
kevy_status kevy_replica_stats(const kevy_replica *replica, kevy_replica_stats_t *inout, kevy_error **err);

// A descriptor for your event loop, readable while there may be something to do: then call kevy_replica_next()
// with a `timeout_ms` of 0 until it gives KEVY_AGAIN. It belongs to the replica: do not read, write or close it.
// -1 where `replica` is NULL. From any thread.
int kevy_replica_wakeup_fd(const kevy_replica *replica);

// Names a function that is called with `ctx` from a thread of the library when there may be something to do: soon
// after this call, and once after each time that the replica gave KEVY_AGAIN. It must only tell your own thread
// and return. NULL ends it. `drop`, which may be NULL, is called with `ctx` when the function is replaced or the
// replica freed, neither of which may happen inside the function; at once where `function` is NULL or this
// call fails.
kevy_status kevy_replica_set_wakeup(kevy_replica *replica,
                                    kevy_fn function,
                                    void *ctx,
                                    kevy_fn drop,
                                    kevy_error **err);

// Ends the wait that the replica is in, or else its next call, with KEVY_ERROR_INTERRUPTED. From any thread, as
// long as the replica is not freed; NULL is left alone.
void kevy_replica_interrupt(const kevy_replica *replica);

// Frees a replica; NULL is left alone. No thread may be inside of it.
void kevy_replica_free(kevy_replica *replica);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* KEVY_H */
