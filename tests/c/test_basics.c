/* Versions, statuses, errors and options. */
#include "check.h"

TEST(versions_are_those_of_the_header) {
    CHECK_IS(kevy_abi_version(), KEVY_ABI_VERSION);
    CHECK(strchr(kevy_version(), '.') != NULL);
}

TEST(every_status_has_a_name) {
    CHECK(strcmp(kevy_status_name(KEVY_OK), "OK") == 0);
    CHECK(strcmp(kevy_status_name(KEVY_AGAIN), "AGAIN") == 0);
    CHECK(strcmp(kevy_status_name(KEVY_END), "END") == 0);
    CHECK(strcmp(kevy_status_name(KEVY_ERROR_BUSY), "BUSY") == 0);
    for (kevy_status status = KEVY_ERROR_SERVER; status <= KEVY_END; status++)
        CHECK(strcmp(kevy_status_name(status), "UNKNOWN") != 0);
    CHECK(strcmp(kevy_status_name(-9999), "UNKNOWN") == 0);
}

TEST(an_error_tells_status_message_and_flags) {
    kevy_options *options;
    kevy_error *error = (kevy_error *)8; /* not NULL: the call has to clear it */
    CHECK_IS(kevy_options_new(&options, &error), KEVY_OK);
    CHECK(error == NULL);
    CHECK_IS(kevy_options_set(options, B("no-such-option"), B("1"), &error), KEVY_ERROR_INVALID_OPTION);
    CHECK_IS(kevy_error_status(error), KEVY_ERROR_INVALID_OPTION);
    CHECK(holds(kevy_error_message(error), "no-such-option"));
    CHECK_IS(kevy_error_flags(error), 0);
    kevy_error_free(error);
    CHECK_IS(kevy_options_set(options, B("no-such-option"), B("1"), NULL), KEVY_ERROR_INVALID_OPTION);
    kevy_options_free(options);
}

TEST(error_accessors_take_null) {
    CHECK_IS(kevy_error_status(NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK(kevy_error_message(NULL).data == NULL);
    CHECK_IS(kevy_error_message(NULL).len, 0);
    CHECK_IS(kevy_error_flags(NULL), 0);
    kevy_error_free(NULL);
}

TEST(an_error_is_freed_once) {
    kevy_error *error;
    CHECK_IS(kevy_options_new(NULL, &error), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK(error != NULL);
    kevy_error_free(error);
    kevy_error_free(error);
}

TEST(options_refuse_wrong_names_values_and_text) {
    kevy_options *options;
    kevy_error *error;
    CHECK_IS(kevy_options_new(&options, NULL), KEVY_OK);
    CHECK_IS(kevy_options_set(options, B("maxmemory"), B("1gb"), NULL), KEVY_OK);
    CHECK_IS(kevy_options_set(options, B("MAXMEMORY"), B("2gb"), NULL), KEVY_OK);
    CHECK_IS(kevy_options_set(options, B("maxmemory"), B("plenty"), &error), KEVY_ERROR_INVALID_OPTION);
    CHECK(holds(kevy_error_message(error), "maxmemory"));
    kevy_error_free(error);
    CHECK_IS(kevy_options_set(options, B("max\xffmemory"), B("1"), NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_options_set(options, (kevy_bytes){NULL, 3}, B("1"), NULL), KEVY_ERROR_INVALID_ARGUMENT);
    CHECK_IS(kevy_options_set(options, (kevy_bytes){NULL, 0}, B("1"), NULL), KEVY_ERROR_INVALID_OPTION);
    kevy_options_free(options);
    kevy_options_free(options);
    kevy_options_free(NULL);
}
