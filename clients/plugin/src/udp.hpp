// UDP: one socket that talks to a port of this computer, on every system.
#pragma once

#include <cstddef>
#include <cstdint>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#endif

namespace composer {

class Udp {
  public:
    Udp() noexcept {
#ifdef _WIN32
        WSADATA data;
        started_ = WSAStartup(MAKEWORD(2, 2), &data) == 0;
#endif
    }

    ~Udp() {
        close();
#ifdef _WIN32
        if (started_) WSACleanup();
#endif
    }

    Udp(const Udp&) = delete;
    Udp& operator=(const Udp&) = delete;

    /** Talk to a port of this computer, from a new port of our own. */
    bool open(std::uint16_t port) noexcept {
        close();
        socket_ = ::socket(AF_INET, SOCK_DGRAM, 0);
        if (!is_open()) return false;
        const int buffer = 1 << 20;
        setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, reinterpret_cast<const char*>(&buffer),
                   sizeof buffer);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 || !unblock()) {
            close();
            return false;
        }
        return true;
    }

    void close() noexcept {
        if (!is_open()) return;
#ifdef _WIN32
        ::closesocket(socket_);
        socket_ = INVALID_SOCKET;
#else
        ::close(socket_);
        socket_ = -1;
#endif
    }

    /** Send a packet. Returns false where nobody listens at that port. */
    bool send(const char* data, std::size_t size) noexcept {
        const auto sent = ::send(socket_, data, static_cast<Length>(size), QUIET);
        return sent >= 0 || !is_refusal();
    }

    enum class Got { Packet, Nothing, Refused };

    /** Take a packet that has come, if there is one. */
    Got receive(char* data, std::size_t room, std::size_t& size) noexcept {
        const auto got = ::recv(socket_, data, static_cast<Length>(room), 0);
        if (got >= 0) {
            size = static_cast<std::size_t>(got);
            return Got::Packet;
        }
        return is_refusal() ? Got::Refused : Got::Nothing;
    }

    /** Wait until something comes, so many milliseconds at most. */
    void wait(int milliseconds) noexcept {
#ifdef _WIN32
        WSAPOLLFD one{socket_, POLLRDNORM, 0};
        WSAPoll(&one, 1, milliseconds);
#else
        pollfd one{socket_, POLLIN, 0};
        ::poll(&one, 1, milliseconds);
#endif
    }

  private:
#ifdef _WIN32
    using Length = int;
    static constexpr int QUIET = 0;
    SOCKET socket_ = INVALID_SOCKET;
    bool started_ = false;
    bool is_open() const noexcept { return socket_ != INVALID_SOCKET; }
    static bool is_refusal() noexcept { return WSAGetLastError() == WSAECONNRESET; }
    bool unblock() noexcept {
        u_long yes = 1;
        return ioctlsocket(socket_, FIONBIO, &yes) == 0;
    }
#else
    using Length = std::size_t;
#ifdef MSG_NOSIGNAL
    static constexpr int QUIET = MSG_NOSIGNAL;
#else
    static constexpr int QUIET = 0;
#endif
    int socket_ = -1;
    bool is_open() const noexcept { return socket_ >= 0; }
    static bool is_refusal() noexcept { return errno == ECONNREFUSED; }
    bool unblock() noexcept {
        ::fcntl(socket_, F_SETFD, FD_CLOEXEC);
        return ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL) | O_NONBLOCK) == 0;
    }
#endif
};

}  // namespace composer
