/* A small test runner: TEST(name) { ... } registers a test, CHECK(...) fails it.
 *
 * A failed CHECK ends its test and is reported with file and line; the process then exits with 1. */
#ifndef KEVY_TESTS_CHECK_H
#define KEVY_TESTS_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <kevy.h>

#include <stdio.h>
#include <string.h>

typedef struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
} test_case;

void test_register(test_case *test);
void test_fail(const char *file, int line, const char *what, long long got, long long wanted);

#define TEST(test_name)                                                                                    \
    static void test_name(void);                                                                           \
    __attribute__((constructor)) static void register_##test_name(void) {                                  \
        static test_case test = {#test_name, test_name, NULL};                                             \
        test_register(&test);                                                                              \
    }                                                                                                      \
    static void test_name(void)

#define CHECK(condition)                                                                                   \
    do {                                                                                                   \
        if (!(condition)) test_fail(__FILE__, __LINE__, #condition, 0, 1);                                 \
    } while (0)

#define CHECK_IS(expression, wanted)                                                                       \
    do {                                                                                                   \
        long long got_ = (long long)(expression);                                                          \
        if (got_ != (long long)(wanted)) test_fail(__FILE__, __LINE__, #expression, got_, (wanted));       \
    } while (0)

/* Bytes of a literal, which may hold NUL. */
#define B(text) ((kevy_bytes){(const uint8_t *)(text), sizeof(text) - 1})
#define ARGV(...) ((kevy_bytes[]){__VA_ARGS__}), (sizeof((kevy_bytes[]){__VA_ARGS__}) / sizeof(kevy_bytes))

static inline int same(kevy_bytes bytes, const char *text, size_t len) {
    return bytes.data != NULL && bytes.len == len && memcmp(bytes.data, text, len) == 0;
}
static inline int holds(kevy_bytes bytes, const char *text) {
    return memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
}
#define SAME(bytes, literal) same((bytes), (literal), sizeof(literal) - 1)

/* A runtime with two shards and a session, and their end. */
typedef struct {
    kevy_runtime *runtime;
    kevy_session *session;
} fixture;

fixture fixture_open(void);
void fixture_close(fixture *fixture);
kevy_options *options_of(const char *const *names_and_values);

#endif
