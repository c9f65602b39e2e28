
// What is looked at is in the address, so that a reload and a link lead to the same: #/tofu/welcome?lang=de&colours=dark
const CHOICES = ["lead", "lang", "width", "colours", "images", "line"];

function readState(gallery) {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const asked = new URLSearchParams(query);
  const choices = Object.fromEntries(CHOICES.map((name) => [name, asked.get(name) ?? ""]));
  const mail = decoded(path);
  const known = Object.hasOwn(gallery.mails, mail);
  const lead = gallery.leads.find((lead) => lead.id === choices.lead) ?? gallery.leads[0];
  return {
    choices: { ...choices, line: "" },
    line: Number(choices.line) || 0,
    mail: known ? mail : null,
    missing: mail && !known ? mail : null,
    lead,
    lang: choices.lang || gallery.default_language,
    width: choices.width || (known ? "both" : "desktop"),
    colours: choices.colours || "light",
    images: choices.images === "yes",
  };
}

// Addresses are typed by hand, too.
function decoded(path) {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

// The address of a mail, or of the gallery, with other choices.
function hash(state, mail, changes = {}) {
  const choices = Object.entries({ ...state.choices, ...changes }).filter(([, value]) => value);
  const query = new URLSearchParams(choices).toString();
  return `#/${mail ? mail.split("/").map(encodeURIComponent).join("/") : ""}${query ? `?${query}` : ""}`;
}

// The languages of a mail that are to be shown: the chosen one, or what the mail has instead of it.
function shownLanguages(gallery, state, mail) {
  const known = Object.keys(gallery.mails[mail].languages);
  if (state.lang === "all") return gallery.languages.filter((language) => known.includes(language));
  return [known.includes(state.lang) ? state.lang : known.includes(gallery.default_language) ? gallery.default_language : known[0]];
}

function shownWidths(state) {
  return { desktop: [600], phone: [360], both: [600, 360] }[state.width] ?? [600];
}

function shownColours(state) {
  return state.colours === "both" ? ["light", "dark"] : [state.colours];
}

// All mails in the order in which leads get them, those of no sequence last.
function mailOrder(gallery) {
  const steps = gallery.stages.flatMap((stage) => stage.sequences.flatMap((sequence) => sequence.steps));
  return [...new Set([...steps.flatMap((step) => step.mails), ...gallery.unused])];
}

// Where a mail is sent: [{ stage, sequence, step, number }]
function usesOf(gallery, mail) {
  return gallery.stages.flatMap((stage) =>
    stage.sequences.flatMap((sequence) =>
      sequence.steps
        .map((step, place) => ({ stage, sequence, step, number: place + 1 }))
        .filter(({ step }) => step.mails.includes(mail)),
    ),
  );
}
