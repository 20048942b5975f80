#include "server_process.hpp"

#include <cstdlib>
#include <fstream>

#ifdef _WIN32
#include <windows.h>
#else
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
extern char** environ;
#endif

namespace composer {

namespace {

constexpr const char* IDLE_SECONDS = "600";

std::vector<std::string> with_options(const std::vector<std::string>& command,
                                      std::uint16_t port) {
    std::vector<std::string> words = command;
    for (const char* word : {"serve", "--quiet", "--no-midi", "--end-when-idle", IDLE_SECONDS,
                             "--osc-port"})
        words.emplace_back(word);
    words.push_back(std::to_string(port));
    return words;
}

/** Where composer keeps its state: see docs/jam.md. */
std::string state_folder() {
    const auto value = [](const char* name) {
        const char* text = std::getenv(name);
        return std::string(text ? text : "");
    };
    if (const std::string own = value("COMPOSER_STATE"); !own.empty()) return own;
#ifdef _WIN32
    return value("LOCALAPPDATA") + "/composer";
#elif defined(__APPLE__)
    return value("HOME") + "/Library/Application Support/composer";
#else
    const std::string state = value("XDG_STATE_HOME");
    return (state.empty() ? value("HOME") + "/.local/state" : state) + "/composer";
#endif
}

}  // namespace

std::vector<std::string> server_command() {
    std::vector<std::string> words;
    if (const char* given = std::getenv("COMPOSER_COMMAND")) {
        if (*given) words.emplace_back(given);
        return words;
    }
    std::ifstream file(state_folder() + "/server-command");
    for (std::string line; std::getline(file, line);)
        if (!line.empty()) words.push_back(line);
    if (words.empty()) words.emplace_back("composer");
    return words;
}

#ifdef _WIN32

bool start_server(const std::vector<std::string>& command, std::uint16_t port) {
    if (command.empty()) return false;
    std::string line;
    for (const std::string& word : with_options(command, port)) line += "\"" + word + "\" ";
    STARTUPINFOA how{};
    how.cb = sizeof how;
    PROCESS_INFORMATION process{};
    const DWORD flags = CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP;
    if (!CreateProcessA(nullptr, line.data(), nullptr, nullptr, FALSE, flags, nullptr, nullptr,
                        &how, &process))
        return false;
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return true;
}

#else

bool start_server(const std::vector<std::string>& command, std::uint16_t port) {
    if (command.empty()) return false;
    // By way of a shell that ends at once, so that no child of ours is left for the host to
    // wait for; the words are its arguments and never read as its language.
    std::vector<std::string> words = {"/bin/sh", "-c", "\"$@\" </dev/null >/dev/null 2>&1 &",
                                      "composer"};
    for (std::string& word : with_options(command, port)) words.push_back(std::move(word));
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    posix_spawnattr_t how;
    if (posix_spawnattr_init(&how) != 0) return false;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
#ifdef POSIX_SPAWN_SETSID
    flags |= POSIX_SPAWN_SETSID;  // Ctrl-C in the host's terminal is not for the server
#endif
    posix_spawnattr_setflags(&how, flags);
    pid_t shell = 0;
    const bool started =
        posix_spawn(&shell, "/bin/sh", nullptr, &how, pointers.data(), environ) == 0;
    posix_spawnattr_destroy(&how);
    if (started) {
        int status = 0;
        waitpid(shell, &status, 0);
    }
    return started;
}

#endif

}  // namespace composer
