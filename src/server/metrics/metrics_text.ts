/**
 * The metrics of a server in the text format 0.0.4 of Prometheus.
 *
 * ```
 *   # HELP redis_db_keys Keys in a database.
 *   # TYPE redis_db_keys gauge
 *   redis_db_keys{db="db0"} 3
 * ```
 *
 * INFO is the source: both tell the same, and what INFO gains is here by a row of metric_names.ts.
 */
import { infoText } from "../commands/info.ts";
import type { Engine } from "../engine.ts";
import { COUNTERS, type FieldMetric, GAUGES, INSTANCE_LABELS } from "./metric_names.ts";

type MetricType = "gauge" | "counter" | "summary";
type Labels = readonly (readonly [name: string, value: string])[];

/** Everything, line by line; ends in a line feed. */
export function metricsText(engine: Engine): string {
  const fields = parseInfo(infoText(engine, ["all"]));
  const page = new MetricsPage();
  page.metric("up", "gauge", "Whether the server answers.").sample(1);
  addInstance(page, fields);
  addFields(page, fields, GAUGES, "gauge");
  addFields(page, fields, COUNTERS, "counter");
  const uptime = Number(fields.get("uptime_in_seconds") ?? 0);
  page.metric("start_time_seconds", "gauge", "When the server started, since the epoch.")
    .sample(Math.floor(engine.clock.wallMs() / 1000) - uptime);
  page.metric("latest_fork_seconds", "gauge", "How long the last freeze of the data took.")
    .sample(Number(fields.get("latest_fork_usec") ?? 0) / 1e6);
  page.metric("config_maxmemory", "gauge", "maxmemory as it is configured.")
    .sample(engine.config.number("maxmemory"));
  page.metric("config_maxclients", "gauge", "maxclients as it is configured.")
    .sample(engine.config.number("maxclients"));
  addDatabases(page, fields);
  addCommands(page, fields);
  addErrors(page, fields);
  addSlowLog(page, engine);
  addLatency(page, engine);
  return page.text;
}

/** The fields of INFO's text; the names in it are unique. */
export function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0 && !line.startsWith("#")) {
      fields.set(line.slice(0, colon), line.slice(colon + 1));
    }
  }
  return fields;
}

/** Collects lines. */
export class MetricsPage {
  #lines: string[] = [];
  #name = "";

  /** Begins a metric; `name` is without `redis_`. Its samples follow. */
  metric(name: string, type: MetricType, help: string): this {
    this.#name = `redis_${name}`;
    this.#lines.push(`# HELP ${this.#name} ${escapeHelp(help)}`, `# TYPE ${this.#name} ${type}`);
    return this;
  }

  /** A value of the metric begun last; `suffix` makes `_sum` and `_count` of a summary. */
  sample(value: number, labels: Labels = [], suffix = ""): this {
    const inside = labels.map(([name, text]) => `${name}="${escapeLabel(text)}"`).join(",");
    const braces = inside === "" ? "" : `{${inside}}`;
    this.#lines.push(`${this.#name}${suffix}${braces} ${valueText(value)}`);
    return this;
  }

  get text(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

/** A backslash, a quotation mark and a line feed would end a label's value or change it. */
export function escapeLabel(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function escapeHelp(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
}

function valueText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return String(value);
}

/** The number that a field is, `ok` and `err` included; undefined for other texts. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (text === "ok") return 1;
  if (text === "err") return 0;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

function addInstance(page: MetricsPage, fields: ReadonlyMap<string, string>): void {
  const labelsOf = (names: readonly string[]): Labels =>
    names.map((name) => [name, fields.get(name) ?? ""]);
  page.metric("instance_info", "gauge", "What the server is; always 1.")
    .sample(1, labelsOf(INSTANCE_LABELS));
  page.metric("pagurus_info", "gauge", "What the server runs on; always 1.")
    .sample(1, labelsOf(["pagurus_version", "pagurus_runtime"]));
}

function addFields(
  page: MetricsPage,
  fields: ReadonlyMap<string, string>,
  metrics: readonly FieldMetric[],
  type: MetricType,
): void {
  for (const [field, metric, help] of metrics) {
    const value = numberOf(fields.get(field));
    if (value !== undefined) page.metric(metric, type, help).sample(value);
  }
}

/** Fields whose names begin so, the rest of the name, and the `name=value` pairs in them. */
function pairsOf(
  fields: ReadonlyMap<string, string>,
  prefix: string,
): { readonly name: string; readonly pairs: ReadonlyMap<string, number> }[] {
  const found: { name: string; pairs: Map<string, number> }[] = [];
  for (const [field, text] of fields) {
    if (!field.startsWith(prefix)) continue;
    const pairs = new Map<string, number>();
    for (const pair of text.split(",")) {
      const equals = pair.indexOf("=");
      pairs.set(pair.slice(0, equals), Number(pair.slice(equals + 1)));
    }
    found.push({ name: field.slice(prefix.length), pairs });
  }
  return found;
}

function addDatabases(page: MetricsPage, fields: ReadonlyMap<string, string>): void {
  const databases = pairsOf(fields, "db").filter(({ name }) => /^\d+$/.test(name));
  if (databases.length === 0) return;
  const add = (metric: string, help: string, key: string, scale: number): void => {
    page.metric(metric, "gauge", help);
    for (const { name, pairs } of databases) {
      page.sample((pairs.get(key) ?? 0) / scale, [["db", `db${name}`]]);
    }
  };
  add("db_keys", "Keys in a database.", "keys", 1);
  add("db_keys_expiring", "Keys with an expiry time in a database.", "expires", 1);
  add("db_avg_ttl_seconds", "How long keys of a database live on the average.", "avg_ttl", 1000);
}

function addCommands(page: MetricsPage, fields: ReadonlyMap<string, string>): void {
  const commands = pairsOf(fields, "cmdstat_");
  if (commands.length === 0) return;
  const add = (metric: string, help: string, key: string, scale: number): void => {
    page.metric(metric, "counter", help);
    for (const { name, pairs } of commands) {
      page.sample((pairs.get(key) ?? 0) / scale, [["cmd", name]]);
    }
  };
  add("commands_total", "Calls of a command.", "calls", 1);
  add("commands_duration_seconds_total", "Time spent in a command.", "usec", 1e6);
  add("commands_rejected_calls_total", "Calls refused before they ran.", "rejected_calls", 1);
  add("commands_failed_calls_total", "Calls that ended in an error.", "failed_calls", 1);
  addPercentiles(page, fields, new Map(commands.map(({ name, pairs }) => [name, pairs])));
}

/** Quantiles are of Latencystats, sum and count of Commandstats, as redis_exporter puts together. */
function addPercentiles(
  page: MetricsPage,
  fields: ReadonlyMap<string, string>,
  commands: ReadonlyMap<string, ReadonlyMap<string, number>>,
): void {
  const timed = pairsOf(fields, "latency_percentiles_usec_")
    .filter(({ name }) => commands.has(name));
  if (timed.length === 0) return;
  page.metric("latency_percentiles_usec", "summary", "How long calls of a command took.");
  for (const { name, pairs } of timed) {
    for (const [percentile, us] of pairs) {
      if (!percentile.startsWith("p")) continue;
      page.sample(us, [["cmd", name], ["quantile", quantileText(percentile.slice(1))]]);
    }
    const counts = commands.get(name)!;
    page.sample(counts.get("usec") ?? 0, [["cmd", name]], "_sum");
    page.sample(counts.get("calls") ?? 0, [["cmd", name]], "_count");
  }
}

/** `0.999` of `99.9`: moved as text, for a division would leave 0.9990000000000001. */
function quantileText(percentile: string): string {
  return String(Number((Number(percentile) / 100).toFixed(12)));
}

function addErrors(page: MetricsPage, fields: ReadonlyMap<string, string>): void {
  const errors = pairsOf(fields, "errorstat_");
  if (errors.length === 0) return;
  page.metric("errors_total", "counter", "Error replies by their first word.");
  for (const { name, pairs } of errors) page.sample(pairs.get("count") ?? 0, [["err", name]]);
}

function addSlowLog(page: MetricsPage, engine: Engine): void {
  const { slowLog } = engine;
  page.metric("slowlog_length", "gauge", "Entries of the slow log.").sample(slowLog.length);
  const [last] = slowLog.newest(1);
  page.metric("slowlog_last_id", "gauge", "Number of its last entry.").sample(last?.id ?? 0);
  page.metric("last_slow_execution_duration_seconds", "gauge", "How long that command took.")
    .sample((last?.us ?? 0) / 1e6);
}

function addLatency(page: MetricsPage, engine: Engine): void {
  const { events } = engine.latency;
  if (events.size === 0) return;
  page.metric("latency_spike_last", "gauge", "When something last took long, since the epoch.");
  for (const [name, series] of events) {
    page.sample(series.samples().at(-1)?.seconds ?? 0, [["event_name", name]]);
  }
  page.metric("latency_spike_duration_seconds", "gauge", "How long it took.");
  for (const [name, series] of events) {
    page.sample((series.samples().at(-1)?.ms ?? 0) / 1000, [["event_name", name]]);
  }
}
