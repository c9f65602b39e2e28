
// One mail: in the inbox, as it looks, as text, its links, its variables, its file.
function mailView(gallery, state) {
  const { mail } = state;
  const languages = shownLanguages(gallery, state, mail);
  return h(
    "main.detail",
    { class: `detail${languages.length > 1 ? " several" : ""}`, tabindex: "-1", "data-key": mail },
    detailHead(gallery, state),
    languages.map((language) => versionView(gallery, state, language)),
  );
}

function detailHead(gallery, state) {
  const order = mailOrder(gallery);
  const place = order.indexOf(state.mail);
  const [before, after] = [order[place - 1], order[place + 1]];
  const uses = usesOf(gallery, state.mail).map(({ stage, sequence, number }) =>
    h("span.use", { class: `use ${stage.id}` }, `${stage.title} · ${sequence.title} · step ${number}`),
  );
  const sender = gallery.mails[state.mail].sender;
  return h(
    "header.head",
    {},
    h("a.back", { href: hash(state, null, { width: "", colours: "" }) }, "← All mails"),
    h(
      "nav.turn",
      { "aria-label": "Mails" },
      before && h("a", { href: hash(state, before), rel: "prev", title: `${before} (arrow left)` }, "‹ before"),
      after && h("a", { href: hash(state, after), rel: "next", title: `${after} (arrow right)` }, "next ›"),
    ),
    h("h1", {}, state.mail),
    h("p.about", {}, uses.length ? uses : h("span.use", {}, "in no sequence"), h("span", {}, `from ${sender.name} <${sender.email}>`)),
  );
}

function versionView(gallery, state, language) {
  const version = gallery.mails[state.mail].languages[language];
  const shot = version.shots[state.lead.id];
  return h(
    "section.version",
    { lang: "en", "data-key": language, "aria-label": `In ${language}` },
    h("h2", {}, language.toUpperCase(), " ", h("code", {}, version.file)),
    saidView(gallery, version, shot),
    shot.error
      ? [failedView(state, shot), valuesView(state, version)]
      : [
          inboxView(gallery, state, shot, language),
          h("div.look", {}, h("div", {}, sheetsView(gallery, state, language)), h("aside", {}, sizeView(state, shot), valuesView(state, version))),
          h("div.columns", {}, textView(shot, language), linksView(version)),
        ],
    sourceView(gallery, state, version, language),
  );
}

// What check and the hints say about this mail.
function saidView(gallery, version, shot) {
  const problems = problemsOf(gallery, version).map((problem) =>
    h(
      "li",
      { class: problem.severity },
      h("b", {}, problem.code),
      ` line ${problem.line}: ${problem.message}`,
      problem.help && h("span.help", {}, problem.help),
      h("button", { type: "button", "data-line": problem.line, "data-file": problem.file }, "show"),
    ),
  );
  const hints = (shot.hints ?? []).map((hint) => h("li", { class: hint.weight }, hint.text, h("span.help", {}, hint.help)));
  return problems.length + hints.length ? h("ul.said", {}, problems, hints) : null;
}

function failedView(state, shot) {
  return h(
    "div.failed",
    {},
    h("p", {}, h("strong", {}, `${state.lead.name} would not get this mail.`), ` ${shot.error} (${shot.file}:${shot.line}:${shot.column})`),
    shot.missing &&
      h("p", {}, "Leads of whom it is not known wait until it is. ", h("code", {}, `{{default ${shot.missing} "…"}}`), " or ", h("code", {}, `{{#if ${shot.missing}}}`), " would do without."),
  );
}

// As mail programs show it in a list: on a desktop in one line, on a phone in three.
function inboxView(gallery, state, shot, language) {
  const { name } = gallery.mails[state.mail].sender;
  const subject = shot.subject || "(no subject)";
  const snippet = h("span.snippet", { class: shot.preheader ? "snippet" : "snippet guessed" }, shot.snippet);
  return h(
    "div.inbox",
    { "aria-label": "In the inbox", role: "group" },
    h("div.row.wide", { lang: language }, h("b", {}, name), h("span.line", {}, h("span.subject", {}, subject), " – ", snippet), h("time", {}, "09:00")),
    h("div.row.narrow", { lang: language }, h("b", {}, name), h("time", {}, "09:00"), h("span.subject", {}, subject), snippet.cloneNode(true)),
  );
}

function sheetsView(gallery, state, language) {
  const shot = gallery.mails[state.mail].languages[language].shots[state.lead.id];
  const sheet = (width, colours) =>
    h(
      "figure.mailing",
      { class: `mailing w${width} ${colours}` },
      h("figcaption", {}, `${width === 600 ? "Desktop" : "Phone"}, ${width} px, ${colours}`),
      h("div.sheet", { class: `sheet w${width} ${colours}` }, mailFrame(gallery, state, state.mail, language, { width, colours })),
    );
  const images = shot.remote && gallery.live;
  const ask = images && h("p.ask", {}, state.images ? "Images from the web are shown. " : "Images from the web are not loaded, as in many mail programs. ", h("a", { href: hash(state, state.mail, { images: state.images ? "" : "yes" }) }, state.images ? "Hide them" : "Show them"));
  return [ask, h("div.sheets", {}, shownColours(state).flatMap((colours) => shownWidths(state).map((width) => sheet(width, colours))))];
}

function textView(shot, language) {
  return h("section.panel", {}, h("h3", {}, "Plain text"), h("pre.text", { lang: language, tabindex: "0" }, shot.text));
}

function sizeView(state, shot) {
  return h(
    "section.panel",
    {},
    h("h3", {}, "Size"),
    h("p", {}, `${kilobytes(shot.bytes)} of HTML${state.lead.tracked ? ", with tracked links" : ""}. Gmail clips at 102 KB.`),
    h("meter", { min: 0, max: 102, low: 82, high: 101, optimum: 0, value: Math.round(shot.bytes / 1024), "aria-label": "Size" }),
  );
}

function linksView(version) {
  if (!version.links.length) return h("section.panel", {}, h("h3", {}, "Links"), h("p", {}, "None but the way to unsubscribe."));
  const rows = version.links.map((link) =>
    h("tr", {}, h("td", {}, link.name ?? h("i", {}, "no name")), h("td.target", {}, link.target), h("td", {}, worthOf(link))),
  );
  const head = ["Name", "Leads to", "A click"].map((title) => h("th", { scope: "col" }, title));
  return h("section.panel", {}, h("h3", {}, "Links"), h("table", {}, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows)));
}

function worthOf(link) {
  if (!link.tracked) return "is not seen";
  const worth = [
    link.points ? `${link.points > 0 ? "+" : ""}${count(link.points, "point")}` : null,
    ...link.asked_by.map((title) => `matters in “${title}”`),
  ].filter(Boolean);
  return worth.length ? worth.join(", ") : "is seen";
}

function valuesView(state, version) {
  const values = Object.entries(version.values[state.lead.id]);
  if (!values.length) return null;
  const rows = values.map(([name, value]) =>
    [h("dt", {}, h("code", {}, name)), h("dd", { class: value === null ? "unknown" : null }, value ?? "not known")],
  );
  return h("section.panel", {}, h("h3", {}, "Variables"), h("dl", {}, rows));
}

function sourceView(gallery, state, version, language) {
  const files = [[version.file, version.source], ...(version.plain ? [version.plain] : [])];
  return files.map(([file, text]) => {
    const spots = new Set(gallery.problems.filter((problem) => problem.file === file).map((problem) => problem.line));
    const lines = text.replace(/\n$/, "").split("\n").map((line, place) => {
      const number = place + 1;
      const kind = [spots.has(number) && "spot", state.line === number && "asked"].filter(Boolean).join(" ");
      return h("li", { class: kind || null, "data-number": number }, line || " ");
    });
    return h("details.source", { open: state.line > 0, "data-key": file, "data-source": file }, h("summary", {}, "Source ", h("code", {}, file)), h("ol.code", { lang: language }, lines));
  });
}
