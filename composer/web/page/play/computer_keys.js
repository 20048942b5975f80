// Computer keys: two rows of letters as two octaves of a piano, wherever a layout puts them.

const LOWER = ["KeyZ", "KeyS", "KeyX", "KeyD", "KeyC", "KeyV", "KeyG", "KeyB", "KeyH", "KeyN", "KeyJ", "KeyM", "Comma", "KeyL", "Period"];
const UPPER = ["KeyQ", "Digit2", "KeyW", "Digit3", "KeyE", "KeyR", "Digit5", "KeyT", "Digit6", "KeyY", "Digit7", "KeyU", "KeyI", "Digit9", "KeyO", "Digit0", "KeyP"];

const OFFSETS = new Map([...LOWER.map((code, at) => [code, at]), ...UPPER.map((code, at) => [code, at + 12])]);
const LETTERS = { Comma: ",", Period: "." };

export class ComputerKeys {
  /** `press(pitch, velocity)`, `release(pitch)`, `answer()` and `shift(octaves)` are called. */
  constructor(acts) {
    this._acts = acts;
    this._held = new Map();
    this.base = 60;
    document.addEventListener("keydown", (event) => this._down(event));
    document.addEventListener("keyup", (event) => this._up(event));
    // Who goes to another window lets the keys go there.
    window.addEventListener("blur", () => this.releaseAll());
    document.addEventListener("visibilitychange", () => this.releaseAll());
  }

  /** Which letter stands on which pitch. */
  get labels() {
    const found = new Map();
    for (const [code, offset] of OFFSETS) {
      const pitch = this.base - 12 + offset;
      if (!found.has(pitch) || code.startsWith("Key")) {
        found.set(pitch, LETTERS[code] ?? code.replace(/Key|Digit/, ""));
      }
    }
    return found;
  }

  shift(octaves) {
    this.releaseAll();
    this.base = Math.min(96, Math.max(36, this.base + 12 * octaves));
  }

  releaseAll() {
    for (const pitch of this._held.values()) this._acts.release(pitch);
    this._held.clear();
  }

  _down(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    const offset = OFFSETS.get(event.code);
    if (offset !== undefined) {
      if (!event.repeat && !this._held.has(event.code)) {
        const pitch = this.base - 12 + offset;
        this._held.set(event.code, pitch);
        this._acts.press(pitch, event.shiftKey ? 112 : 84);
      }
      event.preventDefault();
    } else if (event.code === "Space" && event.target === document.body) {
      if (!event.repeat) this._acts.answer();
      event.preventDefault();
    } else if ((event.code === "Minus" || event.code === "Equal") && !event.repeat) {
      this._acts.shift(event.code === "Minus" ? -1 : 1);
    } else if (event.code === "Escape") {
      this._acts.panic();
    }
  }

  _up(event) {
    const pitch = this._held.get(event.code);
    if (pitch === undefined) return;
    this._held.delete(event.code);
    this._acts.release(pitch);
  }
}

/** Whether keys that go down there are meant as text. */
function writes(target) {
  if (target.closest?.("[contenteditable], textarea, select, dialog[open]")) return true;
  return target.tagName === "INPUT" && !["range", "checkbox", "radio", "button", "file"].includes(target.type);
}
