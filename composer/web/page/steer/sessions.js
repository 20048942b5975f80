// Sessions: who plays, in which jam, how late notes are; and going to another one.

import { $, el } from "../base/elements.js";
import { remember, remembered } from "../base/settings.js";

const EVERY = 2500; // milliseconds
const WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbour", "indigo", "juniper"];

export class Sessions {
  constructor(connection) {
    this._connection = connection;
    this.name = new URLSearchParams(window.location.hash.slice(1)).get("session") ?? remembered("session", "main");
    this.onjoin = null;
    $("session-own").addEventListener("click", () => this.join(ownName()));
    $("session-main").addEventListener("click", () => this.join("main"));
    $("session-other").addEventListener("submit", (event) => {
      event.preventDefault();
      const name = $("session-name").value.trim();
      if (name) this.join(name);
      $("session-name").value = "";
    });
    $("player-name").value = remembered("name", "");
    $("player-name").addEventListener("change", () => remember("name", $("player-name").value.trim()));
    connection.on("status", (...rows) => {
      const at = rows.indexOf("session");
      if (at >= 0 && at % 2 === 0) $("in-session").textContent = rows[at + 1];
    });
    connection.on("pong", () => this._showLatency());
    setInterval(() => this.refresh(), EVERY);
  }

  join(name) {
    this.name = name;
    remember("session", name);
    this._connection.send("session", name);
    this.onjoin?.();
    setTimeout(() => this.refresh(), 200);
  }

  async refresh() {
    this._showLatency();
    if ($("view-sessions").hidden || this._connection.state !== "open") return;
    let status;
    try {
      status = await this._connection.ask("GET", "/v1/status");
    } catch {
      return; // the connection says so itself
    }
    $("server-facts").replaceChildren(
      fact("Model", status.model),
      fact("Notes late, median", `${status.late_ms.median} ms`),
      fact("Notes late, 99 %", `${status.late_ms.p99} ms`),
      fact("You to server and back", $("latency").textContent),
      fact("Load of a processor", `${Math.round(100 * status.load)} %`),
      fact("Sessions", String(status.session_count)),
      fact("Requests", status.requests.waiting ? `${status.requests.waiting} under way` : `${status.requests.done} done`),
    );
    const pages = new Map();
    for (const page of status.pages) {
      const where = page.session || "main";
      pages.set(where, [...(pages.get(where) ?? []), page.page === this._connection.page ? `${page.name} (you)` : page.name]);
    }
    const here = $("in-session").textContent;
    const rows = status.sessions.filter((row) => row.listeners || row.heard || row.name === "main" || row.name === here);
    rows.sort((one, other) => (other.name === here) - (one.name === here) || other.listeners - one.listeners);
    $("session-list").replaceChildren(...rows.map((row) => this._card(row, pages.get(row.name) ?? [], here)));
  }

  _showLatency() {
    const { latency } = this._connection;
    $("latency").textContent = latency === null ? "–" : `${latency < 10 ? latency.toFixed(1) : Math.round(latency)} ms`;
  }

  _card(row, people, here) {
    const doing = row.playing ? "composer plays" : DOING[row.mode] ?? row.mode;
    const tempo = row.tempo ? `${row.tempo} BPM` : "free time";
    const mine = row.name === here;
    return el(
      "li",
      { class: mine ? "session here" : "session" },
      el("h3", {}, row.name),
      el("p", {}, people.length ? people.join(", ") : row.listeners ? "a program over OSC" : "nobody listens"),
      el("p", { class: "help" }, `${doing} · ${tempo} · ${many(row.heard, "note")} heard · ${many(row.replies, "reply", "replies")}`),
      mine
        ? el("p", { class: "badge" }, "you are here")
        : el("button", { type: "button", onclick: () => this.join(row.name), "aria-label": `Join ${row.name}` }, "Join"),
    );
  }
}

const DOING = { call: "call and response", continue: "composer goes on", accompany: "composer accompanies", off: "composer listens" };
const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;
const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

function ownName() {
  const chance = crypto.getRandomValues(new Uint16Array(2));
  return `${WORDS[chance[0] % WORDS.length]}-${chance[1] % 900 + 100}`;
}
