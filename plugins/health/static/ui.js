// The parts that every view is made of, in Airflow's own components and colours.
import { NAMES } from "./names.js";

const { React, ReactRouterDOM, ChakraUI: C } = globalThis;
const { useCallback } = React;

export const h = React.createElement;
export const { Box, Flex, HStack, VStack, Heading, Text, Badge, Button, Input, Spinner, Table, SimpleGrid, Code } = C;
export const RouterLink = ReactRouterDOM.Link;

const PALETTES = {
  done: "success", planned: "scheduled", approved: "info", sending: "running", accepted: "running", failed: "failed", skipped: "skipped", waiting: "scheduled",
  unknown: "warning", partial: "warning", idle: "gray", open: "running", live: "success", tombstone: "gray", pending: "info",
  broken: "failed", valid: "success", rejected: "failed", held: "awaiting_input", applied: "success", overtaken: "skipped",
};
const DATES = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const NUMBERS = new Intl.NumberFormat();
const STEPS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const number = (value) => NUMBERS.format(value ?? 0);
export const plural = (n, word, more = `${word}s`) => `${number(n)} ${n === 1 ? word : more}`;

export function appOf(name) {
  const app = name.replace(/^salesforce_/, "");
  return NAMES[app] || app.charAt(0).toUpperCase() + app.slice(1);
}
export const titleOf = (name) => `Salesforce ↔ ${appOf(name)}`;
export const sideOf = (name, side) => (side === "app" ? appOf(name) : "Salesforce");
export const direction = (name, side) => (side === "app" ? `Salesforce → ${appOf(name)}` : `${appOf(name)} → Salesforce`);

export function ago(moment) {
  const seconds = (new Date(moment) - Date.now()) / 1000;
  const [unit, size] = STEPS.find(([, each]) => Math.abs(seconds) >= each) || [null, 1];
  return unit ? RELATIVE.format(Math.round(seconds / size), unit) : "just now";
}

export const Time = ({ at }) =>
  at ? h("time", { dateTime: at, title: `${DATES.format(new Date(at))} (${at})`, style: { whiteSpace: "nowrap" } }, ago(at)) : h(Faint, null, "never");
export const Faint = (props) => h(Text, { as: "span", color: "fg.muted", ...props });
export const Mono = ({ children, wraps }) =>
  h(Text, { as: "span", fontFamily: "mono", fontSize: "xs", whiteSpace: wraps ? "normal" : "nowrap", overflowWrap: wraps && "anywhere" }, children);
export const State = ({ value, palette }) => h(Badge, { colorPalette: palette || PALETTES[value] || "gray", variant: "subtle", size: "sm" }, value);
export const paletteOf = (state) => PALETTES[state] || "gray";

// A number leads to the rows that it counts; nothing leads nowhere.
export const Count = ({ n, to, label, ...rest }) => n && to
  ? h(C.Link, { asChild: true, color: "fg.info", ...rest }, h(RouterLink, { to, "aria-label": label && `${number(n)} ${label}` }, number(n)))
  : h(Text, { as: "span", ...rest, color: n ? rest.color : "fg.muted" }, number(n));

export const RunLink = ({ dagId, runId, children }) =>
  h(C.Link, { asChild: true, color: "fg.info" }, h(RouterLink, { to: `/dags/${dagId}/runs/${encodeURIComponent(runId)}` }, children || runId));

export function Notice({ status = "info", title, children }) {
  const role = status === "error" ? "alert" : "status";
  return h(C.Alert.Root, { status, role, my: 3 }, h(C.Alert.Indicator),
    h(C.Alert.Content, null, title && h(C.Alert.Title, null, title), children && h(C.Alert.Description, null, children)));
}

// Shows what is being loaded, what went wrong with a way to try again, or the view.
export function Loaded({ load, children }) {
  if (load.error)
    return h(Notice, { status: "error", title: "This could not be shown" }, h(VStack, { align: "start", gap: 2 },
      h(Text, null, load.error.message), h(Button, { size: "xs", variant: "outline", onClick: load.reload }, "Try again")));
  if (!load.data) return h(HStack, { py: 8, justify: "center", role: "status" }, h(Spinner, { size: "sm" }), h(Faint, null, "Loading …"));
  return h(Box, { opacity: load.isStale ? 0.5 : 1, "aria-busy": load.isLoading }, children(load.data));
}

export const Empty = ({ title, children }) =>
  h(VStack, { py: 10, px: 6, gap: 2, borderWidth: 1, borderStyle: "dashed", borderRadius: "md", textAlign: "center" },
    h(Text, { fontWeight: "medium" }, title), children && h(Faint, { maxW: "65ch" }, children));

export const Panel = ({ title, aside, children, ...rest }) =>
  h(Box, { as: "section", borderWidth: 1, borderRadius: "md", p: 4, minW: 0, ...rest },
    (title || aside) && h(Flex, { justify: "space-between", align: "center", mb: 3, gap: 2, wrap: "wrap" },
      h(Heading, { as: "h3", size: "sm" }, title), aside), children);

// `columns`: [heading, (row) => cell, options]; a row may open to show more.
export function Rows({ rows, columns, keyOf = (row) => row.id, label, more, opened }) {
  return h(Table.ScrollArea, { borderWidth: 1, borderRadius: "md", whiteSpace: "normal" }, h(Table.Root, { size: "sm", interactive: false, "aria-label": label },
    h(Table.Header, null, h(Table.Row, { bg: "bg.muted" }, columns.map(([name, , options], i) =>
      h(Table.ColumnHeader, { key: i, textAlign: options?.end ? "end" : "start", whiteSpace: "nowrap" }, name)))),
    h(Table.Body, null, rows.flatMap((row) => [
      h(Table.Row, { key: keyOf(row), "data-row": keyOf(row) }, columns.map(([, cell, options], i) =>
        h(Table.Cell, { key: i, verticalAlign: "top", textAlign: options?.end ? "end" : "start", minW: options?.minW, maxW: options?.maxW }, cell(row)))),
      more && opened === keyOf(row) && h(Table.Row, { key: `${keyOf(row)} more` },
        h(Table.Cell, { colSpan: columns.length, bg: "bg.subtle", p: 4 }, more(row))),
    ].filter(Boolean)))));
}

export const More = ({ isOpen, onClick, children }) =>
  h(Button, { size: "xs", variant: "plain", px: 0, h: "auto", onClick, "aria-expanded": isOpen, color: "fg.info", whiteSpace: "normal",
    textAlign: "start", justifyContent: "start" }, h(Box, { as: "span", "aria-hidden": true, mr: 1 }, isOpen ? "▾" : "▸"), children);

export function Choice({ label, value, options, onChange, ...rest }) {
  return h(C.NativeSelect.Root, { size: "sm", w: "auto", ...rest },
    h(C.NativeSelect.Field, { "aria-label": label, value, onChange: (event) => onChange(event.target.value) },
      options.map(([key, words]) => h("option", { key, value: key }, words))), h(C.NativeSelect.Indicator));
}

export function Tick({ label, checked, onChange, disabled, isHidden = true }) {
  return h(C.Checkbox.Root, { checked, disabled, onCheckedChange: (event) => onChange(event.checked === true) },
    h(C.Checkbox.HiddenInput, { "aria-label": isHidden ? label : undefined }), h(C.Checkbox.Control),
    !isHidden && h(C.Checkbox.Label, null, label));
}

// A button that works, says that it does, and hands what went wrong to `onError`.
export function Act({ onClick, onError, children, ...rest }) {
  const [isBusy, setBusy] = React.useState(false);
  const run = () => {
    setBusy(true);
    onClick().catch(onError).finally(() => setBusy(false));
  };
  return h(Button, { size: "sm", loading: isBusy, onClick: run, ...rest }, children);
}

// The view's state lives in the address: it can be sent to a colleague, and Back works.
export function useAddress() {
  const [params, setParams] = ReactRouterDOM.useSearchParams();
  const set = useCallback((values, options) => setParams((old) => {
    const next = new URLSearchParams(old);
    for (const [name, value] of Object.entries(values)) value ? next.set(name, value) : next.delete(name);
    return next;
  }, options), [setParams]);
  return [(name) => params.get(name) || "", set];
}

// The address of another view of the integration that is looked at.
export function useViews() {
  const [params] = ReactRouterDOM.useSearchParams();
  const integration = params.get("integration");
  return (view, values = {}) => `?${new URLSearchParams({ ...(integration && { integration }), view, ...values })}`;
}

export const shown = (value) =>
  value === null || value === undefined || value === "" ? h(Faint, null, "empty") : typeof value === "object" ? JSON.stringify(value) : String(value);

export function useNotes() {
  const [note, setNote] = React.useState(null);
  const place = React.useRef(null);
  React.useEffect(() => { note && place.current?.scrollIntoView({ block: "nearest" }); }, [note]);
  const view = note && h(Box, { ref: place }, h(Notice, { status: note.status, title: note.title }, note.words));
  const fail = useCallback((error) => setNote({ status: "error", title: "That did not work", words: error.message }), []);
  return { view, fail, say: (title, words) => setNote({ status: "success", title, words }), clear: () => setNote(null) };
}

export function Pages({ rows, size, onOlder, onNewest, isFirst }) {
  if (isFirst && rows.length < size) return null;
  return h(HStack, { mt: 3, justify: "end" },
    h(Button, { size: "xs", variant: "outline", disabled: isFirst, onClick: onNewest }, "Newest"),
    h(Button, { size: "xs", variant: "outline", disabled: rows.length < size, onClick: onOlder }, "Older"));
}
