// Plans: what a run would write, field by field, to look at or to take along as CSV.
import { fileAddress, query, trigger, useLoad } from "./api.js";
import { Act, Badge, Box, Button, direction, Empty, Faint, Flex, h, Heading, HStack, Loaded, Mono, Notice, number, Rows, RouterLink, RunLink, shown, sideOf, State, Table, Text, Time,
  useAddress, useNotes, VStack } from "./ui.js";

const { useState } = globalThis.React;

export function Plans({ id, name, may }) {
  const [read, set] = useAddress();
  const load = useLoad(`integrations/${id}/plans`);
  return h(Loaded, { load }, ({ rows }) => {
    if (!rows.length) return h(Empty, { title: "No plan" },
      "Trigger the DAG with mode = plan to see what a run would write without writing anything. A plan that the guard holds back shows up here by itself.");
    const chosen = rows.find((row) => String(row.id) === read("batch")) || rows[0];
    return h(VStack, { align: "stretch", gap: 4 }, h(List, { rows, chosen, name, onChoose: (row) => set({ batch: String(row.id) }) }), h(Plan, { key: chosen.id, plan: chosen, id, name, may }));
  });
}

function List({ rows, chosen, name, onChoose }) {
  return h(Rows, { rows, label: "Plans", columns: [
    ["Plan", (row) => h(Button, { size: "xs", variant: row === chosen ? "solid" : "outline", "aria-pressed": row === chosen, onClick: () => onChoose(row) }, `batch ${row.id}`)],
    ["Made", (row) => h(Time, { at: row.started_at })], ["Mode", (row) => row.mode], ["State", (row) => h(Outcome, { row })],
    ["Writes", (row) => writes(row, name)], ["Still open", (row) => (row.is_open ? h(Badge, { colorPalette: "info" }, "can be carried out") : h(Faint, null, "past"))],
    ["Run", (row) => h(RunLink, { dagId: name, runId: row.run_id }, "open")]] });
}

// What is refused is rejected, too.
function left({ rejected, refused }) {
  const written = refused ? `${number(refused)} refused when written` : "";
  return rejected ? `${number(rejected)} rejected${written && ` (${written})`}` : written;
}

function Outcome({ row }) {
  const value = row.approval?.state || row.state;
  return h(Box, null, h(State, { value, palette: value === "waiting" && "awaiting_input" }), left(row) && h(Text, { fontSize: "sm" }, left(row)));
}

function writes(row, name) {
  const parts = Object.entries(row.counts || {}).flatMap(([entity, counts]) => Object.entries(counts || {})
    .filter(([key, n]) => n && key.startsWith("to_"))
    .map(([key, n]) => `${number(n)} × ${key.split(" ")[1]} ${entity}, ${direction(name, key.split(" ")[0].slice(3))}`));
  return parts.length ? parts.map((words) => h(Text, { key: words, fontSize: "sm" }, words)) : h(Faint, null, "nothing");
}

function Plan({ plan, id, name, may }) {
  const [from, setFrom] = useState({});
  const load = useLoad(`integrations/${id}/plans/${plan.id}${query(from)}`);
  return h(VStack, { align: "stretch", gap: 3 },
    h(Flex, { justify: "space-between", align: "center", wrap: "wrap", gap: 2 }, h(Heading, { as: "h3", size: "md" }, `Plan of batch ${plan.id}`),
      h(Button, { asChild: true, size: "sm", variant: "outline" }, h("a", { href: fileAddress(`integrations/${id}/plans/${plan.id}/csv`), download: true }, "Download as CSV"))),
    h(Waits, { plan, may }),
    h(Loaded, { load }, ({ rows, page }) => rows.length || from.after
      ? h(Box, null, h(Lines, { rows, name }), h(HStack, { mt: 3, justify: "end" },
          h(Button, { size: "xs", variant: "outline", disabled: !from.after, onClick: () => setFrom({}) }, "First"),
          h(Button, { size: "xs", variant: "outline", disabled: rows.length < page, onClick: () => setFrom({ position: rows[rows.length - 1].position, after: rows[rows.length - 1].id }) }, "Next")))
      : h(Empty, { title: "This plan writes nothing" }, "Both systems agreed when it was made.")));
}

// Approving is Airflow's own form; a plan that was asked for is put there first.
function Waits({ plan, may }) {
  const notes = useNotes();
  const approval = plan.approval;
  const isHeld = approval?.state === "waiting";
  if (!plan.is_open || !approval || !["waiting", "offered"].includes(approval.state)) return null;
  const ask = () => trigger("lockstep_approval", { plan: plan.id }).then(() => notes.say("It waits for a decision now", h(ToForm)));
  return h(Box, null, notes.view, h(Notice, { status: isHeld ? "warning" : "info", title: isHeld ? "This plan waits for a person" : "This plan can be carried out as it is" },
    h(VStack, { align: "start", gap: 2 }, (approval.reasons || []).map((words) => h(Text, { key: words }, words)),
      h(Text, null, "Expires ", h(Time, { at: approval.expires_at }), ". Records that move meanwhile are left out when it is carried out."),
      isHeld ? h(ToForm) : may.trigger && h(Act, { size: "xs", variant: "outline", onClick: ask, onError: notes.fail }, "Ask for a decision"))));
}

const ToForm = () => h(Button, { asChild: true, size: "xs", variant: "outline" }, h(RouterLink, { to: "/required_actions" }, "Approve or reject in Airflow"));

function Lines({ rows, name }) {
  const flat = rows.flatMap((row) => (row.changes.length ? row.changes : [null]).map((change, i) => ({ ...row, change, isFirst: i === 0, key: `${row.id} ${i}` })));
  const first = (cell) => (row) => (row.isFirst ? cell(row) : null);
  return h(Rows, { rows: flat, keyOf: (row) => row.key, label: "Planned writes", columns: [
    ["Entity", first((row) => row.entity)], ["Action", first((row) => h(Text, { fontWeight: "medium" }, row.operation))], ["Direction", first((row) => h(Text, { whiteSpace: "nowrap" }, direction(name, row.side)))],
    ["Record", first((row) => h(Box, null, row.salesforce_id && h("div", null, h(Mono, null, row.salesforce_id)), row.app_id && h("div", null, h(Mono, null, row.app_id))))],
    ["Field", (row) => row.change?.field || h(Faint, null, "–")], ["Before", (row) => row.change && shown(row.change.base)], ["Salesforce", (row) => row.change && shown(row.change.salesforce)],
    [sideOf(name, "app"), (row) => row.change && shown(row.change.app)], ["Becomes", (row) => row.change && h(Text, { as: "span", fontWeight: "medium" }, shown(row.change.new))],
    ["Decision", (row) => row.change && (["salesforce", "app"].includes(row.change.decision) ? sideOf(name, row.change.decision) : row.change.decision)],
    ["Rule", (row) => row.change?.rule ?? row.rule], ["State", first((row) => h(State, { value: row.state }))]] });
}
