/* Starting, serving and stopping. */
#include "check.h"

#include <stdlib.h>
#include <unistd.h>

TEST(a_runtime_opens_no_port_unless_asked) {
    fixture at = fixture_open();
    uint16_t port = 7;
    kevy_error *error;
    CHECK_IS(kevy_runtime_port(at.runtime, &port, &error), KEVY_ERROR_UNSUPPORTED);
    CHECK_IS(port, 0);
    kevy_error_free(error);
    fixture_close(&at);
}

TEST(port_zero_lets_the_system_choose) {
    kevy_options *options = options_of((const char *[]){"shards", "1", "port", "0", NULL});
    kevy_runtime *runtime;
    uint16_t port = 0;
    CHECK_IS(kevy_runtime_start(options, &runtime, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_port(runtime, &port, NULL), KEVY_OK);
    CHECK(port != 0);
    kevy_options_free(options);
    kevy_runtime_free(runtime);
}

TEST(a_port_in_use_is_an_io_error) {
    kevy_options *options = options_of((const char *[]){"shards", "1", "port", "0", NULL});
    kevy_runtime *first, *second;
    uint16_t port;
    char text[16];
    kevy_error *error;
    CHECK_IS(kevy_runtime_start(options, &first, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_port(first, &port, NULL), KEVY_OK);
    snprintf(text, sizeof text, "%u", port);
    CHECK_IS(kevy_options_set(options, B("port"), (kevy_bytes){(uint8_t *)text, strlen(text)}, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_start(options, &second, &error), KEVY_ERROR_IO);
    CHECK(second == NULL);
    CHECK_IS(kevy_error_flags(error), KEVY_FLAG_RETRIABLE);
    kevy_error_free(error);
    kevy_options_free(options);
    kevy_runtime_free(first);
}

struct progress {
    uint64_t calls, first, last, total;
    int dropped, is_ordered;
};

static void note_progress(void *ctx, uint64_t bytes_read, uint64_t bytes_total) {
    struct progress *seen = ctx;
    if (seen->calls++ == 0) seen->first = bytes_read;
    if (bytes_read < seen->last || bytes_read > bytes_total) seen->is_ordered = 0;
    seen->last = bytes_read;
    seen->total = bytes_total;
}

static void note_drop(void *ctx) { ((struct progress *)ctx)->dropped++; }

TEST(a_start_tells_how_far_reading_has_come) {
    char directory[] = "/tmp/kevy-c-XXXXXX", path[64];
    CHECK(mkdtemp(directory) != NULL);
    kevy_options *options = options_of((const char *[]){"shards", "2", "dir", directory, "save", "3600 1", NULL});
    struct progress seen = {.is_ordered = 1};
    kevy_runtime *runtime;
    kevy_session *session;
    CHECK_IS(kevy_options_set_on_load(options, note_progress, &seen, note_drop, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_start(options, &runtime, NULL), KEVY_OK);
    CHECK_IS(seen.calls, 0);
    CHECK_IS(kevy_session_open(runtime, &session, NULL), KEVY_OK);
    CHECK_IS(kevy_session_set(session, B("k"), B("1"), NULL), KEVY_OK);
    kevy_session_free(session);
    CHECK_IS(kevy_runtime_stop(runtime, 1000, NULL), KEVY_OK);
    kevy_runtime_free(runtime);

    CHECK_IS(kevy_runtime_start(options, &runtime, NULL), KEVY_OK);
    kevy_open_report report = {.struct_size = sizeof report};
    CHECK_IS(kevy_runtime_open_report(runtime, &report, NULL), KEVY_OK);
    CHECK(seen.calls >= 2);
    CHECK_IS(seen.first, 0);
    CHECK(seen.is_ordered);
    CHECK_IS(seen.last, seen.total);
    CHECK_IS(seen.total, report.bytes_read);
    CHECK_IS(seen.dropped, 0);
    kevy_runtime_free(runtime);
    kevy_options_free(options);
    CHECK_IS(seen.dropped, 1);
    snprintf(path, sizeof path, "%s/dump.rdb", directory);
    unlink(path);
    snprintf(path, sizeof path, "%s/kevy.lock", directory);
    unlink(path);
    rmdir(directory);
}

TEST(several_runtimes_share_nothing) {
    fixture one = fixture_open(), other = fixture_open();
    kevy_bytes value;
    CHECK_IS(kevy_session_set(one.session, B("k"), B("1"), NULL), KEVY_OK);
    CHECK_IS(kevy_session_get(other.session, B("k"), &value, NULL), KEVY_OK);
    CHECK(value.data == NULL);
    fixture_close(&one);
    CHECK_IS(kevy_session_set(other.session, B("k"), B("2"), NULL), KEVY_OK);
    fixture_close(&other);
}

TEST(a_connected_descriptor_speaks_resp) {
    static const char request[] = "SET greeting hello\r\nGET greeting\r\n";
    static const char expected[] = "+OK\r\n$5\r\nhello\r\n";
    fixture at = fixture_open();
    int fd = 7;
    char answer[sizeof expected];
    size_t have = 0;
    CHECK_IS(kevy_runtime_connect_fd(at.runtime, &fd, NULL), KEVY_OK);
    CHECK_IS(write(fd, request, sizeof request - 1), sizeof request - 1);
    while (have < sizeof expected - 1) {
        ssize_t got = read(fd, answer + have, sizeof expected - 1 - have);
        CHECK(got > 0);
        have += (size_t)got;
    }
    CHECK(memcmp(answer, expected, sizeof expected - 1) == 0);
    close(fd);
    fixture_close(&at);
}

TEST(a_mirror_shows_what_its_primary_has_once_it_is_waited_for) {
    kevy_options *options = options_of((const char *[]){"shards", "2", "port", "0", NULL});
    kevy_runtime *primary, *mirror;
    kevy_session *writer, *reader;
    const kevy_reply *reply;
    kevy_bytes value;
    uint16_t port;
    uint64_t staleness;
    char source[64];
    CHECK_IS(kevy_runtime_start(options, &primary, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_port(primary, &port, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_staleness(primary, &staleness, NULL), KEVY_OK);
    CHECK_IS(staleness, 0);
    kevy_options_free(options);
    snprintf(source, sizeof source, "kevy://127.0.0.1:%u", port);
    options = options_of((const char *[]){"shards", "1", "replicaof", source, NULL});
    CHECK_IS(kevy_runtime_start(options, &mirror, NULL), KEVY_OK);
    kevy_options_free(options);
    CHECK_IS(kevy_runtime_wait_synced(mirror, 30000, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_staleness(mirror, &staleness, NULL), KEVY_OK);
    CHECK(staleness < 30000);

    CHECK_IS(kevy_session_open(primary, &writer, NULL), KEVY_OK);
    CHECK_IS(kevy_session_set(writer, B("k"), B("v"), NULL), KEVY_OK);
    kevy_bytes info[] = {B("INFO"), B("replication")};
    CHECK_IS(kevy_session_dispatch(writer, info, 2, &reply, NULL), KEVY_OK);
    kevy_bytes fields = kevy_reply_bytes(reply);
    const char *field = memmem(fields.data, fields.len, "repl_token:", 11);
    CHECK(field != NULL);
    kevy_bytes token = {(const uint8_t *)field + 11, strcspn(field + 11, "\r")};
    CHECK_IS(kevy_runtime_wait_token(mirror, token, 30000, NULL), KEVY_OK);
    CHECK_IS(kevy_session_open(mirror, &reader, NULL), KEVY_OK);
    CHECK_IS(kevy_session_get(reader, B("k"), &value, NULL), KEVY_OK);
    CHECK(value.len == 1 && value.data[0] == 'v');
    CHECK_IS(kevy_session_set(reader, B("k"), B("w"), NULL), KEVY_ERROR_READ_ONLY);
    CHECK_IS(kevy_runtime_wait_token(mirror, B("7:1,2"), 1, NULL), KEVY_ERROR_REPLICA);
    CHECK_IS(kevy_runtime_wait_token(mirror, B("nonsense"), 1, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    kevy_session_free(reader);
    kevy_session_free(writer);
    kevy_runtime_free(mirror);
    kevy_runtime_free(primary);
}

TEST(the_open_report_fills_what_both_sides_know) {
    fixture at = fixture_open();
    kevy_open_report report = {.struct_size = sizeof report};
    CHECK_IS(kevy_runtime_open_report(at.runtime, &report, NULL), KEVY_OK);
    CHECK_IS(report.struct_size, sizeof report);
    CHECK_IS(report.shards, 2);
    CHECK_IS(report.keys_loaded, 0);

    struct {
        kevy_open_report known;
        uint64_t of_a_later_version;
    } later = {.known.struct_size = sizeof later, .of_a_later_version = 42};
    CHECK_IS(kevy_runtime_open_report(at.runtime, &later.known, NULL), KEVY_OK);
    CHECK_IS(later.known.struct_size, sizeof report);
    CHECK_IS(later.of_a_later_version, 42);

    report.struct_size = 0;
    CHECK_IS(kevy_runtime_open_report(at.runtime, &report, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_runtime_open_report(at.runtime, NULL, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    fixture_close(&at);
}

TEST(what_is_used_after_stop_is_closed) {
    fixture at = fixture_open();
    const kevy_reply *reply;
    kevy_session *session;
    kevy_bytes value;
    kevy_error *error;
    int fd;
    CHECK_IS(kevy_runtime_stop(at.runtime, 5000, NULL), KEVY_OK);
    CHECK_IS(kevy_runtime_stop(at.runtime, 5000, NULL), KEVY_OK);
    CHECK_IS(kevy_session_dispatch(at.session, ARGV(B("PING")), &reply, &error), KEVY_ERROR_CLOSED);
    CHECK_IS(kevy_error_flags(error), KEVY_FLAG_FATAL);
    kevy_error_free(error);
    CHECK(reply == NULL);
    CHECK_IS(kevy_session_get(at.session, B("k"), &value, NULL), KEVY_ERROR_CLOSED);
    CHECK_IS(kevy_session_set(at.session, B("k"), B("v"), NULL), KEVY_ERROR_CLOSED);
    CHECK_IS(kevy_session_next_push(at.session, 0, &reply, NULL), KEVY_ERROR_CLOSED);
    CHECK_IS(kevy_session_open(at.runtime, &session, NULL), KEVY_ERROR_CLOSED);
    CHECK(session == NULL);
    CHECK_IS(kevy_runtime_connect_fd(at.runtime, &fd, NULL), KEVY_ERROR_CLOSED);
    CHECK_IS(fd, -1);
    kevy_session_free(at.session);
    kevy_runtime_free(at.runtime);
}

TEST(a_session_keeps_its_runtime_alive) {
    fixture at = fixture_open();
    kevy_bytes value;
    kevy_runtime_free(at.runtime);
    CHECK_IS(kevy_session_set(at.session, B("k"), B("v"), NULL), KEVY_OK);
    CHECK_IS(kevy_session_get(at.session, B("k"), &value, NULL), KEVY_OK);
    CHECK(SAME(value, "v"));
    kevy_session_free(at.session);
}

typedef struct {
    int infos, drops, bad;
} log_counts;

static void count_message(void *ctx, int32_t level, kevy_bytes message) {
    log_counts *counts = ctx;
    if (level > KEVY_LOG_INFO || message.len == 0) __atomic_add_fetch(&counts->bad, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&counts->infos, 1, __ATOMIC_SEQ_CST);
}

static void count_drop(void *ctx) {
    __atomic_add_fetch(&((log_counts *)ctx)->drops, 1, __ATOMIC_SEQ_CST);
}

TEST(the_log_callback_hears_of_start_and_stop_until_replaced) {
    log_counts counts = {0};
    CHECK_IS(kevy_log_set(count_message, &counts, count_drop, KEVY_LOG_INFO, NULL), KEVY_OK);
    fixture at = fixture_open();
    CHECK(__atomic_load_n(&counts.infos, __ATOMIC_SEQ_CST) > 0);
    int before = __atomic_load_n(&counts.infos, __ATOMIC_SEQ_CST);
    fixture_close(&at);
    CHECK(__atomic_load_n(&counts.infos, __ATOMIC_SEQ_CST) > before);
    CHECK_IS(counts.drops, 0);
    CHECK_IS(kevy_log_set(NULL, NULL, NULL, KEVY_LOG_ERROR, NULL), KEVY_OK);
    CHECK_IS(counts.drops, 1);
    CHECK_IS(counts.bad, 0);
    before = counts.infos;
    at = fixture_open();
    fixture_close(&at);
    CHECK_IS(counts.infos, before);
}

TEST(a_log_level_out_of_range_is_refused_and_the_context_given_back) {
    log_counts counts = {0};
    CHECK_IS(kevy_log_set(count_message, &counts, count_drop, 9, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(counts.drops, 1);
}
