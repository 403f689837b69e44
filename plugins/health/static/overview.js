// Every integration that the user may see, with its state and what waits for a person.
import { FILTERS, Strip, SERIES } from "./charts.js";
import { SearchBox } from "./search.js";
import { useLoad } from "./api.js";
import { appOf, Badge, Box, Count, Empty, Faint, Flex, h, Heading, HStack, Loaded, number, Panel, plural, RunLink, SimpleGrid, State, Text, Time, titleOf,
  RouterLink, VStack } from "./ui.js";

export function Overview() {
  const load = useLoad("integrations", 30);
  return h(VStack, { align: "stretch", gap: 4 },
    h(Flex, { justify: "space-between", align: "center", wrap: "wrap", gap: 3 }, h(Heading, { as: "h2", size: "lg" }, "Sync health"), h(SearchBox)),
    h(Loaded, { load }, (data) => h(List, data)));
}

function List({ integrations, can_see_none }) {
  if (!integrations.length && can_see_none)
    return h(Empty, { title: "You may not read any DAG" }, "This page shows the integrations whose DAG you may read. Ask an administrator for the right to read them.");
  if (!integrations.length)
    return h(Empty, { title: "No integration has run yet" },
      "Add the connections (Admin, Connections), run the DAG lockstep_preflight to see whether anything is missing, then unpause an integration's DAG. Its first run shows up here.");
  return h(SimpleGrid, { minChildWidth: "380px", gap: 4 }, integrations.map((each) => h(Card, { key: each.id, each, isOne: isOne(integrations, each) })));
}

const isOne = (all, each) => all.filter((other) => other.name === each.name).length === 1;

function Card({ each, isOne }) {
  const to = `?integration=${each.id}`;
  return h(Panel, { "data-integration": each.name }, h(VStack, { align: "stretch", gap: 3 },
    h(Flex, { justify: "space-between", align: "start", gap: 2 },
      h(Box, null, h(Heading, { as: "h3", size: "md" }, h(RouterLink, { to }, titleOf(each.name))),
        h(Faint, { fontSize: "xs" }, `${isOne ? "" : `org ${each.org_id} · `}${appOf(each.name)} account ${each.account_id || "–"}${each.is_sandbox ? " · sandbox org" : ""}`)),
      each.state ? h(State, { value: each.state }) : h(Badge, null, "no run yet")),
    h(Strip, { runs: each.latest, dagId: each.name }),
    h(HStack, { gap: 5, wrap: "wrap" }, waits(each).map(([n, word, more, view, palette]) => h(Waiting, { key: word, n, word, more, to: `${to}&view=${view}`, palette }))),
    h(LastDay, { rows: each.last_day, to }),
    h(Faint, { fontSize: "xs" }, "Last run ", each.run_id ? h(RunLink, { dagId: each.name, runId: each.run_id }, h(Time, { at: each.started_at })) : "never",
      " · last success ", h(Time, { at: each.succeeded_at }), " · in step up to ", h(Time, { at: each.watermark }),
      each.health === null ? "" : h(RouterLink, { to: `${to}&view=audit` }, ` · health ${(Math.floor(each.health * 10000) / 100).toFixed(2)} %`))));
}

const waits = (each) => [
  [each.waiting, "record waits", "records wait", "quarantine", "failed"],
  [each.ambiguous, "match to settle", "matches to settle", "settle", "warning"],
  [each.conflicts, "conflict this week", "conflicts this week", "conflicts", "info"],
];

const Waiting = ({ n, word, more, to, palette }) => h(RouterLink, { to }, h(HStack, { gap: 1.5 },
  h(Text, { fontWeight: "semibold", color: n ? `${palette}.fg` : "fg.muted" }, number(n)), h(Text, { fontSize: "sm", color: n ? undefined : "fg.muted" }, n === 1 ? word : more)));

function LastDay({ rows, to }) {
  const parts = SERIES.map(([name]) => [name, rows.reduce((n, row) => n + row[name], 0)]).filter(([, n]) => n);
  if (!parts.length) return h(Text, { fontSize: "sm" }, h(Faint, null, "Last 24 hours: nothing had to be written"));
  return h(Text, { fontSize: "sm" }, "Last 24 hours: ", parts.map(([name, n], i) => h("span", { key: name }, i ? ", " : "",
    h(Count, { n, label: name, to: `${to}&${new URLSearchParams({ view: "records", within: "1", ...FILTERS[name] })}` }), ` ${name}`)));
}
