/* Following a primary of this process over its Unix socket. */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

/* A primary with two shards behind a Unix socket, a session on it, and the options of a replica of it. */
typedef struct {
    fixture at;
    char directory[64], socket[96], source[128];
    kevy_options *options;
} primary;

static void primary_open(primary *primary) {
    strcpy(primary->directory, "/tmp/kevy-c-XXXXXX");
    CHECK(mkdtemp(primary->directory) != NULL);
    snprintf(primary->socket, sizeof primary->socket, "%s/kevy.sock", primary->directory);
    snprintf(primary->source, sizeof primary->source, "kevy+unix://%s", primary->socket);
    kevy_options *options =
        options_of((const char *[]){"shards", "2", "unixsocket", primary->socket, "enable-debug-command", "yes", NULL});
    CHECK_IS(kevy_runtime_start(options, &primary->at.runtime, NULL), KEVY_OK);
    kevy_options_free(options);
    CHECK_IS(kevy_session_open(primary->at.runtime, &primary->at.session, NULL), KEVY_OK);
    primary->options = options_of((const char *[]){"source", primary->source, NULL});
}

static void primary_close(primary *primary) {
    fixture_close(&primary->at);
    kevy_options_free(primary->options);
    unlink(primary->socket);
    rmdir(primary->directory);
}

static void set(primary *primary, const char *key, const char *value) {
    CHECK_IS(kevy_session_set(primary->at.session, (kevy_bytes){(uint8_t *)key, strlen(key)},
                              (kevy_bytes){(uint8_t *)value, strlen(value)}, NULL),
             KEVY_OK);
}

static kevy_replica *replica_open(primary *primary, kevy_bytes cursor) {
    kevy_replica *replica;
    CHECK_IS(kevy_replica_open(primary->options, cursor, &replica, NULL), KEVY_OK);
    return replica;
}

static const kevy_frame *next(kevy_replica *replica) {
    const kevy_frame *frame;
    CHECK_IS(kevy_replica_next(replica, KEVY_FOREVER, &frame, NULL), KEVY_OK);
    return frame;
}

/* Goes on to the next frame of a kind. */
static const kevy_frame *next_of(kevy_replica *replica, int32_t kind) {
    for (;;) {
        const kevy_frame *frame = next(replica);
        if (kevy_frame_kind(frame) == kind) return frame;
    }
}

TEST(a_replica_gets_the_snapshot_then_changes) {
    primary primary;
    primary_open(&primary);
    set(&primary, "before", "1\r\n");
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});

    const kevy_frame *frame = next(replica);
    CHECK_IS(kevy_frame_kind(frame), KEVY_FRAME_LINK);
    CHECK_IS(kevy_frame_is_up(frame), 1);
    CHECK_IS(kevy_frame_argc(frame), 0);
    next_of(replica, KEVY_FRAME_SNAPSHOT_BEGIN);
    frame = next(replica);
    CHECK_IS(kevy_frame_kind(frame), KEVY_FRAME_ENTRY);
    CHECK_IS(kevy_frame_db(frame), 0);
    CHECK_IS(kevy_frame_argc(frame), 3);
    CHECK(SAME(kevy_frame_arg(frame, 0), "SET"));
    CHECK(SAME(kevy_frame_arg(frame, 2), "1\r\n"));
    CHECK(SAME(kevy_frame_argv(frame)[1], "before"));
    CHECK(kevy_frame_arg(frame, 3).data == NULL);
    next_of(replica, KEVY_FRAME_SNAPSHOT_END);

    set(&primary, "after", "2");
    frame = next_of(replica, KEVY_FRAME_COMMAND);
    CHECK(SAME(kevy_frame_arg(frame, 1), "after"));
    CHECK(kevy_frame_shard(frame) < 2);
    CHECK_IS(kevy_frame_reason(frame).len, 0);

    kevy_replica_stats_t stats = {.struct_size = sizeof stats};
    CHECK_IS(kevy_replica_stats(replica, &stats, NULL), KEVY_OK);
    CHECK_IS(stats.struct_size, sizeof stats);
    CHECK_IS(stats.up, 1);
    CHECK_IS(stats.snapshots, 1);
    CHECK_IS(stats.entries, 1);
    CHECK_IS(stats.connections, 1);
    CHECK_IS(stats.weaker, 0);
    CHECK(stats.frames > 0 && stats.bytes > 0);
    kevy_replica_free(replica);
    primary_close(&primary);
}

TEST(a_replica_resumes_from_its_cursor_without_a_snapshot) {
    primary primary;
    kevy_bytes cursor;
    char kept[4096];
    primary_open(&primary);
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});
    CHECK_IS(kevy_replica_cursor(replica, &cursor, NULL), KEVY_OK);
    CHECK_IS(cursor.len, 0);
    next_of(replica, KEVY_FRAME_SNAPSHOT_END);
    set(&primary, "first", "1");
    next_of(replica, KEVY_FRAME_COMMAND);
    CHECK_IS(kevy_replica_cursor(replica, &cursor, NULL), KEVY_OK);
    CHECK(cursor.len > 0 && cursor.len <= sizeof kept);
    memcpy(kept, cursor.data, cursor.len);
    cursor.data = (uint8_t *)kept;
    CHECK_IS(kevy_replica_ack(replica, cursor, NULL), KEVY_OK);
    kevy_replica_free(replica);

    set(&primary, "second", "2");
    replica = replica_open(&primary, cursor);
    for (;;) {
        const kevy_frame *frame = next(replica);
        CHECK(kevy_frame_kind(frame) != KEVY_FRAME_SNAPSHOT_BEGIN);
        if (kevy_frame_kind(frame) != KEVY_FRAME_COMMAND) continue;
        CHECK(SAME(kevy_frame_arg(frame, 1), "second"));
        break;
    }
    kevy_replica_free(replica);
    primary_close(&primary);
}

/* The text of DEBUG DIGEST, which says whether two keyspaces hold the same. */
static void digest(const kevy_reply *reply, char into[64]) {
    kevy_bytes text = kevy_reply_bytes(reply);
    CHECK(text.len > 0 && text.len < 64 && !kevy_reply_error_status(reply));
    memcpy(into, text.data, text.len);
    into[text.len] = 0;
}

TEST(frames_applied_to_a_bare_keyspace_make_a_true_copy) {
    enum { KEYS = 500 };
    primary primary;
    const kevy_reply *reply;
    char key[32], ours[64], theirs[64];
    kevy_keyspace *copy;
    primary_open(&primary);
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "key:%d", i);
        set(&primary, key, key);
    }
    kevy_options *options = options_of((const char *[]){"enable-debug-command", "yes", NULL});
    CHECK_IS(kevy_keyspace_new(options, &copy, NULL), KEVY_OK);
    kevy_options_free(options);
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});
    next_of(replica, KEVY_FRAME_SNAPSHOT_BEGIN);
    kevy_bytes hset[] = {B("HSET"), B("h"), B("f"), B("v")}, del[] = {B("DEL"), B("key:1"), B("key:2"), B("key:3")},
               done[] = {B("SET"), B("done"), B("1")};
    kevy_argv changes[] = {{hset, 4}, {del, 4}, {done, 3}};
    CHECK_IS(kevy_session_dispatch_batch(primary.at.session, changes, 3, &reply, NULL), KEVY_OK);
    /* Shards are independent, so the last command does not arrive last: all have arrived when both keys have. */
    for (int missing = 2; missing > 0;) {
        kevy_batch *batch;
        CHECK_IS(kevy_replica_next_batch(replica, 64, KEVY_FOREVER, &batch, NULL), KEVY_OK);
        CHECK(kevy_batch_len(batch) > 0 && kevy_batch_len(batch) <= 64);
        for (size_t i = 0; i < kevy_batch_len(batch); i++) {
            const kevy_frame *frame = kevy_batch_at(batch, i);
            if (kevy_frame_argc(frame) == 0) continue;
            CHECK_IS(kevy_keyspace_apply(copy, kevy_frame_db(frame), kevy_frame_argv(frame), kevy_frame_argc(frame),
                                         &reply, NULL),
                     KEVY_OK);
            CHECK_IS(kevy_reply_error_status(reply), KEVY_OK);
        }
        CHECK(kevy_batch_at(batch, kevy_batch_len(batch)) == NULL);
        kevy_batch_free(batch);
        CHECK_IS(kevy_session_dispatch(primary.at.session, ARGV(B("DEBUG"), B("DIGEST")), &reply, NULL), KEVY_OK);
        digest(reply, theirs);
        CHECK_IS(kevy_keyspace_dispatch(copy, ARGV(B("DEBUG"), B("DIGEST")), &reply, NULL), KEVY_OK);
        digest(reply, ours);
        if (strcmp(ours, theirs) == 0) missing = 0;
    }
    CHECK_IS(kevy_keyspace_dispatch(copy, ARGV(B("DBSIZE")), &reply, NULL), KEVY_OK);
    CHECK_IS(kevy_reply_integer(reply), KEYS - 3 + 2);
    kevy_keyspace_free(copy);
    kevy_replica_free(replica);
    primary_close(&primary);
}

TEST(a_batch_outlives_its_replica) {
    primary primary;
    kevy_batch *batch;
    primary_open(&primary);
    set(&primary, "k", "v");
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});
    next_of(replica, KEVY_FRAME_SNAPSHOT_BEGIN);
    CHECK_IS(kevy_replica_next_batch(replica, 1, KEVY_FOREVER, &batch, NULL), KEVY_OK);
    kevy_replica_free(replica);
    primary_close(&primary);
    CHECK_IS(kevy_batch_len(batch), 1);
    CHECK(SAME(kevy_frame_arg(kevy_batch_at(batch, 0), 1), "k"));
    CHECK_IS(kevy_batch_cursor(batch).len, 0); /* within the snapshot there is no place to resume from */
    kevy_batch_free(batch);
    kevy_batch_free(batch);
}

TEST(a_limit_on_the_wait_is_no_failure) {
    primary primary;
    const kevy_frame *frame;
    kevy_batch *batch;
    primary_open(&primary);
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});
    next_of(replica, KEVY_FRAME_SNAPSHOT_END);
    CHECK_IS(kevy_replica_next(replica, 0, &frame, NULL), KEVY_AGAIN);
    CHECK(frame == NULL);
    CHECK_IS(kevy_replica_next_batch(replica, 10, 1, &batch, NULL), KEVY_AGAIN);
    CHECK(batch == NULL);
    kevy_replica_free(replica);
    primary_close(&primary);
}

TEST(the_wakeup_descriptor_tells_of_frames) {
    primary primary;
    const kevy_frame *frame;
    primary_open(&primary);
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});
    next_of(replica, KEVY_FRAME_SNAPSHOT_END);
    while (kevy_replica_next(replica, 0, &frame, NULL) == KEVY_OK) {}
    set(&primary, "k", "v");
    struct pollfd waits = {.fd = kevy_replica_wakeup_fd(replica), .events = POLLIN};
    CHECK(waits.fd >= 0);
    kevy_status status;
    do {
        CHECK_IS(poll(&waits, 1, -1), 1);
        status = kevy_replica_next(replica, 0, &frame, NULL);
        CHECK(status >= 0);
    } while (status == KEVY_AGAIN || kevy_frame_kind(frame) != KEVY_FRAME_COMMAND);
    CHECK(SAME(kevy_frame_arg(frame, 2), "v"));
    kevy_replica_free(replica);
    primary_close(&primary);
}

/* What a host's loop does: sleeps until the callback posts. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t posted;
    int posts, drops;
} mailbox;

static void post(void *ctx) {
    mailbox *box = ctx;
    pthread_mutex_lock(&box->lock);
    box->posts++;
    pthread_cond_signal(&box->posted);
    pthread_mutex_unlock(&box->lock);
}

static void dropped(void *ctx) { ((mailbox *)ctx)->drops++; }

static void wait_for_post(mailbox *box) {
    pthread_mutex_lock(&box->lock);
    while (box->posts == 0) pthread_cond_wait(&box->posted, &box->lock);
    box->posts = 0;
    pthread_mutex_unlock(&box->lock);
}

TEST(the_wakeup_callback_tells_of_frames) {
    primary primary;
    const kevy_frame *frame = NULL;
    mailbox box = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};
    primary_open(&primary);
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});
    next_of(replica, KEVY_FRAME_SNAPSHOT_END);
    while (kevy_replica_next(replica, 0, &frame, NULL) == KEVY_OK) {}
    CHECK_IS(kevy_replica_set_wakeup(replica, post, &box, dropped, NULL), KEVY_OK);
    set(&primary, "k", "v");
    for (int found = 0; !found;) {
        wait_for_post(&box);
        while (kevy_replica_next(replica, 0, &frame, NULL) == KEVY_OK)
            found |= kevy_frame_kind(frame) == KEVY_FRAME_COMMAND;
    }
    CHECK_IS(box.drops, 0);
    CHECK_IS(kevy_replica_set_wakeup(replica, NULL, NULL, NULL, NULL), KEVY_OK);
    CHECK_IS(box.drops, 1);
    CHECK_IS(kevy_replica_set_wakeup(replica, post, &box, dropped, NULL), KEVY_OK);
    kevy_replica_free(replica);
    CHECK_IS(box.drops, 2);
    primary_close(&primary);
}

static void *wait_for_frame(void *replica) {
    const kevy_frame *frame;
    kevy_status status;
    /* Frames about the link may come first, and the other thread may be looking whether this one is inside. */
    do status = kevy_replica_next(replica, KEVY_FOREVER, &frame, NULL);
    while (status == KEVY_ERROR_BUSY || status == KEVY_OK);
    return (void *)(intptr_t)status;
}

TEST(a_replica_in_use_is_busy_and_an_interrupt_ends_its_wait) {
    primary primary;
    kevy_bytes cursor;
    pthread_t thread;
    void *status;
    primary_open(&primary);
    kevy_replica *replica = replica_open(&primary, (kevy_bytes){NULL, 0});
    CHECK_IS(pthread_create(&thread, NULL, wait_for_frame, replica), 0);
    while (kevy_replica_cursor(replica, &cursor, NULL) != KEVY_ERROR_BUSY) sched_yield();
    kevy_replica_interrupt(replica);
    pthread_join(thread, &status);
    CHECK_IS((intptr_t)status, KEVY_ERROR_INTERRUPTED);
    kevy_replica_free(replica);
    primary_close(&primary);
}

TEST(a_replica_that_cannot_connect_is_interrupted_too) {
    kevy_options *options = options_of((const char *[]){"source", "kevy+unix:///tmp/no-such-socket", NULL});
    kevy_replica *replica;
    pthread_t thread;
    void *status;
    CHECK_IS(kevy_replica_open(options, (kevy_bytes){NULL, 0}, &replica, NULL), KEVY_OK);
    kevy_options_free(options);
    CHECK_IS(pthread_create(&thread, NULL, wait_for_frame, replica), 0);
    kevy_replica_interrupt(replica);
    pthread_join(thread, &status);
    CHECK_IS((intptr_t)status, KEVY_ERROR_INTERRUPTED);
    kevy_replica_free(replica);
}

TEST(wrong_calls_of_a_replica_are_refused) {
    primary primary;
    kevy_replica *replica;
    const kevy_frame *frame;
    kevy_batch *batch;
    kevy_bytes cursor;
    kevy_replica_stats_t stats = {.struct_size = sizeof stats};
    kevy_error *error;
    primary_open(&primary);
    CHECK_IS(kevy_replica_open(primary.options, B("no cursor"), &replica, NULL), KEVY_ERROR_CORRUPT);
    CHECK(replica == NULL);
    CHECK_IS(kevy_replica_open(NULL, B(""), &replica, NULL), KEVY_ERROR_INVALID_OPTION);
    CHECK_IS(kevy_replica_open(primary.options, B(""), NULL, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_open(primary.options, (kevy_bytes){NULL, 1}, &replica, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_next(NULL, 0, &frame, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_next_batch(NULL, 1, 0, &batch, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_cursor(NULL, &cursor, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_ack(NULL, B(""), NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_stats(NULL, &stats, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_set_wakeup(NULL, NULL, NULL, NULL, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_wakeup_fd(NULL), -1);
    kevy_replica_interrupt(NULL);
    kevy_replica_free(NULL);

    replica = replica_open(&primary, B(""));
    CHECK_IS(kevy_replica_next(replica, 0, NULL, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_next_batch(replica, 1, 0, NULL, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_cursor(replica, NULL, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_replica_ack(replica, B("no cursor"), NULL), KEVY_ERROR_CORRUPT);
    CHECK_IS(kevy_replica_stats(replica, NULL, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    stats.struct_size = 8;
    CHECK_IS(kevy_replica_stats(replica, &stats, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_session_get((kevy_session *)replica, B("k"), &cursor, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    kevy_replica_free(replica);
    kevy_replica_free(replica);

    /* Options of a replica are none of a runtime, and the other way round. */
    kevy_runtime *runtime;
    CHECK_IS(kevy_runtime_start(primary.options, &runtime, &error), KEVY_ERROR_INVALID_OPTION);
    kevy_error_free(error);
    kevy_options *options = options_of((const char *[]){"maxmemory", "1gb", NULL});
    CHECK_IS(kevy_replica_open(options, B(""), &replica, NULL), KEVY_ERROR_INVALID_OPTION);
    CHECK_IS(kevy_options_set(options, B("acknowledge"), B("perhaps"), NULL), KEVY_ERROR_INVALID_OPTION);
    CHECK_IS(kevy_options_set(options, B("source"), B("memcached://db"), NULL), KEVY_ERROR_INVALID_OPTION);
    kevy_options_free(options);
    primary_close(&primary);
}

TEST(frame_and_batch_accessors_take_null) {
    CHECK_IS(kevy_frame_kind(NULL), KEVY_FRAME_NONE);
    CHECK_IS(kevy_frame_shard(NULL), 0);
    CHECK_IS(kevy_frame_offset(NULL), 0);
    CHECK_IS(kevy_frame_db(NULL), 0);
    CHECK_IS(kevy_frame_argc(NULL), 0);
    CHECK(kevy_frame_argv(NULL) == NULL);
    CHECK(kevy_frame_arg(NULL, 0).data == NULL);
    CHECK(kevy_frame_reason(NULL).data == NULL);
    CHECK_IS(kevy_frame_is_up(NULL), 0);
    CHECK_IS(kevy_batch_len(NULL), 0);
    CHECK(kevy_batch_at(NULL, 0) == NULL);
    CHECK(kevy_batch_cursor(NULL).data == NULL);
    kevy_batch_free(NULL);
}
