// Synth: sixteen channels of General MIDI over Web Audio, in a live or an offline context.
//
// Conventions: channels are 1 to 16, 10 is the drums'. Moments are seconds of the context.

import { CHOKES, drum, drumPlace } from "./drums.js";
import { PATCHES } from "./patches.js";
import { hertz, noise, RATE } from "./waves.js";
import { Room } from "./room.js";

const MOST_VOICES = 72;
export const DRUMS = 10;
const ZONE = 3; // semitones that share a computed sound
const FARTHEST = 15; // semitones from which a sound is lent

const sounds = new Map(); // name -> AudioBuffer; the same for all contexts
const ordered = new Set(); // names of those that the studio computes
let studio = null; // a worker, begun when it is first needed

const nameOf = (program, key) => (program === "drums" ? `drum/${key}` : `${program}/${key}`);

function buffer(key, make) {
  let known = sounds.get(key);
  if (known === undefined) {
    const samples = make();
    known = new AudioBuffer({ length: samples.length, sampleRate: RATE });
    known.copyToChannel(samples, 0);
    sounds.set(key, known);
  }
  return known;
}

const zoneOf = (pitch) => Math.min(108, Math.max(21, Math.round(pitch / ZONE) * ZONE));

/** The sound of a pitch, and how fast to play it.

    Where nobody can wait, one that is not computed yet is lent from a neighbour meanwhile. */
function soundOf(program, pitch, exact) {
  const zone = zoneOf(pitch);
  const rate = (from) => 2 ** ((pitch - from) / 12);
  if (!exact && !sounds.has(nameOf(program, zone))) {
    for (let off = ZONE; off <= FARTHEST; off += ZONE) {
      for (const near of [zone - off, zone + off]) {
        const lent = sounds.get(nameOf(program, near));
        if (lent === undefined) continue;
        order(program, [zone]);
        return [lent, rate(near)];
      }
    }
  }
  return [buffer(nameOf(program, zone), () => PATCHES[program].make(zone)), rate(zone)];
}

function hiss() {
  return buffer("hiss", () => {
    const next = noise(5);
    return Float32Array.from({ length: RATE * 2 }, () => next() * 0.7);
  });
}

/** Have the sounds of a program ("drums" for the kit) computed ahead of time, beside the page. */
export function warm(program, from = 36, to = 96) {
  const keys = [];
  if (program === "drums") keys.push(36, 38, 42, 46, 49, 51, 45, 48, 37, 39, 44, 35, 40);
  else if (PATCHES[program].kind === "once") {
    // From the middle outwards: what is played first is there first.
    for (let step = 0; step <= (to - from) / ZONE; step += 1) {
      const zone = 60 + (step % 2 ? -ZONE : ZONE) * Math.ceil(step / 2);
      if (zone >= from && zone <= to) keys.push(zone);
    }
  }
  order(program, keys);
}

/** Have the studio compute sounds that are not there yet. */
function order(program, keys) {
  const wanted = keys.filter((key) => !sounds.has(nameOf(program, key)) && !ordered.has(nameOf(program, key)));
  if (!wanted.length) return;
  for (const key of wanted) ordered.add(nameOf(program, key));
  if (studio === null) {
    studio = new Worker(new URL("studio.js", import.meta.url), { type: "module" });
    studio.onmessage = ({ data }) => buffer(nameOf(data.program, data.key), () => data.samples);
  }
  studio.postMessage({ program, keys: wanted });
}

export class Synth {
  constructor(context, wet) {
    this.context = context;
    this._exact = context instanceof OfflineAudioContext;
    this.room = new Room(context, wet);
    this.programs = new Map();
    this._voices = new Map(); // "channel/pitch" -> voice
    this._all = new Set();
    this._pedals = new Map(); // channel -> keys let go under the pedal
    this._pans = new Map();
    this._waves = new Map();
  }

  program(channel, number) {
    this.programs.set(channel, Math.min(127, Math.max(0, number)));
  }

  /** Strike a key; velocity 1 to 127. */
  on(channel, pitch, velocity, when = this.context.currentTime) {
    const key = `${channel}/${pitch}`;
    const level = (velocity / 127) ** 1.6;
    if (channel === DRUMS) {
      for (const other of CHOKES[pitch] ?? []) this._end(this._voices.get(`${channel}/${other}`), when, 0.03);
      this._voices.set(key, this._drum(pitch, level, when));
      return;
    }
    this._end(this._voices.get(key), when, 0.04);
    const patch = PATCHES[this.programs.get(channel) ?? 0];
    const make = patch.kind === "once" ? this._once : this._held;
    this._voices.set(key, make.call(this, channel, patch, pitch, level, velocity, when));
  }

  /** Let a key go. */
  off(channel, pitch, when = this.context.currentTime) {
    if (channel === DRUMS) return;
    const key = `${channel}/${pitch}`;
    const under = this._pedals.get(channel);
    if (under !== undefined) {
      under.add(key);
      return;
    }
    const voice = this._voices.get(key);
    this._voices.delete(key);
    this._end(voice, when);
  }

  /** The sustain pedal goes down or up. */
  pedal(channel, down, when = this.context.currentTime) {
    if (down) {
      if (!this._pedals.has(channel)) this._pedals.set(channel, new Set());
      return;
    }
    const under = this._pedals.get(channel) ?? new Set();
    this._pedals.delete(channel);
    for (const key of under) {
      this._end(this._voices.get(key), when);
      this._voices.delete(key);
    }
  }

  /** Silence everything, now. */
  silence() {
    this._pedals.clear();
    for (const voice of this._all) this._end(voice, this.context.currentTime, 0.03);
    this._voices.clear();
  }

  _bus(channel, place) {
    const key = `${channel}/${place}`;
    let pan = this._pans.get(key);
    if (pan === undefined) {
      pan = this.context.createStereoPanner();
      pan.pan.value = place;
      pan.connect(this.room.dry);
      this._pans.set(key, pan);
    }
    return pan;
  }

  _voice(sources, gain, release, peak) {
    const voice = { sources, gain, release, peak, ending: false };
    this._all.add(voice);
    sources[0].onended = () => {
      this._all.delete(voice);
      gain.disconnect();
    };
    if (this._all.size > MOST_VOICES) {
      const oldest = [...this._all].find((one) => !one.ending);
      this._end(oldest, this.context.currentTime, 0.03);
    }
    return voice;
  }

  _end(voice, when, release = voice?.release) {
    if (voice === undefined || voice === null || voice.ending) return;
    voice.ending = true;
    voice.gain.gain.cancelScheduledValues(when);
    voice.gain.gain.setTargetAtTime(0, when, release / 4);
    for (const source of voice.sources) source.stop(when + release * 2 + 0.05);
  }

  _drum(key, level, when) {
    const source = this.context.createBufferSource();
    source.buffer = buffer(nameOf("drums", key), () => drum(key));
    const gain = this.context.createGain();
    gain.gain.value = level * 0.8;
    source.connect(gain).connect(this._bus(DRUMS, Math.round(drumPlace(key) * 10) / 10));
    source.start(when);
    return this._voice([source], gain, 0.1);
  }

  _once(channel, patch, pitch, level, velocity, when) {
    const context = this.context;
    const [sound, rate] = soundOf(this.programs.get(channel) ?? 0, pitch, this._exact);
    const source = context.createBufferSource();
    source.buffer = sound;
    source.playbackRate.value = rate;
    // Who strikes softly strikes darkly.
    const filter = context.createBiquadFilter();
    filter.type = "lowpass";
    filter.Q.value = 0.3;
    filter.frequency.value = Math.min(18000, hertz(pitch) * 2 + 500 + 14000 * (velocity / 127) ** 2);
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.55 * level * patch.gain, when);
    source.connect(filter).connect(gain).connect(this._bus(channel, (pitch - 62) / 160));
    source.start(when);
    return this._voice([source], gain, patch.ring);
  }

  _held(channel, patch, pitch, level, velocity, when) {
    const context = this.context;
    const base = hertz(pitch);
    const filter = context.createBiquadFilter();
    filter.type = "lowpass";
    filter.Q.value = 0.5;
    const open = Math.min(16000, base * patch.cutoff * (0.6 + 0.7 * (velocity / 127)) + 250);
    filter.frequency.setValueAtTime(Math.min(16000, open * (1 + patch.sweep * 0.5)), when);
    if (patch.sweep) filter.frequency.setTargetAtTime(open, when + 0.02, 0.12);
    const gain = context.createGain();
    const peak = 0.5 * level * patch.gain;
    gain.gain.setValueAtTime(0, when);
    gain.gain.setTargetAtTime(peak, when, patch.attack / 3);
    gain.gain.setTargetAtTime(peak * patch.sustain, when + patch.attack * 1.5, patch.decay / 3);
    const sources = [];
    const shake = patch.vibrato ? this._vibrato(patch, when, sources) : null;
    const tones = patch.detune ? [-patch.detune, patch.detune] : [0];
    const spread = patch.octave ? [...tones.map((cents) => [cents, 1]), [1200, patch.octave]] : tones.map((cents) => [cents, 1]);
    for (const [cents, share] of spread) {
      const tone = context.createOscillator();
      tone.setPeriodicWave(this._wave(patch));
      tone.frequency.value = base;
      tone.detune.value = cents;
      shake?.connect(tone.detune);
      const part = context.createGain();
      part.gain.value = share / Math.sqrt(spread.length);
      tone.connect(part).connect(filter);
      tone.start(when);
      sources.unshift(tone);
    }
    if (patch.breath) this._breath(patch, filter, when, sources);
    let out = filter;
    if (patch.drive) {
      const shaper = context.createWaveShaper();
      shaper.curve = Float32Array.from({ length: 257 }, (_, at) => Math.tanh(((at - 128) / 128) * (1 + 8 * patch.drive)));
      out = filter.connect(shaper);
    }
    out.connect(gain);
    if (patch.tremolo) this._tremolo(patch, gain, peak, when, sources);
    gain.connect(this._bus(channel, ((channel * 5) % 9) / 20 - 0.2));
    return this._voice(sources, gain, patch.release);
  }

  _wave(patch) {
    let wave = this._waves.get(patch);
    if (wave === undefined) {
      const imag = Float32Array.from([0, ...patch.harmonics]);
      wave = this.context.createPeriodicWave(new Float32Array(imag.length), imag);
      this._waves.set(patch, wave);
    }
    return wave;
  }

  _vibrato(patch, when, sources) {
    const swing = this.context.createOscillator();
    swing.frequency.value = 5.3;
    const depth = this.context.createGain();
    depth.gain.setValueAtTime(0, when);
    depth.gain.setTargetAtTime(patch.vibrato, when + patch.delay, 0.2);
    swing.connect(depth);
    swing.start(when);
    sources.push(swing);
    return depth;
  }

  _breath(patch, to, when, sources) {
    const air = this.context.createBufferSource();
    air.buffer = hiss();
    air.loop = true;
    const share = this.context.createGain();
    share.gain.setValueAtTime(patch.breath * 2.2, when);
    share.gain.setTargetAtTime(patch.breath, when + 0.05, 0.06);
    air.connect(share).connect(to);
    air.start(when);
    sources.push(air);
  }

  _tremolo(patch, gain, peak, when, sources) {
    const swing = this.context.createOscillator();
    swing.frequency.value = 11;
    const depth = this.context.createGain();
    depth.gain.value = peak * patch.tremolo;
    swing.connect(depth).connect(gain.gain);
    swing.start(when);
    sources.push(swing);
  }
}
