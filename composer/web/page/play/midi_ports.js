// MIDI ports: the browser's own, in and out (Web MIDI).

const OFF = 0x80;
const ON = 0x90;

export class MidiPorts {
  /** `heard(kind, ...)` is told "note" pitch velocity channel, and "cc" controller level channel. */
  constructor(heard) {
    this._heard = heard;
    this._access = null;
    this._in = "";
    this._out = null;
    this.onchange = null;
  }

  static get possible() {
    return "requestMIDIAccess" in navigator;
  }

  async open() {
    this._access = await navigator.requestMIDIAccess();
    this._access.onstatechange = () => {
      this._listen();
      this.onchange?.();
    };
  }

  get inputs() {
    return [...(this._access?.inputs.values() ?? [])].map((port) => [port.id, port.name]);
  }

  get outputs() {
    return [...(this._access?.outputs.values() ?? [])].map((port) => [port.id, port.name]);
  }

  /** Listen to a port by its id, to "all", or to "" for none. */
  listen(id) {
    this._in = id;
    this._listen();
  }

  /** Play to a port by its id, or to "" for none. */
  playTo(id) {
    this._out = [...(this._access?.outputs.values() ?? [])].find((port) => port.id === id) ?? null;
  }

  play(pitch, velocity, channel) {
    this._out?.send([(velocity ? ON : OFF) | (channel - 1), pitch, velocity]);
  }

  silence() {
    for (let channel = 0; channel < 16; channel += 1) this._out?.send([0xb0 | channel, 123, 0]);
  }

  _listen() {
    for (const port of this._access?.inputs.values() ?? []) {
      const wanted = this._in === "all" || this._in === port.id;
      port.onmidimessage = wanted ? ({ data }) => this._receive(data) : null;
    }
  }

  _receive([status, first, second]) {
    const channel = (status & 0x0f) + 1;
    const kind = status & 0xf0;
    if (kind === ON || kind === OFF) this._heard("note", first, kind === ON ? second : 0, channel);
    else if (kind === 0xb0) this._heard("cc", first, second, channel);
  }
}
