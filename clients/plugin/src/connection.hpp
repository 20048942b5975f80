// Connection: the thread that talks to the server, so that the audio thread never has to.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "messages.hpp"
#include "queue.hpp"
#include "udp.hpp"

namespace composer {

class Connection {
  public:
    Connection() = default;
    ~Connection() { stop(); }

    /** Begin to look for a server.
     *
     * @param port On which it listens.
     * @param command Starts one where none runs; empty for not to.
     */
    void start(std::uint16_t port, std::vector<std::string> command);

    /** End; the server is told. */
    void stop();

    // From the audio thread.

    /** Whether it starts a server where none runs; set before the thread begins. */
    bool starts_servers() const noexcept { return !command_.empty(); }

    /** What goes to the server. Nothing waits for it; what does not fit is lost. */
    Queue<ToServer, 4096> to_server;
    /** What came from it. */
    Queue<FromServer, 4096> from_server;
    /** Whether a server answers. */
    std::atomic<bool> connected{false};
    /** Goes up whenever the server knows nothing of us: at every connection, and if it forgot. */
    std::atomic<std::uint32_t> serial{0};
    /** Whether the host renders faster than real time, and waits for every answer. */
    std::atomic<bool> hurry{false};
    /** Set where something from the server was lost because nobody took it. */
    std::atomic<bool> overflowed{false};

  private:
    using Clock = std::chrono::steady_clock;

    std::thread thread_;
    std::atomic<bool> stopping_{false};
    Udp udp_;
    std::uint16_t port_ = 9190;
    std::vector<std::string> command_;
    Clock::time_point heard_{}, asked_{}, may_start_{};

    void run();
    void seek();
    void talk();
    void lose();
    bool ask();
    bool listen();
    void take(const char* data, std::size_t size);
    bool tell(const ToServer& message);
};

}  // namespace composer
