// The last writes with action, direction, result and reason; filters and pages in the database.
import { query, useLoad } from "./api.js";
import { Changes, Record } from "./record.js";
import { appOf, Box, Button, Choice, direction, Empty, Faint, h, HStack, Loaded, Mono, More, Pages, Rows, RunLink, State, Text, Time, useAddress, VStack } from "./ui.js";

const { useState } = globalThis.React;
const SIZE = 100;
const SPANS = [["", "At any time"], ["1", "Last 24 hours"], ["7", "Last 7 days"], ["30", "Last 30 days"], ["90", "Last 90 days"]];
const ASKED = { failed: ["failed", "unknown"] };  // as the summary counts them
const OPERATIONS = [["", "Every action"], ["create", "create"], ["update", "update"], ["delete", "delete"]];
const STATES = [["", "Every result"], ["done", "done"], ["failed", "failed or unknown"], ["skipped", "skipped"], ["waiting", "waits for its counterpart"], ["unknown", "unknown"], ["accepted", "accepted"], ["planned", "planned"], ["sending", "sending"]];

export function Records({ id, name, entities }) {
  const [read, set] = useAddress();
  const filter = { entity: read("entity"), side: read("side"), operation: read("operation"), state: read("state"), within: read("within"), batch: read("batch"), before: read("before") };
  const load = useLoad(`integrations/${id}/records${query({ ...filter, state: ASKED[filter.state] || filter.state })}`);
  const choose = (key) => (value) => set({ [key]: value, before: "" });
  return h(VStack, { align: "stretch", gap: 3 },
    h(HStack, { wrap: "wrap", role: "group", "aria-label": "Filters" },
      h(Choice, { label: "Entity", value: filter.entity, onChange: choose("entity"), options: [["", "Every entity"], ...entities.map((each) => [each, each])] }),
      h(Choice, { label: "Direction", value: filter.side, onChange: choose("side"), options: [["", "Both directions"], ["app", direction(name, "app")], ["salesforce", direction(name, "salesforce")]] }),
      h(Choice, { label: "Action", value: filter.operation, onChange: choose("operation"), options: OPERATIONS }),
      h(Choice, { label: "Result", value: filter.state, onChange: choose("state"), options: STATES }),
      h(Choice, { label: "Time", value: filter.within, onChange: choose("within"), options: SPANS }),
      filter.batch && h(Button, { size: "sm", variant: "outline", onClick: () => choose("batch")("") }, `Only batch ${filter.batch} ✕`)),
    h(Loaded, { load }, ({ rows }) => rows.length
      ? h(Box, null, h(List, { rows, id, name }), h(Pages, { rows, size: SIZE, isFirst: !filter.before, onNewest: () => set({ before: "" }), onOlder: () => set({ before: String(rows[rows.length - 1].id) }) }))
      : h(Empty, { title: "No record matches" }, "Records show up here once a run plans or makes a write. Choose other filters, or look at Quarantine for records that could not go.")));
}

function List({ rows, id, name }) {
  const [open, setOpen] = useState(null);
  const columns = [
    ["When", (row) => h(Time, { at: row.ended_at || row.sent_at || row.planned_at })],
    ["Record", (row) => h(More, { isOpen: open === row.id, onClick: () => setOpen(open === row.id ? null : row.id) }, row.label || row.salesforce_id || row.app_id || "new")],
    ["Entity", (row) => row.entity],
    ["Action", (row) => row.operation],
    ["Direction", (row) => h(Text, { as: "span", whiteSpace: "nowrap" }, direction(name, row.side))],
    ["Result", (row) => h(State, { value: row.state })],
    ["Reason", (row) => h(Reason, { row }), { minW: "220px", maxW: "420px" }],
    ["Run", (row) => h(RunLink, { dagId: name, runId: row.run_id }, row.batch_id)],
  ];
  return h(Rows, { rows, columns, label: "Last records", opened: open, more: (row) => h(Details, { row, id, name }) });
}

const Reason = ({ row }) => h(Box, null, h(Text, null, row.message || row.rule), row.code && h(Faint, { fontSize: "xs" }, h(Mono, null, row.code)));

function Details({ row, id, name }) {
  return h(VStack, { align: "stretch", gap: 4 },
    h(HStack, { gap: 8, align: "start", wrap: "wrap" },
      h(Box, null, h(Faint, { fontSize: "xs" }, "Salesforce id"), h("div", null, h(Mono, null, row.salesforce_id || "–"))),
      h(Box, null, h(Faint, { fontSize: "xs" }, `${appOf(name)} id`), h("div", null, h(Mono, null, row.app_id || "–"))),
      h(Box, null, h(Faint, { fontSize: "xs" }, "Changed"), h(Changes, row)),
      h(Box, null, h(Faint, { fontSize: "xs" }, "Rule"), h("div", null, row.rule || "–")),
      h(Box, null, h(Faint, { fontSize: "xs" }, "Tries"), h("div", null, row.attempts))),
    (row.salesforce_id || row.app_id) && h(Record, { of: row, integrationId: id, name }));
}
