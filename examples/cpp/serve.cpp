// Serve an embedded keyspace to every Redis client: ./serve [PORT]. Without a port the system chooses one.
//
//     c++ -std=c++17 serve.cpp $(pkg-config --cflags --libs kevy) -o serve && ./serve 6380
//     redis-cli -p 6380 GET greeting
#include <csignal>
#include <iostream>
#include <kevy.hpp>

int main(int argc, char **argv) try {
    // Blocked before any thread starts, so that sigwait below is the one to get them.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, nullptr);

    kevy::Runtime runtime({{"port", argc > 1 ? argv[1] : "0"}});
    runtime.session().set("greeting", "hello");
    std::cout << "listening on port " << runtime.port() << std::endl;

    int signal;
    sigwait(&signals, &signal);
    runtime.stop();
    std::cout << "stopped\n";
} catch (const kevy::Error &error) {
    std::cerr << error.name() << ": " << error.what() << '\n';
    return 1;
}
