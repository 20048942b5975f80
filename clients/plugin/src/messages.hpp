// Messages: what passes between the audio thread and the thread that talks to the server.
#pragma once

#include <cstdint>

namespace composer {

/** What the audio thread has to say; sent in this order. */
struct ToServer {
    enum Kind : std::uint8_t { Host, Midi, Parameter, Trigger, Restart } kind = Host;
    // Host: where the host is.
    double moment = 0.0;  // seconds on the plug-in's own clock, which counts samples
    double beat = 0.0;    // quarter notes from a bar line
    double bpm = 0.0;     // quarter notes per minute; 0: free time
    std::uint8_t upper = 4, lower = 4;
    bool running = false;
    bool waits = false;
    std::uint32_t epoch = 0;
    // Midi: a message of up to three bytes.
    std::uint8_t midi[3] = {0, 0, 0};
    // Parameter, Trigger: which one, and its value.
    std::uint32_t parameter = 0;
    float value = 0.0f;
};

/** What the server has to say. Places are beats of the host, or moments in free time. */
struct FromServer {
    enum Kind : std::uint8_t { Note, Forget, Silence, Ready } kind = Note;
    std::uint32_t epoch = 0;
    double place = 0.0;  // Ready: the moment
    double length = 0.0;
    std::uint8_t pitch = 0, velocity = 0, channel = 0;  // channel 0..15
};

/** A MIDI message of up to three bytes and the frame of its block at which it falls. */
struct MidiMessage {
    std::uint32_t frame = 0;
    std::uint8_t size = 0;
    std::uint8_t data[3] = {0, 0, 0};
};

}  // namespace composer
