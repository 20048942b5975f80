// Take card: one way in which a file goes on, to be heard, seen, chosen and kept.

import { el } from "../base/elements.js";
import { sectionsFrom } from "../see/form.js";
import { KINDS } from "./keep.js";

/** A card of a take, and its canvas; `act` has what its buttons do: play, choose, keep. */
export function takeCard(take, act) {
  const values = take.fresh.map((note) => note.surprise).filter((value) => value !== undefined);
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const title = `Take ${take.number}`;
  const follows = take.plan ? sectionsFrom(take.plan, take.plan.seed_bars) : "";
  const facts = [`${take.fresh.length} notes`, ...(values.length ? [`surprise ${mean.toFixed(1)}`] : [])];
  const told = `${title}: ${take.fresh.length} new notes${follows ? `, form ${follows}` : ""}`;
  const canvas = el("canvas", { class: "take-roll", role: "img", "aria-label": told });
  const keep = ([kind, text]) =>
    el("button", { type: "button", class: "keep", "data-kind": kind, "aria-label": `Keep ${title} as ${text}`, onclick: (event) => act.keep(kind, event.currentTarget) }, text);
  const card = el(
    "article",
    { class: "take", "aria-label": title, "data-take": String(take.number) },
    el(
      "header",
      {},
      el("button", { type: "button", class: "play", "aria-label": `Play ${title}`, "data-play": `take-${take.number}`, onclick: act.play }, "▶"),
      el("h3", {}, title),
      el("span", { class: "help" }, facts.join(" · ")),
    ),
    canvas,
    el("footer", {}, el("button", { type: "button", class: "main", onclick: act.choose }, "Choose"), ...KINDS.map(keep)),
  );
  return { card, canvas };
}
