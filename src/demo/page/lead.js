// The middle: what Dripline knows of the lead that is shown.

import { byId, el, fill } from "./dom.js";
import { of, reason, spoken, t, tell, when } from "./words.js";

const stages = ["tofu", "mofu", "bofu", "customer"];

const plus = (points) => (points < 0 ? `−${-points}` : `+${points}`);
const round = (number) => Math.round(number);

/** Shows a lead. */
export function showLead(lead, state) {
  // No line begins with the dot.
  byId("sentence").textContent = sentence(lead, state).replaceAll(" · ", "\u00a0· ");
  fill(byId("track"), ...stages.map((stage, at) => step(lead, stage, at)));
  fill(byId("facts"), ...facts(lead));
  fill(byId("plan"), ...plan(lead));
  fill(byId("score"), ...score(lead));
  fill(byId("timeline"), ...days(lead.timeline));
  byId("import-text").textContent = t("import_text", lead.email);
  fill(byId("import-report"), ...refusal(lead, state));
}

/** Where the lead stands. The product says it in English; here it is said in the same parts. */
function sentence(lead, state) {
  if (spoken() === "en") return lead.sentence;
  const parts = [of("stages", lead.stage), of("qualifications", lead.qualification), party(lead)];
  if (lead.stopped_by) parts.push("gesperrt");
  else if (lead.with === "sales") parts.push("keine Mail vom Marketing");
  else if (lead.next?.step && lead.next.at) parts.push(`${lead.next.what.startsWith("mail ") ? "nächste Mail" : "nächster Schritt"} ${soon(lead.next.at, state.now)}`);
  else parts.push("keine Mail geplant");
  return parts.join(" · ");
}

const soon = (at, now) => (new Date(at) <= now ? "jetzt" : when(at));
const party = (lead) => (lead.with === "sales" ? t("with_sales", lead.owner ?? "?") : t("with_marketing"));

function step(lead, stage, at) {
  const now = stages.indexOf(lead.stage);
  const state = at < now ? "past" : at === now ? "now" : "ahead";
  return el("li", { class: state, "aria-current": state === "now" && "step" },
    el("b", {}, of("stages", stage)), el("span", {}, of("stage_notes", stage)));
}

function facts(lead) {
  const chips = [el("span", { class: "chip" }, of("qualifications", lead.qualification)), el("span", { class: `chip ${lead.with}` }, party(lead))];
  if (lead.prospect_since) chips.push(el("span", { class: "chip good" }, `${t("prospect")}, ${t("since")} ${when(lead.prospect_since)}`));
  if (lead.stopped_by) chips.push(el("span", { class: "chip bad" }, reason(lead.not_sent_because[0])));
  return chips;
}

/** What comes next, or what was to come and does not. */
function plan(lead) {
  const off = lead.called_off;
  const next = lead.next;
  if (next?.at && next.step) return [planned(next.what, next.step, next.title, next.at, reason(next.waits_for))];
  const struck = (off?.planned ?? []).map((mail) => el("div", { class: "struck" },
    planned(mail.mail, mail.step, mail.title, mail.at)));
  const count = off && el("p", { class: "called-off" }, el("b", {}, t("called_off", off.count)));
  const because = lead.not_sent_because.map(reason).join("; ");
  const why = because && el("p", { class: "small" }, `${t("not_sent")} ${because}.`);
  return struck.length ? [...struck, count, why] : [el("p", { class: "small" }, t("none_planned")), why];
}

function planned(what, step, title, at, waits) {
  return el("p", { class: "planned" }, el("b", {}, what.replace(/^mail /, "")), el("span", {}, t("step_of", step, title)),
    el("time", {}, when(at)), waits && el("span", { class: "small" }, `${t("waits")}: ${waits}`));
}

function score(lead) {
  const [fit, engagement] = [round(lead.fit), round(lead.engagement)];
  const total = el("p", { class: "score-total" }, el("b", {}, String(fit + engagement)),
    el("span", {}, `${t("fit")} ${fit}, ${t("engagement")} ${engagement}`));
  const faded = round(lead.faded);
  const rows = lead.reasons.map((r) => reasonRow(r.points, r.kind, why(r)));
  if (faded >= 1) rows.push(reasonRow(-faded, "faded", t("faded")));
  return [total, meter(fit, engagement), el("ul", { class: "reasons" }, ...rows)];
}

/** Two lengths side by side, out of a hundred. */
function meter(fit, engagement) {
  const rect = (x, width, kind) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [key, value] of Object.entries({ x, y: 0, width: Math.max(0, width), height: 6, class: kind })) node.setAttribute(key, value);
    return node;
  };
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 120 6", preserveAspectRatio: "none", class: "meter", "aria-hidden": "true" })) svg.setAttribute(key, value);
  svg.append(rect(0, 120, "ground"), rect(0, Math.min(120, fit), "fit"), rect(fit, Math.min(120 - fit, engagement), "engagement"));
  return svg;
}

const reasonRow = (points, kind, text) =>
  el("li", { class: kind === "fit" ? "fit" : "engagement" }, el("b", {}, plus(points)), el("span", {}, text));

function why(r) {
  if (r.kind !== "fit") return tell({ kind: r.kind, about: r.about });
  const field = of("fields", r.about);
  return r.value ? `${field}: ${r.value}` : field;
}

/** The timeline, newest first, under its days. */
function days(timeline) {
  const groups = Map.groupBy([...timeline].reverse(), (line) => when(line.at, "weekday"));
  return [...groups].flatMap(([day, lines]) => [el("h4", {}, day), el("ol", {}, ...lines.map(row))]);
}

function row(line) {
  const points = line.points && el("b", { class: "points" }, plus(line.points));
  // How somebody left is no reason.
  const prefix = line.kind === "unsubscribed" ? "" : `${t("because")} `;
  const because = line.because && el("span", { class: "because" }, prefix + reason(line.because));
  return el("li", { class: `${line.kind}${line.machine ? " machine" : ""}` }, el("time", {}, when(line.at, "time")),
    el("p", {}, tell(line), points && " ", points, because));
}

/** What an import of the row came to, if the lead had left. */
export function refusal(lead, state) {
  const report = state.refused;
  if (!report || !lead.stopped_by) return [];
  const rows = report.stopped_rows.map((row) => t("refused_row", row.line, when(row.stopped_at, "date"), reason(row.because)));
  return [el("pre", { class: "report" }, [...rows, t("rows", report)].join("\n"))];
}
