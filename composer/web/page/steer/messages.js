// Messages: any address of the table with any arguments, and what comes back: for the curious,
// and for addresses that are newer than the page.

import { $, el } from "../base/elements.js";

const SHOWN = 60;
const QUIET = new Set(["play", "heard", "pong", "status", "phrase/note"]);

export class Messages {
  constructor(connection) {
    this._connection = connection;
    this._rows = [];
    $("message").addEventListener("submit", (event) => {
      event.preventDefault();
      const address = $("message-address").value;
      const values = $("message-arguments").value.trim().split(/\s+/).filter(Boolean).map(valueOf);
      connection.send(address, ...values);
      this._line(`→ ${address} ${values.join(" ")}`);
      if (address === "status" || address === "help" || address === "ping") this._asked = performance.now();
    });
    $("message-address").addEventListener("change", () => this._explain());
  }

  build(table) {
    this._rows = table.incoming.filter((row) => !row.address.endsWith("/subscribe"));
    $("message-address").replaceChildren(
      ...this._rows.map((row) => el("option", {}, row.address.replace("/composer/", ""))),
    );
    this._explain();
    for (const row of table.outgoing) {
      const name = row.address.replace("/composer/", "");
      this._connection.on(name, (...values) => {
        if (!QUIET.has(name) || (name !== "play" && performance.now() - (this._asked ?? -1e9) < 500)) {
          this._line(`← ${name} ${values.join(" ")}`);
        }
      });
    }
  }

  _explain() {
    const row = this._rows.find(({ address }) => address === `/composer/${$("message-address").value}`);
    if (!row) return;
    $("message-arguments").placeholder = row.arguments;
    $("message-help").textContent = row.help;
  }

  _line(text) {
    const list = $("message-log");
    list.append(el("li", {}, text));
    while (list.children.length > SHOWN) list.firstChild.remove();
    list.scrollTop = list.scrollHeight;
  }
}

function valueOf(text) {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}
