// Band: which instrument each voice of the page has, so that composer's may differ from yours.
//
// Conventions: channels are 1 to 16. Voices of composer's are channels of the synth beyond
// those of the players, but for the drums', which all share.

const DRUMS = 10;
const BEYOND = 20;
const PROGRAMS = { piano: 0, guitar: 25, bass: 33, strings: 48, drums: 128 };

export class Band {
  constructor(sound) {
    this._sound = sound;
    this._players = new Map(); // channel -> program
    this._values = new Map([["mode", "call"], ["band", "bass drums"], ["program", -1]]);
  }

  /** Someone plays on a channel. */
  player(channel) {
    if (this._players.has(channel)) return;
    this._players.set(channel, this._sound.programs.get(channel) ?? 0);
    this._set();
  }

  /** A player has another instrument. */
  instrument(channel, program) {
    this._players.set(channel, program);
    this._set();
  }

  /** A parameter stands at a value. */
  parameter(name, value) {
    if (!this._values.has(name) || this._values.get(name) === value) return;
    this._values.set(name, value);
    this._set();
  }

  /** The synth's channel of what composer plays on a channel. */
  voice(channel) {
    return channel === DRUMS ? DRUMS : channel + BEYOND;
  }

  _set() {
    const wanted = Number(this._values.get("program"));
    for (const [channel, program] of this._players) {
      this._give(channel, wanted >= 0 ? wanted : program);
    }
    if (this._values.get("mode") !== "accompany") return;
    // As the server hands out channels: the parts of the band, on those that nobody plays on.
    const free = Array.from({ length: 16 }, (_, at) => at + 1).filter((one) => one !== DRUMS && !this._players.has(one));
    String(this._values.get("band")).split(/[\s,]+/).filter(Boolean).forEach((name, at) => {
      const program = PROGRAMS[name] ?? Number(name);
      if (program < 128 && free.length) this._give(free[at % free.length], program);
    });
  }

  _give(channel, program) {
    const voice = this.voice(channel);
    if (voice !== DRUMS && this._sound.programs.get(voice) !== program) this._sound.program(voice, program);
  }
}
