// Jam: what was played and what is to come, as the page has heard of it.
//
// Conventions: moments are seconds of `performance.now()`. A note is {who, pitch, velocity,
// channel, start, end, surprise}; `end` is null while it sounds, and `who` one of "you",
// "others" and "composer".

import { chordsOf } from "../see/form.js";
import { Ahead } from "./ahead.js";
import { now } from "./clock.js";

const MOST = 20000;
const LONGEST = 60; // seconds after which a note whose end never came counts as over
const OWN = 10; // seconds in which the server says what I played myself, however busy it is

export class Jam {
  constructor(clock) {
    this.ahead = new Ahead(clock); // chords of replies
    this.notes = [];
    this.coming = []; // notes of the reply that is announced and not yet played
    this.reply = null; // {id, bpm, beats, start, first, count}
    this.onreply = null; // called when a reply is over
    this._open = new Map();
    this._own = [];
  }

  clear() {
    this.notes = [];
    this.coming = [];
    this.reply = null;
    this.ahead.clear();
    this._open.clear();
  }

  /** A key was struck or let go on this page. */
  mine(pitch, velocity, channel) {
    this._own.push({ key: `${pitch}/${channel}/${velocity > 0}`, at: now() });
    this._note("you", pitch, velocity, channel, now());
  }

  /** The server told what a player did. Returns whether that was someone else. */
  heard(pitch, velocity, channel) {
    const moment = now();
    this._own = this._own.filter((one) => moment - one.at < OWN);
    const key = `${pitch}/${channel}/${velocity > 0}`;
    const at = this._own.findIndex((one) => one.key === key);
    if (at >= 0) {
      this._own.splice(at, 1);
      return false;
    }
    // The end of what did not begin here is nobody's note: a key of mine that a panic let go, say.
    if (!velocity && !this._open.has(`others/${channel}/${pitch}`)) return false;
    this._note("others", pitch, velocity, channel, moment);
    return true;
  }

  /** A reply begins; its plan is a text, a bar between strokes. */
  begin(id, bpm, beats, plan = "") {
    this.coming = [];
    this.reply = { id, bpm: bpm || 120, beats, start: now(), first: null, count: 0, over: false };
    this.ahead.plan(id, this.reply.start, plan ? chordsOf(plan) : []);
  }

  announce(id, pitch, startBeat, durationBeats, velocity, channel) {
    if (this.reply?.id !== id) return;
    const beat = 60 / this.reply.bpm;
    const start = this.reply.start + startBeat * beat;
    this.coming.push({ pitch, velocity, channel, start, end: start + durationBeats * beat });
  }

  finish(id, count) {
    if (this.reply?.id !== id) return;
    this.reply.over = true;
    this.reply.count = count;
    if (count === 0) {
      this.coming = [];
      this.ahead.stop(now());
    }
  }

  /** composer's note sounds or ends. */
  played(pitch, velocity, channel) {
    const moment = now();
    if (velocity) {
      const at = this.coming.findIndex((note) => note.pitch === pitch && note.channel === channel);
      if (at >= 0) {
        const [note] = this.coming.splice(at, 1);
        this._align(moment - note.start);
      }
    }
    this._note("composer", pitch, velocity, channel, moment);
    if (!velocity && this.reply?.over && !this.coming.length && !this.sounding("composer")) {
      this.onreply?.(this.reply);
      this.reply = null;
    }
  }

  /** What is announced lies where the notes that sounded say. */
  _align(off) {
    const reply = this.reply;
    if (reply === null) return;
    if (reply.first === null) {
      reply.first = now();
      this.ahead.shift(reply.id, off);
    }
    reply.start += off;
    for (const note of this.coming) {
      note.start += off;
      note.end += off;
    }
  }

  /** Notes of a reply that were not played by now are not to come any more. */
  tidy() {
    const moment = now();
    this.coming = this.coming.filter((note) => this.reply?.first === null || note.start > moment - 0.4);
    if (this.reply?.over && !this.coming.length && !this.sounding("composer") && this.reply.first !== null) {
      this.onreply?.(this.reply);
      this.reply = null;
    }
    for (const [key, note] of this._open) {
      if (moment - note.start > LONGEST) {
        note.end = note.start + LONGEST;
        this._open.delete(key);
      }
    }
  }

  /** All that sounds is over, and nothing is to come. */
  silence() {
    for (const note of this._open.values()) note.end = now();
    this._open.clear();
    this._own = [];
    this.coming = [];
    this.reply = null;
    this.ahead.stop(now());
  }

  sounding(who) {
    let count = 0;
    for (const note of this._open.values()) if (note.who === who) count += 1;
    return count;
  }

  /** Pitches that sound, with who plays them. */
  get pressed() {
    return [...this._open.values()];
  }

  _note(who, pitch, velocity, channel, moment) {
    const key = `${who}/${channel}/${pitch}`;
    const open = this._open.get(key);
    if (open) {
      open.end = Math.max(moment, open.start + 0.02);
      this._open.delete(key);
    }
    if (!velocity) return;
    const note = { who, pitch, velocity, channel, start: moment, end: null };
    this.notes.push(note);
    this._open.set(key, note);
    if (this.notes.length > MOST) this.notes.splice(0, this.notes.length - MOST);
  }
}
