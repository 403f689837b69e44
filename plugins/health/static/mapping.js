// The mapping in force: the rows of the last run, and what is wrong with them or with the files as edited since.
import { useLoad } from "./api.js";
import { Badge, Box, Code, Empty, Faint, h, Heading, HStack, Loaded, Mono, Notice, Rows, RunLink, sideOf, Text, Time, VStack } from "./ui.js";

const ARROWS = { both: "↔", to_app: "→", to_salesforce: "←" };

export function Mapping({ id, name }) {
  const load = useLoad(`integrations/${id}/mapping`);
  return h(Loaded, { load }, (data) => data.digest
    ? h(VStack, { align: "stretch", gap: 4 }, h(Text, { fontSize: "sm" }, "Version ", h(Code, null, data.digest.slice(0, 12)), ", in use since ", h(Time, { at: data.first_used_at }), ", last by ",
        h(RunLink, { dagId: name, runId: data.run_id }, "this run"), ". Files: ", h(Code, null, `include/mappings/${name.replace("salesforce_", "")}/`)),
        h(Lint, { problems: data.problems, fine: "The mapping fits both systems as they were last described." }),
        data.edited && h(Edited, { edited: data.edited }),
        data.entities.map((each) => h(Entity, { key: each.name, entity: each, name })))
    : h(Empty, { title: "No run has used a mapping yet" }, "The first run of the DAG keeps the mapping that it used."));
}

function Lint({ problems, fine, title = "Lint" }) {
  const errors = problems.filter((each) => each.severity === "error").length;
  if (!problems.length) return h(Notice, { status: "success", title: fine });
  return h(Notice, { status: errors ? "error" : "warning", title: `${title}: ${errors} errors, ${problems.length - errors} warnings` },
    h(Box, { as: "ul", pl: 4 }, problems.map((each) => h("li", { key: each.words }, h(Mono, { wraps: true }, each.words)))));
}

function Edited({ edited }) {
  if (!edited.is_readable) return h(Notice, { status: "warning", title: "The mapping files cannot be read here" },
    "Airflow's API server does not see the folder include/mappings, so this page cannot tell whether it was edited since. Runs read it where they run.");
  return h(Box, null, h(Notice, { status: "info", title: "The files were edited since" }, "The next run uses them. Below are the rows that the last run used."),
    h(Lint, { problems: edited.problems, fine: "The edited files are fine.", title: "Edited files" }));
}

function Entity({ entity, name }) {
  return h(Box, null, h(Heading, { as: "h3", size: "sm", mb: 2 }, entity.name), h(Rows, { rows: entity.rows, keyOf: (row) => `${row.name} ${row.line}`, label: `Mapping of ${entity.name}`, columns: [
    ["Salesforce", (row) => h(Mono, { wraps: true }, row.salesforce)], ["Goes", (row) => h("span", { title: row.direction, role: "img", "aria-label": row.direction }, ARROWS[row.direction] || row.direction)],
    [sideOf(name, "app"), (row) => h(Mono, null, row.app)], ["Common field", (row) => row.name], ["Transform", (row) => row.transform || h(Faint, null, "–")],
    ["On conflict", (row) => row.on_conflict || h(Faint, null, "preferred side")], ["On empty", (row) => row.on_empty], ["Overwrite", (row) => row.overwrite],
    ["Default", (row) => row.default || h(Faint, null, "–")], ["Required", (row) => row.required || h(Faint, null, "no")], ["Note", (row) => row.note]] }));
}
