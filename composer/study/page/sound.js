// Sound: notes played by plain oscillators, so that a page has no need of samples.
//
// Conventions: moments are seconds of the piece; what a player is given are notes as the document
// has them: [start, end, pitch, velocity, part, nats].

class Player {
  constructor() {
    this._context = null;
    this._out = null;
    this._timer = null;
    this._ended = null;
  }

  get playing() {
    return this._out !== null;
  }

  /** Play notes; `moved` is told the moment of the piece, again and again, null at the end. */
  play(notes, drums, from, to, moved = () => {}) {
    this.stop();
    this._context ??= new AudioContext();
    const context = this._context;
    context.resume();
    const out = new GainNode(context, { gain: 0.5 });
    const squeeze = new DynamicsCompressorNode(context, { threshold: -18, ratio: 6 });
    out.connect(squeeze).connect(context.destination);
    this._out = out;
    const begin = context.currentTime + 0.06;
    const waiting = notes.filter((note) => note[1] > from && note[0] < to).sort((a, b) => a[0] - b[0]);
    let next = 0;
    this._ended = () => moved(null);
    const step = () => {
      const now = context.currentTime - begin + from;
      while (next < waiting.length && waiting[next][0] < now + 0.4) {
        const note = waiting[next];
        next += 1;
        const start = Math.max(begin + note[0] - from, context.currentTime);
        if (drums[note[4]]) strike(context, out, note, start);
        else sing(context, out, note, start, Math.min(note[1], to) - Math.max(note[0], from));
      }
      moved(Math.max(now, from));
      if (now > to + 0.4) this.stop();
    };
    this._timer = setInterval(step, 40);
    step();
  }

  stop() {
    if (!this._out) return;
    clearInterval(this._timer);
    this._out.gain.setTargetAtTime(0, this._context.currentTime, 0.02);
    const out = this._out;
    setTimeout(() => out.disconnect(), 200);
    this._out = null;
    this._ended();
  }
}

function sing(context, out, note, start, length) {
  const level = 0.05 + 0.2 * (note[3] / 127) ** 1.5;
  const frequency = 440 * 2 ** ((note[2] - 69) / 12);
  const gain = new GainNode(context, { gain: 0 });
  const end = start + Math.max(length, 0.06);
  gain.gain.setValueAtTime(0, start);
  gain.gain.linearRampToValueAtTime(level, start + 0.008);
  gain.gain.setTargetAtTime(level * 0.35, start + 0.01, 0.5);
  gain.gain.setTargetAtTime(0, end, 0.05);
  gain.connect(out);
  for (const [ratio, share, type] of [[1, 1, "triangle"], [2, 0.22, "sine"], [3, 0.08, "sine"]]) {
    const voice = new OscillatorNode(context, { type, frequency: frequency * ratio });
    voice.connect(new GainNode(context, { gain: share })).connect(gain);
    voice.start(start);
    voice.stop(end + 0.4);
  }
}

function strike(context, out, note, start) {
  const level = 0.1 + 0.4 * (note[3] / 127);
  const low = [35, 36, 41, 43, 45, 47, 48, 50].includes(note[2]);
  const gain = new GainNode(context, { gain: level });
  gain.connect(out);
  if (low) {
    const drop = note[2] <= 36 ? 120 : 90 + 4 * (note[2] - 36);
    const skin = new OscillatorNode(context, { frequency: drop });
    skin.frequency.exponentialRampToValueAtTime(drop * 0.4, start + 0.14);
    gain.gain.setTargetAtTime(0, start, 0.08);
    skin.connect(gain);
    skin.start(start);
    skin.stop(start + 0.5);
    return;
  }
  const seconds = [46, 49, 51, 52, 55, 57, 59].includes(note[2]) ? 0.5 : note[2] === 38 || note[2] === 40 ? 0.18 : 0.05;
  const length = Math.ceil(context.sampleRate * seconds * 2);
  const buffer = new AudioBuffer({ length, sampleRate: context.sampleRate });
  const samples = buffer.getChannelData(0);
  let state = 12345;
  for (let at = 0; at < length; at += 1) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    samples[at] = (state / 0x3fffffff - 1) * Math.exp((-3 * at) / (context.sampleRate * seconds));
  }
  const hiss = new AudioBufferSourceNode(context, { buffer });
  const above = note[2] === 38 || note[2] === 40 ? 700 : 5000;
  hiss.connect(new BiquadFilterNode(context, { type: "highpass", frequency: above })).connect(gain);
  hiss.start(start);
}
