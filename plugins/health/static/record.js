// One record: how it stands on both sides, every write, why it waits, what lost in conflicts.
import { query, useLoad } from "./api.js";
import { Box, direction, Faint, h, Heading, HStack, Loaded, Mono, Rows, RunLink, shown, sideOf, SimpleGrid, State, Table, Text, Time, VStack } from "./ui.js";

export function Record({ of, integrationId, name }) {
  const side = of.salesforce_id ? "salesforce" : "app";
  const load = useLoad(`integrations/${integrationId}/record${query({ entity: of.entity, side, record_id: of.salesforce_id || of.app_id })}`);
  return h(Loaded, { load }, (data) => h(VStack, { align: "stretch", gap: 5 }, h(Sides, { data, name }), h(Waits, { data }), h(History, { data, name }), h(Lost, { data })));
}

function Sides({ data, name }) {
  const read = Object.fromEntries(data.last_read.map((row) => [row.side, row]));
  const base = data.link?.base || {};
  const names = [...new Set([...Object.keys(base), ...["salesforce", "app"].flatMap((side) => Object.keys(read[side]?.fields || {}))])];
  const settled = (side, field) => (side === "app" && field in (data.link?.app_base || {}) ? data.link.app_base[field] : base[field]);
  return h(Box, null, h(HStack, { mb: 2, gap: 3, wrap: "wrap" }, h(Heading, { as: "h4", size: "sm" }, "Values"),
    data.link && h(Faint, { fontSize: "xs" }, "link ", h(State, { value: data.link.state }), " · agreed ", h(Time, { at: data.link.updated_at })),
    ["salesforce", "app"].map((side) => read[side] && h(Faint, { key: side, fontSize: "xs" }, `${sideOf(name, side)} `, h(Mono, null, read[side].record_id), " read ", h(Time, { at: read[side].modified_at })))),
    names.length ? h(Rows, { rows: names.map((id) => ({ id })), label: "Values on both sides", columns: [
      ["Field", (row) => row.id], ["Agreed, Salesforce", (row) => shown(settled("salesforce", row.id))], [`Agreed, ${sideOf(name, "app")}`, (row) => shown(settled("app", row.id))],
      ["Last read, Salesforce", (row) => (read.salesforce?.fields ? shown(read.salesforce.fields[row.id]) : h(Faint, null, "–"))],
      [`Last read, ${sideOf(name, "app")}`, (row) => (read.app?.fields ? shown(read.app.fields[row.id]) : h(Faint, null, "–"))]] })
      : h(Faint, null, "No values are kept: it has not been linked yet."));
}

export const Reasons = ({ reasons }) => h(Box, { as: "ul", m: 0, p: 0, listStyleType: "none" }, reasons.map((each, i) =>
  h("li", { key: i }, h(Text, { as: "span", fontSize: "sm" }, each.reason), " ", h(Faint, { fontSize: "xs" }, `${[each.code, each.field].filter(Boolean).join(" · ")}`))));

function Waits({ data }) {
  if (!data.rejections.length) return null;
  return h(Box, null, h(Heading, { as: "h4", size: "sm", mb: 2 }, "Held back"), h(Rows, { rows: data.rejections, label: "Rejections", columns: [
    ["Since", (row) => h(Time, { at: row.opened_at })], ["Mended", (row) => (row.closed_at ? h(Time, { at: row.closed_at }) : h(State, { value: "rejected" }))],
    ["Step", (row) => row.stage], ["Reasons", (row) => h(Reasons, row)], ["Tries", (row) => row.attempts, { end: true }]] }));
}

function History({ data, name }) {
  if (!data.actions.length) return h(Faint, null, "Nothing has been written for it yet.");
  return h(Box, null, h(Heading, { as: "h4", size: "sm", mb: 2 }, "What was done"), h(Rows, { rows: data.actions, label: "Writes of this record", columns: [
    ["When", (row) => h(Time, { at: row.ended_at || row.planned_at })], ["Action", (row) => (row.operation === "agree" ? "found alike" : row.operation)],
    ["Direction", (row) => direction(name, row.side)], ["Result", (row) => h(State, { value: row.state })], ["Reason", (row) => row.message || row.rule],
    ["Changes", (row) => h(Changes, row)], ["Run", (row) => h(RunLink, { dagId: name, runId: row.run_id }, row.batch_id)]] }));
}

export function Changes({ fields }) {
  const names = Object.keys(fields || {});
  if (!names.length) return h(Faint, null, "–");
  return h(Box, { as: "ul", m: 0, p: 0, listStyleType: "none" }, names.map((name) =>
    h("li", { key: name }, h(Faint, null, `${name}: `), shown(fields[name][0]), h(Faint, null, " → "), shown(fields[name][1]))));
}

function Lost({ data }) {
  if (!data.conflicts.length) return null;
  return h(Box, null, h(Heading, { as: "h4", size: "sm", mb: 2 }, "Conflicts"), h(Rows, { rows: data.conflicts, label: "Conflicts of this record", columns: [
    ["When", (row) => h(Time, { at: row.noted_at })], ["Field", (row) => row.field], ["Before", (row) => shown(row.base)], ["Salesforce", (row) => shown(row.salesforce_value)],
    ["App", (row) => shown(row.app_value)], ["Stands", (row) => row.decision], ["Rule", (row) => row.rule]] }));
}
