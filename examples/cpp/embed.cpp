// Embed a keyspace: start a runtime in this process, keep values in it, get them back. No port, no socket.
//
//     c++ -std=c++17 embed.cpp $(pkg-config --cflags --libs kevy) -o embed && ./embed
#include <iostream>
#include <kevy.hpp>

int main() try {
    // Options have the names and values of redis.conf.
    kevy::Runtime runtime({{"shards", "2"}, {"maxmemory", "256mb"}});

    // A session runs commands on the calling thread. Give each thread its own.
    kevy::Session session = runtime.session();
    session.set("greeting", "hello");

    // The value is a view into the session: good until the session is used again.
    if (auto value = session.get("greeting")) std::cout << "greeting = " << *value << '\n';
    std::cout << "nothing is " << (session.get("nothing") ? "there" : "not there") << '\n';
} catch (const kevy::Error &error) {
    std::cerr << error.name() << ": " << error.what() << '\n';
    return 1;
}
