
// A mail in a frame of its own: no script, nothing from the web unless it is asked for. Links open a window of their own.
function mailFrame(gallery, state, mail, language, { width, colours, thumb }) {
  const shot = gallery.mails[mail].languages[language].shots[state.lead.id];
  const attributes = {
    // Same origin lets this page measure the mail; without scripts the mail can make no use of it.
    sandbox: thumb ? "" : "allow-same-origin allow-popups allow-popups-to-escape-sandbox",
    title: `${mail} in ${language}, ${width} pixels wide, ${colours}`,
    width,
    loading: "lazy",
    referrerpolicy: "no-referrer",
    "data-width": width,
    tabindex: thumb ? "-1" : null,
    "aria-hidden": thumb ? "true" : null,
  };
  if (gallery.live) {
    const query = `?v=${shot.mark}${state.images ? "&images=true" : ""}`;
    const path = [state.lead.id, language, colours, ...mail.split("/")].map(encodeURIComponent).join("/");
    attributes.src = `frame/${path}${query}`;
  } else {
    attributes.srcdoc = inColours(shot.html, colours);
  }
  // A frame that shows something else is a new one: going back must not go through what a frame has shown.
  attributes["data-key"] = attributes.src ?? [mail, language, colours, shot.mark].join(" ");
  return h("iframe", attributes);
}

// The same as the server does for its frames.
function inColours(html, colours) {
  const dark = colours === "dark";
  return html
    .replaceAll("(preview-dark)", dark ? "(min-width:0px)" : "(max-width:0px)")
    .replaceAll("(preview-light)", dark ? "(max-width:0px)" : "(min-width:0px)")
    .replaceAll("preview-scheme", colours);
}

// Makes a frame as high as its mail, and as wide as there is room.
function fit(frame) {
  const sheet = frame.closest(".sheet");
  const root = frame.contentDocument?.documentElement;
  if (!sheet || !root || frame.contentDocument.URL === "about:blank") return;
  // First small: a document is never lower than its frame.
  const before = frame.style.height;
  frame.style.height = "1px";
  const height = root.scrollHeight;
  frame.style.height = before;
  if (height < 2) return;
  const scale = Math.min(1, sheet.clientWidth / Number(frame.dataset.width));
  frame.style.height = `${height}px`;
  frame.style.transform = scale < 1 ? `scale(${scale})` : "";
  sheet.style.height = `${Math.ceil(height * scale)}px`;
}

function fitAll() {
  document.querySelectorAll(".sheet iframe").forEach(fit);
}
