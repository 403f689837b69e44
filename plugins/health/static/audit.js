// The nightly audit: how healthy the integration was each night, and the differences of the last one, each with its reason.
import { query, useLoad } from "./api.js";
import { Line } from "./charts.js";
import { Record } from "./record.js";
import { Badge, Box, Button, Choice, Count, Empty, Faint, h, HStack, Loaded, Mono, More, Notice, number, Panel, Rows, RunLink, sideOf, State, Text, Time, useAddress, useViews, VStack } from "./ui.js";

const { useState } = globalThis.React;
const CLASSES = ["in flight", "quarantined", "filtered", "conflict", "unexplained"];
const KINDS = { changed: "differs from what was agreed", missing: "is not there any more", unlinked: "has no counterpart", differs: "differs until a person decides" };
const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const share = (health) => (health === null ? "–" : `${(Math.floor(health * 10000) / 100).toFixed(2)} %`);

export function Audit({ id, name }) {
  const load = useLoad(`integrations/${id}/audits`);
  return h(Loaded, { load }, ({ rows }) => rows.length ? h(VStack, { align: "stretch", gap: 4 }, h(Figures, { rows }), h(Latest, { latest: rows[0] }), h(Differences, { id, name, audit: rows[0] }))
    : h(Empty, { title: "No audit yet" }, "The DAG lockstep_audit compares both sides whole every night, once a run of the integration has come through. Trigger it to have a first figure now."));
}

function Figures({ rows }) {
  const points = [...rows].reverse().filter((row) => row.health !== null).map((row) => ({ name: DAYS.format(new Date(row.started_at)), value: row.health * 100 }));
  return h(Panel, { title: "Health: the share without an unexplained difference", "data-chart": "health" },
    points.length ? h(Line, { points, label: `Health, latest ${share(rows[0].health)}` }) : h(Faint, null, "No audit has compared anything yet."));
}

function Latest({ latest }) {
  const toView = useViews();
  const entities = Object.entries(latest.counts).map(([entity, counts]) => ({ id: entity, entity, ...counts }));
  const when = h(HStack, null, h(Faint, { fontSize: "sm" }, h(RunLink, { dagId: "lockstep_audit", runId: latest.run_id }, h(Time, { at: latest.started_at }))), h(State, { value: latest.state }));
  return h(Panel, { title: `Latest audit: ${share(latest.health)}`, aside: when },
    latest.requeued ? h(Notice, { status: "info", title: `${number(latest.requeued)} records were queued: the next run puts them right` }) : null,
    h(Rows, { rows: entities, label: "Classes", columns: [
      ["Entity", (row) => row.entity], ["Compared", (row) => (row.stopped ? h(Text, { color: "fg.warning" }, `not compared: ${row.stopped}`) : number(row.compared)), { end: !entities.some((row) => row.stopped) }],
      ...CLASSES.map((each) => [each, (row) => h(Count, { n: row[each], to: toView("audit", { code: each }), label: each, ...(each === "unexplained" && { color: "fg.error" }) }), { end: true }])] }));
}

function Differences({ id, name, audit }) {
  const [read, set] = useAddress();
  const [after, setAfter] = useState(0);
  const [open, setOpen] = useState(null);
  const chosen = read("code");
  const load = useLoad(`integrations/${id}/audits/${audit.id}${query({ name: chosen, after: after || "" })}`);
  const options = [["", "Every class"], ...CLASSES.map((each) => [each, each])];
  return h(Panel, { title: "Differences", aside: h(Choice, { label: "Class", value: chosen, options, onChange: (value) => { setAfter(0); set({ code: value }); } }) },
    h(Loaded, { load }, ({ rows, page }) => rows.length || after ? h(Box, null, h(Rows, { rows, label: "Differences", opened: open, more: (row) => h(Record, { of: { entity: row.entity, [`${row.side}_id`]: row.record_id }, integrationId: id, name }), columns: [
      ["Class", (row) => h(Badge, { colorPalette: row.class === "unexplained" ? "failed" : "gray", size: "sm" }, row.class)],
      ["Record", (row) => h(More, { isOpen: open === row.id, onClick: () => setOpen(open === row.id ? null : row.id) }, h(Box, { as: "span" }, row.entity, " in ", sideOf(name, row.side), " ", h(Mono, null, row.record_id)))],
      ["What", (row) => KINDS[row.kind]], ["Fields", (row) => row.fields.join(", ") || h(Faint, null, "–")],
      ["Follows", (row) => (row.is_requeued ? "the next run puts it right" : h(Faint, null, "–"))]] }),
    h(HStack, { mt: 3, justify: "end" }, h(Button, { size: "xs", variant: "outline", disabled: !after, onClick: () => setAfter(0) }, "First"),
      h(Button, { size: "xs", variant: "outline", disabled: rows.length < page, onClick: () => setAfter(rows[rows.length - 1].id) }, "Next")))
      : h(Empty, { title: "No difference" }, chosen ? "None of this class." : "Every record is as it was last agreed on.")));
}
