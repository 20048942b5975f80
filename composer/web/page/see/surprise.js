// Surprise: how surprising each note of the jam was to the network, asked for when a reply is
// over, beside the music and never in its way.

const HEARD = 160; // notes that are judged together, the last ones
const PAUSE = 800; // milliseconds between two questions
const FREE_BPM = 120;

export class Surprise {
  constructor(connection, jam, clock) {
    this._connection = connection;
    this._jam = jam;
    this._clock = clock;
    this._asked = 0;
    this._busy = false;
  }

  async ask() {
    if (this._busy || performance.now() - this._asked < PAUSE) return;
    this._busy = true;
    this._asked = performance.now();
    try {
      await this._judge(this._jam.notes.filter((note) => note.end !== null).slice(-HEARD));
    } catch {
      // Colours are no reason to disturb anyone.
    } finally {
      this._busy = false;
    }
  }

  async _judge(notes) {
    if (notes.length < 4) return;
    const free = !this._clock.bpm;
    const bpm = free ? FREE_BPM : this._clock.bpm;
    const bar = this._clock.barBeats;
    // With a tempo, bars lie where they are; in free time anywhere.
    const origin = free ? notes[0].start : this._clock.moment(Math.floor(this._clock.beat(notes[0].start) / bar) * bar);
    const [upper, lower] = this._clock.metre;
    const places = [...new Set(notes.map((note) => (note.channel === 10 ? "drums" : note.who === "composer" && note.channel !== 1 ? `band ${note.channel}` : "tones")))];
    const rows = notes.map((note) => ({
      pitch: note.pitch,
      start_beat: Math.max(0, ((note.start - origin) * bpm) / 60),
      duration_beats: Math.max(0.02, ((note.end - note.start) * bpm) / 60),
      velocity: note.velocity,
      part: places.indexOf(note.channel === 10 ? "drums" : note.who === "composer" && note.channel !== 1 ? `band ${note.channel}` : "tones"),
    }));
    const parts = places.map((place) => ({ program: place === "drums" ? 128 : 0, name: place }));
    const answer = await this._connection.ask("POST", "/v1/evaluate", { notes: rows, parts, bpm: Math.min(400, Math.max(10, bpm)), metre: `${upper}/${lower}` });
    // What comes back is the same notes in another order: by part, pitch and place.
    const found = new Map();
    for (const note of answer.music.notes) {
      const key = `${note.pitch}/${Math.round(note.start_beat * 48)}`;
      if (note.surprise !== undefined) found.set(key, note.surprise);
    }
    notes.forEach((note, at) => {
      const place = Math.round(rows[at].start_beat * 48);
      const nats = found.get(`${note.pitch}/${place}`) ?? found.get(`${note.pitch}/${place - 1}`) ?? found.get(`${note.pitch}/${place + 1}`);
      if (nats !== undefined) note.surprise = nats;
    });
  }
}
