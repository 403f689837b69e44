// Calls of the page: Lockstep's own routes and Airflow's, with the user's session. Errors carry the server's words.
const { useCallback, useEffect, useState } = globalThis.React;

const address = (path) => new URL(path, document.baseURI).href;

async function answerOf(response) {
  const isJson = (response.headers.get("content-type") || "").includes("json");
  const body = isJson ? await response.json() : null;
  if (response.ok) return body;
  const detail = body && body.detail;
  const words = typeof detail === "string" ? detail : detail ? JSON.stringify(detail) : "";
  const error = new Error(words || says(response.status));
  error.status = response.status;
  throw error;
}

function says(status) {
  if (status === 401) return "You are signed out. Reload the page to sign in again.";
  if (status === 403) return "You may not do this. An administrator can give you the right.";
  return `The server answered ${status}. Try again; if it stays so, look at the log of the API server.`;
}

async function call(path, options) {
  try {
    return await answerOf(await fetch(address(path), { credentials: "same-origin", ...options }));
  } catch (error) {
    if (error instanceof TypeError) throw new Error("Airflow does not answer. Check the network, then try again.");
    throw error;
  }
}

const json = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Lockstep": "page" },
  body: JSON.stringify(body),
});

export const get = (path) => call(`sync-health/api/${path}`);
export const post = (path, body) => call(`sync-health/api/${path}`, json(body));
export const fileAddress = (path) => address(`sync-health/api/${path}`);
export const getDag = (dagId) => call(`api/v2/dags/${encodeURIComponent(dagId)}`);

// Airflow starts the run, so Airflow checks the right to do it.
export const trigger = (dagId, conf = {}) =>
  call(`api/v2/dags/${encodeURIComponent(dagId)}/dagRuns`, json({ logical_date: null, conf }));

export function query(values) {
  const parts = Object.entries(values).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== undefined && each !== null && each !== "")
      .map((each) => `${name}=${encodeURIComponent(each)}`),
  );
  return parts.length ? `?${parts.join("&")}` : "";
}

// Loads `path`, again when it changes, on reload() and every `seconds` while the page is looked at.
export function useLoad(path, seconds = 0) {
  const [state, setState] = useState({ isLoading: true });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  useEffect(() => {
    let isWanted = true;
    if (path === null) return undefined;
    setState((old) => ({ ...old, isLoading: true, isStale: old.path !== path }));
    get(path).then(
      (data) => isWanted && setState({ data, path, isLoading: false }),
      (error) => isWanted && setState({ error, path, isLoading: false }),
    );
    return () => { isWanted = false; };
  }, [path, turn]);
  useEffect(() => {
    if (!seconds) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && reload(), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds, reload]);
  return { ...state, reload };
}
