// "Why?": what `dripline explain` says of a lead.

import { byId, el, fill } from "./dom.js";
import { t } from "./words.js";

export function showWhy(lead, told) {
  byId("why-title").textContent = t("why_title", lead.name);
  const rows = told.timeline.map((entry) =>
    el("li", {}, el("time", {}, entry.local), " ", entry.what, entry.because ? el("span", { class: "because" }, `, because ${entry.because}`) : null));
  fill(byId("why-body"),
    el("p", { class: "small" }, t("why_note")),
    el("div", { class: "terminal", lang: "en" },
      el("p", { class: "prompt" }, `$ dripline explain ${told.email}`),
      el("p", {}, el("b", {}, told.sentence)),
      el("p", {}, `${told.score}.`),
      ...told.not_sent_because.map((because) => el("p", { class: "reason" }, `Not sent because ${because}.`)),
      el("p", {}, `What happened (${told.timezone}):`),
      el("ol", {}, ...rows),
      el("p", {}, `Next: ${next(told.next)}`)));
  byId("why").showModal();
}

function next(planned) {
  if (!planned) return t("next_none");
  const when = planned.local ? (planned.waits_for ? `${planned.local}, waiting: ${planned.waits_for}` : planned.local) : `waiting: ${planned.waits_for ?? ""}`;
  return `${planned.step ? `step ${planned.step} of ` : ""}"${planned.title}": ${planned.what}, ${when}`;
}
