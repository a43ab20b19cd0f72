/* Run any command of Redis in-process and walk its reply, one by one, as a batch, and as a transaction.
 *
 *     cc dispatch.c $(pkg-config --cflags --libs kevy) -o dispatch && ./dispatch
 */
#include <kevy.h>
#include <stdio.h>
#include <stdlib.h>

/* A word of a command, and how many of them an array has. */
#define W KEVY_LIT
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void must(kevy_status status, kevy_error *error) {
    if (status >= 0) return;
    kevy_bytes message = kevy_error_message(error);
    fprintf(stderr, "%s: %.*s\n", kevy_status_name(status), (int)message.len, (const char *)message.data);
    exit(1);
}

/* Prints a reply and, indented, its parts. */
static void show(const kevy_reply *reply, int depth) {
    kevy_bytes bytes = kevy_reply_bytes(reply);
    printf("%*s", 2 * depth, "");
    switch (kevy_reply_kind(reply)) {
    case KEVY_REPLY_NULL: printf("null\n"); break;
    case KEVY_REPLY_INTEGER: printf("integer %lld\n", (long long)kevy_reply_integer(reply)); break;
    case KEVY_REPLY_DOUBLE: printf("double %g\n", kevy_reply_double(reply)); break;
    case KEVY_REPLY_BOOLEAN: printf("%s\n", kevy_reply_boolean(reply) ? "true" : "false"); break;
    case KEVY_REPLY_ERROR: printf("error %.*s\n", (int)bytes.len, (const char *)bytes.data); break;
    case KEVY_REPLY_ARRAY:
    case KEVY_REPLY_SET:
    case KEVY_REPLY_PUSH:
    case KEVY_REPLY_MAP: /* a map's parts are key, value, key, value */
        printf("%s of %zu\n", kevy_reply_kind(reply) == KEVY_REPLY_MAP ? "map" : "array", kevy_reply_len(reply));
        for (size_t i = 0; i < kevy_reply_len(reply); i++) show(kevy_reply_at(reply, i), depth + 1);
        break;
    default: printf("%.*s\n", (int)bytes.len, (const char *)bytes.data);
    }
}

static void run(kevy_session *session, const kevy_bytes *argv, size_t argc) {
    kevy_error *error;
    const kevy_reply *reply;
    must(kevy_session_dispatch(session, argv, argc, &reply, &error), error);
    printf("%.*s: ", (int)argv[0].len, (const char *)argv[0].data);
    show(reply, 0);
}

int main(void) {
    kevy_error *error;
    kevy_runtime *runtime;
    kevy_session *session;
    const kevy_reply *reply;
    must(kevy_runtime_start(NULL, &runtime, &error), error);
    must(kevy_session_open(runtime, &session, &error), error);

    kevy_bytes hset[] = {W("HSET"), W("user:1"), W("name"), W("ada"), W("visits"), W("41")};
    kevy_bytes hincrby[] = {W("HINCRBY"), W("user:1"), W("visits"), W("1")};
    kevy_bytes hgetall[] = {W("HGETALL"), W("user:1")};
    run(session, hset, COUNT(hset));
    run(session, hincrby, COUNT(hincrby));
    run(session, hgetall, COUNT(hgetall));

    /* An error reply is a reply: the call itself succeeded. */
    kevy_bytes wrong[] = {W("GET"), W("user:1")};
    run(session, wrong, COUNT(wrong));

    /* Many commands in one call; the reply is an array of theirs. */
    kevy_bytes set[] = {W("SET"), W("counter"), W("10")}, incr[] = {W("INCR"), W("counter")};
    kevy_argv batch[] = {{set, COUNT(set)}, {incr, COUNT(incr)}, {incr, COUNT(incr)}};
    must(kevy_session_dispatch_batch(session, batch, COUNT(batch), &reply, &error), error);
    printf("batch: ");
    show(reply, 0);

    /* A transaction takes effect at once, whichever shards its keys live on. */
    kevy_bytes multi[] = {W("MULTI")}, exec[] = {W("EXEC")};
    kevy_bytes out[] = {W("DECRBY"), W("account:1"), W("5")}, in[] = {W("INCRBY"), W("account:2"), W("5")};
    run(session, multi, COUNT(multi));
    run(session, out, COUNT(out));
    run(session, in, COUNT(in));
    run(session, exec, COUNT(exec));

    kevy_session_free(session);
    kevy_runtime_free(runtime);
    return 0;
}
