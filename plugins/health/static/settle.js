// Records that match more than one: a person says which one is meant, or that a new one is to be made.
import { post, useLoad } from "./api.js";
import { Act, Box, Button, Empty, Faint, Flex, h, Heading, HStack, Input, Loaded, Mono, Notice, Panel, shown, sideOf, State, Table, Text, Time, useNotes, VStack } from "./ui.js";
import { Soon } from "./waiting.js";

const C = globalThis.ChakraUI;
const { useState } = globalThis.React;
const NEW = "new", OTHER_ID = "other";

export function Settle({ id, name, may, reload }) {
  const [before, setBefore] = useState(0);
  const load = useLoad(`integrations/${id}/ambiguous${before ? `?before=${before}` : ""}`);
  const notes = useNotes();
  const done = (words) => {
    notes.say(words, h(Soon, { name, may, notes }));
    load.reload();
    reload();
  };
  return h(VStack, { align: "stretch", gap: 3 }, notes.view, h(Loaded, { load }, ({ rows }) => rows.length
    ? h(VStack, { align: "stretch", gap: 4 },
        h(Faint, { fontSize: "sm" }, "Each of these records fits more than one record on the other side, or the same one as others do, so it was left alone. Say which one it is; the next run links the two."),
        rows.map((row) => h(Case, { key: row.id, row, id, name, may, notes, done })),
        rows.length === 50 && h(Button, { size: "xs", variant: "outline", alignSelf: "end", onClick: () => setBefore(rows[rows.length - 1].id) }, "Older"))
    : h(Empty, { title: "No match to settle" }, "When a record fits more than one on the other side, nobody guesses: it is listed here until a person says which one it is.")));
}

function Case({ row, id, name, may, notes, done }) {
  const [choice, setChoice] = useState(row.is_decided ? (row.other_id ? known(row) : NEW) : "");
  const [typed, setTyped] = useState(row.is_decided && row.other_id ? row.other_id : "");
  const other = sideOf(name, row.side === "app" ? "salesforce" : "app");
  const chosen = choice === NEW ? null : choice === OTHER_ID ? typed.trim() : choice;
  const settle = () => post(`integrations/${id}/settle`, { rejection_id: row.id, other_id: chosen }).then(() => done(chosen ? `${row.record_id} belongs to ${chosen}` : `A new ${row.entity} will be made for ${row.record_id}`));
  const unsettle = () => post(`integrations/${id}/unsettle`, { rejection_id: row.id }).then(() => done("The decision was taken back"));
  return h(Panel, { "data-case": row.record_id },
    h(Flex, { justify: "space-between", wrap: "wrap", gap: 2, mb: 3 },
      h(Box, null, h(Heading, { as: "h3", size: "sm" }, `${row.entity} `, h(Mono, null, row.record_id), ` in ${sideOf(name, row.side)}`), h(Faint, { fontSize: "sm" }, row.reasons.map((each) => each.reason).join(" "))),
      row.is_decided ? h(Text, { fontSize: "sm" }, h(State, { value: "decided" }), ` by ${row.decided_by} `, h(Time, { at: row.decided_at })) : h(Faint, { fontSize: "sm" }, "since ", h(Time, { at: row.opened_at }))),
    h(Choices, { row, name, other, choice, setChoice, typed, setTyped, isOff: !may.edit }),
    may.edit ? h(HStack, { mt: 3 },
      h(Act, { disabled: !choice || (choice === OTHER_ID && !typed.trim()), onClick: settle, onError: notes.fail }, "Settle"),
      row.is_decided && h(Act, { variant: "outline", onClick: unsettle, onError: notes.fail }, "Take back"))
      : h(Faint, { fontSize: "sm" }, "Settling takes the right to edit this DAG."));
}

const known = (row) => (row.candidates.some((each) => each.record_id === row.other_id) ? row.other_id : OTHER_ID);

function Choices({ row, name, other, choice, setChoice, typed, setTyped, isOff }) {
  const fields = [...new Set([row.fields, ...row.candidates.map((each) => each.fields)].flatMap((each) => Object.keys(each || {})))]
    .filter((field) => [row.fields, ...row.candidates.map((each) => each.fields)].some((each) => each?.[field] !== null && each?.[field] !== undefined && each?.[field] !== ""));
  const radio = (value, words) => h(Flex, { as: "label", gap: 2, align: "center", fontSize: "sm", cursor: isOff ? "default" : "pointer" },
    h("input", { type: "radio", name: `case-${row.id}`, value, checked: choice === value, disabled: isOff, onChange: () => setChoice(value) }), words);
  return h(VStack, { align: "stretch", gap: 2 },
    h(Table.ScrollArea, { borderWidth: 1, borderRadius: "md", whiteSpace: "normal" }, h(Table.Root, { size: "sm" },
      h(Table.Header, null, h(Table.Row, { bg: "bg.muted" }, h(Table.ColumnHeader, null, "It is"), fields.map((field) => h(Table.ColumnHeader, { key: field }, field)))),
      h(Table.Body, null,
        h(Table.Row, { bg: "bg.subtle" }, h(Table.Cell, { fontWeight: "medium" }, `this record, in ${sideOf(name, row.side)}`), fields.map((field) => h(Table.Cell, { key: field, fontWeight: "medium" }, shown(row.fields[field])))),
        row.candidates.map((each) => h(Table.Row, { key: each.record_id }, h(Table.Cell, { whiteSpace: "nowrap" }, radio(each.record_id, h(Mono, null, each.record_id))),
          fields.map((field) => h(Table.Cell, { key: field, bg: same(each.fields[field], row.fields[field]) ? "success.subtle" : undefined }, shown(each.fields[field])))))))),
    radio(OTHER_ID, h(HStack, null, h(Text, { whiteSpace: "nowrap" }, `another record in ${other}, with the id`),
      h(Input, { size: "xs", w: "220px", value: typed, disabled: isOff, "aria-label": `Id in ${other}`, onFocus: () => setChoice(OTHER_ID), onChange: (event) => setTyped(event.target.value) }))),
    radio(NEW, `none of them: make a new ${row.entity} in ${other}`));
}

const same = (a, b) => a !== null && a !== undefined && a !== "" && String(a).toLowerCase() === String(b ?? "").toLowerCase();
