/* Follow a primary and print every change: ./tail SOURCE CURSOR_FILE, such as ./tail kevy://127.0.0.1:6380 cursor
 *
 * The first run begins with a snapshot; the next ones go on where the last stopped, as the cursor file says. A
 * program that applies each command to a store of its own in place of printing it holds a true copy; see
 * kevy_keyspace_apply() for one. Ctrl-C ends it.
 *
 *     cc tail.c $(pkg-config --cflags --libs kevy) -o tail
 */
#include <kevy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stopping;

static void stop(int signal) {
    (void)signal;
    stopping = 1;
}

static void must(kevy_status status, kevy_error *error) {
    if (status >= 0) return;
    kevy_bytes message = kevy_error_message(error);
    fprintf(stderr, "%s: %.*s\n", kevy_status_name(status), (int)message.len, (const char *)message.data);
    exit(1);
}

static kevy_bytes text(const char *string) {
    return (kevy_bytes){(const uint8_t *)string, strlen(string)};
}

static void show(const kevy_frame *frame) {
    kevy_bytes reason = kevy_frame_reason(frame);
    switch (kevy_frame_kind(frame)) {
    case KEVY_FRAME_SNAPSHOT_BEGIN: printf("snapshot begins\n"); break;
    case KEVY_FRAME_SNAPSHOT_END: printf("snapshot ends\n"); break;
    case KEVY_FRAME_TXN_BEGIN: printf("transaction begins\n"); break;
    case KEVY_FRAME_TXN_END: printf("transaction ends\n"); break;
    case KEVY_FRAME_RESYNC: printf("resync: %.*s\n", (int)reason.len, (const char *)reason.data); break;
    case KEVY_FRAME_LINK:
        printf("link %s %.*s\n", kevy_frame_is_up(frame) ? "up" : "down", (int)reason.len, (const char *)reason.data);
        break;
    case KEVY_FRAME_ENTRY:
    case KEVY_FRAME_COMMAND:
        printf("db %u:", kevy_frame_db(frame));
        for (size_t i = 0; i < kevy_frame_argc(frame); i++) {
            kevy_bytes arg = kevy_frame_arg(frame, i);
            printf(" %.*s", (int)arg.len, (const char *)arg.data);
        }
        printf("\n");
        break;
    }
}

/* Reads the cursor that an earlier run kept; empty where there is none. */
static kevy_bytes read_cursor(const char *path, uint8_t *into, size_t room) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return (kevy_bytes){NULL, 0};
    size_t len = fread(into, 1, room, file);
    fclose(file);
    return (kevy_bytes){into, len};
}

/* Keeps a cursor: the whole of it or the one before, whatever happens meanwhile. */
static void keep_cursor(const char *path, kevy_bytes cursor) {
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *file = fopen(beside, "wb");
    if (file == NULL || fwrite(cursor.data, 1, cursor.len, file) != cursor.len || fclose(file) != 0 ||
        rename(beside, path) != 0) {
        perror(path);
        exit(1);
    }
}

int main(int argc, char **argv) {
    static uint8_t kept[65536];
    kevy_error *error;
    kevy_options *options;
    kevy_replica *replica;
    kevy_batch *batch;

    if (argc != 3) {
        fprintf(stderr, "usage: tail SOURCE CURSOR_FILE\n");
        return 2;
    }
    /* Without SA_RESTART a signal ends the wait for frames. */
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);

    must(kevy_options_new(&options, &error), error);
    must(kevy_options_set(options, text("source"), text(argv[1]), &error), error);
    must(kevy_replica_open(options, read_cursor(argv[2], kept, sizeof kept), &replica, &error), error);
    kevy_options_free(options);

    while (!stopping) {
        kevy_status status = kevy_replica_next_batch(replica, 1024, KEVY_FOREVER, &batch, &error);
        if (status == KEVY_ERROR_INTERRUPTED) {
            kevy_error_free(error);
            continue;
        }
        must(status, error);
        for (size_t i = 0; i < kevy_batch_len(batch); i++) show(kevy_batch_at(batch, i));
        fflush(stdout);
        /* Only what was dealt with is behind the cursor: a crash repeats frames and never loses one. */
        keep_cursor(argv[2], kevy_batch_cursor(batch));
        kevy_batch_free(batch);
    }
    kevy_replica_free(replica);
    printf("stopped\n");
    return 0;
}
