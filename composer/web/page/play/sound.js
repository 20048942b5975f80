// Sound: the page's one synth, begun with the first gesture, as browsers want it.

import { Synth, warm } from "../sound/synth.js";
import { remember, remembered } from "../base/settings.js";

export class Sound {
  constructor() {
    this.context = null;
    this.synth = null;
    this.muted = remembered("muted", false);
    this.volume = remembered("volume", 0.8);
    this.programs = new Map();
    // The first sounds are computed before anyone asks for them.
    for (const program of [0, "drums"]) warm(program);
    for (const name of ["pointerdown", "keydown"]) {
      window.addEventListener(name, () => this.begin(), { capture: true });
    }
  }

  /** Begin to sound, if the browser lets it. */
  begin() {
    if (this.context === null) {
      this.context = new AudioContext({ latencyHint: "interactive" });
      this.synth = new Synth(this.context);
      for (const [channel, program] of this.programs) this.synth.program(channel, program);
      this._level();
      warm(33);
    }
    if (this.context.state === "suspended") this.context.resume();
  }

  program(channel, number) {
    this.programs.set(channel, number);
    this.synth?.program(channel, number);
    if (this.synth) warm(number);
  }

  play(channel, pitch, velocity) {
    if (this.synth === null) return;
    if (velocity) this.synth.on(channel, pitch, velocity);
    else this.synth.off(channel, pitch);
  }

  pedal(channel, down) {
    this.synth?.pedal(channel, down);
  }

  silence() {
    this.synth?.silence();
  }

  setVolume(volume) {
    this.volume = volume;
    remember("volume", volume);
    this._level();
  }

  setMuted(muted) {
    this.muted = muted;
    remember("muted", muted);
    this._level();
  }

  _level() {
    const gain = this.synth?.room.volume.gain;
    gain?.setTargetAtTime(this.muted ? 0 : this.volume ** 1.5, this.context.currentTime, 0.02);
  }
}
