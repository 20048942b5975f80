// Parameters: what a host can automate, and what each is called on the server.
#pragma once

#include <cstddef>
#include <cstdint>

namespace composer {

enum ParameterId : std::uint32_t {
    Mode, Temperature, Density, Key, Length, Loudness, Wait, RngSeed,
    Like, Again, Panic,
    Thru, Fresh, WhileStopped, Bypass, Offline,
    ParameterCount
};

/** How a parameter is set: on the server, by pressing it, or in the plug-in alone. */
enum class Use : std::uint8_t { Setting, Button, Own };

struct ParameterInfo {
    const char* symbol;  // on the server, `/composer/set SYMBOL`, where its use is Setting
    const char* name;
    float low, high, usual;
    Use use;
    bool whole;
    const char* const* choices;  // texts that are sent instead of the number; null for none
    std::uint8_t choice_count;
    const char* help;
};

inline constexpr const char* MODES[] = {"call", "continue", "accompany", "off"};
inline constexpr const char* KEYS[] = {
    "auto", "off",
    "C:major", "Db:major", "D:major", "Eb:major", "E:major", "F:major",
    "Gb:major", "G:major", "Ab:major", "A:major", "Bb:major", "B:major",
    "C:minor", "C#:minor", "D:minor", "Eb:minor", "E:minor", "F:minor",
    "F#:minor", "G:minor", "G#:minor", "A:minor", "Bb:minor", "B:minor"};

inline constexpr ParameterInfo PARAMETERS[ParameterCount] = {
    {"mode", "Mode", 0, 3, 0, Use::Setting, true, MODES, 4,
     "Answer each phrase, go on from it, accompany, or only listen"},
    {"temperature", "Temperature", 0, 2, 0.95f, Use::Setting, false, nullptr, 0,
     "0: the likeliest note; 1: as the model believes; more: bolder"},
    {"density", "Density", 0, 16, 0, Use::Setting, false, nullptr, 0,
     "Notes a beat to aim at; 0: as in what you play"},
    {"key", "Key", 0, 25, 0, Use::Setting, true, KEYS, 26, "No note outside it"},
    {"length", "Length", 0.25f, 4, 1, Use::Setting, false, nullptr, 0,
     "Of an answer, in lengths of your phrase"},
    {"loudness", "Loudness", 0.1f, 2, 1, Use::Setting, false, nullptr, 0,
     "Factor on the velocity of what it plays"},
    {"wait", "Wait", 0, 5, 0, Use::Setting, false, nullptr, 0,
     "Seconds of silence that end a phrase; 0: about a beat"},
    {"rng_seed", "Chance", 0, 9999, 0, Use::Setting, true, nullptr, 0,
     "Number from which all chance comes: another one, another answer"},
    {"like", "Like", 0, 1, 0, Use::Button, true, nullptr, 0, "The last answer was good"},
    {"again", "Again", 0, 1, 0, Use::Button, true, nullptr, 0, "Play now, something else"},
    {"panic", "Panic", 0, 1, 0, Use::Button, true, nullptr, 0, "Silence everything"},
    {"thru", "Pass through", 0, 1, 1, Use::Own, true, nullptr, 0,
     "Whether your own notes go on to the instrument"},
    {"fresh", "Fresh start", 0, 1, 1, Use::Own, true, nullptr, 0,
     "Forget what was played when the transport starts: the same song, the same answers"},
    {"while_stopped", "While stopped", 0, 1, 1, Use::Own, true, nullptr, 0,
     "Answer in free time while the transport stands"},
    {"bypass", "Bypass", 0, 1, 0, Use::Own, true, nullptr, 0, "Neither listen nor play"},
    {"offline", "Offline", 0, 1, 0, Use::Own, true, nullptr, 0,
     "Wait for every note, for rendering; most hosts set it by themselves"},
};

}  // namespace composer
