// Transport: mode, tempo, metronome, volume and panic, in the bar at the top.

import { $, el } from "../base/elements.js";
import { now } from "../play/clock.js";

const TAPS = 5;
const FORGET = 2; // seconds between two taps of one tempo
const MODES = {
  call: ["Answer", "composer answers each phrase"],
  continue: ["Go on", "composer goes on from your phrase until you play"],
  accompany: ["Accompany", "composer plays other parts under you"],
  off: ["Listen", "composer only listens"],
};

export class Transport {
  constructor(connection, parameters, clock, sound, metronome) {
    this._connection = connection;
    this._parameters = parameters;
    this._clock = clock;
    this._taps = [];
    $("tempo").addEventListener("change", () => this.tempo(Number($("tempo").value) || 0));
    $("free").addEventListener("change", () => this.tempo($("free").checked ? 0 : Number($("tempo").value) || 100));
    $("tap").addEventListener("click", () => this._tap());
    $("metronome").addEventListener("click", () => {
      metronome.on = !metronome.on;
      $("metronome").setAttribute("aria-pressed", String(metronome.on));
      if (metronome.on && !clock.bpm) this.tempo(Number($("tempo").value) || 100);
    });
    $("volume").value = sound.volume;
    $("volume").addEventListener("input", () => sound.setVolume(Number($("volume").value)));
    const mute = () => $("mute").setAttribute("aria-pressed", String(sound.muted));
    $("mute").addEventListener("click", () => {
      sound.setMuted(!sound.muted);
      mute();
    });
    mute();
  }

  build(rows) {
    const row = rows.find(({ name }) => name === "mode");
    const radios = row.choices.map((mode) => {
      const [text, hint] = MODES[mode] ?? [mode, ""];
      const input = el("input", { type: "radio", name: "mode", id: `mode-${mode}`, value: mode });
      input.addEventListener("change", () => this._parameters.set("mode", mode));
      return [input, el("label", { for: `mode-${mode}`, title: hint }, text)];
    });
    $("modes").replaceChildren(...radios.flat());
  }

  showMode(mode) {
    const radio = $(`mode-${mode}`);
    if (radio) radio.checked = true;
  }

  tempo(bpm) {
    const wanted = bpm > 0 ? Math.min(400, Math.max(10, bpm)) : 0;
    this._connection.send("tempo", wanted);
    this.showTempo(wanted);
    this._connection.send("status");
  }

  showTempo(bpm) {
    $("free").checked = bpm <= 0;
    if (document.activeElement !== $("tempo") && bpm > 0) $("tempo").value = Math.round(bpm * 10) / 10;
    $("tempo-box").classList.toggle("is-free", bpm <= 0);
  }

  /** Where in the bar it is, shown as lights. */
  showBeat() {
    const lights = $("lights");
    const clock = this._clock;
    const count = clock.bpm ? clock.metre[0] : 0;
    if (lights.children.length !== count) {
      lights.replaceChildren(...Array.from({ length: count }, () => el("span")));
    }
    if (!count) return;
    const unit = 4 / clock.metre[1];
    const at = Math.floor((((clock.beat() % clock.barBeats) + clock.barBeats) % clock.barBeats) / unit);
    [...lights.children].forEach((light, place) => light.classList.toggle("on", place === at));
  }

  _tap() {
    const moment = now();
    if (this._taps.length && moment - this._taps.at(-1) > FORGET) this._taps = [];
    this._taps = [...this._taps, moment].slice(-TAPS);
    if (this._taps.length > 2) {
      const beat = (this._taps.at(-1) - this._taps[0]) / (this._taps.length - 1);
      this.tempo(Math.round(600 / beat) / 10);
    }
  }
}
