// Charts drawn as SVG: bars of what was done per day, and a strip of the latest runs.
import { Box, Count, Faint, h, HStack, number, paletteOf, RouterLink, Text, VStack } from "./ui.js";

export const SERIES = [["created", "green"], ["updated", "blue"], ["deleted", "orange"], ["skipped", "pink"], ["failed", "red"]];
const WIDTH = 640, LONG = 800, HEIGHT = 150, LEFT = 44, BOTTOM = 20, TOP = 14;
const color = (palette) => `var(--chakra-colors-${palette}-solid)`;

export const Legend = () => h(HStack, { gap: 4, wrap: "wrap" }, SERIES.map(([name, palette]) =>
  h(HStack, { key: name, gap: 1.5 }, h(Box, { w: 2.5, h: 2.5, borderRadius: "2px", style: { background: color(palette) } }),
    h(Text, { fontSize: "xs" }, name))));

// Even, for half of it is a number of records as well.
function top(value) {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return [1, 2, 4, 6, 10].map((step) => step * size).find((each) => each >= value && each >= 4) || 4;
}

// Every day (hour) of the span, also those on which nothing happened.
function slots(rows, days) {
  const step = days <= 1 ? 3600e3 : 86400e3;
  const last = Math.floor(Date.now() / step) * step;
  const count = days <= 1 ? 25 : days + 1;
  const found = new Map(rows.map((row) => [new Date(`${row.moment.replace(/Z|\+00:00$/, "")}Z`).getTime(), row]));
  return Array.from({ length: count }, (_, i) => last - (count - 1 - i) * step).map((time) => ({ time, row: found.get(time) || {} }));
}

const HOURS = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
const DAYS = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const names = (time, days) => (days <= 1 ? HOURS : DAYS).format(time);
const sum = (row) => SERIES.reduce((total, [name]) => total + (row[name] || 0), 0);

export function Bars({ rows, days, label }) {
  const all = slots(rows, days);
  const high = top(Math.max(...all.map(({ row }) => sum(row))));
  const width = (WIDTH - LEFT) / all.length;
  const scale = (HEIGHT - BOTTOM - TOP) / high;
  const every = Math.ceil(all.length / 8);
  const totals = SERIES.map(([name]) => `${name} ${number(rows.reduce((n, row) => n + row[name], 0))}`).join(", ");
  return h("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${label}: ${totals}`, style: { width: "100%", height: "auto", display: "block" } },
    [0, 0.5, 1].map((part) => grid(part, high, scale)),
    all.map(({ time, row }, i) => h("g", { key: time }, stack(row, LEFT + i * width, width, scale, names(time, days)),
      i % every === 0 && axis(names(time, days), LEFT + (i + 0.5) * width, HEIGHT - 6, "middle"))));
}

// A line of percentages; its scale begins a little below the lowest.
export function Line({ points, label }) {
  const low = Math.max(0, Math.floor(Math.min(...points.map((each) => each.value), 99)) - 1);
  const step = (LONG - LEFT - 12) / Math.max(points.length - 1, 1);
  const scale = (HEIGHT - BOTTOM - TOP) / (100 - low);
  const at = ({ value }, i) => [LEFT + 6 + i * step, HEIGHT - BOTTOM - (value - low) * scale];
  const every = Math.ceil(points.length / 8);
  return h("svg", { viewBox: `0 0 ${LONG} ${HEIGHT}`, role: "img", "aria-label": label, style: { width: "100%", maxWidth: `${LONG}px`, height: "auto", display: "block" } },
    [low, (low + 100) / 2, 100].map((value) => h("g", { key: value }, h("line", { x1: LEFT, x2: LONG, y1: at({ value }, 0)[1], y2: at({ value }, 0)[1], stroke: "var(--chakra-colors-border)", strokeWidth: 1 }),
      axis(`${value}%`, LEFT - 6, at({ value }, 0)[1] + 3, "end"))),
    h("polyline", { points: points.map((each, i) => at(each, i).join(",")).join(" "), fill: "none", style: { stroke: color("green") }, strokeWidth: 2 }),
    points.map((each, i) => h("g", { key: i }, h("circle", { cx: at(each, i)[0], cy: at(each, i)[1], r: 3, style: { fill: color(each.value < 100 ? "orange" : "green") } }, h("title", null, `${each.name}: ${each.value.toFixed(2)} %`)),
      i % every === 0 && axis(each.name, at(each, i)[0], HEIGHT - 6, i === points.length - 1 ? "end" : "middle"))));
}

const axis = (words, x, y, anchor) =>
  h("text", { x, y, textAnchor: anchor, style: { fontSize: "11px", fill: "var(--chakra-colors-fg-muted)" } }, words);

function grid(part, high, scale) {
  const y = HEIGHT - BOTTOM - part * high * scale;
  return h("g", { key: part }, h("line", { x1: LEFT, x2: WIDTH, y1: y, y2: y, stroke: "var(--chakra-colors-border)", strokeWidth: 1 }),
    axis(number(part * high), LEFT - 6, y + 3, "end"));
}

function stack(row, x, width, scale, name) {
  let y = HEIGHT - BOTTOM;
  const gap = Math.min(3, width * 0.2);
  const title = `${name}: ${SERIES.filter(([each]) => row[each]).map(([each]) => `${number(row[each])} ${each}`).join(", ") || "nothing"}`;
  const parts = SERIES.filter(([each]) => row[each]).map(([each, palette]) => {
    const size = Math.max(row[each] * scale, 1.5);
    y -= size;
    return h("rect", { key: each, x: x + gap / 2, y, width: width - gap, height: size, style: { fill: color(palette) } });
  });
  return [h("title", { key: "title" }, title), h("rect", { key: "area", x, y: TOP, width, height: HEIGHT - BOTTOM - TOP, fill: "transparent" }), ...parts];
}

// The latest runs, oldest first, as Airflow's grid shows them.
export function Strip({ runs, dagId }) {
  if (!runs.length) return h(Faint, { fontSize: "sm" }, "no run yet");
  return h(HStack, { gap: "2px", wrap: "wrap", "aria-label": `The last ${runs.length} runs` }, runs.map((run) => {
    const words = `${new Date(run.started_at).toLocaleString()}: ${run.state}`;
    return h(RouterLink, { key: run.id, to: `/dags/${dagId}/runs/${encodeURIComponent(run.run_id)}`, title: words, "aria-label": words,
      style: { width: 9, height: run.state === "idle" ? 9 : 18, borderRadius: 2, background: color(paletteOf(run.state)), opacity: run.state === "idle" ? 0.7 : 1, alignSelf: "end" } });
  }));
}

// The writes that each of these words counts, as filters of the view Records.
export const FILTERS = {
  created: { operation: "create", state: "done" }, updated: { operation: "update", state: "done" }, deleted: { operation: "delete", state: "done" },
  skipped: { state: "skipped" }, failed: { state: "failed" },
};

export const Totals = ({ rows, toOf }) => h(HStack, { gap: 5, wrap: "wrap", mt: 2 }, SERIES.map(([name]) => {
  const total = rows.reduce((n, row) => n + row[name], 0);
  return h(VStack, { key: name, gap: 0, align: "start" },
    h(Count, { n: total, to: toOf(FILTERS[name]), label: name, fontSize: "lg", fontWeight: "semibold", lineHeight: 1.2 }), h(Faint, { fontSize: "xs" }, name));
}));
