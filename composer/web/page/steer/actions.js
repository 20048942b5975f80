// Actions: buttons for what can be asked of composer; each is there if its address is.

import { el } from "../base/elements.js";

const ACTIONS = [
  { address: "phrase/end", text: "Answer now", hint: "Space", main: true },
  { address: "again", text: "Again", hint: "another answer" },
  { address: "generate", text: "Begin", hint: "play without a phrase" },
  { address: "like", text: "Like", sign: "♥" },
  { address: "dislike", text: "Dislike", sign: "✕" },
  { address: "reset", text: "Forget", hint: "all that was played" },
];

/** Buttons for the addresses that there are. */
export function actions(table, act) {
  const known = new Set(table.incoming.map((row) => row.address));
  const help = new Map(table.incoming.map((row) => [row.address, row.help]));
  return ACTIONS.filter(({ address }) => known.has(`/composer/${address}`)).map(({ address, text, sign, main }) =>
    el(
      "button",
      { type: "button", class: main ? "main" : "", title: help.get(`/composer/${address}`), "data-action": address, onclick: () => act(address) },
      sign ? el("span", { class: "sign", "aria-hidden": "true" }, sign) : null,
      text,
    ),
  );
}
