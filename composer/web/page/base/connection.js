// Connection: what the page and the server say to each other, over HTTP and a WebSocket.
//
// The token stands behind the # of the address, which browsers send to nobody. A connection
// that is lost is made again, for as long as the page is open.

const PROTOCOL = "composer.v1";
const FIRST_WAIT = 250; // milliseconds
const LONGEST_WAIT = 3000;
const PING_EVERY = 2000;
const URGENT = new Set(["note", "noteoff", "phrase/end", "panic", "ping"]);
const SILENT = 7000; // without a word for so long, the connection is taken for lost

export class Connection {
  constructor(location = window.location) {
    this.token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
    this.page = 0;
    this.latency = null; // milliseconds there and back, to the live server
    this._host = location.host;
    this._listeners = new Map();
    this._socket = null;
    this._wait = FIRST_WAIT;
    this._queue = [];
    this._pinged = new Map();
    this._count = 0;
    this._heard = 0;
    this.state = "closed";
  }

  /** Call something with the arguments of every message to an address; "state" for its own. */
  on(address, act) {
    if (!this._listeners.has(address)) this._listeners.set(address, []);
    this._listeners.get(address).push(act);
  }

  open(name = "") {
    this.name = name;
    this._connect();
    setInterval(() => this._ping(), PING_EVERY);
    window.addEventListener("online", () => this._retry(0));
  }

  /** Send a message of docs/osc.md; what cannot be sent now is not sent later. */
  send(address, ...values) {
    if (this.state !== "open") return;
    this._queue.push({ address: `/composer/${address}`, arguments: values });
    if (URGENT.has(address)) this._flush();
    else if (this._queue.length === 1) queueMicrotask(() => this._flush());
  }

  /** Ask over HTTP.
      Returns the answer. Throws an Error with the server's line. */
  async ask(method, path, content, { signal, accept } = {}) {
    const response = await this._fetch(method, path, content, signal, accept);
    if (!response.ok) throw new Error(await lineOf(response));
    const kind = response.headers.get("Content-Type") ?? "";
    return kind.startsWith("application/json") ? response.json() : response.blob();
  }

  /** Ask for something that takes long; `progress` is told the share done. */
  async work(path, content, progress, signal) {
    const response = await this._fetch("POST", path, content, signal, "application/x-ndjson");
    if (!response.ok) throw new Error(await lineOf(response));
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      text += value ?? "";
      const lines = text.split("\n");
      text = lines.pop();
      for (const line of lines.filter(Boolean)) {
        const told = JSON.parse(line);
        if ("error" in told) throw new Error(told.error);
        if ("result" in told) return told.result;
        progress?.(told.progress);
      }
      if (done) throw new Error("the server went away while it worked; ask again");
    }
  }

  async _fetch(method, path, content, signal, accept = "application/json") {
    const headers = { Authorization: `Bearer ${this.token}`, Accept: accept };
    if (content !== undefined) headers["Content-Type"] = "application/json";
    try {
      return await fetch(path, { method, headers, signal, body: content === undefined ? undefined : JSON.stringify(content) });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Error("the server cannot be reached");
    }
  }

  _connect() {
    const address = `ws://${this._host}/v1/live?name=${encodeURIComponent(this.name)}`;
    const socket = new WebSocket(address, [PROTOCOL, `token.${this.token}`]);
    this._socket = socket;
    socket.onmessage = ({ data }) => {
      this._heard = performance.now();
      const content = JSON.parse(data);
      for (const message of Array.isArray(content) ? content : [content]) this._receive(message);
    };
    socket.onclose = () => {
      if (this._socket === socket) this._lost();
    };
  }

  _receive({ address, arguments: values }) {
    const name = address.replace("/composer/", "");
    if (name === "page") {
      [this.page, this.name] = values;
      this._wait = FIRST_WAIT;
      this._pinged.clear();
      this._state("open");
      this._ping();
    } else if (name === "pong") {
      const sent = this._pinged.get(values[0]);
      this._pinged.delete(values[0]);
      if (sent !== undefined) this.latency = performance.now() - sent;
    }
    for (const act of this._listeners.get(name) ?? []) act(...values);
  }

  _lost() {
    this._socket = null;
    this.latency = null;
    this._queue = [];
    this._state("lost");
    this._retry(this._wait);
    this._wait = Math.min(this._wait * 1.6, LONGEST_WAIT);
  }

  _retry(wait) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      if (this._socket === null) this._connect();
    }, wait);
  }

  _ping() {
    if (this.state !== "open") return;
    if (performance.now() - this._heard > SILENT) {
      const socket = this._socket;
      this._lost();
      socket?.close();
      return;
    }
    this._count += 1;
    this._pinged.set(this._count, performance.now());
    this.send("ping", this._count);
    this.send("status");
  }

  _flush() {
    const messages = this._queue;
    this._queue = [];
    if (!messages.length) return;
    if (this._socket?.readyState !== WebSocket.OPEN) return;
    for (let at = 0; at < messages.length; at += 60) {
      const some = messages.slice(at, at + 60);
      this._socket.send(JSON.stringify(some.length === 1 ? some[0] : some));
    }
  }

  _state(state) {
    this.state = state;
    for (const act of this._listeners.get("state") ?? []) act(state);
  }
}

async function lineOf(response) {
  try {
    return (await response.json()).error ?? `the server said ${response.status}`;
  } catch {
    return `the server said ${response.status}`;
  }
}
