// One integration: its summary, and a tab for each thing there is to look at or to do.
import { Audit } from "./audit.js";
import { Bars, Legend, Strip, Totals } from "./charts.js";
import { Contacts } from "./contacts.js";
import { Conflicts, Quarantine } from "./waiting.js";
import { Mapping } from "./mapping.js";
import { Plans } from "./plans.js";
import { Records } from "./records.js";
import { SearchBox } from "./search.js";
import { Settle } from "./settle.js";
import { getDag, trigger, useLoad } from "./api.js";
import { Act, appOf, Badge, Box, Button, Choice, Count, direction, Empty, Faint, Flex, h, Heading, HStack, Loaded, Mono, Notice, number, Panel, RouterLink, Rows,
  RunLink, sideOf, SimpleGrid, State, Text, Time, titleOf, useAddress, useNotes, useViews, VStack } from "./ui.js";

const C = globalThis.ChakraUI;
const { useEffect, useState } = globalThis.React;
const SPANS = [["1", "24 hours"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];

export function Integration({ id, isTab, others = [] }) {
  const [read, set] = useAddress();
  const days = read("days") || "7";
  const load = useLoad(`integrations/${id}?days=${days}`, 30);
  if (load.error && !isTab) return h(Box, null, h(ToAll), h(Loaded, { load }));
  return h(Loaded, { load }, (data) => {
    const name = data.integration.name;
    const tabs = tabsOf(data, { id, name, days, setDays: (value) => set({ days: value }), reload: load.reload });
    const view = tabs.some(([key]) => key === read("view")) ? read("view") : "summary";
    return h(VStack, { align: "stretch", gap: 4 },
      h(Head, { data, isTab, others, reload: load.reload }),
      h(C.Tabs.Root, { value: view, onValueChange: (event) => set({ view: event.value === "summary" ? "" : event.value, ...CLEARED }), lazyMount: true, unmountOnExit: true, size: "sm" },
        h(C.Tabs.List, { flexWrap: "wrap" }, tabs.map(([key, title, count]) => h(C.Tabs.Trigger, { key, value: key, whiteSpace: "nowrap", flexShrink: 0 }, title,
          count ? h(Badge, { ml: 1, size: "xs", variant: "solid", colorPalette: "gray" }, number(count)) : null))),
        tabs.map(([key, , , content]) => h(C.Tabs.Content, { key, value: key }, content()))));
  });
}

const ToAll = () => h(RouterLink, { to: "?" }, h(Faint, { fontSize: "sm" }, "← All integrations"));
const CLEARED = { entity: "", side: "", operation: "", state: "", code: "", before: "", batch: "", within: "" };

function tabsOf(data, context) {
  const { integration, may } = data;
  const props = { ...context, may, entities: data.entities };
  const tabs = [
    ["summary", "Summary", 0, () => h(Summary, { data, ...props })],
    ["records", "Records", 0, () => h(Records, props)],
    ["quarantine", "Quarantine", integration.waiting, () => h(Quarantine, props)],
    ["settle", "Matches to settle", integration.ambiguous, () => h(Settle, props)],
    ["conflicts", "Conflicts", 0, () => h(Conflicts, props)],
    ["plans", "Plans", data.plans_waiting, () => h(Plans, props)],
    ["audit", "Audit", 0, () => h(Audit, props)],
    ["mapping", "Mapping", 0, () => h(Mapping, props)],
  ];
  if (data.has_exports) tabs.splice(1, 0, ["contacts", "Contacts", 0, () => h(Contacts, props)]);
  return tabs;
}

function Head({ data, isTab, others, reload }) {
  const { integration, may } = data;
  const [, set] = useAddress();
  const dagId = integration.name;
  const notes = useNotes();
  const run = () => trigger(dagId).then((made) => {
    notes.say("A run was triggered", h(RunLink, { dagId, runId: made.dag_run_id }, "Watch it in Airflow"));
    reload();
  });
  return h(Box, null,
    !isTab && h(ToAll),
    h(Flex, { justify: "space-between", align: "center", wrap: "wrap", gap: 3, mt: 1 },
      h(HStack, { gap: 3, wrap: "wrap" }, h(Heading, { as: "h2", size: "lg" }, titleOf(integration.name)), integration.state && h(State, { value: integration.state }), h(Paused, { dagId })),
      h(HStack, { wrap: "wrap" }, h(SearchBox),
        !isTab && h(Button, { asChild: true, size: "sm", variant: "outline" }, h(RouterLink, { to: `/dags/${dagId}` }, "Open DAG")),
        may.trigger && h(Act, { onClick: run, onError: notes.fail }, "Run now"))),
    others.length > 1 && h(Choice, { label: "Org and account", mt: 2, value: String(integration.id), onChange: (value) => set({ integration: value }),
      options: others.map((each) => [String(each.id), `org ${each.org_id}, account ${each.account_id}`]) }),
    notes.view);
}

function Paused({ dagId }) {
  const [isPaused, setPaused] = useState(false);
  useEffect(() => { getDag(dagId).then((dag) => setPaused(dag.is_paused), () => setPaused(false)); }, [dagId]);
  return isPaused ? h(Badge, { colorPalette: "warning", title: "Nothing runs by schedule until the DAG is unpaused, at the top of its page." }, "DAG is paused") : null;
}

function Summary({ data, name, days, setDays, may }) {
  const groups = groupsOf(data.over_time);
  const toView = useViews();
  const span = SPANS.find(([key]) => key === days)?.[1] || "7 days";
  return h(VStack, { align: "stretch", gap: 4 },
    h(Flex, { justify: "space-between", align: "center", wrap: "wrap", gap: 3 }, h(Legend), h(Choice, { label: "Time span", value: days, options: SPANS, onChange: setDays })),
    groups.length ? h(SimpleGrid, { columns: { base: 1, lg: 2 }, gap: 4 }, groups.map(([key, rows]) => {
      const title = `${rows[0].entity}: ${direction(name, rows[0].side)}`;
      return h(Panel, { key, title, "data-chart": key }, h(Bars, { rows, days: Number(days), label: `${title}, last ${span}` }), h(Totals, { rows, toOf: (filter) => toView("records", { entity: rows[0].entity, side: rows[0].side, within: days, ...filter }) }));
    })) : h(Empty, { title: `Nothing was written in the last ${span}` }, "Either both systems agree, or no run got as far as writing: the runs below tell. Choose a longer time span to look further back."),
    h(Panel, { title: "Latest runs", aside: h(Strip, { runs: data.latest, dagId: name }) }, h(Runs, { runs: data.runs, name, may })),
    h(SimpleGrid, { minChildWidth: "420px", gap: 4 },
      h(Panel, { title: "What waits, by reason" }, h(ByReason, { rows: data.reasons, name })),
      h(Panel, { title: "In step up to" }, h(Watermarks, { rows: data.watermarks, name })),
      h(Panel, { title: "API calls" }, h(Budget, { rows: data.budget, name }))));
}

function groupsOf(rows) {
  const groups = new Map();
  for (const row of rows) {
    const key = `${row.entity} ${row.side}`;
    groups.set(key, [...(groups.get(key) || []), row]);
  }
  return [...groups];
}

function Runs({ runs, name, may }) {
  const notes = useNotes();
  const toView = useViews();
  const undo = (row) => trigger("lockstep_undo", { app: name.replace(/^salesforce_/, ""), run: String(row.id) }).then((made) =>
    notes.say(`The plan that takes back batch ${row.id} is being made; it then waits for a decision`, h(RunLink, { dagId: "lockstep_undo", runId: made.dag_run_id }, "Watch it in Airflow")));
  const columns = may.undo ? [["Undo", (row) => (written(row) ? h(Act, { size: "2xs", variant: "outline", "aria-label": `Undo batch ${row.id}`, onClick: () => undo(row), onError: notes.fail }, "Undo") : null)]] : [];
  if (!runs.length) return h(Faint, null, "No run has found anything to do yet.");
  return h(Box, null, notes.view, h(Rows, { rows: runs, label: "Latest runs", columns: [
    ["Run", (row) => h(RunLink, { dagId: name, runId: row.run_id }, `batch ${row.id}`)], ["Started", (row) => h(Time, { at: row.started_at })],
    ["Mode", (row) => row.mode], ["State", (row) => h(State, { value: row.state })], ["Took", (row) => took(row)],
    ["Written", (row) => h(Count, { n: written(row), to: toView("records", { batch: row.id, state: "done" }), label: `written by batch ${row.id}` }), { end: true }], ["Rejected", (row) => h(Count, { n: row.counts?.load?.rejected, to: toView("quarantine", { batch: row.id }), label: `held back by batch ${row.id}` }), { end: true }], ["Left to the next run", (row) => left(row)], ...columns] }));
}

const took = (row) => (row.ended_at ? `${Math.max(1, Math.round((new Date(row.ended_at) - new Date(row.started_at)) / 1000))} s` : h(Faint, null, "runs"));
const written = (row) => Object.entries(row.counts?.load || {}).filter(([key]) => / (create|update|delete) done$/.test(key)).reduce((n, [, value]) => n + value, 0);

function left(row) {
  const errors = Object.entries(row.reads || {}).map(([entity, each]) => [entity, each.error || each.stopped]).filter(([, why]) => why);
  return errors.length ? errors.map(([entity, why]) => h(Text, { key: entity, color: "fg.error" }, `${entity}: ${why}`)) : h(Faint, null, "–");
}

function ByReason({ rows, name }) {
  const toView = useViews();
  if (!rows.length) return h(Faint, null, "Nothing waits: every record could go.");
  return h(Rows, { rows, keyOf: (row) => `${row.entity} ${row.side} ${row.code}`, label: "Reasons", columns: [
    ["Records", (row) => h(Count, { n: row.records, to: toView("quarantine", { entity: row.entity, side: row.side, code: row.code }), label: `wait: ${row.code}` }), { end: true }], ["Of", (row) => `${row.entity} in ${sideOf(name, row.side)}`],
    ["Reason", (row) => h(Box, null, h(Mono, null, row.code), h(Text, { fontSize: "xs", color: "fg.muted" }, row.example))]] });
}

function Watermarks({ rows, name }) {
  if (!rows.length) return h(Faint, null, "No run has come through yet; the first one sets where reading begins.");
  return h(Rows, { rows, keyOf: (row) => `${row.entity} ${row.side}`, label: "Watermarks", columns: [
    ["Entity", (row) => row.entity], ["Side", (row) => sideOf(name, row.side)], ["Read up to", (row) => h(Time, { at: row.value })],
    ["By run", (row) => h(RunLink, { dagId: name, runId: row.run_id }, "open")]] });
}

function Budget({ rows, name }) {
  if (!rows.length) return h(Faint, null, "No calls are on record yet. Salesforce shows its own count under Setup, System Overview.");
  return h(Rows, { rows, keyOf: (row) => row.account, label: "API calls", columns: [
    ["Account", (row) => h(Box, null, h(Mono, null, row.account), row.blocked_until && h(Text, { color: "fg.warning", fontSize: "xs" }, "asked to wait; calls go on ", h(Time, { at: row.blocked_until })))],
    ["Today, here", (row) => number(row.here), { end: true }], ["Today, all integrations", (row) => number(row.lockstep), { end: true }],
    ["Used by everybody", (row) => (row.daily_limit ? `${number(row.used)} of ${number(row.daily_limit)}` : h(Faint, null, "not told")), { end: true }],
    ["Per minute", (row) => (row.per_minute ? number(row.per_minute) : h(Faint, null, "–")), { end: true }]] });
}
