// A host of a few lines for tests: it plays a script through the plug-in's own code.
//
// Standard input has the script, standard output what came out:
//
//     rate 48000 | block 256 | realtime 1          before anything else
//     0.5 play | 0.5 stop | 4.0 locate BEAT        seconds on the host's clock, in order
//     2.0 tempo BPM | 2.0 metre UPPER LOWER
//     1.0 on PITCH VELOCITY | 1.2 off PITCH | 1.0 set PARAMETER VALUE
//     9.0 end
//
//     FRAME BEAT on|off PITCH VELOCITY CHANNEL     a line for each of composer's notes
//     allocations N                                in `process`, at the end
//     sounding N                                   notes that were never ended
//     slowest MICROSECONDS                         block
//     began MICROSECONDS                           on the computer's monotonic clock

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "../src/connection.hpp"
#include "../src/player.hpp"
#include "../src/server_process.hpp"

namespace {
thread_local bool in_process = false;
std::atomic<long> allocations{0};
}  // namespace

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void __libc_free(void*);
void* malloc(std::size_t size) {
    if (in_process) ++allocations;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    if (in_process) ++allocations;
    return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
    if (in_process) ++allocations;
    return __libc_realloc(memory, size);
}
void free(void* memory) {
    if (in_process && memory) ++allocations;
    __libc_free(memory);
}
}
#endif

namespace {

struct Act {
    double moment;
    std::string what;
    double first, second;
};

class Printer : public composer::Output {
  public:
    struct Line {
        long long frame;
        double beat;
        composer::MidiMessage message;
    };
    std::vector<Line> lines;
    long long begin = 0;
    double beat = 0.0, beats_per_frame = 0.0;

    Printer() { lines.reserve(1 << 20); }

    bool write(const composer::MidiMessage& message) noexcept override {
        lines.push_back({begin + message.frame, beat + message.frame * beats_per_frame, message});
        return true;
    }

    void pass(std::uint32_t) noexcept override {}
};

}  // namespace

int main() {
    double rate = 48000.0;
    std::uint32_t block = 256;
    bool realtime = true;
    std::vector<Act> acts;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::string first;
        if (!(words >> first)) continue;
        if (first == "rate") words >> rate;
        else if (first == "block") words >> block;
        else if (first == "realtime") words >> realtime;
        else {
            Act act{std::atof(first.c_str()), "", 0.0, 0.0};
            words >> act.what >> act.first >> act.second;
            acts.push_back(act);
        }
    }
    const char* port = std::getenv("COMPOSER_OSC_PORT");
    auto connection = std::make_unique<composer::Connection>();
    auto player = std::make_unique<composer::Player>(*connection);
    connection->start(static_cast<std::uint16_t>(port ? std::atoi(port) : 9190),
                      composer::server_command());
    player->set_rate(rate);
    if (!realtime) player->set(composer::Offline, 1.0f);
    for (int tries = 0; realtime && !connection->connected && tries < 3000; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));

    composer::HostPosition host;
    host.valid = true;
    Printer printer;
    std::vector<composer::MidiMessage> in;
    in.reserve(1024);
    long long frame = 0;
    long slowest = 0;
    double beat = 0.0;
    std::size_t next = 0;
    bool ended = false;
    const auto start = std::chrono::steady_clock::now();
    while (!ended) {
        in.clear();
        for (; next < acts.size() && acts[next].moment * rate < double(frame + block); ++next) {
            const Act& act = acts[next];
            const auto at = static_cast<std::uint32_t>(
                std::max(0.0, std::min(act.moment * rate - double(frame), double(block - 1))));
            const auto pitch = static_cast<std::uint8_t>(act.first);
            if (act.what == "on")
                in.push_back({at, 3, {0x90, pitch, static_cast<std::uint8_t>(act.second)}});
            else if (act.what == "off") in.push_back({at, 3, {0x80, pitch, 0}});
            else if (act.what == "play") host.playing = true;
            else if (act.what == "stop") host.playing = false;
            else if (act.what == "locate") beat = act.first;
            else if (act.what == "tempo") host.bpm = act.first;
            else if (act.what == "metre") {
                host.upper = static_cast<int>(act.first);
                host.lower = static_cast<int>(act.second);
            } else if (act.what == "set")
                player->set(static_cast<std::uint32_t>(act.first), static_cast<float>(act.second));
            else if (act.what == "end") ended = true;
        }
        const double bar = 4.0 * host.upper / host.lower;
        host.in_bar = std::fmod(beat, bar) * host.lower / 4.0;
        printer.begin = frame;
        printer.beat = beat;
        printer.beats_per_frame = host.playing ? host.bpm / 60.0 / rate : 0.0;
        const auto before = std::chrono::steady_clock::now();
        in_process = true;
        player->process(host, in.data(), static_cast<std::uint32_t>(in.size()), block, printer);
        in_process = false;
        const auto after = std::chrono::steady_clock::now();
        slowest = std::max(slowest, long(std::chrono::duration_cast<std::chrono::microseconds>(
                                             after - before).count()));
        if (host.playing) beat += block * host.bpm / 60.0 / rate;
        frame += block;
        if (realtime)
            std::this_thread::sleep_until(
                start + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                            std::chrono::duration<double>(double(frame) / rate)));
    }
    for (const auto& line : printer.lines)
        std::printf("%lld %.6f %s %d %d %d\n", line.frame, line.beat,
                    (line.message.data[0] & 0xF0) == 0x90 ? "on" : "off", line.message.data[1],
                    line.message.data[2], line.message.data[0] & 15);
    const auto began =
        std::chrono::duration_cast<std::chrono::microseconds>(start.time_since_epoch());
    std::printf("allocations %ld\nsounding %u\nslowest %ld\nbegan %lld\n", allocations.load(),
                player->sounding(), slowest, static_cast<long long>(began.count()));
    return 0;
}
