#include "connection.hpp"

#include "osc.hpp"
#include "parameters.hpp"
#include "server_process.hpp"

namespace composer {

namespace {

using namespace std::chrono_literals;

constexpr auto ASK_UNHEARD = 250ms;  // between two questions whether a server is there
constexpr auto ASK = 500ms;          // between two questions whether it still is
constexpr auto GONE = 3s;            // of silence after which it is not
constexpr auto GRACE = 1s;           // in which one that is there will have answered
constexpr auto START_AGAIN = 60s;    // between two attempts to start one

}  // namespace

void Connection::start(std::uint16_t port, std::vector<std::string> command) {
    stop();
    port_ = port;
    command_ = std::move(command);
    stopping_ = false;
    thread_ = std::thread([this] { run(); });
}

void Connection::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    thread_.join();
    connected = false;
}

void Connection::run() {
    may_start_ = Clock::now() + GRACE;
    while (!stopping_) {
        if (connected)
            talk();
        else
            seek();
    }
    if (connected) {
        const OscWriter close("/composer/host/close", "");
        udp_.send(close.data(), close.size());
    }
    udp_.close();
}

/** Nobody answers: ask again, and start a server where that is due. */
void Connection::seek() {
    ToServer unsent;
    while (to_server.pop(unsent)) {
    }
    ask();
    udp_.wait(10);
    listen();
    if (connected || Clock::now() < may_start_) return;
    may_start_ = Clock::now() + START_AGAIN;
    // One for all plug-ins of a host; of two hosts, the second server finds the port taken.
    static std::atomic<std::int64_t> started{0};
    const std::int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                                 Clock::now().time_since_epoch()).count();
    std::int64_t before = started;
    if ((before == 0 || now - before >= 60) && started.compare_exchange_strong(before, now))
        start_server(command_, port_);
}

/** Somebody answers: hand over what has come, both ways. */
void Connection::talk() {
    ToServer message;
    bool refused = false;
    while (!refused && to_server.pop(message)) refused = !tell(message);
    refused = refused || !ask() || !listen();
    if (refused || Clock::now() - heard_ > GONE) {
        lose();
    } else if (hurry) {
        std::this_thread::sleep_for(30us);
    } else {
        udp_.wait(1);
    }
}

void Connection::lose() {
    connected = false;
    // Next time from another port: to a server that only was slow, that is somebody else.
    const OscWriter close("/composer/host/close", "");
    udp_.send(close.data(), close.size());
    asked_ = {};
}

/** Ask whether the server is there, if it is time to. Returns false where nobody listens. */
bool Connection::ask() {
    const auto now = Clock::now();
    if (now - asked_ < (connected ? Clock::duration(ASK) : Clock::duration(ASK_UNHEARD)))
        return true;
    asked_ = now;
    if (connected) {
        OscWriter ping("/composer/ping", "i");
        ping.i(1);
        return udp_.send(ping.data(), ping.size());
    }
    // A plug-in is answered where it sends from: once it has said that it is one.
    udp_.open(port_);
    ToServer here;
    here.lower = here.upper = 4;
    return tell(here);
}

/** Take all that has come. Returns false where nobody listens at the server's port. */
bool Connection::listen() {
    char data[2048];
    std::size_t size = 0;
    for (;;) {
        switch (udp_.receive(data, sizeof data - 1, size)) {
            case Udp::Got::Packet: take(data, size); break;
            case Udp::Got::Refused: return false;
            case Udp::Got::Nothing: return true;
        }
    }
}

void Connection::take(const char* data, std::size_t size) {
    OscReader message(data, size);
    heard_ = Clock::now();
    FromServer told;
    if (message.is("/composer/host/note")) {
        told.kind = FromServer::Note;
        told.epoch = static_cast<std::uint32_t>(message.number());
        told.place = message.number();
        told.length = message.number();
        told.pitch = static_cast<std::uint8_t>(static_cast<int>(message.number()) & 127);
        told.velocity = static_cast<std::uint8_t>(static_cast<int>(message.number()) & 127);
        told.channel = static_cast<std::uint8_t>((static_cast<int>(message.number()) - 1) & 15);
    } else if (message.is("/composer/host/forget")) {
        told.kind = FromServer::Forget;
        told.epoch = static_cast<std::uint32_t>(message.number());
        told.place = message.number();
    } else if (message.is("/composer/host/silence")) {
        told.kind = FromServer::Silence;
        told.epoch = static_cast<std::uint32_t>(message.number());
    } else if (message.is("/composer/host/ready")) {
        told.kind = FromServer::Ready;
        told.place = message.number();
    } else if (message.is("/composer/host/new")) {
        ++serial;
        connected = true;
        return;
    } else {
        return;
    }
    if (message.good && !from_server.push(told)) overflowed = true;
}

/** Send what the audio thread says. Returns false where nobody listens. */
bool Connection::tell(const ToServer& message) {
    const auto send = [this](const OscWriter& packet) {
        return udp_.send(packet.data(), packet.size());
    };
    switch (message.kind) {
        case ToServer::Host: {
            OscWriter packet("/composer/host", "dddiiiii");
            packet.d(message.moment).d(message.beat).d(message.bpm);
            packet.i(message.upper).i(message.lower).i(message.running);
            packet.i(static_cast<std::int32_t>(message.epoch)).i(message.waits);
            return send(packet);
        }
        case ToServer::Restart: return send(OscWriter("/composer/host/restart", ""));
        case ToServer::Parameter: {
            const ParameterInfo& info = PARAMETERS[message.parameter];
            OscWriter packet("/composer/set", info.choices ? "ss" : "sf");
            packet.s(info.symbol);
            if (info.choices) {
                const int choice = static_cast<int>(message.value + 0.5f);
                packet.s(info.choices[choice < info.choice_count ? choice : 0]);
            } else {
                packet.f(message.value);
            }
            return send(packet);
        }
        case ToServer::Trigger:
            if (message.parameter == Like) return send(OscWriter("/composer/like", ""));
            if (message.parameter == Again) return send(OscWriter("/composer/generate", ""));
            return send(OscWriter("/composer/panic", ""));
        case ToServer::Midi: {
            const int status = message.midi[0] & 0xF0, channel = (message.midi[0] & 15) + 1;
            const int first = message.midi[1] & 127, second = message.midi[2] & 127;
            if (status == 0x90 && second) {
                OscWriter packet("/composer/note", "iii");
                return send(packet.i(first).i(second).i(channel));
            }
            if (status == 0x80 || status == 0x90) {
                OscWriter packet("/composer/noteoff", "ii");
                return send(packet.i(first).i(channel));
            }
            if (status == 0xB0) {
                OscWriter packet("/composer/cc", "iii");
                return send(packet.i(first).i(second).i(channel));
            }
            if (status == 0xC0) {
                OscWriter packet("/composer/program", "ii");
                return send(packet.i(first).i(channel));
            }
            return true;
        }
    }
    return true;
}

}  // namespace composer
