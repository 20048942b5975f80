// What DPF (https://github.com/DISTRHO/DPF) is to know of this plug-in.
#pragma once

#define DISTRHO_PLUGIN_BRAND "composer"
#define DISTRHO_PLUGIN_NAME "composer"
#define DISTRHO_PLUGIN_URI "urn:composer-lstm:plugin"
#define DISTRHO_PLUGIN_CLAP_ID "composer-lstm.plugin"
#define DISTRHO_PLUGIN_HAS_UI 0
#define DISTRHO_PLUGIN_IS_RT_SAFE 1
#define DISTRHO_PLUGIN_IS_SYNTH 0
#define DISTRHO_PLUGIN_NUM_INPUTS 2
#define DISTRHO_PLUGIN_NUM_OUTPUTS 2
#define DISTRHO_PLUGIN_WANT_MIDI_INPUT 1
#define DISTRHO_PLUGIN_WANT_MIDI_OUTPUT 1
#define DISTRHO_PLUGIN_WANT_TIMEPOS 1
#ifdef DISTRHO_PLUGIN_TARGET_CLAP
#define DISTRHO_PLUGIN_WANT_STATE 1  // without it, DPF saves no parameters with a song in CLAP
#endif
#define DISTRHO_PLUGIN_LV2_CATEGORY "lv2:MIDIPlugin"
#define DISTRHO_PLUGIN_VST3_CATEGORIES "Fx|Generator"
#define DISTRHO_PLUGIN_CLAP_FEATURES "note-effect", "utility", "stereo"
