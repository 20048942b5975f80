// Roll: notes over time on a canvas, bars and beats behind them, a line where now is.
//
// Conventions: times are seconds, or beats; the scene says from where to where they are seen.

import { isBlack, pitchName } from "../base/elements.js";
import { colours } from "./colours.js";
import { drawForm, heightOf } from "./form.js";

const LEAST_PITCHES = 24;
const MARGIN = 34; // for the names of octaves

export class Roll {
  constructor(canvas) {
    this.canvas = canvas;
    this._pen = canvas.getContext("2d");
    this._size = [0, 0];
    new ResizeObserver(() => {
      this._fit();
      this.onresize?.();
    }).observe(canvas);
    this._fit();
  }

  _fit() {
    const box = this.canvas.getBoundingClientRect();
    const dots = Math.min(window.devicePixelRatio || 1, 2);
    this._size = [box.width, box.height];
    this.canvas.width = Math.max(1, Math.round(box.width * dots));
    this.canvas.height = Math.max(1, Math.round(box.height * dots));
    this._pen.setTransform(dots, 0, 0, dots, 0, 0);
  }

  /** The time at a place on the canvas, in pixels from its left edge; null before it is drawn. */
  timeAt(pixels) {
    if (!this._shown) return null;
    const { left, from, across } = this._shown;
    return from + (pixels - left) / across;
  }

  /** Draw a scene: {notes, from, to, low, high, bars, now, join, names, form,
      chosen}.
      A note is {start, end, pitch, colour, hollow, quiet}; a bar {at, number} or a beat {at}. */
  draw(scene) {
    const [width, height] = this._size;
    if (width < 2 || height < 2) return;
    const pen = this._pen;
    const palette = colours();
    const left = scene.names === false ? 0 : MARGIN;
    const [low, high] = [scene.low, scene.high + 1];
    const top = heightOf(scene.form);
    const step = (height - top) / (high - low);
    const across = (width - left) / (scene.to - scene.from);
    this._shown = { left, from: scene.from, across };
    const x = (time) => left + (time - scene.from) * across;
    const y = (pitch) => height - (pitch - low + 1) * step;
    pen.fillStyle = palette.paper;
    pen.fillRect(0, 0, width, height);
    pen.save();
    pen.beginPath();
    pen.rect(0, top, width, height - top);
    pen.clip();
    for (let pitch = Math.ceil(low); pitch < high; pitch += 1) {
      if (isBlack(pitch)) {
        pen.fillStyle = palette.black;
        pen.fillRect(left, y(pitch), width, step);
      }
    }
    for (let pitch = Math.ceil(low); pitch < high; pitch += 1) {
      if (pitch % 12 === 0) {
        pen.fillStyle = palette.octave;
        pen.fillRect(left, Math.round(y(pitch) + step) - 0.5, width, 1);
        if (left) {
          pen.fillStyle = palette.ink;
          pen.font = "11px ui-sans-serif, system-ui, sans-serif";
          pen.textAlign = "right";
          pen.fillText(pitchName(pitch), left - 8, y(pitch) + step - 2);
        }
      }
    }
    pen.restore();
    for (const bar of scene.bars ?? []) {
      const at = Math.round(x(bar.at));
      if (at < left || at > width) continue;
      pen.fillStyle = bar.number === undefined ? palette.beat : palette.bar;
      pen.fillRect(at, top, 1, height - top);
      if (bar.number !== undefined && bar.number > 0) {
        pen.fillStyle = palette.ink;
        pen.font = "11px ui-sans-serif, system-ui, sans-serif";
        pen.textAlign = "left";
        pen.fillText(String(bar.number), at + 4, top + 13);
      }
    }
    if (scene.join !== undefined) {
      pen.fillStyle = palette.composer;
      pen.globalAlpha = 0.1;
      pen.fillRect(x(scene.join), top, x(scene.joinEnd ?? scene.to) - x(scene.join), height - top);
      pen.globalAlpha = 1;
    }
    if (scene.chosen) {
      const [start, end] = [x(scene.chosen.from), x(scene.chosen.to)];
      pen.fillStyle = palette.composer;
      pen.globalAlpha = 0.2;
      pen.fillRect(start, top, end - start, height - top);
      pen.globalAlpha = 1;
      for (const side of [start, end]) pen.fillRect(Math.round(side) - 1, top, 2, height - top);
    }
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width - left, height - top);
    pen.clip();
    for (const note of scene.notes) this._note(note, x, y, step, palette);
    pen.restore();
    if (scene.form) drawForm(pen, scene.form, { left, width, from: scene.from, to: scene.to, x, palette });
    if (scene.now !== undefined) {
      pen.fillStyle = palette.now;
      pen.globalAlpha = 0.75;
      pen.fillRect(Math.round(x(scene.now)), 0, 1.5, height);
      pen.globalAlpha = 1;
    }
  }

  _note(note, x, y, step, palette) {
    const pen = this._pen;
    const from = x(note.start);
    const wide = Math.max(3, x(note.end) - from - 1);
    const tall = Math.max(3, Math.min(step - 1, 14));
    const top = y(note.pitch) + (step - tall) / 2;
    if (from > this._size[0] || from + wide < 0) return;
    pen.beginPath();
    pen.roundRect(from, top, wide, tall, Math.min(3, tall / 2));
    if (note.hollow) {
      pen.fillStyle = palette.coming;
      pen.globalAlpha = 0.22;
      pen.fill();
      pen.globalAlpha = 0.9;
      pen.strokeStyle = palette.coming;
      pen.lineWidth = 1;
      pen.stroke();
    } else {
      pen.globalAlpha = note.quiet ? 0.55 : 1;
      pen.fillStyle = note.colour;
      pen.fill();
      if (note.glow) {
        pen.globalAlpha = 0.28;
        pen.beginPath();
        pen.roundRect(from - 3, top - 3, wide + 6, tall + 6, 6);
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
  }
}

/** The pitches that a roll of some notes shows: all of them, and some air. */
export function rangeOf(notes, least = LEAST_PITCHES) {
  let [low, high] = [127, 0];
  for (const note of notes) {
    low = Math.min(low, note.pitch);
    high = Math.max(high, note.pitch);
  }
  if (low > high) [low, high] = [54, 78];
  const more = Math.max(4, least - (high - low)) / 2;
  return [Math.max(0, Math.floor(low - more)), Math.min(127, Math.ceil(high + more))];
}
