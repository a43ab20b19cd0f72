/* Serve an embedded keyspace to every Redis client: ./serve [PORT]. Without a port the system chooses one.
 *
 *     cc serve.c $(pkg-config --cflags --libs kevy) -o serve && ./serve 6380
 *     redis-cli -p 6380 GET greeting
 */
#include <kevy.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void must(kevy_status status, kevy_error *error) {
    if (status >= 0) return;
    kevy_bytes message = kevy_error_message(error);
    fprintf(stderr, "%s: %.*s\n", kevy_status_name(status), (int)message.len, (const char *)message.data);
    exit(1);
}

static kevy_bytes text(const char *string) {
    return (kevy_bytes){(const uint8_t *)string, strlen(string)};
}

int main(int argc, char **argv) {
    kevy_error *error;
    kevy_options *options;
    kevy_runtime *runtime;
    uint16_t port;
    sigset_t signals;
    int signal, fd;
    char answer[64];

    /* Blocked before any thread starts, so that sigwait below is the one to get them. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);

    must(kevy_options_new(&options, &error), error);
    must(kevy_options_set(options, text("port"), text(argc > 1 ? argv[1] : "0"), &error), error);
    must(kevy_runtime_start(options, &runtime, &error), error);
    kevy_options_free(options);

    /* A client library of this process needs no port: give it one end of a socket pair. Here the protocol itself. */
    must(kevy_runtime_connect_fd(runtime, &fd, &error), error);
    static const char request[] = "SET greeting hello\r\n";
    if (write(fd, request, sizeof request - 1) < 0 || read(fd, answer, sizeof answer) < 0) perror("socket pair");
    close(fd);

    must(kevy_runtime_port(runtime, &port, &error), error);
    printf("listening on port %u\n", port);
    fflush(stdout);

    sigwait(&signals, &signal);
    must(kevy_runtime_stop(runtime, 5000, &error), error);
    kevy_runtime_free(runtime);
    printf("stopped\n");
    return 0;
}
