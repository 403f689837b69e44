// Search by the id in either system or the beginning of an e-mail address, over every integration the user may read.
import { query, useLoad } from "./api.js";
import { Record } from "./record.js";
import { appOf, Box, Button, Empty, Faint, Flex, h, Heading, HStack, Input, Loaded, Mono, More, Rows, State, titleOf, useAddress, VStack } from "./ui.js";

const { useState } = globalThis.React;

export function SearchBox() {
  const [read, set] = useAddress();
  const [words, setWords] = useState(read("search"));
  const go = (event) => {
    event.preventDefault();
    set({ search: words.trim() });
  };
  return h("form", { onSubmit: go, role: "search" }, h(HStack, null,
    h(Input, { size: "sm", w: "320px", type: "search", "aria-label": "Record id or e-mail address", placeholder: "Record id or e-mail address", value: words,
      onChange: (event) => setWords(event.target.value) }),
    h(Button, { size: "sm", type: "submit", variant: "outline" }, "Search")));
}

export function Search({ dagId }) {
  const [read, set] = useAddress();
  const words = read("search");
  const load = useLoad(`search${query({ q: words, dag_id: dagId })}`);
  return h(VStack, { align: "stretch", gap: 4 },
    h(Flex, { justify: "space-between", wrap: "wrap", gap: 3 }, h(HStack, null,
      h(Button, { size: "sm", variant: "ghost", onClick: () => set({ search: "", found: "" }) }, "← Back"), h(Heading, { as: "h2", size: "md" }, `Found for “${words}”`)), h(SearchBox, { key: words })),
    h(Loaded, { load }, ({ rows }) => rows.length ? h(Found, { rows }) : h(Empty, { title: `Nothing is known of “${words}”` },
      "Give the whole id as Salesforce (15 or 18 characters) or the app shows it, or the beginning of an e-mail address. A record that no run has read yet is not here.")));
}

function Found({ rows }) {
  const [open, setOpen] = useState(rows.length === 1 ? keyOf(rows[0]) : "");
  const columns = [
    ["Record", (row) => h(More, { isOpen: open === keyOf(row), onClick: () => setOpen(open === keyOf(row) ? "" : keyOf(row)) }, row.label || row.salesforce_id || row.app_id)],
    ["Integration", (row) => titleOf(row.name)],
    ["Entity", (row) => row.entity],
    ["E-mail", (row) => row.email || h(Faint, null, "–")],
    ["Salesforce id", (row) => h(Mono, null, row.salesforce_id || "–")],
    ["Id in the app", (row) => h(Mono, null, row.app_id || "–")],
    ["Link", (row) => h(State, { value: row.state })],
  ];
  return h(Rows, { rows, columns, keyOf, label: "Records found", opened: open, more: (row) => h(Record, { of: row, integrationId: row.integration_id, name: row.name }) });
}

const keyOf = (row) => `${row.integration_id} ${row.entity} ${row.salesforce_id} ${row.app_id}`;
