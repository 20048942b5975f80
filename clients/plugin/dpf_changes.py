"""DPF changes: what the DISTRHO Plugin Framework lacks for this plug-in, made in a copy of it.

DPF passes on neither VST3's offline mode nor CLAP's render mode. Both become the parameter
"offline" here, which is not saved with the song: one that was saved while it rendered would wait
for notes while it plays.

VST3 has no MIDI controllers. DPF declares a parameter for each of 130 on each of 16 channels
before the plug-in's own: hosts list 2,080 of them, and take half a minute to ask for their texts;
and none can read the first of the plug-in's own. Here it declares one for each controller that
players use, for all channels together.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

OFFLINE = 15
"""The parameter "offline" in src/parameters.hpp."""
CONTROLLERS = {
    1: "Modulation", 2: "Breath", 7: "Volume", 10: "Pan", 11: "Expression", 64: "Sustain pedal",
    66: "Sostenuto pedal", 67: "Soft pedal", 74: "Brightness", 128: "Pressure", 129: "Pitch bend",
}  # fmt: skip
"""MIDI's controllers that VST3 hosts pass on, and by VST3's numbers two that are none in MIDI."""


class Place(NamedTuple):
    """A text of DPF's, and another.

    Attributes:
        file: In which it is, in `distrho/src`.
        text: What is there, once.
        instead: What is to be there.
    """

    file: str
    text: str
    instead: str


class Change(NamedTuple):
    """Places that are changed together, or not at all.

    Attributes:
        without: What is the matter where they cannot be.
        places: Which.
    """

    without: str
    places: tuple[Place, ...]

    def apply(self, dpf: Path) -> bool:
        """Change a copy of DPF. Returns whether all places were there, each once."""
        texts: dict[Path, str] = {}
        for place in self.places:
            path = dpf / "distrho" / "src" / place.file
            text = texts[path] if path in texts else path.read_text(encoding="utf-8")
            if text.count(place.text) != 1:
                return False
            texts[path] = text.replace(place.text, place.instead)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
        return True


_VST3, _CLAP = "DistrhoPluginVST3.cpp", "DistrhoPluginCLAP.cpp"
_SAVED = """                // join key and value
                String tmpStr;
                tmpStr  = fPlugin.getParameterSymbol(i);
"""
_SAVED_BUT_OFFLINE = f"""                if (i == {OFFLINE})
                    continue;

{_SAVED}"""
_CLAP_EXTENSION = """static CLAP_ABI const void* clap_plugin_get_extension(\
const clap_plugin_t*, const char* const id)
{
"""

CHANGES = (
    Change(
        "VST3 hosts do not say when they render",
        (
            Place(
                _VST3,
                "        // TODO process_mode can be V3_REALTIME, V3_PREFETCH, V3_OFFLINE\n",
                f"""        fPlugin.setParameterValue({OFFLINE},
            setup->process_mode == V3_OFFLINE ? 1.0f : 0.0f);
""",
            ),
            Place(_VST3, _SAVED, _SAVED_BUT_OFFLINE),
        ),
    ),
    Change(
        "CLAP hosts do not say when they render",
        (
            Place(
                _CLAP,
                _CLAP_EXTENSION,
                f"""struct composer_render {{
    bool(CLAP_ABI* has_hard_realtime_requirement)(const clap_plugin_t*);
    bool(CLAP_ABI* set)(const clap_plugin_t*, int32_t);
}};

static CLAP_ABI bool composer_is_hard_realtime(const clap_plugin_t*) {{ return false; }}

static CLAP_ABI bool composer_set_render(const clap_plugin_t* const plugin, const int32_t mode)
{{
    clap_event_param_value_t event = {{}};
    event.param_id = {OFFLINE};
    event.value = mode == 1 ? 1.0 : 0.0;
    static_cast<PluginCLAP*>(plugin->plugin_data)->setParameterValueFromEvent(&event);
    return true;
}}

static const composer_render composer_render_mode = {{
    composer_is_hard_realtime,
    composer_set_render
}};

{_CLAP_EXTENSION}    if (std::strcmp(id, "clap.render") == 0)
        return &composer_render_mode;
""",
            ),
            Place(_CLAP, _SAVED, _SAVED_BUT_OFFLINE),
        ),
    ),
    Change(
        "VST3 hosts list 2,080 MIDI controllers, and cannot read the mode",
        (
            Place(
                "DistrhoPluginVST.hpp",
                """kVst3InternalParameterMidiCC_start + 130*16,
    kVst3InternalParameterCount = kVst3InternalParameterMidiCC_end
""",
                f"""kVst3InternalParameterMidiCC_start + {len(CONTROLLERS) - 1},
    kVst3InternalParameterCount
""",
            ),
            Place(
                "DistrhoPluginVST.hpp",
                "#if DPF_VST3_USES_SEPARATE_CONTROLLER || DISTRHO_PLUGIN_WANT_LATENCY || "
                "DISTRHO_PLUGIN_WANT_PROGRAMS || DISTRHO_PLUGIN_WANT_MIDI_INPUT\n",
                f"""static const struct {{
    int number;
    const char* name;
}} composer_controllers[] = {{
    {", ".join(f'{{{number}, "{name}"}}' for number, name in CONTROLLERS.items())}
}};

#if DPF_VST3_USES_SEPARATE_CONTROLLER || DISTRHO_PLUGIN_WANT_LATENCY || \
    DISTRHO_PLUGIN_WANT_PROGRAMS || DISTRHO_PLUGIN_WANT_MIDI_INPUT
""",
            ),
            Place(
                _VST3,
                "const uint8_t cc = paramId % 130;",
                "const uint8_t cc = composer_controllers[paramId].number;",
            ),
            Place(  # which makes of the highest bend a byte that is none in MIDI
                _VST3,
                """                eventStorage.midi[1] = std::max(0, std::min(16384, \
(int)(normalized * 16384))) & 0x7f;
                eventStorage.midi[2] = std::max(0, std::min(16384, \
(int)(normalized * 16384))) >> 7;
""",
                """                eventStorage.midi[1] = (int)(normalized * 16383 + 0.5) & 0x7f;
                eventStorage.midi[2] = (int)(normalized * 16383 + 0.5) >> 7 & 0x7f;
""",
            ),
            Place(
                _VST3,
                "eventStorage.midi[0] = paramId / 130;",
                "eventStorage.midi[0] = 0;",
            ),
            Place(
                _VST3,
                """            char ccstr[24];
            snprintf(ccstr, sizeof(ccstr), "MIDI Ch. %d CC %d", \
static_cast<uint8_t>(index / 130) + 1, index % 130);
            strncpy_utf16(info->title, ccstr, 128);
            snprintf(ccstr, sizeof(ccstr), "Ch.%d CC%d", index / 130 + 1, index % 130);
            strncpy_utf16(info->short_title, ccstr+5, 128);
""",
                """            strncpy_utf16(info->title, composer_controllers[index].name, 128);
            strncpy_utf16(info->short_title, composer_controllers[index].name, 128);
""",
            ),
            Place(
                _VST3,
                """        *id = kVst3InternalParameterMidiCC_start + channel * 130 + cc;
        return V3_TRUE;
""",
                f"""        for (uint32_t index = 0; index < {len(CONTROLLERS)}; ++index) {{
            if (composer_controllers[index].number == cc) {{
                *id = kVst3InternalParameterMidiCC_start + index;
                return V3_TRUE;
            }}
        }}
        return V3_FALSE;
""",
            ),
        ),
    ),
)
"""All of them."""
