// A VST3 host of a few lines, for tests: loads the plug-in, renders offline, and saves a song.
//
//     vst3_host PLUGIN.so        needs a server, or COMPOSER_COMMAND= for none
//
// It plays C for half a beat at 120, and prints "FRAME on|off PITCH" for what comes out, and
// "FRAME control NUMBER VALUE" for a pedal; then "PARAMETER VALUE" for what was automated, in
// another plug-in that was given the state of this one. The
// interfaces are written down here as their order in VST3 is; DPF's headers have the data.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "travesty/audio_processor.h"
#include "library.hpp"
#include "travesty/bstream.h"
#include "travesty/component.h"
#include "travesty/edit_controller.h"
#include "travesty/factory.h"

namespace {

constexpr double RATE = 48000.0;
constexpr std::int32_t BLOCK = 480;

struct Unknown {
    virtual v3_result query(const v3_tuid id, void** object) = 0;
    virtual std::uint32_t ref() = 0;
    virtual std::uint32_t unref() = 0;
};

struct Factory : Unknown {
    virtual v3_result info(v3_factory_info*) = 0;
    virtual std::int32_t count() = 0;
    virtual v3_result about(std::int32_t, v3_class_info*) = 0;
    virtual v3_result create(const v3_tuid, const v3_tuid, void**) = 0;
};

struct Component : Unknown {
    virtual v3_result initialize(Unknown*) = 0;
    virtual v3_result terminate() = 0;
    virtual v3_result controller(v3_tuid) = 0;
    virtual v3_result set_io_mode(std::int32_t) = 0;
    virtual std::int32_t buses(std::int32_t media, std::int32_t direction) = 0;
    virtual v3_result bus(std::int32_t, std::int32_t, std::int32_t, v3_bus_info*) = 0;
    virtual v3_result routing(v3_routing_info*, v3_routing_info*) = 0;
    virtual v3_result activate_bus(std::int32_t, std::int32_t, std::int32_t, v3_bool) = 0;
    virtual v3_result set_active(v3_bool) = 0;
    virtual v3_result set_state(struct Stream*) = 0;
    virtual v3_result state(struct Stream*) = 0;
};

struct Controller : Unknown {
    virtual v3_result initialize(Unknown*) = 0;
    virtual v3_result terminate() = 0;
    virtual v3_result set_component_state(struct Stream*) = 0;
    virtual v3_result set_state(struct Stream*) = 0;
    virtual v3_result state(struct Stream*) = 0;
    virtual std::int32_t count() = 0;
    virtual v3_result about(std::int32_t, v3_param_info*) = 0;
    virtual v3_result text(v3_param_id, double, v3_str_128) = 0;
    virtual v3_result value_of(v3_param_id, std::int16_t*, double*) = 0;
    virtual double plain(v3_param_id, double) = 0;
    virtual double normalized(v3_param_id, double) = 0;
    virtual double get(v3_param_id) = 0;
};

struct Mapping : Unknown {
    virtual v3_result parameter(std::int32_t, std::int16_t, std::int16_t, v3_param_id*) = 0;
};

struct Processor : Unknown {
    virtual v3_result arrange(v3_speaker_arrangement*, std::int32_t, v3_speaker_arrangement*,
                              std::int32_t) = 0;
    virtual v3_result arrangement(std::int32_t, std::int32_t, v3_speaker_arrangement*) = 0;
    virtual v3_result can_process(std::int32_t) = 0;
    virtual std::uint32_t latency() = 0;
    virtual v3_result setup(v3_process_setup*) = 0;
    virtual v3_result set_processing(v3_bool) = 0;
    virtual v3_result process(v3_process_data*) = 0;
};

struct EventList : Unknown {
    virtual std::uint32_t count() = 0;
    virtual v3_result get(std::int32_t, v3_event*) = 0;
    virtual v3_result add(v3_event*) = 0;
};

struct Events final : EventList {
    std::vector<v3_event> events;
    v3_result query(const v3_tuid, void**) override { return V3_NO_INTERFACE; }
    std::uint32_t ref() override { return 1; }
    std::uint32_t unref() override { return 1; }
    std::uint32_t count() override { return static_cast<std::uint32_t>(events.size()); }
    v3_result get(std::int32_t index, v3_event* event) override {
        *event = events[static_cast<std::size_t>(index)];
        return V3_OK;
    }
    v3_result add(v3_event* event) override {
        events.push_back(*event);
        return V3_OK;
    }
};

/** The song's file. */
struct Stream final : Unknown {
    std::vector<char> bytes;
    std::size_t at = 0;
    v3_result query(const v3_tuid, void**) override { return V3_NO_INTERFACE; }
    std::uint32_t ref() override { return 1; }
    std::uint32_t unref() override { return 1; }
    virtual v3_result read(void* to, std::int32_t room, std::int32_t* got) {
        *got = static_cast<std::int32_t>(
            std::min<std::size_t>(static_cast<std::size_t>(room), bytes.size() - at));
        std::memcpy(to, bytes.data() + at, static_cast<std::size_t>(*got));
        at += static_cast<std::size_t>(*got);
        return V3_OK;
    }
    virtual v3_result write(void* from, std::int32_t size, std::int32_t* written) {
        const char* data = static_cast<const char*>(from);
        bytes.insert(bytes.end(), data, data + size);
        *written = size;
        return V3_OK;
    }
    virtual v3_result seek(std::int64_t, std::int32_t, std::int64_t*) { return V3_NOT_IMPLEMENTED; }
    virtual v3_result tell(std::int64_t*) { return V3_NOT_IMPLEMENTED; }
};

/** A parameter that is moved at the beginning of a block. */
struct Move final : Unknown {
    v3_param_id id;
    double value;
    Move(v3_param_id which, double to) : id(which), value(to) {}
    v3_result query(const v3_tuid, void**) override { return V3_NO_INTERFACE; }
    std::uint32_t ref() override { return 1; }
    std::uint32_t unref() override { return 1; }
    virtual v3_param_id which() { return id; }
    virtual std::int32_t count() { return 1; }
    virtual v3_result point(std::int32_t, std::int32_t* frame, double* to) {
        *frame = 0;
        *to = value;
        return V3_OK;
    }
    virtual v3_result add(std::int32_t, double, std::int32_t*) { return V3_FALSE; }
};

/** Those of a block. */
struct Moves final : Unknown {
    std::vector<Move> moves;
    v3_result query(const v3_tuid, void**) override { return V3_NO_INTERFACE; }
    std::uint32_t ref() override { return 1; }
    std::uint32_t unref() override { return 1; }
    virtual std::int32_t count() { return static_cast<std::int32_t>(moves.size()); }
    virtual Move* move(std::int32_t index) { return &moves[static_cast<std::size_t>(index)]; }
    virtual Move* add(v3_param_id*, std::int32_t*) { return nullptr; }
};

int fail(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    return 1;
}

}  // namespace

int main(int, char** arguments) {
    void* library = load(arguments[1]);
    if (!library) return fail(problem());
#ifdef _WIN32
    const char *entry = "InitDll", *exit = "ExitDll";
#else
    const char *entry = "ModuleEntry", *exit = "ModuleExit";
#endif
    auto* enter = reinterpret_cast<bool (*)(void*)>(symbol(library, entry));
    auto* leave = reinterpret_cast<bool (*)()>(symbol(library, exit));
    auto* get = reinterpret_cast<Factory* (*)()>(symbol(library, "GetPluginFactory"));
    if (!enter || !leave || !get || !enter(library)) return fail("no entry");
    Factory* factory = get();
    v3_class_info about{};
    if (!factory || factory->count() < 1 || factory->about(0, &about) != V3_OK)
        return fail("no class");
    Component* component = nullptr;
    Processor* processor = nullptr;
    if (factory->create(about.class_id, v3_component_iid, reinterpret_cast<void**>(&component)) ||
        component->initialize(nullptr) ||
        component->query(v3_audio_processor_iid, reinterpret_cast<void**>(&processor)))
        return fail("it cannot be made");
    std::printf("name %s\n", about.name);
    Controller* controller = nullptr;
    Mapping* mapping = nullptr;
    if (component->query(v3_edit_controller_iid, reinterpret_cast<void**>(&controller)) ||
        controller->query(v3_midi_mapping_iid, reinterpret_cast<void**>(&mapping)))
        return fail("it cannot be controlled");
    controller->initialize(nullptr);
    std::vector<v3_param_info> shown;
    for (std::int32_t index = 0; index < controller->count(); ++index) {
        v3_param_info info{};
        if (controller->about(index, &info)) return fail("a parameter without a name");
        if (!(info.flags & V3_PARAM_IS_HIDDEN)) shown.push_back(info);
    }
    std::printf("parameters %zu of %d\n", shown.size(), controller->count());
    v3_param_id pedal = 0, other = 0;
    if (mapping->parameter(0, 3, 64, &pedal) || !mapping->parameter(0, 0, 20, &other))
        return fail("controllers are mapped otherwise");
    v3_process_setup setup{V3_OFFLINE, V3_SAMPLE_32, BLOCK, RATE};
    if (processor->setup(&setup)) return fail("setup");
    for (std::int32_t media : {V3_AUDIO, V3_EVENT})
        for (std::int32_t direction : {V3_INPUT, V3_OUTPUT})
            for (std::int32_t bus = 0; bus < component->buses(media, direction); ++bus)
                component->activate_bus(media, direction, bus, 1);
    component->set_active(1);
    processor->set_processing(1);

    std::vector<float> left(BLOCK, 0.25f), right(BLOCK, -0.25f), out_left(BLOCK), out_right(BLOCK);
    float* in_channels[] = {left.data(), right.data()};
    float* out_channels[] = {out_left.data(), out_right.data()};
    v3_audio_bus_buffers in{}, out{};
    in.num_channels = out.num_channels = 2;
    in.channel_buffers_32 = in_channels;
    out.channel_buffers_32 = out_channels;
    bool passed = true;
    for (long long now = 0; now < 6 * RATE; now += BLOCK) {
        Events played, written;
        v3_event event{};
        if (now == 24000) {
            event.type = V3_EVENT_NOTE_ON;
            event.note_on = {0, 60, 0.0f, 0.7f, 0, -1};
            played.add(&event);
        } else if (now == 36000) {
            event.type = V3_EVENT_NOTE_OFF;
            event.note_off = {0, 60, 0.0f, -1, 0.0f};
            played.add(&event);
        }
        Moves moved;
        if (now + BLOCK >= 6 * RATE) {
            moved.moves.emplace_back(shown[0].param_id, 2.0 / 3.0);  // mode: accompany
            moved.moves.emplace_back(shown[1].param_id, 0.25);       // temperature
        }
        if (now == 4800 || now == 9600) moved.moves.emplace_back(pedal, now == 4800);
        v3_process_context context{};
        context.state = V3_PROCESS_CTX_PLAYING | V3_PROCESS_CTX_TEMPO_VALID |
                        V3_PROCESS_CTX_PROJECT_TIME_VALID | V3_PROCESS_CTX_TIME_SIG_VALID;
        context.sample_rate = RATE;
        context.project_time_in_samples = now;
        context.project_time_quarters = static_cast<double>(now) / 24000.0;
        context.bpm = 120.0;
        context.time_sig_numerator = context.time_sig_denom = 4;
        v3_process_data data{};
        data.process_mode = V3_OFFLINE;
        data.symbolic_sample_size = V3_SAMPLE_32;
        data.nframes = BLOCK;
        data.num_input_buses = data.num_output_buses = 1;
        data.inputs = &in;
        data.outputs = &out;
        Events* played_object = &played;
        Events* written_object = &written;
        data.input_events = reinterpret_cast<v3_event_list**>(played_object);
        data.output_events = reinterpret_cast<v3_event_list**>(written_object);
        data.ctx = &context;
        Moves moved_back;
        Moves* moved_object = &moved;
        Moves* moved_back_object = &moved_back;
        data.input_params = reinterpret_cast<v3_param_changes**>(moved_object);
        data.output_params = reinterpret_cast<v3_param_changes**>(moved_back_object);
        if (processor->process(&data)) return fail("process");
        for (const v3_event& one : written.events) {
            const bool on = one.type == V3_EVENT_NOTE_ON;
            if (one.type == V3_EVENT_LEGACY_MIDI_CC_OUT)
                std::printf("%lld control %d %d\n", now + one.sample_offset,
                            one.midi_cc_out.cc_number, one.midi_cc_out.value);
            if (!on && one.type != V3_EVENT_NOTE_OFF) continue;
            std::printf("%lld %s %d\n", now + one.sample_offset, on ? "on" : "off",
                        on ? one.note_on.pitch : one.note_off.pitch);
        }
        passed = passed && out_left == left && out_right == right;
    }
    std::printf("sound %s\n", passed ? "passed" : "changed");
    processor->set_processing(0);
    component->set_active(0);
    Stream song;
    if (component->state(&song)) return fail("no state");
    Component* reopened = nullptr;
    Controller* look = nullptr;
    if (factory->create(about.class_id, v3_component_iid, reinterpret_cast<void**>(&reopened)) ||
        reopened->initialize(nullptr) ||
        reopened->query(v3_edit_controller_iid, reinterpret_cast<void**>(&look)) ||
        reopened->set_state(&song))
        return fail("the state is not taken");
    for (const v3_param_info& info : shown) {
        const double value = look->get(info.param_id);
        if (std::fabs(value - info.default_normalised_value) < 1e-6) continue;
        std::string name;
        for (const std::int16_t* letter = info.title; *letter; ++letter)
            name += static_cast<char>(*letter);
        std::printf("%s %.4f\n", name.c_str(), look->plain(info.param_id, value));
    }
    look->unref();
    reopened->terminate();
    reopened->unref();
    controller->unref();
    processor->unref();
    component->terminate();
    component->unref();
    factory->unref();
    leave();
    return 0;
}
