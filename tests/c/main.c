/* Runs every registered test, or those whose name contains the argument. */
#include "check.h"

#include <setjmp.h>
#include <stdlib.h>

static test_case *first;
static test_case **last = &first;
static jmp_buf on_failure;

void test_register(test_case *test) {
    *last = test;
    last = &test->next;
}

void test_fail(const char *file, int line, const char *what, long long got, long long wanted) {
    printf("  %s:%d: %s: got %lld, wanted %lld\n", file, line, what, got, wanted);
    longjmp(on_failure, 1);
}

kevy_options *options_of(const char *const *pairs) {
    kevy_options *options;
    CHECK_IS(kevy_options_new(&options, NULL), KEVY_OK);
    for (; pairs[0] != NULL; pairs += 2) {
        kevy_bytes name = {(const uint8_t *)pairs[0], strlen(pairs[0])};
        kevy_bytes value = {(const uint8_t *)pairs[1], strlen(pairs[1])};
        CHECK_IS(kevy_options_set(options, name, value, NULL), KEVY_OK);
    }
    return options;
}

fixture fixture_open(void) {
    fixture opened = {0};
    kevy_options *options = options_of((const char *[]){"shards", "2", NULL});
    CHECK_IS(kevy_runtime_start(options, &opened.runtime, NULL), KEVY_OK);
    kevy_options_free(options);
    CHECK_IS(kevy_session_open(opened.runtime, &opened.session, NULL), KEVY_OK);
    return opened;
}

void fixture_close(fixture *fixture) {
    kevy_session_free(fixture->session);
    CHECK_IS(kevy_runtime_stop(fixture->runtime, 5000, NULL), KEVY_OK);
    kevy_runtime_free(fixture->runtime);
}

static int passes(const test_case *test) {
    if (setjmp(on_failure) != 0) return 0;
    test->run();
    return 1;
}

int main(int argc, char **argv) {
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IONBF, 0);
    for (test_case *test = first; test != NULL; test = test->next) {
        if (argc > 1 && strstr(test->name, argv[1]) == NULL) continue;
        if (passes(test)) {
            passed++;
        } else {
            printf("FAILED %s\n", test->name);
            failed++;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
