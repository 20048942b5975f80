// Clock: where the beat is, from what the server says of it now and then.
//
// Conventions: moments are seconds of `performance.now()`; a beat is a quarter note.

export const now = () => performance.now() / 1000;

export class BeatClock {
  constructor() {
    this.bpm = 0; // 0 in free time
    this.metre = [4, 4];
    this.running = true;
    this._at = 0;
    this._beat = 0;
  }

  /** The server said where it is; it took `age` seconds to come. */
  hear(bpm, beat, age = 0) {
    if (bpm <= 0 || beat < 0) {
      this.bpm = 0;
      return;
    }
    const moment = now() - age;
    const off = beat - this.beat(moment);
    // A word that comes late by a few milliseconds moves nothing.
    if (this.bpm !== bpm || Math.abs(off) > 0.2) [this._at, this._beat] = [moment, beat];
    else this._beat += off * 0.2;
    this.bpm = bpm;
  }

  setMetre(text) {
    const found = /^(\d+)\/(\d+)$/.exec(text);
    if (found) this.metre = [Number(found[1]), Number(found[2])];
  }

  get barBeats() {
    return (this.metre[0] * 4) / this.metre[1];
  }

  beat(moment = now()) {
    return this._beat + ((moment - this._at) * this.bpm) / 60;
  }

  moment(beat) {
    return this._at + ((beat - this._beat) * 60) / this.bpm;
  }

  /** Bar lines and beats between two moments, for a roll: [{at, number?}]. */
  lines(from, to) {
    if (!this.bpm) return [];
    const found = [];
    const unit = 4 / this.metre[1];
    const first = Math.ceil(this.beat(from) / unit);
    const last = Math.floor(this.beat(to) / unit);
    for (let count = first; count <= last && found.length < 400; count += 1) {
      const inside = ((count % this.metre[0]) + this.metre[0]) % this.metre[0];
      const line = { at: this.moment(count * unit) };
      if (inside === 0) line.number = Math.round(count / this.metre[0]) + 1;
      found.push(line);
    }
    return found;
  }
}
