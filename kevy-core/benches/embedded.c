/* In-process calls from C, and following a primary from C: prints one line of JSON. Times are medians of rounds. */

#define _GNU_SOURCE

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kevy.h"

#define KEYS 1000
#define ROUNDS 9
#define CALLS 200000
#define FRAMES 250000
#define LATENCIES 2000

static void die(const char *what) {
    fprintf(stderr, "embedded: %s\n", what);
    exit(1);
}

static void must(kevy_status status, const char *what) {
    if (status < 0) die(what);
}

static kevy_bytes view(const char *text) {
    return (kevy_bytes){(const uint8_t *)text, strlen(text)};
}

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static kevy_runtime *start(const char *shards) {
    kevy_options *options;
    kevy_runtime *runtime;
    must(kevy_options_new(&options, NULL), "options");
    must(kevy_options_set(options, view("shards"), view(shards), NULL), "shards");
    must(kevy_options_set(options, view("port"), view("0"), NULL), "port");
    must(kevy_runtime_start(options, &runtime, NULL), "start");
    kevy_options_free(options);
    return runtime;
}

static char keys[KEYS][24];
static char value[33] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

typedef enum { DISPATCH_GET, DISPATCH_SET, GET, SET } call;

static double time_calls(kevy_session *session, call what, size_t first, size_t step) {
    double begin = now_ns();
    for (size_t i = 0; i < CALLS; i++) {
        kevy_bytes key = {(const uint8_t *)keys[(first + i * step) % KEYS], 16};
        const kevy_reply *reply;
        kevy_bytes found;
        kevy_bytes argv[3] = {view("GET"), key, {(const uint8_t *)value, 32}};
        switch (what) {
        case DISPATCH_GET:
            must(kevy_session_dispatch(session, argv, 2, &reply, NULL), "GET");
            if (kevy_reply_bytes(reply).len != 32) die("GET gave another value");
            break;
        case DISPATCH_SET:
            argv[0] = view("SET");
            must(kevy_session_dispatch(session, argv, 3, &reply, NULL), "SET");
            break;
        case GET:
            must(kevy_session_get(session, key, &found, NULL), "get");
            if (found.len != 32) die("get gave another value");
            break;
        case SET:
            must(kevy_session_set(session, key, argv[2], NULL), "set");
            break;
        }
    }
    return (now_ns() - begin) / CALLS;
}

static double median_calls(kevy_session *session, call what) {
    double rounds[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) rounds[i] = time_calls(session, what, 0, 7);
    qsort(rounds, ROUNDS, sizeof *rounds, ascending);
    return rounds[ROUNDS / 2];
}

typedef struct {
    kevy_runtime *runtime;
    const char *tag;
    pthread_barrier_t *barrier;
} worker;

/* Works on keys of one shard only: they share a hash tag. */
static void *work(void *given) {
    worker *me = given;
    kevy_session *session;
    char key[32];
    must(kevy_session_open(me->runtime, &session, NULL), "session");
    pthread_barrier_wait(me->barrier);
    for (size_t i = 0; i < CALLS; i++) {
        int len = snprintf(key, sizeof key, "{%s}%zu", me->tag, i % KEYS);
        must(kevy_session_set(session, (kevy_bytes){(uint8_t *)key, (size_t)len}, view(value), NULL), "set");
    }
    kevy_session_free(session);
    return NULL;
}

/* Calls per second of `count` threads, each on a shard of its own. The tags lie on different halves of the slots. */
static double parallel(kevy_runtime *runtime, unsigned count) {
    static const char *tags[2] = {"a", "b"};
    pthread_t threads[2];
    worker workers[2];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, count + 1);
    for (unsigned i = 0; i < count; i++) {
        workers[i] = (worker){runtime, tags[i], &barrier};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    pthread_barrier_wait(&barrier);
    double begin = now_ns();
    for (unsigned i = 0; i < count; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    return count * (double)CALLS / ((now_ns() - begin) / 1e9);
}

static kevy_replica *follow(kevy_runtime *runtime) {
    kevy_options *options;
    kevy_replica *replica;
    char url[64];
    uint16_t port;
    must(kevy_runtime_port(runtime, &port, NULL), "port");
    snprintf(url, sizeof url, "kevy://127.0.0.1:%u", port);
    must(kevy_options_new(&options, NULL), "options");
    must(kevy_options_set(options, view("source"), view(url), NULL), "source");
    must(kevy_replica_open(options, (kevy_bytes){NULL, 0}, &replica, NULL), "replica");
    kevy_options_free(options);
    return replica;
}

/* Takes frames until `commands` of them were commands. */
static void take(kevy_replica *replica, size_t commands) {
    const kevy_frame *frame;
    while (commands > 0) {
        must(kevy_replica_next(replica, 10000, &frame, NULL), "next");
        if (frame == NULL) die("no frame in ten seconds");
        commands -= kevy_frame_kind(frame) == KEVY_FRAME_COMMAND;
    }
}

int main(void) {
    for (size_t i = 0; i < KEYS; i++) snprintf(keys[i], sizeof keys[i], "key:%012zu", i);
    kevy_runtime *runtime = start("1");
    kevy_session *session;
    must(kevy_session_open(runtime, &session, NULL), "session");
    time_calls(session, SET, 0, 1);
    printf("{\"dispatch GET, ns\": %.1f, ", median_calls(session, DISPATCH_GET));
    printf("\"dispatch SET, ns\": %.1f, ", median_calls(session, DISPATCH_SET));
    printf("\"session get, ns\": %.1f, ", median_calls(session, GET));
    printf("\"session set, ns\": %.1f, ", median_calls(session, SET));

    kevy_runtime *two = start("2");
    double alone[ROUNDS], both[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        alone[i] = parallel(two, 1);
        both[i] = parallel(two, 2) / alone[i];
    }
    qsort(both, ROUNDS, sizeof *both, ascending);
    printf("\"two threads on two shards, times one\": %.2f, ", both[ROUNDS / 2]);
    kevy_runtime_free(two);

    /* The snapshot first, then frames that wait in the backlog. */
    kevy_replica *replica = follow(runtime);
    must(kevy_session_set(session, view("begin"), view("1"), NULL), "set");
    const kevy_frame *frame;
    do must(kevy_replica_next(replica, 10000, &frame, NULL), "next");
    while (frame == NULL || kevy_frame_kind(frame) != KEVY_FRAME_SNAPSHOT_END);
    for (size_t i = 0; i < FRAMES; i++)
        must(kevy_session_set(session, (kevy_bytes){(uint8_t *)keys[i % KEYS], 16}, view(value), NULL), "set");
    double begin = now_ns();
    take(replica, FRAMES - 1000);
    printf("\"frames per second from the backlog\": %.0f, ", (FRAMES - 1000) / ((now_ns() - begin) / 1e9));
    must(kevy_session_set(session, view("end"), view("1"), NULL), "set");
    do must(kevy_replica_next(replica, 10000, &frame, NULL), "next");
    while (frame == NULL || kevy_frame_argc(frame) < 2 || kevy_frame_arg(frame, 1).len != 3);

    /* From the call of a write to its frame, on the same thread and with nothing else under way. */
    static double latencies[LATENCIES];
    for (size_t i = 0; i < LATENCIES; i++) {
        begin = now_ns();
        must(kevy_session_set(session, view("ping"), view("1"), NULL), "set");
        take(replica, 1);
        latencies[i] = (now_ns() - begin) / 1e3;
    }
    qsort(latencies, LATENCIES, sizeof *latencies, ascending);
    printf("\"write to frame p50, us\": %.1f, \"write to frame p99, us\": %.1f}\n", latencies[LATENCIES / 2],
           latencies[LATENCIES * 99 / 100]);

    kevy_replica_free(replica);
    kevy_session_free(session);
    kevy_runtime_free(runtime);
    return 0;
}
