// Player: the audio thread's side. It says what happens at which sample, and plays what it is told.
//
// Nothing here waits, locks or takes memory, but for one case: where the host renders faster
// than real time, `process` waits for the server, so that a rendering lacks no note.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "beat_line.hpp"
#include "connection.hpp"
#include "messages.hpp"
#include "parameters.hpp"

namespace composer {

/** Where MIDI goes. */
class Output {
  public:
    virtual ~Output() = default;
    /** Write a message of composer's. Returns false where the host takes no more in this block. */
    virtual bool write(const MidiMessage& message) noexcept = 0;
    /** Pass on one of the messages that came in, by its number. */
    virtual void pass(std::uint32_t number) noexcept = 0;
};

class Player {
  public:
    explicit Player(Connection& connection) noexcept;

    /** Frames per second; not while `process` runs. */
    void set_rate(double rate) noexcept { rate_ = rate > 1.0 ? rate : 48000.0; }

    /** The host begins to process. */
    void activate() noexcept { activated_ = true; }

    /** Set a parameter; from any thread. */
    void set(std::uint32_t parameter, float value) noexcept;

    /** What a parameter is set to. */
    float get(std::uint32_t parameter) const noexcept;

    /** One block.
     *
     * @param host Where it begins in the music.
     * @param in What the host plays, in order.
     * @param count How many.
     * @param frames Length of the block.
     * @param out Where notes go, in order.
     */
    void process(const HostPosition& host, const MidiMessage* in, std::uint32_t count,
                 std::uint32_t frames, Output& out) noexcept;

    /** Notes of composer's that sound. */
    std::uint32_t sounding() const noexcept { return sounding_count_; }

  private:
    struct Waiting {
        double place, length;
        std::uint8_t pitch, velocity, channel;
    };
    struct Sounding {
        double end;
        std::uint8_t pitch, channel;
    };

    Connection& connection_;
    BeatLine line_;
    double rate_ = 48000.0;
    std::uint64_t clock_ = 0;      // frames so far
    std::uint64_t next_step_ = 0;  // frame at which the server is told the next time
    std::uint32_t serial_ = 0;
    bool activated_ = true;
    bool gave_up_ = false;  // nobody came while rendering: do not wait again
    double ready_ = -1.0;
    std::array<std::atomic<float>, ParameterCount> values_{};
    std::array<std::atomic<std::uint32_t>, ParameterCount> pressed_{};  // times, of a button
    std::array<std::uint32_t, ParameterCount> told_{};                  // times that were told
    std::array<float, ParameterCount> sent_{};
    bool all_unsent_ = true;
    std::array<Waiting, 4096> waiting_{};
    std::uint32_t waiting_count_ = 0;
    std::array<Sounding, 512> sounding_{};
    std::uint32_t sounding_count_ = 0;

    bool on(ParameterId parameter) const noexcept { return get(parameter) > 0.5f; }
    double place(std::int64_t frame) const noexcept;
    std::int64_t frame(double place) const noexcept;
    bool pressed() const noexcept;
    void await_server() noexcept;
    void silence(std::uint32_t at, Output& out) noexcept;
    void tell_host(std::uint32_t at, bool waits) noexcept;
    void tell_parameters(std::uint32_t at, Output& out) noexcept;
    void await_ready(double moment) noexcept;
    void take() noexcept;
    void play(std::uint32_t from, std::uint32_t to, Output& out) noexcept;
    bool end(std::uint32_t index, std::uint32_t at, Output& out) noexcept;
};

}  // namespace composer
