
let gallery = null;
let find = "";
let ended = false;
const app = document.getElementById("app");

function render() {
  const state = readState(gallery);
  document.title = [state.mail, gallery.company, "mails"].filter(Boolean).join(" · ");
  const fresh = h(
    "div",
    { id: "app" },
    barView(state),
    h("div.above", {}, problemsView(gallery, state), state.missing && h("p.banner.warnings", {}, `There is no mail ${state.missing}.`)),
    state.mail ? mailView(gallery, state) : galleryView(gallery, state, find),
  );
  morph(app, fresh);
  const select = app.querySelector("select");
  if (select) select.value = state.lead.id;
  requestAnimationFrame(fitAll);
  return state;
}

function barView(state) {
  const languages = gallery.languages.map((language) => [language, language.toUpperCase()]);
  if (languages.length > 1) languages.push(["all", "All"]);
  return h(
    "header.bar",
    {},
    h("a.brand", { href: hash(state, null) }, h("b", {}, gallery.company || "Mails"), " ", lampView()),
    h(
      "div.controls",
      { role: "toolbar", "aria-label": "How mails are shown" },
      h("label.as", {}, h("span", {}, "for"), h("select", { "data-set": "lead", "aria-label": "Lead" }, gallery.leads.map(leadOption))),
      segment(state, "lang", "Language", languages, state.lang),
      segment(state, "width", "Width", [["desktop", "Desktop"], ["phone", "Phone"], ["both", "Both"]], state.width),
      segment(state, "colours", "Colours", [["light", "Light"], ["dark", "Dark"], ["both", "Both"]], state.colours),
      state.mail ? null : h("input.find", { type: "search", placeholder: "Find a mail", "aria-label": "Find a mail", "data-find": "" }),
    ),
  );
}

function leadOption(lead) {
  return h("option", { value: lead.id }, `${lead.name} (${lead.about})`);
}

function lampView() {
  if (!gallery.live) return h("span.lamp.copy", {}, "a copy");
  return ended ? h("span.lamp.ended", { role: "status" }, "ended: run dripline preview again") : h("span.lamp.live", { title: "What you save shows at once" }, "live");
}

function segment(state, name, label, choices, chosen) {
  const links = choices.map(([value, text]) =>
    h("a", { href: hash(state, state.mail, { [name]: value }), "aria-current": value === chosen ? "true" : null }, text),
  );
  return h("nav.segment", { "aria-label": label }, links);
}

// Shows the asked line of a file.
function showLine() {
  const asked = document.querySelector(".code .asked");
  if (!asked) return;
  asked.closest("details").open = true;
  asked.scrollIntoView({ block: "center" });
}

async function load() {
  const answer = await fetch("gallery.json");
  gallery = await answer.json();
  render();
}

// The server says which version it has, at once and after each edit.
function listen() {
  const stream = new EventSource("live");
  stream.onmessage = (event) => {
    ended = false;
    if (event.data !== gallery.version) load();
    else render();
  };
  stream.onerror = () => {
    ended = true;
    render();
  };
}

document.addEventListener("change", (event) => {
  const name = event.target.dataset.set;
  if (name) location.hash = hash(readState(gallery), readState(gallery).mail, { [name]: event.target.value });
});

document.addEventListener("input", (event) => {
  if ("find" in event.target.dataset) {
    find = event.target.value.trim();
    render();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-line]");
  if (!button) return;
  const source = document.querySelector(`[data-source="${CSS.escape(button.dataset.file)}"]`);
  source.open = true;
  source.querySelector(`[data-number="${button.dataset.line}"]`)?.scrollIntoView({ block: "center" });
});

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || event.target.closest("input, select, textarea, pre")) return;
  const state = readState(gallery);
  const order = mailOrder(gallery);
  const turn = (by) => order[order.indexOf(state.mail) + by];
  const next = (name, choices, now) => hash(state, state.mail, { [name]: choices[(choices.indexOf(now) + 1) % choices.length] });
  const keys = {
    ArrowLeft: () => state.mail && turn(-1) && hash(state, turn(-1)),
    ArrowRight: () => state.mail && turn(1) && hash(state, turn(1)),
    Escape: () => state.mail && hash(state, null, { width: "", colours: "" }),
    d: () => next("colours", ["light", "dark"], state.colours),
    l: () => next("lang", gallery.languages, state.lang),
    w: () => next("width", state.mail ? ["both", "desktop", "phone"] : ["desktop", "phone"], state.width),
  };
  const to = keys[event.key]?.();
  if (event.key === "/" && document.querySelector(".find")) {
    document.querySelector(".find").focus();
    event.preventDefault();
  } else if (to) {
    location.hash = to;
  }
});

// Which mail was looked at, and how far the gallery was scrolled: back leads to the same place.
let last = null;
let place = 0;
window.addEventListener("scroll", () => {
  if (last === null) place = window.scrollY;
}, { passive: true });

window.addEventListener("hashchange", () => {
  const state = render();
  if (state.mail !== last) {
    const to = state.mail === null ? place : 0;
    last = state.mail;
    window.scrollTo(0, to);
    document.querySelector("main").focus({ preventScroll: true });
  }
  showLine();
});

// A frame's load is heard on its way down only.
document.addEventListener("load", (event) => {
  if (event.target.tagName === "IFRAME") fit(event.target);
}, true);
window.addEventListener("resize", fitAll);

async function start() {
  const data = document.getElementById("gallery");
  if (data) {
    gallery = JSON.parse(data.textContent);
    last = render().mail;
  } else {
    await load();
    last = readState(gallery).mail;
    listen();
  }
  showLine();
}

start();
