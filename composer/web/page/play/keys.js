// Keys: the piano on the page, for mouse, fingers and the tab key.

import { calm, el, isBlack, pitchName } from "../base/elements.js";

const OCTAVE_WIDTH = 190; // pixels that an octave wants
const LOWEST = 24;
const HIGHEST = 108;

export class Keys {
  /** `press(pitch, velocity)` and `release(pitch)` are called as keys go down and up. */
  constructor(place, press, release) {
    this.place = place;
    this._press = press;
    this._release = release;
    this._held = new Map(); // pointer -> pitch
    this._buttons = new Map();
    this.base = 48;
    this.labels = new Map();
    new ResizeObserver(() => this.build()).observe(place);
    place.addEventListener("pointerdown", (event) => this._down(event));
    place.addEventListener("pointermove", (event) => this._move(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
      place.addEventListener(name, (event) => this._up(event));
    }
    place.addEventListener("contextmenu", (event) => event.preventDefault());
    place.addEventListener("keydown", (event) => this._key(event, true));
    place.addEventListener("keyup", (event) => this._key(event, false));
  }

  /** Letters of the computer's keyboard that stand on the keys. */
  label(labels) {
    this.labels = labels;
    this.build(true);
  }

  build(anew = false) {
    const octaves = Math.max(1, Math.min(7, Math.round(this.place.clientWidth / OCTAVE_WIDTH)));
    const low = Math.min(Math.max(LOWEST, this.base - 12 * Math.floor((octaves - 2) / 2)), HIGHEST - 12 * octaves);
    const high = low + 12 * octaves;
    if (!anew && this._low === low && this._high === high) return;
    [this._low, this._high] = [low, high];
    this._buttons.clear();
    const whites = [];
    for (let pitch = low; pitch <= high; pitch += 1) if (!isBlack(pitch)) whites.push(pitch);
    const width = 100 / whites.length;
    const focus = Math.min(Math.max(60, low), high);
    const buttons = [];
    let at = 0;
    for (let pitch = low; pitch <= high; pitch += 1) {
      const black = isBlack(pitch);
      const letter = this.labels.get(pitch);
      const key = el(
        "button",
        {
          class: `key ${black ? "black" : "white"}`, type: "button", tabIndex: pitch === focus ? 0 : -1,
          "aria-label": pitchName(pitch), "aria-pressed": "false", "data-pitch": String(pitch),
        },
        pitch % 12 === 0 ? el("span", { class: "octave" }, pitchName(pitch)) : null,
        letter ? el("span", { class: "letter" }, letter) : null,
      );
      key.style.left = `${(black ? at - 0.31 : at) * width}%`;
      key.style.width = `${(black ? 0.62 : 1) * width}%`;
      if (!black) at += 1;
      this._buttons.set(pitch, key);
      buttons.push(key);
    }
    this.place.replaceChildren(...buttons);
  }

  /** Show which keys are down, and who holds each: a map of pitch to "you", "others", "composer". */
  show(pressed) {
    for (const [pitch, key] of this._buttons) {
      const who = pressed.get(pitch) ?? "";
      if (key.dataset.who !== who) {
        key.dataset.who = who;
        key.setAttribute("aria-pressed", String(who !== ""));
      }
    }
  }

  /** Show an octave higher or lower. */
  shift(octaves) {
    this.base = Math.min(84, Math.max(24, this.base + 12 * octaves));
    this.build(true);
  }

  _at(event) {
    const found = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".key");
    return found && this.place.contains(found) ? found : null;
  }

  _down(event) {
    if (event.button > 0) return;
    const key = this._at(event);
    if (key === null) return;
    key.focus({ preventScroll: true });
    this.place.setPointerCapture(event.pointerId);
    this._strike(event, key);
    event.preventDefault();
  }

  _move(event) {
    if (!this._held.has(event.pointerId)) return;
    const key = this._at(event);
    const pitch = key === null ? null : Number(key.dataset.pitch);
    if (pitch === this._held.get(event.pointerId)) return;
    this._lift(event.pointerId);
    if (key !== null) this._strike(event, key);
    else this._held.set(event.pointerId, null);
  }

  _up(event) {
    this._lift(event.pointerId);
    this._held.delete(event.pointerId);
  }

  _strike(event, key) {
    const pitch = Number(key.dataset.pitch);
    const box = key.getBoundingClientRect();
    const depth = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    this._held.set(event.pointerId, pitch);
    this._press(pitch, Math.round(50 + 60 * depth));
  }

  _lift(pointer) {
    const pitch = this._held.get(pointer);
    if (pitch !== undefined && pitch !== null) this._release(pitch);
  }

  _key(event, down) {
    const key = event.target.closest?.(".key");
    if (!key) return;
    const pitch = Number(key.dataset.pitch);
    if (event.code === "Enter" || event.code === "Space") {
      if (!event.repeat) {
        if (down) this._press(pitch, 85);
        else this._release(pitch);
      }
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: this._low - pitch, End: this._high - pitch }[event.code];
    if (!down || step === undefined) return;
    const next = this._buttons.get(pitch + step);
    if (next) {
      key.tabIndex = -1;
      next.tabIndex = 0;
      next.focus({ preventScroll: calm() });
    }
    event.preventDefault();
    event.stopPropagation();
  }
}
