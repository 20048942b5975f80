// Beat line: where a host is in its music, as one line that a loop does not break.
//
// Hosts say at every block in which place of which bar it begins. From block to block the
// line goes on as the tempo says; a place that is not on it is a jump, and begins another
// epoch. A loop of whole bars is none: the bar goes on where it would have gone on.
#pragma once

#include <cmath>
#include <cstdint>

namespace composer {

/** What a host says of where a block begins. */
struct HostPosition {
    bool valid = false;     // whether it has a tempo and bars
    bool playing = false;
    double bpm = 120.0;     // as the host says, in quarter notes or in its own beats
    double in_bar = 0.0;    // beats of the metre since the bar line
    int upper = 4, lower = 4;
};

class BeatLine {
  public:
    std::uint32_t epoch = 1;
    bool running = false;  // whether composer listens and plays
    bool free = true;      // without beats: places are seconds on the plug-in's clock
    double beat = 0.0;     // quarter notes at the beginning of the block
    double bpm = 0.0;      // quarter notes per minute; 0 in free time
    int upper = 4, lower = 4;
    bool started = false;  // whether the host's transport started with this block

    /** A block begins.
     *
     * @param host Where it does.
     * @param frames Its length.
     * @param rate Frames per second.
     * @param active Whether composer is to play at all.
     * @param while_stopped Whether it plays in free time while the host stands.
     */
    void begin(const HostPosition& host, std::uint32_t frames, double rate, bool active,
               bool while_stopped) noexcept {
        const bool was_running = running, was_free = free;
        const bool was_beating = was_running && !was_free;
        const bool beating = active && host.valid && host.playing;
        running = active && (beating || !host.valid || while_stopped);
        free = !beating;
        started = beating && !was_beating;
        if (running != was_running || free != was_free) ++epoch;
        if (!beating) {
            bpm = 0.0;
            beat = 0.0;
            return;
        }
        const int lower_before = lower, upper_before = upper;
        upper = valid_upper(host.upper);
        lower = valid_lower(host.lower);
        const double bar = 4.0 * upper / lower;
        const double in_bar = std::fmod(host.in_bar * 4.0 / lower + 64.0 * bar, bar);
        double expected = 0.0;
        bool goes_on = was_beating && upper == upper_before && lower == lower_before;
        if (goes_on) {
            expected = beat + last_frames_ * bpm / (60.0 * rate);
            const double nearest = std::round((expected - in_bar) / bar) * bar + in_bar;
            goes_on = std::fabs(nearest - expected) < TOLERANCE;
            beat = nearest;
        }
        if (!goes_on) {
            if (was_beating) ++epoch;
            beat = in_bar;
        }
        bpm = quarters(host.bpm, goes_on ? in_bar : -1.0, bar, rate);
        last_in_bar_ = in_bar;
        last_frames_ = frames;
    }

    /** Drop everything: what follows is another epoch. */
    void jump() noexcept { ++epoch; }

  private:
    static constexpr double TOLERANCE = 0.25;  // quarter notes that a tempo change may move
    double last_in_bar_ = 0.0;
    std::uint32_t last_frames_ = 0;

    static int valid_upper(int value) noexcept { return value < 1 ? 4 : value > 32 ? 32 : value; }

    static int valid_lower(int value) noexcept {
        return value == 1 || value == 2 || value == 4 || value == 8 || value == 16 ? value : 4;
    }

    /** The tempo in quarter notes: some hosts count beats of the metre, others quarters. */
    double quarters(double said, double in_bar, double bar, double rate) const noexcept {
        if (!(said > 0.0)) said = 120.0;
        if (lower == 4) return clamped(said);
        const double other = said * 4.0 / lower;
        if (in_bar < 0.0 || last_frames_ == 0) return clamped(counts_quarters_ ? said : other);
        const double moved = std::fmod(in_bar - last_in_bar_ + bar, bar);
        const double seen = moved * 60.0 * rate / last_frames_;
        counts_quarters_ = std::fabs(seen - said) <= std::fabs(seen - other);
        return clamped(counts_quarters_ ? said : other);
    }

    static double clamped(double value) noexcept {
        return value < 10.0 ? 10.0 : value > 400.0 ? 400.0 : value;
    }

    mutable bool counts_quarters_ = true;
};

}  // namespace composer
