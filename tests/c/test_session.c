/* Commands and replies. */
#include "check.h"

static const kevy_reply *run(kevy_session *session, const kevy_bytes *argv, size_t argc) {
    const kevy_reply *reply;
    kevy_error *error;
    if (kevy_session_dispatch(session, argv, argc, &reply, &error) != KEVY_OK) {
        kevy_bytes message = kevy_error_message(error);
        printf("  %.*s\n", (int)message.len, (const char *)message.data);
        kevy_error_free(error);
        CHECK(!"dispatch failed");
    }
    return reply;
}

TEST(set_and_get) {
    fixture at = fixture_open();
    const kevy_reply *reply = run(at.session, ARGV(B("SET"), B("greeting"), B("hello")));
    CHECK_IS(kevy_reply_kind(reply), KEVY_REPLY_SIMPLE);
    CHECK(SAME(kevy_reply_bytes(reply), "OK"));
    reply = run(at.session, ARGV(B("GET"), B("greeting")));
    CHECK_IS(kevy_reply_kind(reply), KEVY_REPLY_BULK);
    CHECK(SAME(kevy_reply_bytes(reply), "hello"));
    reply = run(at.session, ARGV(B("GET"), B("nothing")));
    CHECK_IS(kevy_reply_kind(reply), KEVY_REPLY_NULL);
    CHECK(kevy_reply_bytes(reply).data == NULL);
    fixture_close(&at);
}

TEST(bytes_may_hold_nul_and_be_empty) {
    fixture at = fixture_open();
    kevy_bytes value;
    CHECK_IS(kevy_session_set(at.session, B("k\0ey"), B("\0a\0"), NULL), KEVY_OK);
    CHECK_IS(kevy_session_get(at.session, B("k\0ey"), &value, NULL), KEVY_OK);
    CHECK(SAME(value, "\0a\0"));
    CHECK_IS(kevy_session_get(at.session, B("k"), &value, NULL), KEVY_OK);
    CHECK(value.data == NULL);
    CHECK_IS(kevy_session_set(at.session, B("empty"), (kevy_bytes){NULL, 0}, NULL), KEVY_OK);
    CHECK_IS(kevy_session_get(at.session, B("empty"), &value, NULL), KEVY_OK);
    CHECK(value.data != NULL);
    CHECK_IS(value.len, 0);
    const kevy_reply *reply = run(at.session, ARGV(B("ECHO"), B("a\0b")));
    CHECK(SAME(kevy_reply_bytes(reply), "a\0b"));
    fixture_close(&at);
}

TEST(numbers_of_every_kind) {
    fixture at = fixture_open();
    const kevy_reply *reply = run(at.session, ARGV(B("INCRBY"), B("n"), B("-42")));
    CHECK_IS(kevy_reply_kind(reply), KEVY_REPLY_INTEGER);
    CHECK_IS(kevy_reply_integer(reply), -42);
    CHECK(kevy_reply_double(reply) == -42.0);
    CHECK_IS(kevy_reply_boolean(reply), 1);
    CHECK(SAME(kevy_reply_bytes(reply), "-42"));
    CHECK_IS(kevy_reply_len(reply), 0);
    CHECK(kevy_reply_at(reply, 0) == NULL);
    fixture_close(&at);
}

TEST(an_error_reply_is_no_failure) {
    fixture at = fixture_open();
    run(at.session, ARGV(B("HSET"), B("h"), B("f"), B("1")));
    const kevy_reply *reply = run(at.session, ARGV(B("GET"), B("h")));
    CHECK_IS(kevy_reply_kind(reply), KEVY_REPLY_ERROR);
    CHECK_IS(kevy_reply_error_status(reply), KEVY_ERROR_WRONG_TYPE);
    CHECK(memcmp(kevy_reply_bytes(reply).data, "WRONGTYPE ", 10) == 0);
    reply = run(at.session, ARGV(B("NOSUCHVERB")));
    CHECK_IS(kevy_reply_error_status(reply), KEVY_ERROR_SERVER);
    reply = run(at.session, ARGV(B("PING")));
    CHECK_IS(kevy_reply_error_status(reply), KEVY_OK);
    kevy_bytes value;
    CHECK_IS(kevy_session_get(at.session, B("h"), &value, NULL), KEVY_ERROR_WRONG_TYPE);
    CHECK(value.data == NULL);
    fixture_close(&at);
}

TEST(aggregates_are_walked_by_index) {
    fixture at = fixture_open();
    run(at.session, ARGV(B("HSET"), B("h"), B("one"), B("1"), B("two"), B("2")));
    const kevy_reply *reply = run(at.session, ARGV(B("HGETALL"), B("h")));
    CHECK_IS(kevy_reply_kind(reply), KEVY_REPLY_MAP);
    CHECK_IS(kevy_reply_len(reply), 4);
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(reply, 2)), "two"));
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(reply, 3)), "2"));
    CHECK(kevy_reply_at(reply, 4) == NULL);
    CHECK(kevy_reply_at(reply, (size_t)-1) == NULL);
    CHECK(kevy_reply_bytes(reply).data == NULL);
    CHECK_IS(kevy_reply_integer(reply), 0);
    reply = run(at.session, ARGV(B("HGETALL"), B("none")));
    CHECK_IS(kevy_reply_len(reply), 0);
    CHECK(kevy_reply_at(reply, 0) == NULL);
    fixture_close(&at);
}

TEST(a_batch_gives_an_array_of_replies) {
    fixture at = fixture_open();
    kevy_bytes set[] = {B("SET"), B("a"), B("1")}, wrong[] = {B("NOSUCHVERB")}, hset[] = {B("HSET"), B("h"), B("f"), B("v")},
               all[] = {B("HGETALL"), B("h")}, get[] = {B("GET"), B("a")};
    kevy_argv commands[] = {{set, 3}, {wrong, 1}, {hset, 4}, {all, 2}, {get, 2}};
    const kevy_reply *reply;
    CHECK_IS(kevy_session_dispatch_batch(at.session, commands, 5, &reply, NULL), KEVY_OK);
    CHECK_IS(kevy_reply_kind(reply), KEVY_REPLY_ARRAY);
    CHECK_IS(kevy_reply_len(reply), 5);
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(reply, 0)), "OK"));
    CHECK_IS(kevy_reply_kind(kevy_reply_at(reply, 1)), KEVY_REPLY_ERROR);
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(kevy_reply_at(reply, 3), 1)), "v"));
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(reply, 4)), "1"));

    CHECK_IS(kevy_session_dispatch_batch(at.session, NULL, 0, &reply, NULL), KEVY_OK);
    CHECK_IS(kevy_reply_len(reply), 0);

    kevy_argv with_an_empty_one[] = {{set, 3}, {NULL, 0}};
    run(at.session, ARGV(B("DEL"), B("a")));
    CHECK_IS(kevy_session_dispatch_batch(at.session, with_an_empty_one, 2, &reply, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK(reply == NULL);
    CHECK_IS(kevy_reply_kind(run(at.session, ARGV(B("GET"), B("a")))), KEVY_REPLY_NULL);
    fixture_close(&at);
}

TEST(a_clone_outlives_everything) {
    fixture at = fixture_open();
    run(at.session, ARGV(B("HSET"), B("h"), B("one"), B("1"), B("two"), B("")));
    kevy_bytes all[] = {B("HGETALL"), B("h")}, ping[] = {B("PING")};
    kevy_argv commands[] = {{all, 2}, {ping, 1}};
    const kevy_reply *reply;
    CHECK_IS(kevy_session_dispatch_batch(at.session, commands, 2, &reply, NULL), KEVY_OK);
    kevy_reply *whole = kevy_reply_clone(reply);
    kevy_reply *part = kevy_reply_clone(kevy_reply_at(whole, 1));
    kevy_reply *again = kevy_reply_clone(whole);
    kevy_reply_free((kevy_reply *)reply); /* borrowed: left alone */
    run(at.session, ARGV(B("SET"), B("other"), B("overwrites the buffer of the session")));
    fixture_close(&at);
    kevy_reply_free(whole);
    const kevy_reply *map = kevy_reply_at(again, 0);
    CHECK_IS(kevy_reply_kind(map), KEVY_REPLY_MAP);
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(map, 0)), "one"));
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(map, 1)), "1"));
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(map, 3)), ""));
    CHECK(SAME(kevy_reply_bytes(part), "PONG"));
    kevy_reply_free(again);
    kevy_reply_free(part);
    kevy_reply_free(part);
}

TEST(reply_accessors_take_null) {
    CHECK_IS(kevy_reply_kind(NULL), KEVY_REPLY_NONE);
    CHECK(kevy_reply_bytes(NULL).data == NULL);
    CHECK_IS(kevy_reply_integer(NULL), 0);
    CHECK(kevy_reply_double(NULL) == 0.0);
    CHECK_IS(kevy_reply_boolean(NULL), 0);
    CHECK_IS(kevy_reply_len(NULL), 0);
    CHECK(kevy_reply_at(NULL, 0) == NULL);
    CHECK_IS(kevy_reply_error_status(NULL), KEVY_OK);
    CHECK(kevy_reply_clone(NULL) == NULL);
    kevy_reply_free(NULL);
}

TEST(transactions_are_the_session_s_own) {
    fixture at = fixture_open();
    kevy_session *other;
    kevy_bytes value;
    CHECK_IS(kevy_session_open(at.runtime, &other, NULL), KEVY_OK);
    run(at.session, ARGV(B("MULTI")));
    CHECK(SAME(kevy_reply_bytes(run(at.session, ARGV(B("SET"), B("k"), B("in")))), "QUEUED"));
    CHECK_IS(kevy_session_get(at.session, B("k"), &value, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_session_set(other, B("k"), B("out"), NULL), KEVY_OK);
    const kevy_reply *reply = run(at.session, ARGV(B("EXEC")));
    CHECK_IS(kevy_reply_len(reply), 1);
    CHECK_IS(kevy_session_get(other, B("k"), &value, NULL), KEVY_OK);
    CHECK(SAME(value, "in"));
    kevy_session_free(other);
    fixture_close(&at);
}

TEST(a_session_applies_the_frame_of_a_primary) {
    fixture at = fixture_open();
    const kevy_reply *reply;
    kevy_bytes value;
    CHECK_IS(kevy_session_apply(at.session, 3, ARGV(B("SET"), B("k"), B("v")), &reply, NULL), KEVY_OK);
    CHECK(SAME(kevy_reply_bytes(reply), "OK"));
    CHECK_IS(kevy_session_apply(at.session, 3, NULL, 0, &reply, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    run(at.session, ARGV(B("SELECT"), B("3")));
    CHECK_IS(kevy_session_get(at.session, B("k"), &value, NULL), KEVY_OK);
    CHECK(SAME(value, "v"));
    fixture_close(&at);
}

TEST(a_bare_keyspace_dispatches_applies_and_ticks) {
    kevy_keyspace *keyspace;
    const kevy_reply *reply;
    int32_t more = 7;
    CHECK_IS(kevy_keyspace_new(NULL, &keyspace, NULL), KEVY_OK);
    CHECK_IS(kevy_keyspace_apply(keyspace, 0, ARGV(B("SET"), B("k"), B("v")), &reply, NULL), KEVY_OK);
    CHECK_IS(kevy_keyspace_dispatch(keyspace, ARGV(B("GET"), B("k")), &reply, NULL), KEVY_OK);
    CHECK(SAME(kevy_reply_bytes(reply), "v"));
    CHECK_IS(kevy_keyspace_dispatch(keyspace, NULL, 0, &reply, NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_keyspace_tick(keyspace, &more, NULL), KEVY_OK);
    CHECK_IS(more, 0);
    kevy_keyspace_free(keyspace);
}

TEST(a_push_that_does_not_come_is_no_failure) {
    fixture at = fixture_open();
    const kevy_reply *message;
    kevy_error *error;
    CHECK_IS(kevy_session_next_push(at.session, 0, &message, &error), KEVY_AGAIN);
    CHECK(message == NULL && error == NULL);
    CHECK_IS(kevy_session_next_push(at.session, 1, &message, NULL), KEVY_AGAIN);
    fixture_close(&at);
}

TEST(messages_of_subscriptions) {
    fixture at = fixture_open();
    kevy_session *publisher;
    const kevy_reply *reply;
    const kevy_reply *message;
    CHECK_IS(kevy_session_open(at.runtime, &publisher, NULL), KEVY_OK);
    CHECK_IS(kevy_session_dispatch(at.session, ARGV(B("SUBSCRIBE"), B("news")), &reply, NULL), KEVY_OK);
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(reply, 0)), "subscribe"));
    CHECK_IS(kevy_reply_integer(kevy_reply_at(reply, 2)), 1);
    CHECK_IS(kevy_session_dispatch(publisher, ARGV(B("PUBLISH"), B("news"), B("hello")), &reply, NULL), KEVY_OK);
    CHECK_IS(kevy_reply_integer(reply), 1);
    CHECK_IS(kevy_session_next_push(at.session, 0, &message, NULL), KEVY_OK);
    CHECK_IS(kevy_reply_kind(message), KEVY_REPLY_PUSH);
    CHECK_IS(kevy_reply_len(message), 3);
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(message, 0)), "message"));
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(message, 1)), "news"));
    CHECK(SAME(kevy_reply_bytes(kevy_reply_at(message, 2)), "hello"));
    CHECK_IS(kevy_session_next_push(at.session, 0, &message, NULL), KEVY_AGAIN);
    kevy_session_free(publisher);
    fixture_close(&at);
}

TEST(large_values_and_long_commands) {
    enum { COUNT = 300, LEN = 5000 };
    static uint8_t big[LEN];
    static kevy_bytes argv[2 * COUNT + 2];
    static char fields[COUNT][8];
    fixture at = fixture_open();
    memset(big, 'x', LEN);
    argv[0] = B("HSET");
    argv[1] = B("h");
    for (int i = 0; i < COUNT; i++) {
        int len = snprintf(fields[i], sizeof fields[i], "f%d", i);
        argv[2 + 2 * i] = (kevy_bytes){(uint8_t *)fields[i], (size_t)len};
        argv[3 + 2 * i] = (kevy_bytes){big, LEN};
    }
    CHECK_IS(kevy_reply_integer(run(at.session, argv, 2 * COUNT + 2)), COUNT);
    const kevy_reply *reply = run(at.session, ARGV(B("HGETALL"), B("h")));
    CHECK_IS(kevy_reply_len(reply), 2 * COUNT);
    for (size_t i = 1; i < 2 * COUNT; i += 2) CHECK_IS(kevy_reply_bytes(kevy_reply_at(reply, i)).len, LEN);
    fixture_close(&at);
}
