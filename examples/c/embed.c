/* Embed a keyspace: start a runtime in this process, keep values in it, get them back. No port, no socket.
 *
 *     cc embed.c $(pkg-config --cflags --libs kevy) -o embed && ./embed
 */
#include <kevy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program with the message of a failure. */
static void must(kevy_status status, kevy_error *error) {
    if (status >= 0) return;
    kevy_bytes message = kevy_error_message(error);
    fprintf(stderr, "%s: %.*s\n", kevy_status_name(status), (int)message.len, (const char *)message.data);
    exit(1);
}

static kevy_bytes text(const char *string) {
    return (kevy_bytes){(const uint8_t *)string, strlen(string)};
}

int main(void) {
    kevy_error *error;
    kevy_options *options;
    kevy_runtime *runtime;
    kevy_session *session;
    kevy_bytes value;

    /* Options have the names and values of redis.conf. */
    must(kevy_options_new(&options, &error), error);
    must(kevy_options_set(options, text("shards"), text("2"), &error), error);
    must(kevy_options_set(options, text("maxmemory"), text("256mb"), &error), error);
    must(kevy_runtime_start(options, &runtime, &error), error);
    kevy_options_free(options);

    /* A session runs commands on the calling thread. Give each thread its own. */
    must(kevy_session_open(runtime, &session, &error), error);
    must(kevy_session_set(session, text("greeting"), text("hello"), &error), error);

    /* The value is a view into the session: good until the session is used again. */
    must(kevy_session_get(session, text("greeting"), &value, &error), error);
    printf("greeting = %.*s\n", (int)value.len, (const char *)value.data);

    /* A missing key is no failure: its data is NULL. */
    must(kevy_session_get(session, text("nothing"), &value, &error), error);
    printf("nothing is %s\n", value.data == NULL ? "not there" : "there");

    kevy_session_free(session);
    must(kevy_runtime_stop(runtime, 5000, &error), error);
    kevy_runtime_free(runtime);
    return 0;
}
