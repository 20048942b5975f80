// A CLAP host of a few lines, for tests: loads the plug-in, and plays it offline.
//
//     clap_host PLUGIN.clap        needs a server, or COMPOSER_COMMAND= for none
//
// It plays C for half a beat at 120, and prints "FRAME on|off PITCH" for what comes out, after
// what it found: the number of parameters, and those that it set, saved, set back and loaded.

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "clap/entry.h"
#include "clap/events.h"
#include "clap/ext/params.h"
#include "clap/ext/state.h"
#include "clap/plugin-factory.h"
#include "clap/plugin.h"
#include "library.hpp"

namespace {

constexpr double RATE = 48000.0;
constexpr std::uint32_t BLOCK = 480;
constexpr clap_id MODE = 0, TEMPERATURE = 1, OFFLINE = 15;

struct Render {
    bool (*has_hard_realtime_requirement)(const clap_plugin_t*);
    bool (*set)(const clap_plugin_t*, std::int32_t);
};

std::vector<clap_event_midi_t> incoming;
long long now = 0;
int notes = 0;

std::uint32_t size(const clap_input_events_t*) { return incoming.size(); }

const clap_event_header_t* get(const clap_input_events_t*, std::uint32_t index) {
    return &incoming[index].header;
}

bool push(const clap_output_events_t*, const clap_event_header_t* event) {
    int status = 0, pitch = 0;
    if (event->type == CLAP_EVENT_MIDI) {
        const auto* midi = reinterpret_cast<const clap_event_midi_t*>(event);
        status = midi->data[0] & 0xF0;
        pitch = midi->data[1];
    } else if (event->type == CLAP_EVENT_NOTE_ON || event->type == CLAP_EVENT_NOTE_OFF) {
        const auto* note = reinterpret_cast<const clap_event_note_t*>(event);
        status = event->type == CLAP_EVENT_NOTE_ON ? 0x90 : 0x80;
        pitch = note->key;
    }
    if (status == 0x90 || status == 0x80) {
        std::printf("%lld %s %d\n", now + event->time, status == 0x90 ? "on" : "off", pitch);
        notes += status == 0x90;
    }
    return true;
}

clap_event_param_value_t moved_to{};

std::uint32_t one(const clap_input_events_t*) { return 1; }

const clap_event_header_t* move(const clap_input_events_t*, std::uint32_t) {
    return &moved_to.header;
}

std::string saved;
std::size_t loaded = 0;

std::int64_t save(const clap_ostream_t*, const void* data, std::uint64_t bytes) {
    saved.append(static_cast<const char*>(data), bytes);
    return static_cast<std::int64_t>(bytes);
}

std::int64_t read(const clap_istream_t*, void* data, std::uint64_t room) {
    const std::size_t bytes = std::min<std::size_t>(room, saved.size() - loaded);
    std::memcpy(data, saved.data() + loaded, bytes);
    loaded += bytes;
    return static_cast<std::int64_t>(bytes);
}

const void* no_extension(const clap_host_t*, const char*) { return nullptr; }
void nothing(const clap_host_t*) {}

void play(std::uint32_t at, std::uint8_t status, std::uint8_t velocity) {
    clap_event_midi_t event{};
    event.header = {sizeof event, at, CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_MIDI, 0};
    event.data[0] = status;
    event.data[1] = 60;
    event.data[2] = velocity;
    incoming.push_back(event);
}

int fail(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    return 1;
}

}  // namespace

int main(int, char** arguments) {
    void* library = load(arguments[1]);
    if (!library) return fail(problem());
    const auto* entry = static_cast<const clap_plugin_entry_t*>(symbol(library, "clap_entry"));
    if (!entry || !entry->init(arguments[1])) return fail("no entry");
    const auto* factory =
        static_cast<const clap_plugin_factory_t*>(entry->get_factory(CLAP_PLUGIN_FACTORY_ID));
    if (!factory || factory->get_plugin_count(factory) != 1) return fail("not one plug-in");
    const clap_host_t host{CLAP_VERSION, nullptr,      "test",  "composer", "",
                           "1",          no_extension, nothing, nothing,    nothing};
    const char* id = factory->get_plugin_descriptor(factory, 0)->id;
    const clap_plugin_t* plugin = factory->create_plugin(factory, &host, id);
    if (!plugin || !plugin->init(plugin)) return fail("it cannot be made");

    const auto* params = static_cast<const clap_plugin_params_t*>(
        plugin->get_extension(plugin, CLAP_EXT_PARAMS));
    const auto* state =
        static_cast<const clap_plugin_state_t*>(plugin->get_extension(plugin, CLAP_EXT_STATE));
    const auto* render =
        static_cast<const Render*>(plugin->get_extension(plugin, "clap.render"));
    if (!params || !state || !render) return fail("an extension is missing");
    std::printf("parameters %u\n", params->count(plugin));
    const clap_ostream_t writer{nullptr, save};
    const clap_istream_t reader{nullptr, read};
    const clap_input_events_t moved{nullptr, one, move};
    const clap_output_events_t unheard{nullptr, push};
    const auto set = [&](clap_id id, double value) {
        moved_to.header = {sizeof moved_to, 0, CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, 0};
        moved_to.param_id = id;
        moved_to.note_id = moved_to.port_index = moved_to.channel = moved_to.key = -1;
        moved_to.value = value;
        params->flush(plugin, &moved, &unheard);
    };
    set(MODE, 2.0);
    set(TEMPERATURE, 0.5);
    render->set(plugin, 1);
    if (!state->save(plugin, &writer)) return fail("no state");
    set(MODE, 0.0);
    set(TEMPERATURE, 0.95);
    render->set(plugin, 0);
    if (!state->load(plugin, &reader)) return fail("the state is not taken");
    for (clap_id id : {MODE, TEMPERATURE, OFFLINE}) {
        double value = -1.0;
        params->get_value(plugin, id, &value);
        std::printf("parameter %u %.2f\n", id, value);
    }
    set(MODE, 0.0);
    render->set(plugin, 1);

    plugin->activate(plugin, RATE, 1, BLOCK);
    plugin->start_processing(plugin);
    std::vector<float> left(BLOCK, 0.25f), right(BLOCK, -0.25f), out_left(BLOCK), out_right(BLOCK);
    float* in_channels[] = {left.data(), right.data()};
    float* out_channels[] = {out_left.data(), out_right.data()};
    clap_audio_buffer_t in{}, out{};
    in.data32 = in_channels;
    out.data32 = out_channels;
    in.channel_count = out.channel_count = 2;
    const clap_input_events_t in_events{nullptr, size, get};
    const clap_output_events_t out_events{nullptr, push};
    clap_event_transport_t transport{};
    transport.header = {sizeof transport, 0, CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_TRANSPORT, 0};
    transport.flags = CLAP_TRANSPORT_HAS_TEMPO | CLAP_TRANSPORT_HAS_BEATS_TIMELINE |
                      CLAP_TRANSPORT_HAS_TIME_SIGNATURE | CLAP_TRANSPORT_IS_PLAYING;
    transport.tempo = 120.0;
    transport.tsig_num = transport.tsig_denom = 4;
    bool passed = true;
    for (; now < 6 * RATE; now += BLOCK) {
        incoming.clear();
        if (now == 24000) play(0, 0x90, 90);
        if (now == 36000) play(0, 0x80, 0);
        transport.song_pos_beats =
            static_cast<clap_beattime>(std::llround(now / 24000.0 * CLAP_BEATTIME_FACTOR));
        clap_process_t process{};
        process.steady_time = now;
        process.frames_count = BLOCK;
        process.transport = &transport;
        process.audio_inputs = &in;
        process.audio_outputs = &out;
        process.audio_inputs_count = process.audio_outputs_count = 1;
        process.in_events = &in_events;
        process.out_events = &out_events;
        if (plugin->process(plugin, &process) == CLAP_PROCESS_ERROR) return fail("process");
        passed = passed && out_left == left && out_right == right;
    }
    std::printf("sound %s\n", passed ? "passed" : "changed");
    plugin->stop_processing(plugin);
    plugin->deactivate(plugin);
    plugin->destroy(plugin);
    entry->deinit();
    return 0;
}
