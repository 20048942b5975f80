// Player: plays a piece through the page's synth, and says where it is.

const AHEAD = 0.25; // seconds for which notes are set beforehand
const EVERY = 60; // milliseconds
const START = 0.08;

export class Player {
  constructor(sound) {
    this._sound = sound;
    this._timer = null;
    this.onend = null;
    this.onmidi = null;
  }

  get playing() {
    return this._timer !== null;
  }

  /** Seconds into the piece. */
  get position() {
    return this._from + Math.max(0, this._context.currentTime - this._began);
  }

  /** Play notes in seconds from a moment of theirs on. */
  play(notes, programs, from = 0) {
    this.stop();
    this._sound.begin();
    this._context = this._sound.context;
    this._began = this._context.currentTime + START;
    this._from = from;
    const synth = this._sound.synth;
    for (const [channel, program] of programs) synth.program(channel, program);
    this._events = notes
      .filter((note) => note.end > from)
      .flatMap((note) => [[Math.max(note.start, from), 1, note], [Math.max(note.end, from + 0.02), 0, note]])
      .sort((one, other) => one[0] - other[0] || one[1] - other[1]);
    this._at = 0;
    this._timer = setInterval(() => this._look(), EVERY);
    this._look();
  }

  stop() {
    if (this._timer === null) return;
    clearInterval(this._timer);
    this._timer = null;
    this._sound.silence();
    // The jam's instruments are as they were.
    for (const [channel, program] of this._sound.programs) this._sound.synth.program(channel, program);
    this.onend?.();
  }

  _look() {
    const synth = this._sound.synth;
    const until = this._context.currentTime + AHEAD;
    while (this._at < this._events.length) {
      const [moment, begins, note] = this._events[this._at];
      const when = this._began + moment - this._from;
      if (when > until) break;
      if (begins) synth.on(note.channel, note.pitch, note.velocity, Math.max(when, this._context.currentTime));
      else synth.off(note.channel, note.pitch, Math.max(when, this._context.currentTime));
      this._at += 1;
    }
    if (this._at >= this._events.length && this._context.currentTime > until - AHEAD + 0.3) {
      const last = this._events.at(-1)?.[0] ?? 0;
      if (this.position > last + 0.4) this.stop();
    }
  }
}
