// Ahead: the chords of composer's replies, at the bar lines, as far as it told of its plans.
//
// Conventions: moments are seconds of `performance.now()`. A chord is {at, text, reply}; "" says
// that nothing is known from there on.

const MOST = 4000;

export class Ahead {
  constructor(clock) {
    this._clock = clock;
    this.chords = [];
  }

  clear() {
    this.chords = [];
  }

  /** A reply begins at a moment and has these chords: a list for each bar. */
  plan(reply, start, bars) {
    this.stop(start);
    const clock = this._clock;
    if (!clock.bpm || !bars.length) return;
    const length = clock.barBeats;
    // The bar in which it begins is its first. A sixteenth before a bar line counts as on it.
    const line = Math.floor((clock.beat(start) + 0.25) / length) * length;
    bars.forEach((chords, bar) => {
      const step = length / Math.max(1, chords.length);
      chords.forEach((text, at) => {
        const moment = clock.moment(line + bar * length + at * step);
        const until = clock.moment(line + bar * length + (at + 1) * step);
        if (until > start) this.chords.push({ at: Math.max(moment, start), text: text === "-" ? "N.C." : text, reply });
      });
    });
    this.chords.push({ at: clock.moment(line + bars.length * length), text: "", reply });
    if (this.chords.length > MOST) this.chords.splice(0, this.chords.length - MOST);
  }

  /** A reply begins later than it was told, by so many seconds: by whole bars or not at all. */
  shift(reply, seconds) {
    const bar = (this._clock.barBeats * 60) / (this._clock.bpm || 120);
    const by = Math.round(seconds / bar) * bar;
    if (by) for (const chord of this.chords) if (chord.reply === reply) chord.at += by;
  }

  /** What was to come from a moment on does not come. */
  stop(moment) {
    const kept = this.chords.filter((chord) => chord.at < moment);
    if (kept.length < this.chords.length) kept.push({ at: moment, text: "", reply: null });
    this.chords = kept;
  }
}
