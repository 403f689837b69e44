// Quarantine, with retry, and conflicts.
import { post, query, trigger, useLoad } from "./api.js";
import { Reasons, Record } from "./record.js";
import { Act, Box, Button, Choice, direction, Empty, Faint, Flex, h, HStack, Loaded, Mono, More, number, Pages, plural, Rows, RunLink, shown, sideOf, State, Text, Tick,
  Time, useAddress, useNotes, VStack } from "./ui.js";

const { useState } = globalThis.React;
const SIZE = 100;
const STEPS = [["", "Every step"], ["map", "map"], ["validate", "validate"], ["reconcile", "reconcile"], ["load", "load"]];
const DECISIONS = [["", "Every decision"], ["ask", "waits for a person"], ["salesforce", "Salesforce's value"], ["app", "the app's value"], ["merged", "merged"]];

export function Quarantine({ id, name, entities, may, reload }) {
  const [read, set] = useAddress();
  const [picked, setPicked] = useState(new Set());
  const notes = useNotes();
  const filter = { entity: read("entity"), side: read("side"), stage: read("stage"), code: read("code"), batch: read("batch"), before: read("before") };
  const load = useLoad(`integrations/${id}/rejections${query(filter)}`);
  const choose = (key) => (value) => { setPicked(new Set()); set({ [key]: value, before: "" }); };
  const retry = (body) => post(`integrations/${id}/retry`, body).then(({ count }) => {
    notes.say(`${plural(count, "record")} will be tried again`, h(Soon, { name, may, notes }));
    setPicked(new Set());
    load.reload();
    reload();
  });
  return h(VStack, { align: "stretch", gap: 3 }, notes.view, h(Loaded, { load }, ({ rows, reasons }) => h(VStack, { align: "stretch", gap: 3 },
    h(Flex, { justify: "space-between", wrap: "wrap", gap: 2 },
      h(HStack, { wrap: "wrap", role: "group", "aria-label": "Filters" },
        h(Choice, { label: "Entity", value: filter.entity, onChange: choose("entity"), options: [["", "Every entity"], ...entities.map((each) => [each, each])] }),
        h(Choice, { label: "Lives in", value: filter.side, onChange: choose("side"), options: [["", "Both systems"], ["salesforce", "Salesforce"], ["app", sideOf(name, "app")]] }),
        h(Choice, { label: "Step", value: filter.stage, onChange: choose("stage"), options: STEPS }),
        h(Choice, { label: "Reason", value: filter.code, onChange: choose("code"), options: [["", "Every reason"], ...codes(reasons)] }),
        filter.batch && h(Button, { size: "sm", variant: "outline", onClick: () => choose("batch")("") }, `Only batch ${filter.batch} ✕`)),
      may.edit && rows.length > 0 && h(HStack, null,
        h(Act, { variant: "outline", disabled: !picked.size, onClick: () => retry({ ids: [...picked] }), onError: notes.fail }, `Retry chosen${picked.size ? ` (${picked.size})` : ""}`),
        h(Act, { variant: "outline", onClick: () => retry({ entity: filter.entity, side: filter.side, stage: filter.stage, code: filter.code, batch: Number(filter.batch) }), onError: notes.fail }, isFiltered(filter) ? "Retry all that match" : "Retry all"))),
    rows.length ? h(Box, null, h(Held, { rows, id, name, may, picked, setPicked, retry, notes }),
        h(Pages, { rows, size: SIZE, isFirst: !filter.before, onNewest: () => set({ before: "" }), onOlder: () => set({ before: String(rows[rows.length - 1].id) }) }))
      : h(Empty, { title: isFiltered(filter) ? "No waiting record matches" : "Nothing is held back" },
        isFiltered(filter) ? "What waited may have been mended since. Choose other filters to see what waits." : "Every record that was read could go. Records that fail a check or that a system refuses show up here, with every reason."))));
}

const isFiltered = (filter) => Boolean(filter.entity || filter.side || filter.stage || filter.code || filter.batch);
const codes = (reasons) => [...reasons.reduce((sums, row) => sums.set(row.code, (sums.get(row.code) || 0) + row.records), new Map())].map(([code, n]) => [code, `${code} (${number(n)})`]);

export function Soon({ name, may, notes }) {
  const run = () => trigger(name).then((made) => notes.say("A run was triggered", h(RunLink, { dagId: name, runId: made.dag_run_id }, "Watch it in Airflow")));
  return h(HStack, { wrap: "wrap" }, h(Text, null, "The next run takes care of it."), may.trigger && h(Act, { size: "xs", variant: "outline", onClick: run, onError: notes.fail }, "Run now"));
}

function Held({ rows, id, name, may, picked, setPicked, retry, notes }) {
  const [open, setOpen] = useState(null);
  const flip = (key, isOn) => setPicked((old) => { const next = new Set(old); isOn ? next.add(key) : next.delete(key); return next; });
  const all = rows.every((row) => picked.has(row.id));
  const columns = [
    ["Record", (row) => h(More, { isOpen: open === row.id, onClick: () => setOpen(open === row.id ? null : row.id) }, h(Mono, null, row.record_id)), { minW: "160px" }],
    ["Of", (row) => `${row.entity} in ${sideOf(name, row.side)}`],
    ["Reasons", (row) => h(Reasons, row), { minW: "260px" }],
    ["Step", (row) => row.stage],
    ["Waits since", (row) => h(Time, { at: row.opened_at })],
    ["Tries", (row) => row.attempts, { end: true }],
    ["Next try", (row) => next(row)],
    ["Last run", (row) => h(RunLink, { dagId: name, runId: row.run_id }, "open")],
  ];
  if (may.edit) {
    const head = h(Tick, { label: "Choose all on this page", checked: all, onChange: (isOn) => setPicked(new Set(isOn ? rows.map((row) => row.id) : [])) });
    columns.unshift([head, (row) => h(Tick, { label: `Choose ${row.record_id}`, checked: picked.has(row.id), onChange: (isOn) => flip(row.id, isOn) })]);
    columns.push(["Again", (row) => h(Act, { size: "xs", variant: "outline", "aria-label": `Retry ${row.record_id}`, onClick: () => retry({ ids: [row.id] }), onError: notes.fail }, "Retry")]);
  }
  return h(Rows, { rows, columns, label: "Records held back", opened: open,
    more: (row) => h(Record, { of: { ...row, [`${row.side}_id`]: row.record_id }, integrationId: id, name }) });
}

function next(row) {
  if (row.is_due) return h(State, { value: "next run" });
  return row.retry_at ? h(Time, { at: row.retry_at }) : h(Faint, null, "once it is mended");
}

export function Conflicts({ id, name, entities }) {
  const [read, set] = useAddress();
  const [open, setOpen] = useState(null);
  const filter = { entity: read("entity"), decision: read("decision"), before: read("before") };
  const load = useLoad(`integrations/${id}/conflicts${query(filter)}`);
  const choose = (key) => (value) => set({ [key]: value, before: "" });
  const columns = [
    ["When", (row) => h(Time, { at: row.noted_at })],
    ["Record", (row) => h(More, { isOpen: open === row.id, onClick: () => setOpen(open === row.id ? null : row.id) }, h(Mono, null, row.salesforce_id || row.app_id))],
    ["Entity", (row) => row.entity], ["Field", (row) => row.field], ["Before", (row) => shown(row.base)], ["Salesforce", (row) => shown(row.salesforce_value)],
    [sideOf(name, "app"), (row) => shown(row.app_value)], ["Stands", (row) => stands(name, row)], ["Rule", (row) => row.rule], ["Run", (row) => h(RunLink, { dagId: name, runId: row.run_id }, "open")]];
  return h(VStack, { align: "stretch", gap: 3 },
    h(HStack, { wrap: "wrap" }, h(Choice, { label: "Entity", value: filter.entity, onChange: choose("entity"), options: [["", "Every entity"], ...entities.map((each) => [each, each])] }),
      h(Choice, { label: "Decision", value: filter.decision, onChange: choose("decision"), options: DECISIONS })),
    h(Loaded, { load }, ({ rows }) => rows.length
      ? h(Box, null, h(Rows, { rows, columns, label: "Conflicts", opened: open, more: (row) => h(Record, { of: row, integrationId: id, name }) }),
          h(Pages, { rows, size: SIZE, isFirst: !filter.before, onNewest: () => set({ before: "" }), onOlder: () => set({ before: String(rows[rows.length - 1].id) }) }))
      : h(Empty, { title: "No conflict" }, "No field was changed on both sides between two runs. When it happens, the mapping's rule decides and the losing value is kept here.")));
}

const stands = (name, row) => ({ salesforce: "Salesforce", app: sideOf(name, "app"), ask: "nobody yet: make both alike" })[row.decision] || row.decision;
