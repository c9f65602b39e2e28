// What the page asks of the server. Every button goes through `act`.

let busy = 0;

async function ask(path, body) {
  const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `${path}: ${response.status}`);
  return answer;
}

/** While it runs, the buttons rest. */
async function busily(work) {
  busy += 1;
  document.body.toggleAttribute("data-busy", true);
  try {
    return await work();
  } finally {
    busy -= 1;
    document.body.toggleAttribute("data-busy", busy > 0);
  }
}

/** Does something; what came of it. */
export const act = (what) => busily(() => ask("/demo/api/act", what));

/** Why a lead got what it got. */
export const why = (lead) => busily(() => ask("/demo/api/why", { lead }));

export const state = () => ask("/demo/api/state");

/** Follows a link of a mail as a browser does, but does not go where it leads. */
export const follow = (path) =>
  busily(() => fetch(path, { redirect: "manual", cache: "no-store", credentials: "omit" }));

/** Calls back with each new state, as long as there is a server. One that comes back tells the story anew. */
export async function watch(seen, lost) {
  let version = null;
  let away = false;
  for (;;) {
    try {
      const next = await ask(version === null ? "/demo/api/state" : `/demo/api/state?after=${version}`);
      if (away) return location.reload();
      version = next.version;
      seen(next);
    } catch (error) {
      away = true;
      version = null;
      lost(error);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
