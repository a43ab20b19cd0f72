// What kevy.hpp adds to kevy.h: ownership, exceptions, iteration. Prints 'N passed, N failed' as the C tests do.
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <kevy.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>

#define CHECK(condition)                                                                                   \
    do {                                                                                                   \
        if (!(condition)) throw std::runtime_error(std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " + #condition); \
    } while (0)

// The status that `call` throws; KEVY_OK where it throws nothing.
template <class Call>
static kevy_status thrown(Call &&call) {
    try {
        call();
    } catch (const kevy::Error &error) {
        return error.status();
    }
    return KEVY_OK;
}

static void failures_are_thrown() {
    kevy::Options options;
    CHECK(thrown([&] { options.set("no-such-option", "1"); }) == KEVY_ERROR_INVALID_OPTION);
    CHECK(thrown([&] { kevy::Runtime().port(); }) == KEVY_ERROR_UNSUPPORTED);
    kevy::Runtime runtime;
    kevy::Session session = runtime.session();
    runtime.stop();
    try {
        session("PING");
        CHECK(!"it is closed");
    } catch (const kevy::Error &error) {
        CHECK(error.status() == KEVY_ERROR_CLOSED);
        CHECK(std::string_view(error.name()) == "CLOSED");
        CHECK(error.is_fatal() && !error.is_retriable());
    }
}

static void sessions_run_commands() {
    kevy::Runtime runtime({{"shards", "2"}});
    CHECK(runtime.open_report().shards == 2);
    kevy::Session session = runtime.session();
    using namespace std::string_view_literals;
    session.set("k\0ey"sv, "\0"sv);
    CHECK(session.get("k\0ey"sv) == "\0"sv);
    CHECK(session.get("k") == std::nullopt);
    CHECK(session("INCRBY", "n", std::string("41")).integer() == 41);
    CHECK(session.dispatch(std::vector<std::string>{"INCR", "n"}).integer() == 42);
    CHECK(session("NOSUCHVERB").is_error());
    session("HSET", "h", "f", "v");
    CHECK(thrown([&] { session("GET", "h").or_throw(); }) == KEVY_ERROR_WRONG_TYPE);
    CHECK(thrown([&] { session.get("h"); }) == KEVY_ERROR_WRONG_TYPE);
    std::vector<std::vector<std::string_view>> commands{{"PING"}, {"HGETALL", "h"}};
    std::string parts;
    for (kevy::Reply part : session.dispatch_batch(commands)[1]) parts += std::string(part.text()) + ' ';
    CHECK(parts == "f v ");
    kevy::OwnedReply kept = session("ECHO", "kept").clone();
    session("ECHO", "something else");
    CHECK(kept.get().text() == "kept");
    CHECK(session("GET", "nothing").is_null());
}

static void a_session_outlives_its_runtime_and_moves() {
    auto session = [] { return kevy::Runtime().session(); }();
    kevy::Session moved = std::move(session);
    moved.set("k", "v");
    CHECK(moved.get("k") == "v");
}

static void waits_end_by_time_and_by_interrupt() {
    kevy::Runtime runtime;
    kevy::Session session = runtime.session();
    CHECK(!session.next_push(std::chrono::milliseconds(0)));
    std::thread other([&] { session.interrupt(); });
    CHECK(thrown([&] { session.next_push(); }) == KEVY_ERROR_INTERRUPTED);
    other.join();
}

// A primary behind a Unix socket of its own.
struct Primary {
    std::string directory = make_directory();
    std::string socket = directory + "/kevy.sock";
    kevy::Runtime runtime{{{"shards", "2"}, {"unixsocket", socket}}};
    kevy::Session session = runtime.session();
    kevy::Options options{{"source", "kevy+unix://" + socket}};

    ~Primary() {
        unlink(socket.c_str());
        rmdir(directory.c_str());
    }

    static std::string make_directory() {
        std::string path = "/tmp/kevy-hpp-XXXXXX";
        CHECK(mkdtemp(path.data()) != nullptr);
        return path;
    }
};

static void frames_are_iterated_and_applied() {
    Primary primary;
    primary.session("SELECT", "3");
    primary.session.set("k", "v");
    kevy::Replica replica(primary.options);
    kevy::Keyspace copy;
    for (kevy::Frame frame : replica.frames()) {
        if (frame.has_command()) copy.apply(frame).or_throw();
        if (frame.kind() == KEVY_FRAME_SNAPSHOT_END) break;
    }
    copy("SELECT", "3");
    CHECK(copy("GET", "k").text() == "v");
    CHECK(!copy.tick());

    kevy::Session applied = kevy::Runtime().session();
    primary.session.set("colour", "blue");
    std::string cursor, words;
    while (words.empty()) {
        kevy::Batch batch = replica.next_batch(16);
        for (kevy::Frame frame : batch) {
            if (!frame.has_command()) continue;
            applied.apply(frame).or_throw();
            for (std::string_view arg : frame) words += std::string(arg) + ' ';
        }
        cursor = batch.cursor();
    }
    CHECK(words == "SET colour blue ");
    CHECK(cursor == replica.cursor());
    replica.ack(cursor);
    CHECK(replica.stats().snapshots == 1);
    kevy::Replica again(primary.options, cursor);
    CHECK(again.cursor() == cursor);
}

static void a_wakeup_function_is_called() {
    std::mutex lock;
    std::condition_variable posted;
    bool called = false;
    Primary primary;
    kevy::Replica replica(primary.options);
    CHECK(replica.wakeup_fd() >= 0);
    for (kevy::Frame frame : replica.frames())
        if (frame.kind() == KEVY_FRAME_SNAPSHOT_END) break;
    replica.on_wakeup([&] {
        std::lock_guard<std::mutex> guard(lock);
        called = true;
        posted.notify_one();
    });
    primary.session.set("k", "v");
    for (bool found = false; !found;) {
        std::unique_lock<std::mutex> guard(lock);
        posted.wait(guard, [&] { return called; });
        called = false;
        guard.unlock();
        while (auto frame = replica.next(std::chrono::milliseconds(0))) found = found || frame->has_command();
    }
    replica.on_wakeup(nullptr);
}

int main() {
    const std::pair<const char *, void (*)()> tests[] = {
        {"failures_are_thrown", failures_are_thrown},
        {"sessions_run_commands", sessions_run_commands},
        {"a_session_outlives_its_runtime_and_moves", a_session_outlives_its_runtime_and_moves},
        {"waits_end_by_time_and_by_interrupt", waits_end_by_time_and_by_interrupt},
        {"frames_are_iterated_and_applied", frames_are_iterated_and_applied},
        {"a_wakeup_function_is_called", a_wakeup_function_is_called},
    };
    int passed = 0, failed = 0;
    for (const auto &[name, run] : tests) {
        try {
            run();
            passed++;
        } catch (const std::exception &error) {
            std::printf("FAILED %s: %s\n", name, error.what());
            failed++;
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
