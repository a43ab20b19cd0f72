"""The reference page says what the command table says."""

from .reference_page import PAGE, written


def test_the_page_is_that_of_the_table():
    assert PAGE.read_text() == written(), "docs/commands.md is not what the table says: run `make reference`"
