/* Follows a primary into a journal and a bare keyspace: tail URL JOURNAL
 *
 * A record of the journal is a batch of frames with the cursor behind them, so the copy and the place to resume from
 * can never disagree: after a crash the torn last record is cut off and the primary sends it again. Layout,
 * little-endian: cursor length (4 bytes), frames length (4), cursor, then per frame database (4), argument count (4),
 * and each argument's length (4) and bytes. */

#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kevy.h"

#define FRAMES_MAX 1024
#define LAGS_MAX (1 << 16)

typedef struct {
    uint8_t *data;
    size_t len, capacity;
} buffer;

typedef struct {
    kevy_keyspace *keyspace;
    uint64_t frames, bytes;
} copy;

static void die(const char *what, kevy_error *error) {
    kevy_bytes why = kevy_error_message(error);
    fprintf(stderr, "tail: %s: %.*s\n", what, (int)why.len, why.data ? (const char *)why.data : "");
    exit(1);
}

static kevy_bytes view(const char *text) {
    return (kevy_bytes){(const uint8_t *)text, strlen(text)};
}

static int is(kevy_bytes bytes, const char *text) {
    return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

static double now_ms(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void append(buffer *to, const void *data, size_t len) {
    if (to->len + len > to->capacity) {
        to->capacity = (to->len + len) * 2;
        to->data = realloc(to->data, to->capacity);
        if (to->data == NULL) die("no memory", NULL);
    }
    if (len > 0) memcpy(to->data + to->len, data, len);
    to->len += len;
}

static void append_word(buffer *to, size_t value) {
    uint8_t word[4] = {value & 255, value >> 8 & 255, value >> 16 & 255, value >> 24 & 255};
    append(to, word, sizeof word);
}

static size_t word_at(const uint8_t *at) {
    return at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
}

static kevy_bytes run(copy *to, const char *verb, const char *word) {
    kevy_bytes argv[2] = {view(verb), view(word)};
    const kevy_reply *reply;
    kevy_error *error;
    if (kevy_keyspace_dispatch(to->keyspace, argv, word[0] ? 2 : 1, &reply, &error) != KEVY_OK) die(verb, error);
    return kevy_reply_bytes(reply);
}

static void apply(copy *to, size_t db, const kevy_bytes *argv, size_t argc) {
    const kevy_reply *reply;
    kevy_error *error;
    if (kevy_keyspace_apply(to->keyspace, (uint32_t)db, argv, argc, &reply, &error) != KEVY_OK) die("apply", error);
    if (kevy_reply_kind(reply) == KEVY_REPLY_ERROR) {
        kevy_bytes text = kevy_reply_bytes(reply);
        fprintf(stderr, "tail: a frame was refused: %.*s\n", (int)text.len, (const char *)text.data);
        exit(1);
    }
    to->frames++;
    for (size_t i = 0; i < argc; i++) to->bytes += argv[i].len;
}

/* Applies the whole records of the journal, cuts off a torn one, and leaves the last cursor in `cursor`. */
static void replay(FILE *journal, copy *to, buffer *cursor) {
    buffer all = {0};
    uint8_t chunk[1 << 16];
    size_t n, at = 0;
    while ((n = fread(chunk, 1, sizeof chunk, journal)) > 0) append(&all, chunk, n);
    while (at + 8 <= all.len) {
        size_t cursor_len = word_at(all.data + at), frames_len = word_at(all.data + at + 4);
        size_t start = at + 8 + cursor_len, end = start + frames_len;
        if (end > all.len) break;
        cursor->len = 0;
        append(cursor, all.data + at + 8, cursor_len);
        while (start < end) {
            size_t db = word_at(all.data + start), argc = word_at(all.data + start + 4);
            kevy_bytes *argv = calloc(argc, sizeof *argv);
            start += 8;
            for (size_t i = 0; i < argc; i++) {
                argv[i] = (kevy_bytes){all.data + start + 4, word_at(all.data + start)};
                start += 4 + argv[i].len;
            }
            apply(to, db, argv, argc);
            free(argv);
        }
        at = end;
    }
    if (ftruncate(fileno(journal), (off_t)at) != 0 || fseek(journal, (long)at, SEEK_SET) != 0) die("journal", NULL);
    free(all.data);
}

static void write_record(FILE *journal, kevy_bytes cursor, const buffer *frames, buffer *record) {
    record->len = 0;
    append_word(record, cursor.len);
    append_word(record, frames->len);
    append(record, cursor.data, cursor.len);
    append(record, frames->data, frames->len);
    if (fwrite(record->data, 1, record->len, journal) != record->len || fflush(journal) != 0) die("journal", NULL);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static kevy_options *options_with(const char *name, const char *value) {
    kevy_options *options;
    kevy_error *error;
    if (kevy_options_new(&options, &error) != KEVY_OK ||
        kevy_options_set(options, view(name), view(value), &error) != KEVY_OK)
        die(name, error);
    return options;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: tail URL JOURNAL\n");
        return 2;
    }
    kevy_error *error;
    copy mine = {0};
    kevy_options *plain = options_with("enable-debug-command", "yes");
    if (kevy_keyspace_new(plain, &mine.keyspace, &error) != KEVY_OK) die("keyspace", error);
    FILE *journal = fopen(argv[2], "a+b");
    if (journal == NULL || freopen(argv[2], "r+b", journal) == NULL) die("journal", NULL);

    buffer cursor = {0}, frames = {0}, record = {0};
    replay(journal, &mine, &cursor);

    kevy_options *source = options_with("source", argv[1]);
    kevy_replica *replica;
    kevy_bytes resume = {cursor.data, cursor.len};
    if (kevy_replica_open(source, resume, &replica, &error) != KEVY_OK) die("replica", error);

    static double lags[LAGS_MAX];
    size_t lags_len = 0;
    uint64_t first = mine.frames;
    double begin = now_ms(CLOCK_MONOTONIC);
    int live = cursor.len > 0, done = 0;
    while (!done) {
        kevy_batch *batch;
        if (kevy_replica_next_batch(replica, FRAMES_MAX, KEVY_FOREVER, &batch, &error) != KEVY_OK) die("replica", error);
        frames.len = 0;
        for (size_t i = 0; i < kevy_batch_len(batch); i++) {
            const kevy_frame *frame = kevy_batch_at(batch, i);
            const kevy_bytes *args = kevy_frame_argv(frame);
            size_t count = kevy_frame_argc(frame);
            switch (kevy_frame_kind(frame)) {
            case KEVY_FRAME_SNAPSHOT_BEGIN:
                printf("{\"event\": \"snapshot\"}\n");
                run(&mine, "FLUSHALL", "");
                frames.len = 0;
                if (ftruncate(fileno(journal), 0) != 0 || fseek(journal, 0, SEEK_SET) != 0) die("journal", NULL);
                break;
            case KEVY_FRAME_SNAPSHOT_END:
                live = 1;
                break;
            case KEVY_FRAME_ENTRY:
            case KEVY_FRAME_COMMAND:
                apply(&mine, kevy_frame_db(frame), args, count);
                append_word(&frames, kevy_frame_db(frame));
                append_word(&frames, count);
                for (size_t j = 0; j < count; j++) {
                    append_word(&frames, args[j].len);
                    append(&frames, args[j].data, args[j].len);
                }
                if (count > 2 && live && is(args[1], "demo:clock") && lags_len < LAGS_MAX) {
                    char digits[32] = "";
                    memcpy(digits, args[2].data, args[2].len < 31 ? args[2].len : 31);
                    lags[lags_len++] = now_ms(CLOCK_REALTIME) - strtod(digits, NULL) / 1e6;
                }
                if (count > 1 && is(args[1], "demo:done:0")) done = 1;
                break;
            default:
                break;
            }
        }
        write_record(journal, kevy_batch_cursor(batch), &frames, &record);
        kevy_batch_free(batch);
        printf("{\"event\": \"progress\", \"frames\": %" PRIu64 ", \"live\": %s}\n", mine.frames, live ? "true" : "false");
        fflush(stdout);
    }

    double seconds = (now_ms(CLOCK_MONOTONIC) - begin) / 1e3;
    seconds *= (double)mine.frames / (double)(mine.frames > first ? mine.frames - first : 1);
    qsort(lags, lags_len, sizeof *lags, ascending);
    const kevy_reply *keys;
    kevy_bytes dbsize = view("DBSIZE");
    if (kevy_keyspace_dispatch(mine.keyspace, &dbsize, 1, &keys, &error) != KEVY_OK) die("DBSIZE", error);
    printf("{\"event\": \"done\", \"keys\": %" PRId64 ", ", kevy_reply_integer(keys));
    kevy_bytes digest = run(&mine, "DEBUG", "DIGEST");
    printf("\"frames\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"seconds\": %.6f, \"lag_p50_ms\": %.3f, "
           "\"lag_p99_ms\": %.3f, \"digest\": \"%.*s\"}\n",
           mine.frames, mine.bytes, seconds, lags_len ? lags[lags_len / 2] : 0.0,
           lags_len ? lags[lags_len * 99 / 100] : 0.0, (int)digest.len, (const char *)digest.data);

    kevy_replica_free(replica);
    kevy_keyspace_free(mine.keyspace);
    kevy_options_free(source);
    kevy_options_free(plain);
    fclose(journal);
    free(cursor.data);
    free(frames.data);
    free(record.data);
    return 0;
}
