import { isFields } from './audit-questions.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What registries report, as one: the first to know a vulnerability says what it is. `useless` counts answers that are no reports. */
export interface Merged {
  readonly report: Fields;
  readonly useless: number;
}

/** Reports by the name of the package, a list of advisories each. */
export function mergeBulk(bodies: readonly Uint8Array<ArrayBuffer>[]): Merged {
  const byName = new Map<string, Map<string, unknown>>();
  const { reports, useless } = readable(bodies, (report) => Object.values(report).every(Array.isArray));
  for (const report of reports)
    for (const [name, advisories] of Object.entries(report)) {
      const known = byName.get(name) ?? new Map<string, unknown>();
      byName.set(name, known);
      for (const advisory of advisories as readonly unknown[]) {
        const id = idOf(advisory);
        if (!known.has(id)) known.set(id, advisory);
      }
    }
  const entries = Array.from(byName, ([name, known]) => [name, [...known.values()]] as const);
  return { report: Object.fromEntries(entries), useless };
}

const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical'] as const;
const COUNTS = ['dependencies', 'devDependencies', 'optionalDependencies', 'totalDependencies'] as const;

/** Reports of trees: advisories by their id, and how many paths lead to some of each severity. */
export function mergeQuick(bodies: readonly Uint8Array<ArrayBuffer>[]): Merged {
  const { reports, useless } = readable(bodies, ({ advisories }) => isFields(advisories));
  const advisories = new Map<string, unknown>();
  const actions: unknown[] = [];
  const counts = new Map<string, number>();
  for (const report of reports) {
    let isNew = false;
    for (const [id, advisory] of Object.entries(fieldsOf(report['advisories']))) {
      if (advisories.has(id)) continue;
      advisories.set(id, advisory);
      isNew = true;
    }
    if (isNew && Array.isArray(report['actions'])) actions.push(...(report['actions'] as readonly unknown[]));
    const metadata = fieldsOf(report['metadata']);
    for (const field of COUNTS)
      counts.set(field, Math.max(counts.get(field) ?? 0, numberOf(metadata[field])));
  }
  const vulnerabilities = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0]));
  for (const advisory of advisories.values()) {
    const { severity, findings } = fieldsOf(advisory);
    const found = SEVERITIES.find((known) => known === severity);
    if (found) vulnerabilities[found] = (vulnerabilities[found] ?? 0) + pathsOf(findings);
  }
  const metadata = {
    vulnerabilities,
    ...Object.fromEntries(COUNTS.map((field) => [field, counts.get(field) ?? 0])),
  };
  return { report: { actions, advisories: Object.fromEntries(advisories), muted: [], metadata }, useless };
}

function readable(
  bodies: readonly Uint8Array<ArrayBuffer>[],
  isReport: (value: Fields) => boolean,
): { readonly reports: readonly Fields[]; readonly useless: number } {
  const reports = bodies.map(valueIn).filter((value): value is Fields => isFields(value) && isReport(value));
  return { reports, useless: bodies.length - reports.length };
}

function valueIn(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

const idOf = (advisory: unknown): string => JSON.stringify(fieldsOf(advisory)['id'] ?? advisory);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Where no paths are said, an advisory counts once. */
function pathsOf(findings: unknown): number {
  if (!Array.isArray(findings)) return 1;
  const paths = findings.flatMap((finding) => {
    const { paths: of } = fieldsOf(finding);
    return Array.isArray(of) ? (of as readonly unknown[]) : [];
  });
  return Math.max(1, paths.length);
}
