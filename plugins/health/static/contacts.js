// Captured contacts with check boxes: how each export stands, and a button that pushes the chosen ones.
import { query, trigger, useLoad } from "./api.js";
import { Act, Box, Button, Choice, Empty, Faint, Flex, h, HStack, Input, Loaded, Mono, Pages, plural, Rows, RunLink, State, Text, Tick, Time, useAddress, useNotes, VStack } from "./ui.js";

const { useState } = globalThis.React;
const STATES = [["", "Every export"], ["done", "exported"], ["failed", "failed"], ["waiting", "not yet"], ["deleted", "deleted"]];
const MOST = 200;
const EARLY = "2000-01-01T00:00:00Z";
const WORDS = { done: "exported", failed: "failed", waiting: "not yet", deleted: "deleted in Salesforce" };

export function Contacts({ id, name, may, reload }) {
  const [read, set] = useAddress();
  const [picked, setPicked] = useState(new Set());
  const [typed, setTyped] = useState("");
  const notes = useNotes();
  const filter = { state: read("state"), q: read("q") };
  const load = useLoad(`integrations/${id}/exports${query(filter)}`, 15);
  const push = () => trigger(name, { record_ids: ids(picked, typed).map((each) => `app:${each}`) }).then((made) => {
    notes.say(`${plural(ids(picked, typed).length, "contact")} on the way to Salesforce`, h(RunLink, { dagId: name, runId: made.dag_run_id }, "Watch the run"));
    setPicked(new Set());
    setTyped("");
    reload();
  });
  const list = () => trigger(name, { mode: "plan", since: EARLY }).then((made) => {
    notes.say("All contacts are being read; they show up here when the run has ended. Nothing is written", h(RunLink, { dagId: name, runId: made.dag_run_id }, "Watch the run"));
    reload();
  });
  const count = ids(picked, typed).length;
  return h(VStack, { align: "stretch", gap: 3 }, notes.view,
    h(Flex, { justify: "space-between", wrap: "wrap", gap: 2 },
      h(HStack, { wrap: "wrap" }, h(Choice, { label: "Export", value: filter.state, options: STATES, onChange: (value) => set({ state: value }) }),
        h(Find, { value: filter.q, onFind: (q) => set({ q }) })),
      may.trigger ? h(HStack, { wrap: "wrap" }, h(Act, { variant: "outline", title: "Reads every contact and only plans: nothing is written", onClick: list, onError: notes.fail }, "List earlier contacts"), h(Input, { size: "sm", w: "240px", "aria-label": "More contact ids", placeholder: "more ids, with commas", value: typed, onChange: (event) => setTyped(event.target.value) }),
        h(Act, { disabled: !count, onClick: push, onError: notes.fail }, `Push to Salesforce${count ? ` (${count})` : ""}`))
        : h(Faint, { fontSize: "sm" }, "Pushing takes the right to trigger this DAG.")),
    h(Loaded, { load }, ({ rows }) => rows.length ? h(Box, null, h(List, { rows, picked, setPicked, may }),
        rows.length >= MOST && h(Faint, { fontSize: "sm" }, `These are the latest ${MOST}. To see others, choose how their export stands, or search.`))
      : h(Empty, { title: filter.state || filter.q ? "No contact matches" : "No contact has been read yet" },
        filter.state || filter.q ? "Choose another filter." : "Captured contacts show up here once a run has read them. To see those that were captured before, list earlier contacts.")));
}

const ids = (picked, typed) => [...new Set([...picked, ...typed.split(/[\s,;]+/).filter(Boolean)])];

function Find({ value, onFind }) {
  const [words, setWords] = useState(value);
  return h("form", { onSubmit: (event) => { event.preventDefault(); onFind(words.trim()); } },
    h(Input, { size: "sm", w: "220px", type: "search", "aria-label": "Name, e-mail address or id", placeholder: "name, e-mail or id", value: words, onChange: (event) => setWords(event.target.value) }));
}

function List({ rows, picked, setPicked, may }) {
  const flip = (key, isOn) => setPicked((old) => { const next = new Set(old); isOn ? next.add(key) : next.delete(key); return next; });
  const shown = [...new Set(rows.map((row) => row.record_id))];
  const columns = [
    ["Contact", (row) => h(Box, null, h(Text, null, row.label || h(Faint, null, "without a name")), h(Mono, null, row.record_id))],
    ["E-mail", (row) => row.fields.email || h(Faint, null, "–")],
    ["Company", (row) => row.fields.company || h(Faint, null, "–")],
    ["Export", (row) => h(Box, null, h(State, { value: WORDS[row.state] || row.state }), row.reasons.map((words, i) => h(Text, { key: i, fontSize: "xs", color: "fg.error" }, words))), { minW: "240px" }],
    ["When", (row) => (row.at ? h(Time, { at: row.at }) : h(Faint, null, "–"))],
    ["In Salesforce", (row) => (row.salesforce_id ? h(Mono, null, row.salesforce_id) : h(Faint, null, "–"))],
    ["As", (row) => row.entity],
  ];
  if (may.trigger) {
    const head = h(Tick, { label: "Choose all contacts shown", checked: shown.every((each) => picked.has(each)), onChange: (isOn) => setPicked(new Set(isOn ? shown : [])) });
    columns.unshift([head, (row) => h(Tick, { label: `Choose ${row.label || row.record_id}`, checked: picked.has(row.record_id), onChange: (isOn) => flip(row.record_id, isOn) })]);
  }
  return h(Rows, { rows, columns, keyOf: (row) => `${row.entity} ${row.record_id}`, label: "Captured contacts" });
}
