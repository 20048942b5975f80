// Live roll: the jam as it goes by, now at a line, what is to come to the right of it.
//
// Conventions: moments are seconds of `performance.now()`.

import { calm } from "../base/elements.js";
import { now } from "../play/clock.js";
import { colours, surpriseColour } from "./colours.js";
import { Roll, rangeOf } from "./roll.js";

const PER_SECOND = 78; // pixels
const NOW = 0.62; // share of the width
const SLOW = 0.06; // share of the way that the range of pitches goes in a frame
const FRAME = 0.028; // seconds between two drawings at least: what scrolls slowly needs no more
const PAGE = 0.9; // with less motion: share of the width after which a page is turned

export class LiveRoll {
  constructor(canvas, jam, clock) {
    this._roll = new Roll(canvas);
    this._jam = jam;
    this._clock = clock;
    this._range = [48, 84];
    this._page = null;
    this._drawn = -Infinity;
    this._still = "";
  }

  draw() {
    const moment = now();
    if (moment - this._drawn < FRAME) return;
    this._drawn = moment;
    const width = this._roll.canvas.clientWidth || 600;
    const seconds = Math.max(5, width / PER_SECOND);
    const [from, to] = calm() ? this._pageOf(moment, seconds) : [moment - NOW * seconds, moment + (1 - NOW) * seconds];
    const palette = colours();
    const notes = [];
    const all = this._jam.notes;
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const note = all[at];
      const end = note.end ?? moment;
      if (end < from) {
        if (note.start < from - 60) break;
        continue;
      }
      const colour = note.who === "composer" ? surpriseColour(note.surprise, palette) : palette[note.who];
      notes.push({ start: note.start, end, pitch: note.pitch, colour, glow: note.end === null });
    }
    for (const note of this._jam.coming) {
      const start = Math.max(note.start, moment);
      if (start < to) notes.push({ start, end: Math.max(note.end, start + 0.05), pitch: note.pitch, hollow: true });
    }
    const [low, high] = this._follow(notes);
    // Where nothing moves, nothing is drawn: the computer has music to make.
    const still = notes.length || this._clock.bpm ? "" : [width, this._roll.canvas.clientHeight, palette.paper, low, high].join();
    if (still && still === this._still) return;
    this._still = still;
    const { chords } = this._jam.ahead;
    const form = chords.length ? { sections: [], chords } : null;
    this._roll.draw({ form, notes, from, to, low, high, now: all.length || this._clock.bpm ? moment : undefined, bars: this._clock.lines(from, to) });
  }

  /** The range of pitches goes to where the notes are, slowly. */
  _follow(notes) {
    const wanted = notes.length ? rangeOf(notes, 30) : this._range;
    const pace = calm() ? 1 : SLOW;
    this._range = this._range.map((at, side) => at + (wanted[side] - at) * pace);
    return this._range;
  }

  /** For who wants less motion: a page that stands, until it is full. */
  _pageOf(moment, seconds) {
    if (this._page === null || moment > this._page + PAGE * seconds || moment < this._page) {
      this._page = moment - 0.1 * seconds;
    }
    return [this._page, this._page + seconds];
  }
}
