/* kevy.hpp: the C++17 face of kevy.h. Header-only; every class is a thin owner of one C handle.
 *
 *     kevy::Runtime runtime({{"maxmemory", "1gb"}});
 *     kevy::Session session = runtime.session();
 *     session.set("greeting", "hello");
 *     std::optional<std::string_view> value = session.get("greeting");
 *     kevy::Reply reply = session("ZADD", "board", "42", "ada");
 *
 * Failures are thrown as kevy::Error. An error reply of a command is a Reply whose is_error() is true;
 * Reply::or_throw() makes it an Error too. Views (std::string_view, Reply, Frame) are borrowed from the object that
 * gave them until that is used again; Reply::clone() and Replica::next_batch() give what lasts. Threads, fork and the
 * rest are as kevy.h says.
 */
#ifndef KEVY_HPP
#define KEVY_HPP

#include "kevy.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kevy {

inline kevy_bytes to_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

inline std::string_view to_view(kevy_bytes bytes) noexcept {
    return {reinterpret_cast<const char *>(bytes.data), bytes.len};
}

/// A failure, with the status it stands for.
class Error : public std::runtime_error {
public:
    Error(kevy_status status, std::uint32_t flags, const std::string &message)
        : std::runtime_error(message), status_(status), flags_(flags) {}

    kevy_status status() const noexcept { return status_; }
    /// Such as "BUSY".
    const char *name() const noexcept { return kevy_status_name(status_); }
    /// The same call may succeed later.
    bool is_retriable() const noexcept { return (flags_ & KEVY_FLAG_RETRIABLE) != 0; }
    /// The object that threw is of no further use.
    bool is_fatal() const noexcept { return (flags_ & KEVY_FLAG_FATAL) != 0; }

private:
    kevy_status status_;
    std::uint32_t flags_;
};

namespace detail {

/// Owns a C handle.
template <class T, void (*free_handle)(T *)>
struct Free {
    void operator()(T *handle) const noexcept { free_handle(handle); }
};
template <class T, void (*free_handle)(T *)>
using Owned = std::unique_ptr<T, Free<T, free_handle>>;

/// Runs `call(&error)` and throws where it fails; otherwise gives its status, 0 or more.
template <class Call>
kevy_status checked(Call &&call) {
    kevy_error *raw = nullptr;
    kevy_status status = call(&raw);
    if (status >= 0) return status;
    Owned<kevy_error, kevy_error_free> error(raw);
    throw Error(status, kevy_error_flags(raw), std::string(to_view(kevy_error_message(raw))));
}

/// Milliseconds as the C calls take them; a negative time means no limit.
inline std::uint32_t timeout_ms(std::chrono::milliseconds limit) noexcept {
    if (limit.count() < 0) return KEVY_FOREVER;
    return limit.count() >= KEVY_FOREVER ? KEVY_FOREVER - 1 : static_cast<std::uint32_t>(limit.count());
}

/// Goes through what operator[] of an object gives; the object has to outlive it.
template <class Of, class Item>
class Iterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Item;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Item;

    Iterator(const Of &of, std::size_t at) : of_(&of), at_(at) {}
    Item operator*() const { return (*of_)[at_]; }
    Iterator &operator++() { ++at_; return *this; }
    Iterator operator++(int) { Iterator before = *this; ++at_; return before; }
    bool operator==(const Iterator &other) const { return at_ == other.at_; }
    bool operator!=(const Iterator &other) const { return at_ != other.at_; }

private:
    const Of *of_;
    std::size_t at_;
};

} // namespace detail

/// Waits without a limit.
inline constexpr std::chrono::milliseconds forever{-1};

class OwnedReply;

/// A reply or a part of one, borrowed. Copying it copies a pointer.
class Reply {
public:
    Reply() noexcept = default;
    explicit Reply(const kevy_reply *reply) noexcept : reply_(reply) {}

    /// One of KEVY_REPLY_*.
    int kind() const noexcept { return kevy_reply_kind(reply_); }
    bool is_null() const noexcept { return kind() == KEVY_REPLY_NULL || kind() == KEVY_REPLY_NONE; }
    bool is_error() const noexcept { return kind() == KEVY_REPLY_ERROR; }
    /// The bytes of a string, the text of an error, the digits of a number.
    std::string_view text() const noexcept { return to_view(kevy_reply_bytes(reply_)); }
    std::int64_t integer() const noexcept { return kevy_reply_integer(reply_); }
    double number() const noexcept { return kevy_reply_double(reply_); }
    bool boolean() const noexcept { return kevy_reply_boolean(reply_) != 0; }
    /// How many parts an aggregate has; a map counts keys and values.
    std::size_t size() const noexcept { return kevy_reply_len(reply_); }
    Reply operator[](std::size_t index) const noexcept { return Reply(kevy_reply_at(reply_, index)); }

    using iterator = detail::Iterator<Reply, Reply>;
    iterator begin() const { return {*this, 0}; }
    iterator end() const { return {*this, size()}; }

    /// Itself, unless it is an error reply: that is thrown.
    Reply or_throw() const {
        if (!is_error()) return *this;
        throw Error(kevy_reply_error_status(reply_), 0, std::string(text()));
    }

    inline OwnedReply clone() const;
    const kevy_reply *c() const noexcept { return reply_; }

private:
    const kevy_reply *reply_ = nullptr;
};

/// A reply that lasts.
class OwnedReply {
public:
    explicit OwnedReply(Reply reply) : reply_(kevy_reply_clone(reply.c())) {}
    Reply get() const noexcept { return Reply(reply_.get()); }
    operator Reply() const noexcept { return get(); }

private:
    detail::Owned<kevy_reply, kevy_reply_free> reply_;
};

inline OwnedReply Reply::clone() const { return OwnedReply(*this); }

/// One frame of a primary's stream, borrowed. Copying it copies a pointer.
class Frame {
public:
    Frame() noexcept = default;
    explicit Frame(const kevy_frame *frame) noexcept : frame_(frame) {}

    /// One of KEVY_FRAME_*.
    int kind() const noexcept { return kevy_frame_kind(frame_); }
    /// True for an entry of a snapshot and for a command: apply these.
    bool has_command() const noexcept { return kind() == KEVY_FRAME_ENTRY || kind() == KEVY_FRAME_COMMAND; }
    std::uint32_t shard() const noexcept { return kevy_frame_shard(frame_); }
    std::uint64_t offset() const noexcept { return kevy_frame_offset(frame_); }
    std::uint32_t db() const noexcept { return kevy_frame_db(frame_); }
    /// Why there is a resync, or why the link went down.
    std::string_view reason() const noexcept { return to_view(kevy_frame_reason(frame_)); }
    bool is_up() const noexcept { return kevy_frame_is_up(frame_) != 0; }

    /// The arguments of the command.
    std::size_t size() const noexcept { return kevy_frame_argc(frame_); }
    std::string_view operator[](std::size_t index) const noexcept { return to_view(kevy_frame_arg(frame_, index)); }
    const kevy_bytes *argv() const noexcept { return kevy_frame_argv(frame_); }

    using iterator = detail::Iterator<Frame, std::string_view>;
    iterator begin() const { return {*this, 0}; }
    iterator end() const { return {*this, size()}; }

private:
    const kevy_frame *frame_ = nullptr;
};

/// Options by name and value, as in redis.conf; for a replica, those that kevy_options_set() lists.
class Options {
public:
    Options() {
        kevy_options *raw = nullptr;
        detail::checked([&](kevy_error **err) { return kevy_options_new(&raw, err); });
        options_.reset(raw);
    }

    Options(std::initializer_list<std::pair<std::string_view, std::string_view>> all) : Options() {
        for (const auto &[name, value] : all) set(name, value);
    }

    Options &set(std::string_view name, std::string_view value) {
        detail::checked([&](kevy_error **err) {
            return kevy_options_set(options_.get(), to_bytes(name), to_bytes(value), err);
        });
        return *this;
    }

    /// Names what is told, with the bytes read and those of all files, how far reading from disk has come while a runtime
    /// starts: see kevy_load_fn. It must not throw.
    Options &on_load(std::function<void(std::uint64_t, std::uint64_t)> function) {
        using Function = std::function<void(std::uint64_t, std::uint64_t)>;
        auto call = [](void *ctx, std::uint64_t read, std::uint64_t total) { (*static_cast<Function *>(ctx))(read, total); };
        auto drop = [](void *ctx) { delete static_cast<Function *>(ctx); };
        auto *raw = new Function(std::move(function));
        detail::checked([&](kevy_error **err) { return kevy_options_set_on_load(options_.get(), call, raw, drop, err); });
        return *this;
    }

    const kevy_options *c() const noexcept { return options_.get(); }

private:
    detail::Owned<kevy_options, kevy_options_free> options_;
};

namespace detail {

/// What runs commands: a session or a keyspace. `run` is the C function that takes argv and gives a reply.
class Commands {
protected:
    template <class Run>
    Reply run(Run &&run, const kevy_bytes *argv, std::size_t argc) {
        const kevy_reply *reply = nullptr;
        checked([&](kevy_error **err) { return run(argv, argc, &reply, err); });
        return Reply(reply);
    }

    /// The arguments of a range of strings, in a vector that is used again.
    template <class Range>
    const std::vector<kevy_bytes> &gather(const Range &args) {
        argv_.clear();
        for (const auto &arg : args) argv_.push_back(to_bytes(std::string_view(arg)));
        return argv_;
    }

private:
    std::vector<kevy_bytes> argv_;
};

} // namespace detail

/// Runs commands on a runtime from the caller's thread. One thread at a time.
class Session : detail::Commands {
public:
    /// Runs one command: session("SET", "key", "value").
    template <class... Args>
    Reply operator()(const Args &...args) {
        const kevy_bytes argv[] = {to_bytes(std::string_view(args))...};
        return run(dispatcher(), argv, sizeof...(args));
    }

    /// Runs one command given as any range of strings.
    template <class Range>
    Reply dispatch(const Range &args) {
        const auto &argv = gather(args);
        return run(dispatcher(), argv.data(), argv.size());
    }

    /// Runs commands one after the other in one call; the reply is an array of theirs.
    template <class Ranges>
    Reply dispatch_batch(const Ranges &commands) {
        std::vector<std::vector<kevy_bytes>> args;
        for (const auto &command : commands) {
            args.emplace_back();
            for (const auto &arg : command) args.back().push_back(to_bytes(std::string_view(arg)));
        }
        std::vector<kevy_argv> argvs;
        for (const auto &argv : args) argvs.push_back({argv.data(), argv.size()});
        const kevy_reply *reply = nullptr;
        detail::checked([&](kevy_error **err) {
            return kevy_session_dispatch_batch(session_.get(), argvs.data(), argvs.size(), &reply, err);
        });
        return Reply(reply);
    }

    /// Applies the command of a frame as a replica does: it is not replicated again.
    Reply apply(Frame frame) {
        auto apply = [&](const kevy_bytes *argv, std::size_t argc, const kevy_reply **reply, kevy_error **err) {
            return kevy_session_apply(session_.get(), frame.db(), argv, argc, reply, err);
        };
        return run(apply, frame.argv(), frame.size());
    }

    /// The value of a string key; nothing where there is none.
    std::optional<std::string_view> get(std::string_view key) {
        kevy_bytes value;
        detail::checked([&](kevy_error **err) { return kevy_session_get(session_.get(), to_bytes(key), &value, err); });
        return value.data == nullptr ? std::nullopt : std::optional(to_view(value));
    }

    void set(std::string_view key, std::string_view value) {
        detail::checked([&](kevy_error **err) {
            return kevy_session_set(session_.get(), to_bytes(key), to_bytes(value), err);
        });
    }

    /// Waits for a message that nobody asked for; nothing where none came in time.
    std::optional<Reply> next_push(std::chrono::milliseconds limit = forever) {
        const kevy_reply *message = nullptr;
        kevy_status status = detail::checked([&](kevy_error **err) {
            return kevy_session_next_push(session_.get(), detail::timeout_ms(limit), &message, err);
        });
        return status == KEVY_OK ? std::optional(Reply(message)) : std::nullopt;
    }

    /// Ends the wait that another thread is in.
    void interrupt() const noexcept { kevy_session_interrupt(session_.get()); }

    kevy_session *c() const noexcept { return session_.get(); }

private:
    friend class Runtime;
    explicit Session(kevy_session *session) : session_(session) {}

    auto dispatcher() {
        return [this](const kevy_bytes *argv, std::size_t argc, const kevy_reply **reply, kevy_error **err) {
            return kevy_session_dispatch(session_.get(), argv, argc, reply, err);
        };
    }

    detail::Owned<kevy_session, kevy_session_free> session_;
};

/// One running keyspace. Any number of threads may use it; its sessions keep it running.
class Runtime {
public:
    explicit Runtime(const Options &options = {}) {
        kevy_runtime *raw = nullptr;
        detail::checked([&](kevy_error **err) { return kevy_runtime_start(options.c(), &raw, err); });
        runtime_.reset(raw);
    }

    Session session() {
        kevy_session *raw = nullptr;
        detail::checked([&](kevy_error **err) { return kevy_session_open(runtime_.get(), &raw, err); });
        return Session(raw);
    }

    /// The TCP port it listens on.
    std::uint16_t port() const {
        std::uint16_t port = 0;
        detail::checked([&](kevy_error **err) { return kevy_runtime_port(runtime_.get(), &port, err); });
        return port;
    }

    /// One end of a socket pair whose other end is a session; the caller closes it.
    int connect_fd() {
        int fd = -1;
        detail::checked([&](kevy_error **err) { return kevy_runtime_connect_fd(runtime_.get(), &fd, err); });
        return fd;
    }

    kevy_open_report open_report() const {
        kevy_open_report report{};
        report.struct_size = sizeof report;
        detail::checked([&](kevy_error **err) { return kevy_runtime_open_report(runtime_.get(), &report, err); });
        return report;
    }

    /// Waits until the first copy of the primary that the option "replicaof" names is whole; false after `limit`.
    bool wait_synced(std::chrono::milliseconds limit) const {
        return detail::checked([&](kevy_error **err) {
            return kevy_runtime_wait_synced(runtime_.get(), detail::timeout_ms(limit), err);
        }) == KEVY_OK;
    }

    /// Waits until what its writer did before it got `token` can be read here; false after `limit`.
    bool wait_token(std::string_view token, std::chrono::milliseconds limit) const {
        return detail::checked([&](kevy_error **err) {
            return kevy_runtime_wait_token(runtime_.get(), to_bytes(token), detail::timeout_ms(limit), err);
        }) == KEVY_OK;
    }

    /// Lets connections take their last replies for at most `limit`, and ends the core threads.
    void stop(std::chrono::milliseconds limit = std::chrono::seconds(5)) {
        detail::checked([&](kevy_error **err) {
            return kevy_runtime_stop(runtime_.get(), detail::timeout_ms(limit), err);
        });
    }

    kevy_runtime *c() const noexcept { return runtime_.get(); }

private:
    detail::Owned<kevy_runtime, kevy_runtime_free> runtime_;
};

/// The bare engine: no threads, no I/O. One thread at a time.
class Keyspace : detail::Commands {
public:
    explicit Keyspace(const Options &options = {}) {
        kevy_keyspace *raw = nullptr;
        detail::checked([&](kevy_error **err) { return kevy_keyspace_new(options.c(), &raw, err); });
        keyspace_.reset(raw);
    }

    template <class... Args>
    Reply operator()(const Args &...args) {
        const kevy_bytes argv[] = {to_bytes(std::string_view(args))...};
        return run(dispatcher(), argv, sizeof...(args));
    }

    template <class Range>
    Reply dispatch(const Range &args) {
        const auto &argv = gather(args);
        return run(dispatcher(), argv.data(), argv.size());
    }

    /// Applies the command of a frame.
    Reply apply(Frame frame) {
        auto apply = [&](const kevy_bytes *argv, std::size_t argc, const kevy_reply **reply, kevy_error **err) {
            return kevy_keyspace_apply(keyspace_.get(), frame.db(), argv, argc, reply, err);
        };
        return run(apply, frame.argv(), frame.size());
    }

    /// Deletes what has expired and frees what was unlinked, a bounded amount; true where some is left.
    bool tick() {
        std::int32_t more = 0;
        detail::checked([&](kevy_error **err) { return kevy_keyspace_tick(keyspace_.get(), &more, err); });
        return more != 0;
    }

    kevy_keyspace *c() const noexcept { return keyspace_.get(); }

private:
    auto dispatcher() {
        return [this](const kevy_bytes *argv, std::size_t argc, const kevy_reply **reply, kevy_error **err) {
            return kevy_keyspace_dispatch(keyspace_.get(), argv, argc, reply, err);
        };
    }

    detail::Owned<kevy_keyspace, kevy_keyspace_free> keyspace_;
};

/// Frames that last, in order.
class Batch {
public:
    explicit Batch(kevy_batch *batch) : batch_(batch) {}

    std::size_t size() const noexcept { return kevy_batch_len(batch_.get()); }
    bool empty() const noexcept { return size() == 0; }
    Frame operator[](std::size_t index) const noexcept { return Frame(kevy_batch_at(batch_.get(), index)); }
    /// The place after its last frame; empty for an empty batch.
    std::string_view cursor() const noexcept { return to_view(kevy_batch_cursor(batch_.get())); }

    using iterator = detail::Iterator<Batch, Frame>;
    iterator begin() const { return {*this, 0}; }
    iterator end() const { return {*this, size()}; }

private:
    detail::Owned<kevy_batch, kevy_batch_free> batch_;
};

/// A primary's snapshot and every change after it. One thread at a time.
class Replica {
public:
    /// `cursor` is where to resume; empty begins with a snapshot.
    explicit Replica(const Options &options, std::string_view cursor = {}) {
        kevy_replica *raw = nullptr;
        detail::checked([&](kevy_error **err) { return kevy_replica_open(options.c(), to_bytes(cursor), &raw, err); });
        replica_.reset(raw);
    }

    /// The next frame; nothing where none came in time. Calling again says that the frames before were applied.
    std::optional<Frame> next(std::chrono::milliseconds limit = forever) {
        const kevy_frame *frame = nullptr;
        kevy_status status = detail::checked([&](kevy_error **err) {
            return kevy_replica_next(replica_.get(), detail::timeout_ms(limit), &frame, err);
        });
        return status == KEVY_OK ? std::optional(Frame(frame)) : std::nullopt;
    }

    /// Up to `frames_max` frames that last; an empty batch where none came in time.
    Batch next_batch(std::size_t frames_max, std::chrono::milliseconds limit = forever) {
        kevy_batch *batch = nullptr;
        detail::checked([&](kevy_error **err) {
            return kevy_replica_next_batch(replica_.get(), frames_max, detail::timeout_ms(limit), &batch, err);
        });
        return Batch(batch);
    }

    class Frames;
    /// The frames, one after the other, until none comes for `limit`: for (kevy::Frame frame : replica.frames()).
    inline Frames frames(std::chrono::milliseconds limit = forever);

    /// The place to resume from.
    std::string cursor() const {
        kevy_bytes cursor;
        detail::checked([&](kevy_error **err) { return kevy_replica_cursor(replica_.get(), &cursor, err); });
        return std::string(to_view(cursor));
    }

    /// Tells the primary that everything before `cursor` was applied.
    void ack(std::string_view cursor) {
        detail::checked([&](kevy_error **err) { return kevy_replica_ack(replica_.get(), to_bytes(cursor), err); });
    }

    kevy_replica_stats_t stats() const {
        kevy_replica_stats_t stats{};
        stats.struct_size = sizeof stats;
        detail::checked([&](kevy_error **err) { return kevy_replica_stats(replica_.get(), &stats, err); });
        return stats;
    }

    /// Readable while there may be something to do; it belongs to the replica.
    int wakeup_fd() const noexcept { return kevy_replica_wakeup_fd(replica_.get()); }

    /// Calls `function` from a thread of the library when there may be something to do; empty ends it.
    void on_wakeup(std::function<void()> function) {
        using Function = std::function<void()>;
        if (!function) {
            detail::checked([&](kevy_error **err) {
                return kevy_replica_set_wakeup(replica_.get(), nullptr, nullptr, nullptr, err);
            });
            return;
        }
        auto *held = new Function(std::move(function));
        detail::checked([&](kevy_error **err) {
            return kevy_replica_set_wakeup(
                replica_.get(), [](void *ctx) { (*static_cast<Function *>(ctx))(); }, held,
                [](void *ctx) { delete static_cast<Function *>(ctx); }, err);
        });
    }

    /// Ends the wait that another thread is in.
    void interrupt() const noexcept { kevy_replica_interrupt(replica_.get()); }

    kevy_replica *c() const noexcept { return replica_.get(); }

private:
    detail::Owned<kevy_replica, kevy_replica_free> replica_;
};

/// See Replica::frames().
class Replica::Frames {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Frame;
        using difference_type = std::ptrdiff_t;
        using pointer = const Frame *;
        using reference = Frame;

        iterator() = default;
        explicit iterator(Frames *of) : of_(of) { ++*this; }
        Frame operator*() const { return *frame_; }
        iterator &operator++() { frame_ = of_->replica_->next(of_->limit_); return *this; }
        bool operator!=(const iterator &) const { return frame_.has_value(); }
        bool operator==(const iterator &) const { return !frame_.has_value(); }

    private:
        Frames *of_ = nullptr;
        std::optional<Frame> frame_;
    };

    Frames(Replica &replica, std::chrono::milliseconds limit) : replica_(&replica), limit_(limit) {}
    iterator begin() { return iterator(this); }
    iterator end() { return {}; }

private:
    Replica *replica_;
    std::chrono::milliseconds limit_;
};

inline Replica::Frames Replica::frames(std::chrono::milliseconds limit) { return Frames(*this, limit); }

} // namespace kevy

#endif
