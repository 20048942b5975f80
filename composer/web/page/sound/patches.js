// Patches: how each of the 128 General MIDI programs is made. Two kinds:
//
//   once     struck or plucked and left alone: `make(pitch)` computes it, `ring` says how long
//            it sounds after the key is let go
//   held     sounds as long as the key is down: overtones through a filter, with an attack, a
//            release, vibrato, and breath
//
// Times are seconds, levels from 0 to 1, cutoffs in multiples of the note's frequency.

import { modes, piano, pluck, shaken } from "./waves.js";

const once = (make, ring = 0.12, gain = 1) => ({ kind: "once", make, ring, gain });
const strings = (options, ring = 0.15, gain = 0.8) => once((pitch) => pluck(pitch, options), ring, gain);
const bars = (options, ring = 0.6, gain = 0.8) => once((pitch) => modes(pitch, options), ring, gain);
const fm = (options, ring = 0.2, gain = 0.8) => once((pitch) => shaken(pitch, options), ring, gain);

function held(harmonics, options = {}) {
  return {
    kind: "held", harmonics, attack: 0.03, decay: 0.4, sustain: 0.8, release: 0.12, cutoff: 6,
    sweep: 0, vibrato: 0, delay: 0.25, detune: 0, breath: 0, gain: 0.5, drive: 0, octave: 0,
    tremolo: 0, ...options,
  };
}

// Overtones, from the fundamental up.
const saw = Array.from({ length: 24 }, (_, n) => 1 / (n + 1));
const square = Array.from({ length: 24 }, (_, n) => (n % 2 ? 0 : 1 / (n + 1)));
const hollow = [1, 0.02, 0.55, 0.03, 0.35, 0.04, 0.18, 0.05, 0.1, 0.04, 0.06];
const flute = [1, 0.28, 0.1, 0.05, 0.02];
const reed = [1, 0.85, 0.7, 0.75, 0.5, 0.42, 0.3, 0.22, 0.16, 0.1, 0.06];
const double = [0.45, 0.7, 0.9, 0.75, 0.8, 0.4, 0.3, 0.22, 0.12, 0.08];
const brass = [0.8, 1, 0.9, 0.75, 0.6, 0.48, 0.36, 0.27, 0.2, 0.15, 0.11, 0.08];
const horn = [1, 0.75, 0.45, 0.28, 0.15, 0.08, 0.04];
const bowed = [1, 0.75, 0.62, 0.55, 0.5, 0.36, 0.3, 0.28, 0.2, 0.16, 0.14, 0.1, 0.08, 0.06, 0.05];
const voice = [1, 0.55, 0.32, 0.4, 0.3, 0.12, 0.08, 0.05, 0.03];
const drawbars = [1, 0.9, 0.7, 0.55, 0, 0.3, 0, 0.35];
const pipes = [1, 0.7, 0.3, 0.6, 0.08, 0.2, 0.05, 0.4, 0, 0, 0, 0.1, 0, 0, 0, 0.2];

const section = { attack: 0.16, release: 0.35, detune: 9, cutoff: 5, vibrato: 5, gain: 0.42 };
const solo = { attack: 0.08, release: 0.16, vibrato: 14, delay: 0.35, cutoff: 6.5, gain: 0.5 };
const blown = { attack: 0.05, release: 0.09, vibrato: 8, cutoff: 5, breath: 0.02, gain: 0.5 };
const brassy = { attack: 0.045, release: 0.1, sweep: 3, cutoff: 3.2, vibrato: 4, gain: 0.5 };
const pad = { attack: 0.5, release: 0.9, detune: 11, cutoff: 4, gain: 0.38 };
const lead = { attack: 0.01, release: 0.1, cutoff: 8, detune: 6, vibrato: 6, gain: 0.34 };

const tines = { ratio: 1, index: 1.6, fade: 0.9, decay: 5, tine: 0.16 };
const wooden = { ratios: [1, 3.98, 9.2], levels: [1, 0.3, 0.08], decays: [1.1, 0.35, 0.12], strike: 0.25, strikeCutoff: 2500 };

export const PATCHES = [
  // Pianos
  once((p) => piano(p), 0.16),
  once((p) => piano(p, { bright: 1.35 }), 0.16),
  once((p) => piano(p, { bright: 1.2, detune: 1.4 }), 0.16, 0.9),
  once((p) => piano(p, { bright: 1.15, detune: 7 }), 0.16, 0.9),
  fm(tines, 0.22),
  fm({ ratio: 14, index: 0.9, fade: 0.25, decay: 4.5, tine: 0.05, tineRatio: 7 }, 0.22),
  strings({ bright: 0.95, decay: 2.4, place: 0.09, body: 0.1 }, 0.1, 0.6),
  strings({ bright: 0.9, decay: 1.3, place: 0.12, body: 0, buzz: 0.25 }, 0.06, 0.6),
  // Chromatic percussion
  bars({ ratios: [1, 2.76, 5.4, 8.93], levels: [1, 0.25, 0.12, 0.05], decays: [2.2, 0.8, 0.4, 0.2], strike: 0.05 }, 1.2),
  bars({ ratios: [1, 2.76, 5.4, 8.93], levels: [1, 0.5, 0.3, 0.12], decays: [2.6, 1.4, 0.7, 0.35], strike: 0.08, strikeCutoff: 9000 }, 1.6, 0.6),
  bars({ ratios: [1, 3.01, 6.2], levels: [1, 0.3, 0.12], decays: [1.9, 0.6, 0.25], strike: 0.12, strikeCutoff: 8000 }, 1.2, 0.7),
  bars({ ratios: [1, 3.99, 10.1], levels: [1, 0.22, 0.05], decays: [5, 1.1, 0.4], strike: 0.05, beat: 0.0006 }, 1.8),
  bars(wooden, 0.5, 0.95),
  bars({ ...wooden, ratios: [1, 3, 6.1], levels: [1, 0.45, 0.2], decays: [0.7, 0.3, 0.12], strikeCutoff: 6000 }, 0.4, 0.85),
  bars({ ratios: [0.5, 1, 1.5, 2, 2.63, 3.9], levels: [0.5, 1, 0.4, 0.55, 0.3, 0.15], decays: [5, 5, 3, 2.4, 1.6, 0.9], strike: 0.08, beat: 0.0008 }, 2.5, 0.7),
  strings({ bright: 0.85, decay: 2.8, place: 0.1, body: 0.3 }, 1.2, 0.7),
  // Organs
  held(drawbars, { attack: 0.006, release: 0.04, cutoff: 14, vibrato: 3, delay: 0, gain: 0.4, sustain: 1 }),
  held(drawbars, { attack: 0.004, release: 0.04, cutoff: 14, decay: 0.2, sustain: 0.7, gain: 0.45 }),
  held([1, 0.9, 0.8, 0.6, 0.3, 0.4, 0.1, 0.4], { attack: 0.005, release: 0.05, cutoff: 12, drive: 0.35, vibrato: 5, delay: 0, gain: 0.36, sustain: 1 }),
  held(pipes, { attack: 0.07, release: 0.3, cutoff: 16, detune: 3, sustain: 1, gain: 0.38 }),
  held(reed, { attack: 0.06, release: 0.12, cutoff: 6, sustain: 1, gain: 0.4 }),
  held(reed, { attack: 0.05, release: 0.09, detune: 10, cutoff: 7, sustain: 1, gain: 0.38 }),
  held(double, { attack: 0.04, release: 0.08, cutoff: 6, vibrato: 9, sustain: 0.9, gain: 0.42 }),
  held(reed, { attack: 0.05, release: 0.09, detune: 7, cutoff: 8, sustain: 1, gain: 0.38, octave: 0.3 }),
  // Guitars
  strings({ bright: 0.35, decay: 2.6, place: 0.24, body: 0.8 }, 0.18, 0.9),
  strings({ bright: 0.75, decay: 3.2, place: 0.16, body: 0.6 }, 0.2, 0.8),
  strings({ bright: 0.2, decay: 2.4, place: 0.3, body: 0.2 }, 0.12, 0.95),
  strings({ bright: 0.55, decay: 3.4, place: 0.2, body: 0.1 }, 0.14, 0.85),
  strings({ bright: 0.4, decay: 0.4, place: 0.14, body: 0.3 }, 0.05, 0.9),
  strings({ bright: 0.6, decay: 4, place: 0.2, body: 0, buzz: 0.6 }, 0.12, 0.6),
  strings({ bright: 0.7, decay: 4.5, place: 0.2, body: 0, buzz: 1.4 }, 0.12, 0.5),
  bars({ ratios: [2, 4.01, 6.02], levels: [1, 0.3, 0.1], decays: [3, 1.4, 0.7], strike: 0.05 }, 0.4, 0.6),
  // Basses
  strings({ bright: 0.22, decay: 2, place: 0.28, body: 0.7 }, 0.12, 1.1),
  strings({ bright: 0.35, decay: 2.6, place: 0.2, body: 0.15 }, 0.1, 1.1),
  strings({ bright: 0.6, decay: 2.6, place: 0.12, body: 0.15 }, 0.1, 1),
  fm({ ratio: 1, index: 1.1, fade: 1.4, decay: 3 }, 0.14, 1),
  strings({ bright: 0.85, decay: 1.8, place: 0.1, body: 0.1, buzz: 0.35 }, 0.08, 0.9),
  strings({ bright: 0.95, decay: 1.6, place: 0.08, body: 0.1, buzz: 0.4 }, 0.08, 0.85),
  held(saw, { attack: 0.004, decay: 0.3, sustain: 0.55, release: 0.07, cutoff: 2, sweep: 6, gain: 0.6 }),
  held(square, { attack: 0.004, decay: 0.25, sustain: 0.6, release: 0.07, cutoff: 2.5, sweep: 4, gain: 0.55, octave: 0.2 }),
  // Strings
  held(bowed, { ...solo }),
  held(bowed, { ...solo, cutoff: 5 }),
  held(bowed, { ...solo, attack: 0.1, cutoff: 4.5, vibrato: 10 }),
  held(bowed, { ...solo, attack: 0.12, cutoff: 3.6, vibrato: 6, gain: 0.6 }),
  held(bowed, { ...section, tremolo: 0.45 }),
  strings({ bright: 0.3, decay: 0.7, place: 0.3, body: 0.7 }, 0.3, 0.9),
  strings({ bright: 0.45, decay: 3.4, place: 0.35, body: 0.4 }, 1.6, 0.85),
  bars({ ratios: [1, 1.5, 1.98, 2.44, 2.9], levels: [1, 0.5, 0.32, 0.2, 0.12], decays: [2, 1.3, 1, 0.8, 0.5], strike: 0.3, strikeCutoff: 900 }, 1.4, 1.1),
  // Ensembles
  held(bowed, { ...section }),
  held(bowed, { ...section, attack: 0.3, release: 0.5 }),
  held(saw, { ...section, detune: 12, cutoff: 4 }),
  held(saw, { ...section, attack: 0.4, detune: 14, cutoff: 3 }),
  held(voice, { ...section, attack: 0.14, cutoff: 4, vibrato: 9, breath: 0.02 }),
  held([1, 0.3, 0.12, 0.06], { ...section, attack: 0.12, cutoff: 3, vibrato: 8, breath: 0.015 }),
  held(voice, { ...section, detune: 12, cutoff: 3.5 }),
  held(brass, { attack: 0.005, decay: 0.3, sustain: 0.05, release: 0.3, cutoff: 7, detune: 14, gain: 0.6, octave: 0.5 }),
  // Brass
  held(brass, { ...brassy }),
  held(brass, { ...brassy, cutoff: 2.7, attack: 0.06 }),
  held(brass, { ...brassy, cutoff: 2.4, attack: 0.06, sweep: 2 }),
  held(brass, { ...brassy, cutoff: 9, sweep: 0, gain: 0.32 }),
  held(horn, { ...brassy, attack: 0.07, cutoff: 3, sweep: 1.5 }),
  held(brass, { ...brassy, detune: 9, attack: 0.05, gain: 0.44 }),
  held(saw, { ...brassy, detune: 10, gain: 0.4 }),
  held(saw, { ...brassy, detune: 8, attack: 0.08, gain: 0.4 }),
  // Reeds
  held(reed, { ...blown, vibrato: 11 }),
  held(reed, { ...blown, cutoff: 4.4 }),
  held(reed, { ...blown, cutoff: 3.8 }),
  held(reed, { ...blown, cutoff: 3.4 }),
  held(double, { ...blown, cutoff: 7, vibrato: 10, gain: 0.42 }),
  held(double, { ...blown, cutoff: 5.5, gain: 0.45 }),
  held(double, { ...blown, cutoff: 5, gain: 0.5 }),
  held(hollow, { ...blown, vibrato: 2, cutoff: 7 }),
  // Pipes
  held(flute, { ...blown, vibrato: 9, breath: 0.05 }),
  held(flute, { ...blown, vibrato: 10, breath: 0.06 }),
  held([1, 0.08, 0.12, 0.02], { ...blown, vibrato: 2, breath: 0.03 }),
  held(flute, { ...blown, attack: 0.08, breath: 0.16, vibrato: 12 }),
  held([1, 0.1, 0.05], { ...blown, attack: 0.05, breath: 0.25 }),
  held(flute, { ...blown, attack: 0.08, breath: 0.18, vibrato: 16 }),
  held([1, 0.02], { ...blown, vibrato: 10, breath: 0.01 }),
  held([1, 0.05, 0.08], { ...blown, attack: 0.07, breath: 0.03 }),
  // Leads
  held(square, lead),
  held(saw, lead),
  held(hollow, { ...lead, breath: 0.04 }),
  held(saw, { ...lead, attack: 0.03, breath: 0.06, cutoff: 4 }),
  held(saw, { ...lead, drive: 0.5 }),
  held(voice, { ...lead, attack: 0.06, cutoff: 5 }),
  held(saw, { ...lead, octave: 0.5 }),
  held(saw, { ...lead, octave: 0.7, cutoff: 4, sweep: 3 }),
  // Pads
  held(saw, { ...pad, cutoff: 5, octave: 0.2 }),
  held(flute, { ...pad, detune: 7 }),
  held(saw, { ...pad, attack: 0.12, cutoff: 5 }),
  held(voice, { ...pad, breath: 0.03 }),
  held(bowed, { ...pad, cutoff: 7 }),
  held(hollow, { ...pad, cutoff: 9 }),
  held(voice, { ...pad, attack: 0.8, octave: 0.3 }),
  held(saw, { ...pad, attack: 0.9, sweep: 5, cutoff: 2 }),
  // Effects
  held(saw, { ...pad, attack: 0.02, decay: 1.5, sustain: 0.3, cutoff: 9 }),
  held(hollow, { ...pad, attack: 0.7 }),
  bars({ ratios: [1, 2.4, 4.1, 5.9], levels: [1, 0.6, 0.4, 0.3], decays: [3, 2, 1.2, 0.8], strike: 0.05 }, 2, 0.6),
  held(voice, { ...pad, attack: 0.06, cutoff: 6 }),
  held(bowed, { ...pad, attack: 0.03, cutoff: 8 }),
  held(saw, { ...pad, attack: 1, detune: 20, vibrato: 12 }),
  held(flute, { ...pad, attack: 0.15, sustain: 0.6 }),
  held(square, { ...pad, attack: 0.2, detune: 16, cutoff: 6 }),
  // From around the world
  strings({ bright: 0.9, decay: 3, place: 0.06, body: 0.2, buzz: 0.5 }, 0.4, 0.6),
  strings({ bright: 0.85, decay: 0.9, place: 0.1, body: 0.4 }, 0.1, 0.8),
  strings({ bright: 0.8, decay: 1.1, place: 0.08, body: 0.5 }, 0.1, 0.75),
  strings({ bright: 0.65, decay: 2.6, place: 0.15, body: 0.4 }, 0.5, 0.8),
  bars({ ratios: [1, 5.4, 9.1], levels: [1, 0.3, 0.1], decays: [1.4, 0.3, 0.1], strike: 0.15 }, 0.6, 0.8),
  held(double, { attack: 0.03, release: 0.06, cutoff: 9, detune: 4, sustain: 1, gain: 0.36 }),
  held(bowed, { ...solo, cutoff: 8 }),
  held(double, { ...blown, cutoff: 10, gain: 0.36 }),
  // Percussive
  bars({ ratios: [1, 2.1, 3.2, 5.5], levels: [1, 0.6, 0.4, 0.3], decays: [1.6, 1.1, 0.8, 0.4], strike: 0.1, strikeCutoff: 9000 }, 1, 0.5),
  bars({ ratios: [1, 1.48], levels: [1, 0.7], decays: [0.4, 0.3], strike: 0.05 }, 0.3, 0.6),
  bars({ ratios: [1, 2.02, 3.05, 4.1], levels: [1, 0.7, 0.3, 0.2], decays: [1.6, 1.2, 0.7, 0.5], strike: 0.12 }, 0.8, 0.7),
  bars({ ratios: [1, 2.57], levels: [1, 0.4], decays: [0.12, 0.07], strike: 0.3, strikeCutoff: 6000 }, 0.1, 0.9),
  bars({ ratios: [0.5, 0.78, 1.1], levels: [1, 0.5, 0.3], decays: [0.9, 0.5, 0.3], strike: 0.3, strikeCutoff: 1200 }, 0.6, 1),
  bars({ ratios: [0.5, 0.8, 1.07], levels: [1, 0.4, 0.3], decays: [0.8, 0.4, 0.3], strike: 0.15, strikeCutoff: 1800 }, 0.6, 1),
  fm({ ratio: 0.5, index: 3, fade: 0.3, decay: 0.8 }, 0.3, 0.9),
  held(saw, { attack: 1.2, release: 0.05, cutoff: 12, breath: 0.6, gain: 0.25 }),
  // Noises
  strings({ bright: 0.9, decay: 0.2, place: 0.05, body: 0.1, buzz: 0.6 }, 0.05, 0.5),
  held([0.02], { attack: 0.1, release: 0.2, breath: 0.9, cutoff: 5, gain: 0.4 }),
  held([0.02], { attack: 0.9, release: 1.2, breath: 1, cutoff: 3, gain: 0.4, tremolo: 0.3 }),
  held([1, 0.2], { attack: 0.01, release: 0.05, vibrato: 120, delay: 0, cutoff: 8, gain: 0.25 }),
  fm({ ratio: 1.41, index: 2, fade: 1.5, decay: 1.8 }, 0.3, 0.5),
  held([0.05], { attack: 0.2, release: 0.4, breath: 1, cutoff: 3, tremolo: 0.8, gain: 0.4 }),
  held([0.02], { attack: 0.3, release: 0.8, breath: 1, cutoff: 9, gain: 0.3 }),
  bars({ ratios: [0.4, 0.61, 0.93], levels: [1, 0.6, 0.4], decays: [0.5, 0.3, 0.2], strike: 1, strikeCutoff: 3000 }, 0.4, 1),
];

export const PROGRAM_NAMES = [
  "Grand piano", "Bright piano", "Electric grand", "Honky-tonk", "Electric piano 1", "Electric piano 2", "Harpsichord", "Clavinet",
  "Celesta", "Glockenspiel", "Music box", "Vibraphone", "Marimba", "Xylophone", "Tubular bells", "Dulcimer",
  "Drawbar organ", "Percussive organ", "Rock organ", "Church organ", "Reed organ", "Accordion", "Harmonica", "Bandoneon",
  "Nylon guitar", "Steel guitar", "Jazz guitar", "Clean guitar", "Muted guitar", "Overdriven guitar", "Distorted guitar", "Guitar harmonics",
  "Acoustic bass", "Fingered bass", "Picked bass", "Fretless bass", "Slap bass 1", "Slap bass 2", "Synth bass 1", "Synth bass 2",
  "Violin", "Viola", "Cello", "Contrabass", "Tremolo strings", "Pizzicato", "Harp", "Timpani",
  "Strings 1", "Strings 2", "Synth strings 1", "Synth strings 2", "Choir aahs", "Voice oohs", "Synth voice", "Orchestra hit",
  "Trumpet", "Trombone", "Tuba", "Muted trumpet", "French horn", "Brass section", "Synth brass 1", "Synth brass 2",
  "Soprano sax", "Alto sax", "Tenor sax", "Baritone sax", "Oboe", "English horn", "Bassoon", "Clarinet",
  "Piccolo", "Flute", "Recorder", "Pan flute", "Blown bottle", "Shakuhachi", "Whistle", "Ocarina",
  "Square lead", "Saw lead", "Calliope lead", "Chiff lead", "Charang lead", "Voice lead", "Fifths lead", "Bass lead",
  "New age pad", "Warm pad", "Polysynth pad", "Choir pad", "Bowed pad", "Metallic pad", "Halo pad", "Sweep pad",
  "Rain", "Soundtrack", "Crystal", "Atmosphere", "Brightness", "Goblins", "Echoes", "Science fiction",
  "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bagpipe", "Fiddle", "Shanai",
  "Tinkle bell", "Agogo", "Steel drums", "Woodblock", "Taiko", "Melodic tom", "Synth drum", "Reverse cymbal",
  "Fret noise", "Breath noise", "Seashore", "Bird tweet", "Telephone", "Helicopter", "Applause", "Gunshot",
];
