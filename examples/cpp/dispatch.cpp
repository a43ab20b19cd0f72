// Run any command of Redis in-process and walk its reply, one by one, as a batch, and as a transaction.
//
//     c++ -std=c++17 dispatch.cpp $(pkg-config --cflags --libs kevy) -o dispatch && ./dispatch
#include <iostream>
#include <kevy.hpp>
#include <string>
#include <vector>

// Prints a reply and, indented, its parts.
static void show(kevy::Reply reply, int depth = 0) {
    std::cout << std::string(2 * depth, ' ');
    switch (reply.kind()) {
    case KEVY_REPLY_NULL: std::cout << "null\n"; break;
    case KEVY_REPLY_INTEGER: std::cout << "integer " << reply.integer() << '\n'; break;
    case KEVY_REPLY_ERROR: std::cout << "error " << reply.text() << '\n'; break;
    case KEVY_REPLY_ARRAY:
    case KEVY_REPLY_SET:
    case KEVY_REPLY_MAP: // a map's parts are key, value, key, value
        std::cout << (reply.kind() == KEVY_REPLY_MAP ? "map" : "array") << " of " << reply.size() << '\n';
        for (kevy::Reply part : reply) show(part, depth + 1);
        break;
    default: std::cout << reply.text() << '\n';
    }
}

int main() try {
    kevy::Runtime runtime;
    kevy::Session session = runtime.session();

    show(session("HSET", "user:1", "name", "ada", "visits", "41"));
    show(session("HINCRBY", "user:1", "visits", "1"));
    show(session("HGETALL", "user:1"));

    // An error reply is a reply; or_throw() makes it an exception.
    show(session("GET", "user:1"));
    try {
        session("GET", "user:1").or_throw();
    } catch (const kevy::Error &error) {
        std::cout << "thrown: " << error.name() << '\n';
    }

    // Many commands in one call; the reply is an array of theirs.
    using Command = std::vector<std::string_view>;
    show(session.dispatch_batch(std::vector<Command>{{"SET", "counter", "10"}, {"INCR", "counter"}, {"INCR", "counter"}}));

    // A transaction takes effect at once, whichever shards its keys live on.
    session("MULTI");
    session("DECRBY", "account:1", "5");
    session("INCRBY", "account:2", "5");
    show(session("EXEC"));
} catch (const kevy::Error &error) {
    std::cerr << error.name() << ": " << error.what() << '\n';
    return 1;
}
