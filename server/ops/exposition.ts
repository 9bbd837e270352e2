/** Label names and values of one series, in order. */
export type Labels = readonly (readonly [name: string, value: string])[];

interface Series {
  readonly labels: string;
  value: number;
}

/**
 * A family of numbers in Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats). A series is
 * looked up once and then added to directly: counting costs nothing on the path of a request.
 */
export class Family {
  readonly #name: string;
  readonly #help: string;
  readonly #type: 'counter' | 'gauge';
  readonly #series = new Map<string, Series>();

  constructor(type: 'counter' | 'gauge', name: string, help: string) {
    this.#type = type;
    this.#name = name;
    this.#help = help;
  }

  series(labels: Labels): { value: number } {
    const key = labelText(labels);
    let known = this.#series.get(key);
    if (!known) this.#series.set(key, (known = { labels: key, value: 0 }));
    return known;
  }

  text(): string {
    const rows = [...this.#series.values()].map(
      ({ labels, value }) => `${this.#name}${labels} ${numeral(value)}`,
    );
    return head(this.#name, this.#help, this.#type) + rows.map((row) => `${row}\n`).join('');
  }
}

/** How values are spread, over fixed upper bounds. */
export class Distribution {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Observations>();

  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  series(labels: Labels): Observations {
    const key = labelText(labels);
    let known = this.#series.get(key);
    if (!known) this.#series.set(key, (known = new Observations(labels, this.#bounds)));
    return known;
  }

  text(): string {
    const rows = [...this.#series.values()].map((observations) => observations.text(this.#name));
    return head(this.#name, this.#help, 'histogram') + rows.join('');
  }
}

class Observations {
  readonly #labels: Labels;
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;
  #count = 0;

  constructor(labels: Labels, bounds: readonly number[]) {
    this.#labels = labels;
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    const at = this.#bounds.findIndex((bound) => value <= bound);
    if (at !== -1) this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  text(name: string): string {
    let below = 0;
    const buckets = this.#bounds.map((bound, index) => {
      below += this.#counts[index] ?? 0;
      return `${name}_bucket${labelText([...this.#labels, ['le', String(bound)]])} ${below}\n`;
    });
    const labels = labelText(this.#labels);
    return [
      ...buckets,
      `${name}_bucket${labelText([...this.#labels, ['le', '+Inf']])} ${this.#count}\n`,
      `${name}_sum${labels} ${this.#sum}\n`,
      `${name}_count${labels} ${this.#count}\n`,
    ].join('');
  }
}

const head = (name: string, help: string, type: string): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** As the format spells what is no ordinary number. */
const numeral = (value: number): string =>
  Math.abs(value) === Infinity ? (value > 0 ? '+Inf' : '-Inf') : String(value);

const labelText = (labels: Labels): string =>
  labels.length === 0 ? '' : `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;

const escaped = (value: string): string =>
  value
    .replaceAll('\\', '\\\\')
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
