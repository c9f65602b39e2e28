
// The gallery: stages, their sequences, the steps of each from left to right.
function galleryView(gallery, state, find) {
  const found = (mail) => matches(gallery, mail, find);
  const stages = gallery.stages.map((stage) =>
    h(
      "section.stage",
      { class: `stage ${stage.id}`, id: stage.id, "aria-labelledby": `${stage.id}-title` },
      h("h2", { id: `${stage.id}-title` }, stage.title),
      stage.sequences.map((sequence) => sequenceView(gallery, state, sequence, found)),
    ),
  );
  const unused = gallery.unused.length
    ? h(
        "section.stage.none",
        { "aria-labelledby": "none-title" },
        h("h2", { id: "none-title" }, "In no sequence"),
        h("p.about", {}, "No step sends these mails."),
        h("ol.strip", {}, gallery.unused.map((mail) => h("li.step", {}, cardView(gallery, state, mail, found(mail))))),
      )
    : null;
  return h("main.gallery", { tabindex: "-1" }, stages, unused);
}

function matches(gallery, mail, find) {
  if (!find) return true;
  const subjects = Object.values(gallery.mails[mail].languages).flatMap((version) =>
    Object.values(version.shots).map((shot) => shot.subject ?? ""),
  );
  return [mail, ...subjects].some((text) => text.toLowerCase().includes(find.toLowerCase()));
}

function sequenceView(gallery, state, sequence, found) {
  const about = sequence.about.map(([word, text]) => h("span.fact", {}, h("b", {}, word), " ", text));
  return h(
    "article.sequence",
    { id: `sequence-${sequence.id}` },
    h(
      "header",
      {},
      h("h3", {}, sequence.title, sequence.paused && h("span.badge.warning", {}, "paused")),
      h("p.about", {}, h("code", {}, sequence.file), about),
    ),
    h("ol.strip", {}, sequence.steps.map((step, place) => stepView(gallery, state, step, place, found))),
  );
}

function stepView(gallery, state, step, place, found) {
  const cards = step.mails.map((mail) => cardView(gallery, state, mail, found(mail)));
  const body = cards.length > 1 ? h("div.variants", {}, h("p.variant", {}, "A/B: half each"), h("div.pair", {}, cards)) : cards;
  return h(
    "li.step",
    { class: cards.length ? "step" : "step act" },
    connector(step, place),
    h("div.does", {}, conditionsView(state, step), cards.length ? body : actView(step)),
  );
}

// How long it is from the step before to this one.
function connector(step, place) {
  const words = step.alternative ? "or else" : (step.wait ?? (place === 0 ? "enters" : "then"));
  const until = step.until.map((condition) => condition.text).join(" and ");
  return h(
    "div.wait",
    { class: step.wait ? "wait long" : "wait" },
    h("span.length", {}, words),
    until && h("span.until", {}, `or sooner: ${until}`),
    step.send && h("span.until", {}, `sends ${step.send}`),
  );
}

function conditionsView(state, step) {
  if (!step.only_if.length) return null;
  return h(
    "p.conditions",
    {},
    step.only_if.map((condition) => {
      const never = !state.lead.tracked && condition.untracked === false;
      const always = !state.lead.tracked && condition.untracked === true;
      const title = never ? "This lead is not tracked: the step is skipped" : always ? "This lead is not tracked: it holds" : null;
      return h(
        "span.condition",
        { class: `condition${never ? " never" : ""}`, title },
        `only if ${condition.text}`,
        never && h("em", {}, " – never: not tracked"),
        always && h("em", {}, " – holds: not tracked"),
      );
    }),
  );
}

const VERBS = {
  hand_over: "Hand over to sales",
  tag: "Tag",
  untag: "Remove tag",
  set: "Set",
  points: "Points",
  webhook: "Call webhook",
  notify: "Tell sales",
  end: "End",
};

function actView(step) {
  return h("div.card.deed", {}, h("p.verb", {}, VERBS[step.verb] ?? step.verb), h("p", {}, step.text ?? ""));
}

// A mail: a small picture of it, and the line in the inbox.
function cardView(gallery, state, mail, found) {
  const languages = shownLanguages(gallery, state, mail);
  const frames = languages.flatMap((language) =>
    shownColours(state).flatMap((colours) =>
      shownWidths(state).map((width) => thumbView(gallery, state, mail, language, width, colours)),
    ),
  );
  return h(
    "a.card.mail",
    { href: hash(state, mail), class: `card mail${found ? "" : " faint"}`, "data-key": mail, "data-mail": mail },
    h("span.thumbs", {}, frames),
    languages.map((language) => captionView(gallery, state, mail, language)),
    h("span.foot", {}, h("span.name", {}, mail), badgesView(gallery, state, mail, languages)),
  );
}

function thumbView(gallery, state, mail, language, width, colours) {
  const shot = gallery.mails[mail].languages[language].shots[state.lead.id];
  const kind = `thumb w${width} ${colours}`;
  if (shot.error) return h("span.thumb", { class: `${kind} failed` }, h("span", {}, "not sent"));
  return h("span.thumb", { class: kind }, mailFrame(gallery, state, mail, language, { width, colours, thumb: true }));
}

function captionView(gallery, state, mail, language) {
  const shot = gallery.mails[mail].languages[language].shots[state.lead.id];
  const text = shot.error
    ? [h("span.subject", {}, "Not sent to this lead"), h("span.snippet", {}, shot.error)]
    : [h("span.subject", {}, shot.subject || "(no subject)"), h("span.snippet", {}, shot.snippet)];
  return h("span.caption", { lang: language }, text);
}

function badgesView(gallery, state, mail, languages) {
  const view = gallery.mails[mail];
  const missing = gallery.languages.filter((language) => !(language in view.languages));
  const shots = languages.map((language) => view.languages[language].shots[state.lead.id]);
  const hints = shots.flatMap((shot) => shot.hints ?? []);
  const warnings = hints.filter((hint) => hint.weight === "warning").length + shots.filter((shot) => shot.error).length;
  const notes = hints.filter((hint) => hint.weight === "note").length;
  const problems = Object.values(view.languages).flatMap((version) => problemsOf(gallery, version));
  const worst = problems.some((problem) => problem.severity === "error") ? "error" : "warning";
  const size = Math.max(0, ...shots.map((shot) => shot.bytes ?? 0));
  return h(
    "span.badges",
    {},
    problems.length > 0 && h("span.badge", { class: `badge ${worst}`, title: "What check says" }, count(problems.length, worst === "error" ? "mistake" : "warning")),
    warnings > 0 && h("span.badge.warning", { title: "What to look at" }, `${warnings} !`),
    missing.map((language) => h("span.badge.warning", { title: `There is no version in ${language}` }, `no ${language}`)),
    notes > 0 && h("span.badge", { title: "Hints" }, count(notes, "hint")),
    size > 0 && h("span.badge.size", { title: "The HTML as it goes out; Gmail clips at 102 KB" }, kilobytes(size)),
  );
}
