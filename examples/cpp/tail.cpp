// Follow a primary and print every change: ./tail SOURCE CURSOR_FILE, such as ./tail kevy://127.0.0.1:6380 cursor
//
// The first run begins with a snapshot; the next ones go on where the last stopped, as the cursor file says. A
// program that applies each frame to a store of its own in place of printing it holds a true copy; see
// kevy::Keyspace::apply() for one. Ctrl-C ends it.
//
//     c++ -std=c++17 tail.cpp $(pkg-config --cflags --libs kevy) -o tail
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <kevy.hpp>

static volatile std::sig_atomic_t stopping;

static void show(kevy::Frame frame) {
    switch (frame.kind()) {
    case KEVY_FRAME_SNAPSHOT_BEGIN: std::cout << "snapshot begins\n"; break;
    case KEVY_FRAME_SNAPSHOT_END: std::cout << "snapshot ends\n"; break;
    case KEVY_FRAME_TXN_BEGIN: std::cout << "transaction begins\n"; break;
    case KEVY_FRAME_TXN_END: std::cout << "transaction ends\n"; break;
    case KEVY_FRAME_RESYNC: std::cout << "resync: " << frame.reason() << '\n'; break;
    case KEVY_FRAME_LINK: std::cout << "link " << (frame.is_up() ? "up " : "down ") << frame.reason() << '\n'; break;
    case KEVY_FRAME_ENTRY:
    case KEVY_FRAME_COMMAND:
        std::cout << "db " << frame.db() << ':';
        for (std::string_view arg : frame) std::cout << ' ' << arg;
        std::cout << '\n';
        break;
    }
}

// Reads the cursor that an earlier run kept; empty where there is none.
static std::string read_cursor(const char *path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Keeps a cursor: the whole of it or the one before, whatever happens meanwhile.
static void keep_cursor(const std::string &path, std::string_view cursor) {
    std::ofstream file(path + ".new", std::ios::binary);
    file << cursor;
    file.close();
    if (!file || std::rename((path + ".new").c_str(), path.c_str()) != 0) throw std::runtime_error("cannot write " + path);
}

int main(int argc, char **argv) try {
    if (argc != 3) {
        std::cerr << "usage: tail SOURCE CURSOR_FILE\n";
        return 2;
    }
    // Without SA_RESTART a signal ends the wait for frames.
    struct sigaction action = {};
    action.sa_handler = [](int) { stopping = 1; };
    sigaction(SIGINT, &action, nullptr);

    kevy::Replica replica({{"source", argv[1]}}, read_cursor(argv[2]));
    while (!stopping) try {
        kevy::Batch batch = replica.next_batch(1024);
        for (kevy::Frame frame : batch) show(frame);
        std::cout.flush();
        // Only what was dealt with is behind the cursor: a crash repeats frames and never loses one.
        keep_cursor(argv[2], batch.cursor());
    } catch (const kevy::Error &error) {
        if (error.status() != KEVY_ERROR_INTERRUPTED) throw;
    }
    std::cout << "stopped\n";
} catch (const std::exception &error) {
    std::cerr << error.what() << '\n';
    return 1;
}
