/* Keeps strings of a primary in SQLite, each change exactly once, however often this program is killed:
 * ./exactly_once redis://host:port FILE.db
 *
 * The cursor is stored in the same transaction as the data, so either both are there or neither. kevy, Redis and Valkey are
 * followed alike.
 *
 *     cc exactly_once.c $(pkg-config --cflags --libs kevy sqlite3) -o exactly_once
 */
#include <kevy.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static sqlite3 *sql;

static void must(kevy_status status, kevy_error *error) {
    if (status >= 0) return;
    kevy_bytes message = kevy_error_message(error);
    fprintf(stderr, "%s: %.*s\n", kevy_status_name(status), (int)message.len, (const char *)message.data);
    exit(1);
}

static kevy_bytes text(const char *string) {
    return (kevy_bytes){(const uint8_t *)string, strlen(string)};
}

static void run(const char *statement) {
    char *why = NULL;
    if (sqlite3_exec(sql, statement, NULL, NULL, &why) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", statement, why);
        exit(1);
    }
}

/* Runs a statement whose parameters are a database and up to two strings of bytes. */
static void with(const char *statement, uint32_t db, kevy_bytes first, kevy_bytes second) {
    sqlite3_stmt *prepared;
    if (sqlite3_prepare_v2(sql, statement, -1, &prepared, NULL) != SQLITE_OK) exit(1);
    sqlite3_bind_int64(prepared, 1, db);
    if (sqlite3_bind_parameter_count(prepared) > 1)
        sqlite3_bind_blob64(prepared, 2, first.len ? (const void *)first.data : "", first.len, SQLITE_TRANSIENT);
    if (sqlite3_bind_parameter_count(prepared) > 2)
        sqlite3_bind_blob64(prepared, 3, second.len ? (const void *)second.data : "", second.len, SQLITE_TRANSIENT);
    if (sqlite3_step(prepared) != SQLITE_DONE) {
        fprintf(stderr, "%s: %s\n", statement, sqlite3_errmsg(sql));
        exit(1);
    }
    sqlite3_finalize(prepared);
}

static int is(kevy_bytes verb, const char *word) {
    return verb.len == strlen(word) && strncasecmp((const char *)verb.data, word, verb.len) == 0;
}

static void apply(const kevy_frame *frame) {
    kevy_bytes verb = kevy_frame_arg(frame, 0), none = {NULL, 0};
    uint32_t db = kevy_frame_db(frame);
    if (is(verb, "SET") || is(verb, "GETSET") || is(verb, "SETNX"))
        with("INSERT OR REPLACE INTO strings VALUES (?, ?, ?)", db, kevy_frame_arg(frame, 1), kevy_frame_arg(frame, 2));
    else if (is(verb, "DEL") || is(verb, "UNLINK"))
        for (size_t i = 1; i < kevy_frame_argc(frame); i++)
            with("DELETE FROM strings WHERE db = ? AND key = ?", db, kevy_frame_arg(frame, i), none);
    else if (is(verb, "FLUSHALL"))
        run("DELETE FROM strings");
    else if (is(verb, "FLUSHDB"))
        with("DELETE FROM strings WHERE db = ?", db, none, none);
    run("UPDATE place SET changes = changes + 1");
}

static int64_t number(const char *query) {
    sqlite3_stmt *prepared;
    if (sqlite3_prepare_v2(sql, query, -1, &prepared, NULL) != SQLITE_OK) exit(1);
    int64_t found = sqlite3_step(prepared) == SQLITE_ROW ? sqlite3_column_int64(prepared, 0) : 0;
    sqlite3_finalize(prepared);
    return found;
}

int main(int argc, char **argv) {
    kevy_error *error;
    kevy_options *options;
    kevy_replica *replica;
    kevy_batch *batch;
    sqlite3_stmt *kept;

    if (argc != 3) {
        fprintf(stderr, "usage: exactly_once SOURCE FILE.db\n");
        return 2;
    }
    if (sqlite3_open(argv[2], &sql) != SQLITE_OK) return 1;
    run("CREATE TABLE IF NOT EXISTS strings (db INTEGER, key BLOB, value BLOB, PRIMARY KEY (db, key))");
    run("CREATE TABLE IF NOT EXISTS place (cursor BLOB, changes INTEGER)");
    run("INSERT INTO place SELECT x'', 0 WHERE NOT EXISTS (SELECT 1 FROM place)");

    must(kevy_options_new(&options, &error), error);
    must(kevy_options_set(options, text("source"), text(argv[1]), &error), error);
    if (sqlite3_prepare_v2(sql, "SELECT cursor FROM place", -1, &kept, NULL) != SQLITE_OK) return 1;
    sqlite3_step(kept);
    kevy_bytes cursor = {sqlite3_column_blob(kept, 0), (size_t)sqlite3_column_bytes(kept, 0)};
    must(kevy_replica_open(options, cursor, &replica, &error), error);
    sqlite3_finalize(kept);
    kevy_options_free(options);

    for (;;) {
        must(kevy_replica_next_batch(replica, 1024, KEVY_FOREVER, &batch, &error), error);
        run("BEGIN");
        for (size_t i = 0; i < kevy_batch_len(batch); i++) {
            const kevy_frame *frame = kevy_batch_at(batch, i);
            switch (kevy_frame_kind(frame)) {
            case KEVY_FRAME_SNAPSHOT_BEGIN:
                run("DELETE FROM strings");
                run("UPDATE place SET changes = 0");
                break;
            case KEVY_FRAME_ENTRY:
            case KEVY_FRAME_COMMAND: apply(frame); break;
            }
        }
        /* Empty in the middle of a snapshot: after a crash that begins anew. */
        with("UPDATE place SET cursor = ?2 WHERE ?1 = 0", 0, kevy_batch_cursor(batch), (kevy_bytes){NULL, 0});
        run("COMMIT");
        kevy_batch_free(batch);
        printf("strings: %lld changes: %lld\n", (long long)number("SELECT count(*) FROM strings"),
               (long long)number("SELECT changes FROM place"));
        fflush(stdout);
    }
}
