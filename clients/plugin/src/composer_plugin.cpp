// The plug-in as DPF wants it: parameters, MIDI in and out, and sound passed through.

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "DistrhoPlugin.hpp"

#include "connection.hpp"
#include "player.hpp"
#include "server_process.hpp"

START_NAMESPACE_DISTRHO

namespace {

constexpr std::uint16_t USUAL_PORT = 9190;

std::uint16_t server_port() {
    const char* given = std::getenv("COMPOSER_OSC_PORT");
    const long port = given ? std::strtol(given, nullptr, 10) : 0;
    return port > 0 && port < 65536 ? static_cast<std::uint16_t>(port) : USUAL_PORT;
}

}  // namespace

class ComposerPlugin : public Plugin, private composer::Output {
  public:
    ComposerPlugin() : Plugin(composer::ParameterCount, 0, 0), player_(connection_) {
        player_.set_rate(getSampleRate());
        if (!isDummyInstance())
            connection_.start(server_port(), composer::server_command());
    }

  protected:
    const char* getLabel() const override { return "composer"; }
    const char* getDescription() const override {
        return "An LSTM that answers what you play; needs composer on this computer.";
    }
    const char* getMaker() const override { return "composer"; }
    const char* getLicense() const override { return "Apache-2.0"; }
    uint32_t getVersion() const override { return d_version(0, 1, 0); }
    int64_t getUniqueId() const override { return d_cconst('C', 'm', 'p', 'L'); }

    void initAudioPort(bool input, uint32_t index, AudioPort& port) override {
        port.groupId = kPortGroupStereo;
        Plugin::initAudioPort(input, index, port);
    }

    void initParameter(uint32_t index, Parameter& parameter) override {
        const composer::ParameterInfo& info = composer::PARAMETERS[index];
        if (index == composer::Bypass) {
            parameter.initDesignation(kParameterDesignationBypass);
            return;
        }
        parameter.name = info.name;
        parameter.symbol = info.symbol;
        parameter.description = info.help;
        parameter.ranges.min = info.low;
        parameter.ranges.max = info.high;
        parameter.ranges.def = info.usual;
        parameter.hints = kParameterIsAutomatable;
        if (info.use == composer::Use::Button)
            parameter.hints |= kParameterIsTrigger;
        else if (info.whole && info.low == 0 && info.high == 1)
            parameter.hints |= kParameterIsBoolean;
        else if (info.whole)
            parameter.hints |= kParameterIsInteger;
        if (info.choices) {
            parameter.enumValues.count = info.choice_count;
            parameter.enumValues.restrictedMode = true;
            auto* const values = new ParameterEnumerationValue[info.choice_count];
            for (uint8_t choice = 0; choice < info.choice_count; ++choice) {
                values[choice].value = choice;
                values[choice].label = info.choices[choice];
            }
            parameter.enumValues.values = values;
        }
    }

    float getParameterValue(uint32_t index) const override { return player_.get(index); }
    void setParameterValue(uint32_t index, float value) override { player_.set(index, value); }
    void sampleRateChanged(double rate) override { player_.set_rate(rate); }
    void activate() override { player_.activate(); }

    void run(const float** inputs, float** outputs, uint32_t frames, const MidiEvent* events,
             uint32_t count) override {
        for (int side = 0; side < 2; ++side)
            if (outputs[side] != inputs[side])
                std::memcpy(outputs[side], inputs[side], sizeof(float) * frames);
        in_ = events;
        const uint32_t taken = std::min<uint32_t>(count, MOST_EVENTS);
        for (uint32_t number = 0; number < taken; ++number) {
            composer::MidiMessage& message = messages_[number];
            message.frame = std::min(events[number].frame, frames ? frames - 1 : 0);
            message.size = static_cast<std::uint8_t>(std::min<uint32_t>(events[number].size, 255));
            std::memcpy(message.data, events[number].data, 3);
        }
        player_.process(position(), messages_, taken, frames, *this);
    }

  private:
    static constexpr uint32_t MOST_EVENTS = 1024;

    composer::Connection connection_;
    composer::Player player_;
    composer::MidiMessage messages_[MOST_EVENTS];
    const MidiEvent* in_ = nullptr;

    composer::HostPosition position() const {
        const TimePosition& time = getTimePosition();
        composer::HostPosition host;
        host.playing = time.playing;
        host.valid = time.bbt.valid;
        if (host.valid) {
            host.bpm = time.bbt.beatsPerMinute;
            host.upper = static_cast<int>(time.bbt.beatsPerBar + 0.5f);
            host.lower = static_cast<int>(time.bbt.beatType + 0.5f);
            const double ticks = time.bbt.ticksPerBeat > 0.0 ? time.bbt.ticksPerBeat : 1920.0;
            host.in_bar = time.bbt.beat - 1 + time.bbt.tick / ticks;
        }
        return host;
    }

    bool write(const composer::MidiMessage& message) noexcept override {
        MidiEvent event{};
        event.frame = message.frame;
        event.size = message.size;
        std::memcpy(event.data, message.data, 3);
        return writeMidiEvent(event);
    }

    void pass(std::uint32_t number) noexcept override { writeMidiEvent(in_[number]); }

    DISTRHO_DECLARE_NON_COPYABLE_WITH_LEAK_DETECTOR(ComposerPlugin)
};

Plugin* createPlugin() { return new ComposerPlugin(); }

END_NAMESPACE_DISTRHO
