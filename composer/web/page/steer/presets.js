// Presets: parameters under a name, kept in a file on the server's side.

import { $, el } from "../base/elements.js";
import { tell } from "../base/notices.js";

export class Presets {
  constructor(connection, parameters) {
    this._connection = connection;
    this._parameters = parameters;
    this._known = {};
    $("preset").addEventListener("change", () => this._apply());
    $("preset-delete").addEventListener("click", () => this._delete());
    $("preset-keep").addEventListener("submit", (event) => {
      event.preventDefault();
      this._keep($("preset-name").value.trim());
    });
  }

  async refresh(chosen = "") {
    try {
      this._known = (await this._connection.ask("GET", "/v1/presets")).presets;
    } catch (error) {
      tell(error.message, "wrong");
    }
    const names = Object.keys(this._known).sort();
    $("preset").replaceChildren(
      el("option", { value: "" }, names.length ? "choose…" : "none yet"),
      ...names.map((name) => el("option", { value: name }, name)),
    );
    $("preset").value = chosen;
    $("preset-delete").disabled = !chosen;
  }

  _apply() {
    const name = $("preset").value;
    $("preset-delete").disabled = !name;
    if (name) this._parameters.apply(this._known[name]);
  }

  async _keep(name) {
    const preset = { ...this._parameters.changed };
    if (!Object.keys(preset).length) {
      tell("Nothing differs from the usual yet: change a parameter first.");
      return;
    }
    try {
      await this._connection.ask("PUT", `/v1/presets/${encodeURIComponent(name)}`, preset);
      $("preset-name").value = "";
      tell(`Kept as “${name}”.`);
      await this.refresh(name);
    } catch (error) {
      tell(error.message, "wrong");
    }
  }

  async _delete() {
    const name = $("preset").value;
    try {
      await this._connection.ask("DELETE", `/v1/presets/${encodeURIComponent(name)}`);
      tell(`“${name}” is deleted.`);
      await this.refresh();
    } catch (error) {
      tell(error.message, "wrong");
    }
  }
}
