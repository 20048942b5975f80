#include "player.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

namespace composer {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t STEPS = 100;       // times a second the server is told where the host is
constexpr std::uint32_t IDLE_STEPS = 10;   // the same while nothing is played
constexpr double LATE = 0.1;               // seconds after which a note is better left out
constexpr auto RENDER_WAITS = 5s;          // for an answer, while rendering
constexpr auto RENDER_WAITS_FIRST = 30s;   // for a server that is being started
constexpr std::uint8_t NOTE_ON = 0x90, NOTE_OFF = 0x80;

}  // namespace

Player::Player(Connection& connection) noexcept : connection_(connection) {
    for (std::uint32_t index = 0; index < ParameterCount; ++index)
        values_[index] = PARAMETERS[index].usual;
}

void Player::set(std::uint32_t parameter, float value) noexcept {
    if (parameter >= ParameterCount || !(value == value)) return;
    const ParameterInfo& info = PARAMETERS[parameter];
    value = value < info.low ? info.low : value > info.high ? info.high : value;
    const float before = values_[parameter].exchange(value, std::memory_order_relaxed);
    // A host may let a button go before anyone has looked.
    if (info.use == Use::Button && value > 0.5f && before <= 0.5f)
        pressed_[parameter].fetch_add(1, std::memory_order_relaxed);
}

bool Player::pressed() const noexcept {
    for (std::uint32_t index : {Like, Again, Panic})
        if (pressed_[index].load(std::memory_order_relaxed) != told_[index]) return true;
    return false;
}

float Player::get(std::uint32_t parameter) const noexcept {
    return parameter < ParameterCount ? values_[parameter].load(std::memory_order_relaxed) : 0.0f;
}

void Player::process(const HostPosition& host, const MidiMessage* in, std::uint32_t count,
                     std::uint32_t frames, Output& out) noexcept {
    const bool offline = on(Offline);
    connection_.hurry.store(offline, std::memory_order_relaxed);
    if (!offline)
        gave_up_ = false;
    else if (count || host.playing)  // not while a host only loads the plug-in or looks at it
        await_server();
    const bool connected = connection_.connected.load(std::memory_order_acquire);
    const std::uint32_t serial = connection_.serial.load(std::memory_order_acquire);
    if (serial != serial_) {  // a server that knows nothing of us
        serial_ = serial;
        all_unsent_ = true;
        line_.jump();
    }
    const std::uint32_t epoch = line_.epoch;
    const bool active = connected && !on(Bypass);
    line_.begin(host, frames, rate_, active, on(WhileStopped));
    const bool jumped = line_.epoch != epoch || all_unsent_ || activated_;
    if (jumped || !active || connection_.overflowed.exchange(false)) silence(0, out);
    if (jumped) {
        if (on(Fresh) && (line_.started || activated_)) {
            tell_host(0, false);
            ToServer restart;
            restart.kind = ToServer::Restart;
            connection_.to_server.push(restart);
        }
        activated_ = false;
        next_step_ = clock_;
    }
    if (pressed()) next_step_ = clock_;
    take();

    std::uint32_t at = 0, number = 0;
    while (at < frames) {
        if (clock_ + at >= next_step_) {
            const double moment = static_cast<double>(clock_ + at) / rate_;
            tell_host(at, false);
            tell_parameters(at, out);
            if (offline && connected) {
                tell_host(at, true);
                await_ready(moment);
            }
            const auto steps = line_.running || offline ? STEPS : IDLE_STEPS;
            next_step_ = clock_ + at + static_cast<std::uint64_t>(rate_ / steps);
            take();
        }
        for (; number < count && in[number].frame <= at; ++number) {
            if (on(Thru)) out.pass(number);
            if (!line_.running || in[number].size > 3 || in[number].size < 2) continue;
            ToServer played;
            played.kind = ToServer::Midi;
            for (int byte = 0; byte < in[number].size; ++byte)
                played.midi[byte] = in[number].data[byte];
            tell_host(at, false);
            connection_.to_server.push(played);
        }
        std::uint64_t to = std::min<std::uint64_t>(frames, next_step_ - clock_);
        if (number < count) to = std::min<std::uint64_t>(to, in[number].frame);
        play(at, static_cast<std::uint32_t>(to), out);
        at = static_cast<std::uint32_t>(to);
    }
    for (; number < count; ++number)  // at the end of the block, where hosts err
        if (on(Thru)) out.pass(number);
    clock_ += frames;
}

/** Where a frame of the block lies. */
double Player::place(std::int64_t frame) const noexcept {
    if (line_.free) return (static_cast<double>(clock_) + static_cast<double>(frame)) / rate_;
    return line_.beat + static_cast<double>(frame) * line_.bpm / (60.0 * rate_);
}

/** The frame of the block at which a place lies: the nearest one, which may be beyond it. */
std::int64_t Player::frame(double place) const noexcept {
    const double frames = line_.free ? place * rate_ - static_cast<double>(clock_)
                                     : (place - line_.beat) * 60.0 * rate_ / line_.bpm;
    constexpr double BEYOND = 1e12;
    if (!(frames < BEYOND)) return static_cast<std::int64_t>(BEYOND);
    return static_cast<std::int64_t>(std::floor(std::max(frames, -BEYOND) + 0.5));
}

/** Rendering: wait until a server is there, which may have to be started. */
void Player::await_server() noexcept {
    const auto until = std::chrono::steady_clock::now() +
                       (connection_.starts_servers() ? RENDER_WAITS_FIRST : RENDER_WAITS);
    while (!gave_up_ && !connection_.connected.load(std::memory_order_acquire)) {
        gave_up_ = std::chrono::steady_clock::now() > until;
        std::this_thread::sleep_for(2ms);
    }
}

/** Rendering: wait until the server has told all that there is up to a moment. */
void Player::await_ready(double moment) noexcept {
    const auto until = std::chrono::steady_clock::now() + RENDER_WAITS;
    for (;;) {
        take();
        if (ready_ >= moment - 1e-9 || !connection_.connected.load(std::memory_order_acquire) ||
            std::chrono::steady_clock::now() > until)
            return;
        std::this_thread::sleep_for(30us);
    }
}

void Player::tell_host(std::uint32_t at, bool waits) noexcept {
    ToServer message;
    message.moment = static_cast<double>(clock_ + at) / rate_;
    message.beat = line_.free ? 0.0 : place(at);
    message.bpm = line_.free ? 0.0 : line_.bpm;
    message.upper = static_cast<std::uint8_t>(line_.upper);
    message.lower = static_cast<std::uint8_t>(line_.lower);
    message.running = line_.running;
    message.waits = waits;
    message.epoch = line_.epoch;
    connection_.to_server.push(message);
}

/** Send what was set or pressed since it was looked at last. */
void Player::tell_parameters(std::uint32_t at, Output& out) noexcept {
    for (std::uint32_t index = 0; index < ParameterCount; ++index) {
        const ParameterInfo& info = PARAMETERS[index];
        ToServer message;
        message.parameter = index;
        if (info.use == Use::Setting) {
            message.kind = ToServer::Parameter;
            message.value = get(index);
            if (message.value == sent_[index] && !all_unsent_) continue;
            if (!connection_.to_server.push(message)) return;  // at the next step
            sent_[index] = message.value;
        } else if (info.use == Use::Button) {
            const std::uint32_t times = pressed_[index].load(std::memory_order_relaxed);
            if (times == told_[index]) continue;
            if (index == Panic) silence(at, out);
            message.kind = ToServer::Trigger;
            if (!connection_.to_server.push(message)) return;
            told_[index] = times;
        }
    }
    all_unsent_ = false;
}

/** Take what the server told; what belongs to another epoch is passed over. */
void Player::take() noexcept {
    FromServer told;
    while (connection_.from_server.pop(told)) {
        if (told.kind == FromServer::Ready) {
            ready_ = told.place;
            continue;
        }
        if (told.epoch != line_.epoch) continue;
        if (told.kind == FromServer::Note) {
            if (waiting_count_ < waiting_.size())
                waiting_[waiting_count_++] = {told.place,    told.length,  told.pitch,
                                              told.velocity, told.channel};
            continue;
        }
        const double from = told.kind == FromServer::Forget
                                ? told.place - 1e-6
                                : -std::numeric_limits<double>::infinity();
        std::uint32_t kept = 0;
        for (std::uint32_t index = 0; index < waiting_count_; ++index)
            if (waiting_[index].place < from) waiting_[kept++] = waiting_[index];
        waiting_count_ = kept;
        if (told.kind == FromServer::Silence)
            for (std::uint32_t index = 0; index < sounding_count_; ++index)
                sounding_[index].end = -std::numeric_limits<double>::infinity();
    }
}

/** End every note, and forget those to come. */
void Player::silence(std::uint32_t at, Output& out) noexcept {
    waiting_count_ = 0;
    while (sounding_count_ && end(0, at, out)) {
    }
    for (std::uint32_t index = 0; index < sounding_count_; ++index)  // no room: in the next block
        sounding_[index].end = -std::numeric_limits<double>::infinity();
}

/** End a note. Returns false where the host takes no more now. */
bool Player::end(std::uint32_t index, std::uint32_t at, Output& out) noexcept {
    const Sounding& note = sounding_[index];
    MidiMessage off{at, 3, {static_cast<std::uint8_t>(NOTE_OFF | note.channel), note.pitch, 0}};
    if (!out.write(off)) return false;
    std::copy(sounding_.begin() + index + 1, sounding_.begin() + sounding_count_,
              sounding_.begin() + index);
    --sounding_count_;
    return true;
}

/** Play what falls on some frames: ends first, then beginnings, in order of time. */
void Player::play(std::uint32_t from, std::uint32_t to, Output& out) noexcept {
    for (;;) {
        std::int64_t first = to;
        std::uint32_t ending = sounding_count_, beginning = waiting_count_;
        for (std::uint32_t index = 0; index < sounding_count_; ++index) {
            const std::int64_t at = frame(sounding_[index].end);
            if (at < first) {
                first = at;
                ending = index;
            }
        }
        for (std::uint32_t index = 0; index < waiting_count_; ++index) {
            const std::int64_t at = frame(waiting_[index].place);
            if (at >= first) continue;
            first = at;
            ending = sounding_count_;
            beginning = index;
        }
        if (first >= to) return;
        const auto at = static_cast<std::uint32_t>(std::max<std::int64_t>(first, from));
        if (ending < sounding_count_) {
            if (!end(ending, at, out)) return;
            continue;
        }
        const Waiting note = waiting_[beginning];
        std::copy(waiting_.begin() + beginning + 1, waiting_.begin() + waiting_count_,
                  waiting_.begin() + beginning);
        --waiting_count_;
        if (static_cast<double>(from) - static_cast<double>(first) > LATE * rate_) continue;
        for (std::uint32_t index = 0; index < sounding_count_; ++index) {
            if (sounding_[index].pitch == note.pitch && sounding_[index].channel == note.channel) {
                end(index, at, out);
                break;
            }
        }
        if (sounding_count_ == sounding_.size()) continue;
        const MidiMessage on{at, 3, {static_cast<std::uint8_t>(NOTE_ON | note.channel), note.pitch,
                                     note.velocity}};
        if (!out.write(on)) continue;
        sounding_[sounding_count_++] = {note.place + note.length, note.pitch, note.channel};
    }
}

}  // namespace composer
