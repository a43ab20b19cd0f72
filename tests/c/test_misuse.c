/* What a wrong call gives: a status, never a crash. */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exported only by a build for tests. */
kevy_status kevy_test_panic(kevy_session *, kevy_error **);

#define REFUSED(call) CHECK_IS(call, KEVY_ERROR_INVALID_ARGUMENT)

TEST(null_handles_are_refused) {
    kevy_session *session;
    kevy_keyspace *keyspace;
    const kevy_reply *reply;
    kevy_bytes value;
    uint16_t port;
    int32_t more;
    int fd;
    kevy_open_report report = {.struct_size = sizeof report};
    kevy_error *error;
    REFUSED(kevy_options_set(NULL, B("port"), B("0"), NULL));
    REFUSED(kevy_runtime_port(NULL, &port, NULL));
    REFUSED(kevy_runtime_connect_fd(NULL, &fd, NULL));
    REFUSED(kevy_runtime_open_report(NULL, &report, NULL));
    REFUSED(kevy_runtime_stop(NULL, 0, NULL));
    REFUSED(kevy_session_open(NULL, &session, NULL));
    CHECK(session == NULL);
    REFUSED(kevy_session_dispatch(NULL, ARGV(B("PING")), &reply, &error));
    CHECK(SAME(kevy_error_message(error), "kevy_session is NULL"));
    kevy_error_free(error);
    REFUSED(kevy_session_dispatch_batch(NULL, NULL, 0, &reply, NULL));
    REFUSED(kevy_session_apply(NULL, 0, ARGV(B("PING")), &reply, NULL));
    REFUSED(kevy_session_get(NULL, B("k"), &value, NULL));
    REFUSED(kevy_session_set(NULL, B("k"), B("v"), NULL));
    REFUSED(kevy_session_next_push(NULL, 0, &reply, NULL));
    REFUSED(kevy_keyspace_dispatch(NULL, ARGV(B("PING")), &reply, NULL));
    REFUSED(kevy_keyspace_apply(NULL, 0, ARGV(B("PING")), &reply, NULL));
    REFUSED(kevy_keyspace_tick(NULL, &more, NULL));
    REFUSED(kevy_keyspace_new(NULL, NULL, NULL));
    kevy_session_interrupt(NULL);
    kevy_options_free(NULL);
    kevy_runtime_free(NULL);
    kevy_session_free(NULL);
    kevy_keyspace_free(NULL);
    CHECK_IS(kevy_keyspace_new(NULL, &keyspace, NULL), KEVY_OK);
    kevy_keyspace_free(keyspace);
}

TEST(null_out_parameters_and_arguments_are_refused) {
    fixture at = fixture_open();
    const kevy_reply *reply;
    kevy_bytes value, bad = {NULL, 1};
    kevy_argv no_argv = {NULL, 2};
    REFUSED(kevy_options_new(NULL, NULL));
    REFUSED(kevy_runtime_start(NULL, NULL, NULL));
    REFUSED(kevy_runtime_port(at.runtime, NULL, NULL));
    REFUSED(kevy_runtime_connect_fd(at.runtime, NULL, NULL));
    REFUSED(kevy_session_open(at.runtime, NULL, NULL));
    REFUSED(kevy_session_dispatch(at.session, ARGV(B("SET"), B("k"), B("v")), NULL, NULL));
    REFUSED(kevy_session_dispatch(at.session, NULL, 2, &reply, NULL));
    REFUSED(kevy_session_dispatch(at.session, NULL, 0, &reply, NULL));
    REFUSED(kevy_session_dispatch(at.session, &bad, 1, &reply, NULL));
    REFUSED(kevy_session_dispatch(at.session, &value, (size_t)-1, &reply, NULL));
    REFUSED(kevy_session_dispatch_batch(at.session, NULL, 1, &reply, NULL));
    REFUSED(kevy_session_dispatch_batch(at.session, &no_argv, 1, &reply, NULL));
    REFUSED(kevy_session_get(at.session, B("k"), NULL, NULL));
    REFUSED(kevy_session_get(at.session, bad, &value, NULL));
    REFUSED(kevy_session_set(at.session, bad, B("v"), NULL));
    REFUSED(kevy_session_set(at.session, B("k"), bad, NULL));
    REFUSED(kevy_session_next_push(at.session, 0, NULL, NULL));
    /* The command with no place for its reply has not run. */
    CHECK_IS(kevy_session_get(at.session, B("k"), &value, NULL), KEVY_OK);
    CHECK(value.data == NULL);
    fixture_close(&at);
}

TEST(a_handle_of_another_type_is_refused) {
    fixture at = fixture_open();
    const kevy_reply *reply;
    kevy_session *session;
    kevy_error *error;
    REFUSED(kevy_session_dispatch((kevy_session *)at.runtime, ARGV(B("PING")), &reply, &error));
    CHECK(SAME(kevy_error_message(error), "the handle is no kevy_session, or it was freed"));
    REFUSED(kevy_session_dispatch((kevy_session *)error, ARGV(B("PING")), &reply, NULL));
    REFUSED(kevy_session_dispatch((kevy_session *)((char *)at.session + 1), ARGV(B("PING")), &reply, NULL));
    REFUSED(kevy_session_open((kevy_runtime *)at.session, &session, NULL));
    REFUSED(kevy_runtime_stop((kevy_runtime *)at.session, 0, NULL));
    CHECK_IS(kevy_error_status((kevy_error *)at.session), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_reply_kind((kevy_reply *)at.session), KEVY_REPLY_NONE);
    /* Freed as something else, it stays what it is. */
    kevy_runtime_free((kevy_runtime *)at.session);
    kevy_error_free((kevy_error *)at.session);
    kevy_reply_free((kevy_reply *)at.session);
    kevy_error_free(error);
    CHECK_IS(kevy_session_dispatch(at.session, ARGV(B("PING")), &reply, NULL), KEVY_OK);
    fixture_close(&at);
}

TEST(a_second_free_is_ignored) {
    fixture at = fixture_open();
    kevy_session *session = at.session;
    kevy_runtime *runtime = at.runtime;
    fixture_close(&at);
    kevy_session_free(session);
    kevy_runtime_free(runtime);
}

static void *wait_for_push(void *session) {
    const kevy_reply *message;
    kevy_status status;
    /* The other thread may be looking just now whether this one is inside. */
    do status = kevy_session_next_push(session, KEVY_FOREVER, &message, NULL);
    while (status == KEVY_ERROR_BUSY);
    return (void *)(intptr_t)status;
}

/* Returns once the other thread is inside of the session. */
static void until_busy(kevy_session *session) {
    kevy_bytes value;
    while (kevy_session_get(session, B("k"), &value, NULL) != KEVY_ERROR_BUSY) sched_yield();
}

TEST(a_session_in_use_is_busy_and_an_interrupt_ends_its_wait) {
    fixture at = fixture_open();
    const kevy_reply *reply;
    kevy_error *error;
    pthread_t thread;
    void *status;
    CHECK_IS(pthread_create(&thread, NULL, wait_for_push, at.session), 0);
    until_busy(at.session);
    CHECK_IS(kevy_session_dispatch(at.session, ARGV(B("PING")), &reply, &error), KEVY_ERROR_BUSY);
    CHECK_IS(kevy_error_flags(error), KEVY_FLAG_RETRIABLE);
    kevy_error_free(error);
    kevy_session_free(at.session); /* in use: left alone */
    kevy_session_interrupt(at.session);
    pthread_join(thread, &status);
    CHECK_IS((intptr_t)status, KEVY_ERROR_INTERRUPTED);
    CHECK_IS(kevy_session_dispatch(at.session, ARGV(B("PING")), &reply, NULL), KEVY_OK);
    fixture_close(&at);
}

TEST(an_interrupt_before_the_wait_ends_it_too) {
    fixture at = fixture_open();
    const kevy_reply *message;
    kevy_session_interrupt(at.session);
    CHECK_IS(kevy_session_next_push(at.session, KEVY_FOREVER, &message, NULL), KEVY_ERROR_INTERRUPTED);
    CHECK_IS(kevy_session_next_push(at.session, 0, &message, NULL), KEVY_AGAIN);
    fixture_close(&at);
}

/* Runs `child` in a child process and returns what it returned. The child ends by a signal: what it inherited from
 * threads it does not have would be reported as lost at a normal end. */
static int in_child(int (*child)(fixture *), fixture *at) {
    int result = -1, ends[2];
    fflush(stdout);
    CHECK_IS(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        result = child(at);
        if (write(ends[1], &result, sizeof result) == sizeof result) kill(getpid(), SIGKILL);
        _exit(1);
    }
    close(ends[1]);
    if (read(ends[0], &result, sizeof result) != sizeof result) result = -1;
    close(ends[0]);
    CHECK_IS(waitpid(pid, NULL, 0), pid);
    return result;
}

static int child_uses_and_frees(fixture *at) {
    const kevy_reply *reply;
    kevy_session *session;
    kevy_bytes value;
    kevy_error *error;
    int fd;
    if (kevy_session_dispatch(at->session, ARGV(B("PING")), &reply, &error) != KEVY_ERROR_FORKED) return 1;
    if (kevy_error_flags(error) != KEVY_FLAG_FATAL) return 2;
    kevy_error_free(error);
    if (kevy_session_get(at->session, B("k"), &value, NULL) != KEVY_ERROR_FORKED) return 3;
    if (kevy_session_set(at->session, B("k"), B("v"), NULL) != KEVY_ERROR_FORKED) return 4;
    if (kevy_session_next_push(at->session, KEVY_FOREVER, &reply, NULL) != KEVY_ERROR_FORKED) return 5;
    if (kevy_session_open(at->runtime, &session, NULL) != KEVY_ERROR_FORKED) return 6;
    if (kevy_runtime_connect_fd(at->runtime, &fd, NULL) != KEVY_ERROR_FORKED) return 7;
    if (kevy_runtime_stop(at->runtime, 1000, NULL) != KEVY_ERROR_FORKED) return 8;
    kevy_session_interrupt(at->session);
    kevy_session_free(at->session);
    kevy_session_free(at->session);
    kevy_runtime_free(at->runtime);
    return 0;
}

TEST(after_fork_the_child_is_told_and_its_frees_do_nothing) {
    fixture at = fixture_open();
    kevy_bytes value;
    CHECK_IS(kevy_session_set(at.session, B("k"), B("parent"), NULL), KEVY_OK);
    CHECK_IS(in_child(child_uses_and_frees, &at), 0);
    CHECK_IS(kevy_session_get(at.session, B("k"), &value, NULL), KEVY_OK);
    CHECK(SAME(value, "parent"));
    fixture_close(&at);
}

TEST(a_child_may_fork_off_while_a_thread_is_inside) {
    fixture at = fixture_open();
    pthread_t thread;
    void *status;
    CHECK_IS(pthread_create(&thread, NULL, wait_for_push, at.session), 0);
    until_busy(at.session);
    CHECK_IS(in_child(child_uses_and_frees, &at), 0);
    kevy_session_interrupt(at.session);
    pthread_join(thread, &status);
    CHECK_IS((intptr_t)status, KEVY_ERROR_INTERRUPTED);
    fixture_close(&at);
}

static int child_starts_its_own(fixture *at) {
    kevy_bytes value;
    kevy_session *session;
    kevy_runtime *runtime;
    (void)at;
    if (kevy_runtime_start(NULL, &runtime, NULL) != KEVY_OK) return 1;
    if (kevy_session_open(runtime, &session, NULL) != KEVY_OK) return 2;
    if (kevy_session_set(session, B("k"), B("child"), NULL) != KEVY_OK) return 3;
    if (kevy_session_get(session, B("k"), &value, NULL) != KEVY_OK || !SAME(value, "child")) return 4;
    kevy_session_free(session);
    if (kevy_runtime_stop(runtime, 5000, NULL) != KEVY_OK) return 5;
    kevy_runtime_free(runtime);
    return 0;
}

TEST(a_child_starts_a_runtime_of_its_own) {
    fixture at = fixture_open();
    CHECK_IS(in_child(child_starts_its_own, &at), 0);
    fixture_close(&at);
}

TEST(a_panic_becomes_a_status_and_poisons_the_handle) {
    fixture at = fixture_open();
    const kevy_reply *reply;
    kevy_session *other;
    kevy_error *error;
    CHECK_IS(kevy_test_panic(at.session, &error), KEVY_ERROR_PANIC);
    CHECK_IS(kevy_error_status(error), KEVY_ERROR_PANIC);
    CHECK_IS(kevy_error_flags(error), KEVY_FLAG_FATAL);
    CHECK(SAME(kevy_error_message(error), "a defect of kevy was caught: the test asked for it"));
    kevy_error_free(error);
    CHECK_IS(kevy_session_dispatch(at.session, ARGV(B("PING")), &reply, NULL), KEVY_ERROR_PANIC);
    CHECK_IS(kevy_test_panic(at.session, NULL), KEVY_ERROR_PANIC);
    /* Other handles of the same runtime go on. */
    CHECK_IS(kevy_session_open(at.runtime, &other, NULL), KEVY_OK);
    CHECK_IS(kevy_session_dispatch(other, ARGV(B("PING")), &reply, NULL), KEVY_OK);
    kevy_session_free(other);
    fixture_close(&at);
}

enum { THREADS = 4, ROUNDS = 200 };

typedef struct {
    kevy_runtime *runtime;
    int number;
} worker;

static void *set_and_get(void *of) {
    worker *self = of;
    kevy_session *session;
    kevy_bytes value;
    char key[32];
    intptr_t failures = 0;
    if (kevy_session_open(self->runtime, &session, NULL) != KEVY_OK) return (void *)1;
    for (int i = 0; i < ROUNDS; i++) {
        int len = snprintf(key, sizeof key, "%d:%d", self->number, i);
        kevy_bytes name = {(uint8_t *)key, (size_t)len};
        failures += kevy_session_set(session, name, name, NULL) != KEVY_OK;
        failures += kevy_session_get(session, name, &value, NULL) != KEVY_OK;
        failures += !same(value, key, name.len);
    }
    kevy_session_free(session);
    return (void *)failures;
}

TEST(a_runtime_serves_many_threads) {
    fixture at = fixture_open();
    pthread_t threads[THREADS];
    const kevy_reply *reply;
    worker workers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker){at.runtime, i};
        CHECK_IS(pthread_create(&threads[i], NULL, set_and_get, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failures;
        pthread_join(threads[i], &failures);
        CHECK_IS((intptr_t)failures, 0);
    }
    CHECK_IS(kevy_session_dispatch(at.session, ARGV(B("DBSIZE")), &reply, NULL), KEVY_OK);
    CHECK_IS(kevy_reply_integer(reply), THREADS * ROUNDS);
    fixture_close(&at);
}
