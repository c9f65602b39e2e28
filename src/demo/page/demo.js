// The page of the demo: it shows what the server says, and asks it to do what is pressed.

import { act, follow, state as askState, watch, why } from "./acts.js";
import { byId, el, fill } from "./dom.js";
import { Inbox } from "./inbox.js";
import { leadMail } from "./lead-mail.js";
import { showLead } from "./lead.js";
import { again, news, trouble } from "./news.js";
import { repMail } from "./rep-mail.js";
import { EVA, coach, mark, place, turn } from "./story.js";
import { showWhy } from "./why.js";
import { begin, live, speak, spoken, t, when } from "./words.js";

let state = null;
let current = EVA;
let rep = null;

const lead = () => state.leads.find((lead) => lead.email === current);

const leadInbox = new Inbox(byId("lead-mails"), {
  make: (item) => leadMail(item, { reply, unsubscribe, link, changed: point }, answerOf(item)),
  ready: () => !running,
  opened: (item, first) => (first ? run(() => readMail(item)) : point()),
  empty: "no_mail",
});

const repInbox = new Inbox(byId("rep-mails"), {
  make: (item) => repMail(item, { decide }, () => state),
  ready: () => true,
  opened: () => point(),
  empty: "no_rep_mail",
});

const view = { leadInbox, repInbox, lead: () => current };

/** What a lead would answer; everybody may write something else. */
function answerOf(item) {
  const name = state.leads.find((lead) => lead.email === item.mail.to)?.name ?? "";
  return `Das klingt gut. Können wir am Dienstag dazu telefonieren?\n\nViele Grüße\n${name.replace(/^(Prof\. |Dr\. )+/, "")}`;
}

// What is done

/** Does something, and says so if it does not work. */
async function run(work) {
  if (running) return;
  running = true;
  try {
    await work();
  } catch (error) {
    trouble(error);
  }
  running = false;
  point();
}

/** One thing at a time. */
let running = false;

/** Does something, shows how things are then, and tells what came of it. */
async function perform(what, extra = []) {
  const happened = await act(what);
  show(await askState());
  tellNews(happened, extra);
  return happened;
}

/** Tells what happened, where somebody sees it: one part at a time hides the rest. */
function tellNews(happened, extra) {
  news(happened, state, current, extra);
  if (narrow.matches) window.scrollTo(0, 0);
}

const narrow = matchMedia("(max-width: 64rem)");

async function readMail(item) {
  if (!item.mail.read) show((await act({ act: "read", mail: item.mail.id }), await askState()));
  await item.content.load();
  const person = state.leads.find((lead) => lead.email === item.mail.to);
  if (item.mail.pixel) await perform({ act: "judge" }, [() => t("judged")]);
  else tellNews({ lines: [], mails: [] }, [() => t("nothing_seen", person?.name ?? "")]);
}

/** A link of a mail. It is not followed to where it leads: that is a website that does not exist. */
const link = (item, anchor) =>
  run(async () => {
    const url = new URL(anchor.href);
    const known = item.mail.links.find((known) => known.path === url.pathname);
    if (url.pathname.startsWith("/u/")) return void window.open(url.pathname, "_blank", "noopener");
    if (!known) return tellNews({ lines: [], mails: [] }, [() => t("straight", url.href)]);
    await act({ act: "read", mail: item.mail.id });
    await follow(known.path);
    const happened = await act({ act: "judge" });
    show(await askState());
    const judged = happened.lines.find((line) => line.kind === "clicked");
    tellNews(happened, [() => t("leads_to", known.target), () => t(judged?.machine ? "machine" : "judged")]);
  });

const reply = (item, text, close) =>
  run(async () => {
    await perform({ act: "reply", mail: item.mail.id, text });
    close();
  });

const unsubscribe = (item) => run(() => perform({ act: "unsubscribe", mail: item.mail.id }));

const decide = (email, verdict) => run(() => perform({ act: "decide", lead: email, verdict }));

const pass = (days) =>
  run(async () => {
    const happened = await perform({ act: "pass", days }, [() => t("days_passed", days)]);
    if (happened.mails.length === 0) tellNews(happened, [() => t("days_passed", days), () => t("nothing_came")]);
  });

const askWhy = () =>
  run(async () => {
    const told = await why(current);
    showWhy(lead(), told);
  });

const importAgain = () =>
  run(async () => {
    await perform({ act: "import", lead: current });
    byId("import-box").scrollIntoView({ block: "nearest" });
  });

// What is shown

function show(next) {
  if (state && next.version < state.version) return;
  const before = state?.now;
  state = next;
  live(state.zone);
  clock(before);
  people(byId("leads"), state.leads, current, (email) => choose(email));
  const { email, company, tracking, mails } = lead();
  fill(byId("lead-address"), `${email}${company ? ` · ${company}` : ""} · `, el("span", {}, t(tracking ? "tracked" : "untracked")));
  leadInbox.show(current, mails);
  showLead(lead(), state);
  byId("import-box").hidden = !lead().stopped_by;
  const wanted = rep ?? state.reps.findLast((rep) => rep.mails.length > 0)?.email ?? state.reps[0]?.email;
  const shown = state.reps.find((rep) => rep.email === wanted);
  const busy = state.reps.filter((other) => other.mails.length > 0 || other === shown);
  people(byId("reps"), busy, wanted, (email) => ((rep = email), show(state)));
  byId("rep-address").textContent = shown?.email ?? "";
  repInbox.show(wanted, shown?.mails ?? []);
  coach(state.step);
  point();
}

function point() {
  if (state) mark(place(state.step, state, view));
}

function clock(before) {
  byId("clock-day").textContent = when(state.now, "weekday");
  byId("clock-year").textContent = when(state.now, "year");
  byId("clock-time").textContent = when(state.now, "time");
  if (before && before !== state.now) {
    const node = document.querySelector(".clock");
    node.classList.remove("moved");
    void node.offsetWidth;
    node.classList.add("moved");
  }
}

/** Whose inbox it is: a switch if there are several. */
function people(node, all, chosen, choose) {
  const unread = (person) => person.mails.filter((mail) => !mail.read).length;
  fill(node, ...all.map((person) => el("button", {
    type: "button", "data-lead": person.email, "aria-pressed": String(person.email === chosen), title: person.job_title,
  }, person.name, person.email !== chosen && person.job_title !== undefined && unread(person) > 0 && el("i", {}, String(unread(person))))));
  node.onclick = (event) => {
    const email = event.target.closest("[data-lead]")?.dataset.lead;
    if (email) choose(email);
  };
}

function choose(email) {
  current = email;
  show(state);
}

function tab(name) {
  document.body.dataset.tab = name;
  for (const button of document.querySelectorAll("[role=tab]")) {
    button.setAttribute("aria-selected", String(button.dataset.tab === name));
  }
  point();
}

/** Brings what is to be pressed next into view. */
function leadOn() {
  if (state.step === "end") {
    fill(byId("end-body"), ...turn());
    return byId("end").showModal();
  }
  const { tab: wanted, lead: whose } = place(state.step, state, view);
  if (wanted) tab(wanted);
  if (whose && whose !== current) choose(whose);
  const { node } = place(state.step, state, view);
  if (!node) return;
  node.scrollIntoView({ block: "center" });
  node.focus({ preventScroll: true });
}

// What is pressed

for (const button of document.querySelectorAll("[data-pass]")) button.onclick = () => pass(Number(button.dataset.pass));
for (const button of document.querySelectorAll("[role=tab]")) button.onclick = () => tab(button.dataset.tab);
for (const button of document.querySelectorAll("[data-language]")) button.onclick = () => language(button.dataset.language);
byId("ask-why").onclick = askWhy;
byId("import-again").onclick = importAgain;
byId("coach-show").onclick = leadOn;
window.addEventListener("focus", async () => state && !running && show(await askState().catch(() => state)));

function language(wanted) {
  speak(wanted);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === spoken()));
  }
  document.querySelector(".turns").setAttribute("aria-label", t("pass"));
  if (state) show(state);
  again();
}

begin();
language(spoken());
tab("lead");
watch(
  (next) => show(next),
  () => trouble(new Error(t("lost_server"))),
);
