// The Sync health page: in Airflow's navigation every integration, on a DAG the one it runs.
import { Integration } from "./integration.js";
import { Overview } from "./overview.js";
import { Search } from "./search.js";
import { useLoad } from "./api.js";
import { Box, Empty, h, Loaded, useAddress } from "./ui.js";

function Page({ dagId }) {
  const [read] = useAddress();
  const chosen = read("integration");
  const view = read("search") ? h(Search, { dagId }) : dagId ? h(OfDag, { dagId, chosen }) : chosen ? h(Integration, { id: chosen, key: chosen }) : h(Overview);
  return h(Box, { p: dagId ? 2 : 4, maxW: "1600px", w: "100%", mx: "auto", "data-page": "sync-health" }, view);
}

function OfDag({ dagId, chosen }) {
  const load = useLoad(`integrations?dag_id=${encodeURIComponent(dagId)}`);
  return h(Loaded, { load }, ({ integrations }) => integrations.length
    ? h(Integration, { id: chosen || String(integrations[0].id), isTab: true, others: integrations })
    : h(Empty, { title: "Nothing to show for this DAG" },
        "It syncs nothing itself, or it has not run yet. Trigger it once: its first run makes the tables and reads where both systems stand."));
}

globalThis.AirflowPlugin = Page;
globalThis["Sync health"] = Page;
