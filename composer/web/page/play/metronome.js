// Metronome: a click on each beat, while there is a tempo and it is wanted.

import { now } from "./clock.js";

const AHEAD = 0.12; // seconds for which clicks are set beforehand
const EVERY = 40; // milliseconds

export class Metronome {
  constructor(clock, sound) {
    this._clock = clock;
    this._sound = sound;
    this._last = -Infinity;
    this.on = false;
    setInterval(() => this._look(), EVERY);
  }

  _look() {
    const context = this._sound.context;
    if (!this.on || !this._clock.bpm || !this._clock.running || context?.state !== "running") return;
    const moment = now();
    for (const line of this._clock.lines(moment, moment + AHEAD)) {
      if (line.at - this._last < 0.05) continue;
      this._last = line.at;
      this._click(context, context.currentTime + (line.at - moment), line.number !== undefined);
    }
  }

  _click(context, when, strong) {
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = strong ? 1760 : 1175;
    gain.gain.setValueAtTime(strong ? 0.22 : 0.13, when);
    gain.gain.exponentialRampToValueAtTime(0.0005, when + 0.06);
    tone.connect(gain).connect(this._sound.synth.room.dry);
    tone.start(when);
    tone.stop(when + 0.08);
  }
}
