import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { invalid, RegistryError } from '../../core/error.ts';
import type { Query } from '../../core/format.ts';
import type { MayTell, Question } from '../../core/question.ts';
import { readWhole } from '../../lib/read-whole.ts';
import { Turns } from '../../lib/turns.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Bytes as they are sent, compressed. A tree of ten thousand packages is a tenth of it. */
const LARGEST_QUESTION = 4 * 1024 * 1024;
const LARGEST_DECODED = 64 * 1024 * 1024;
const LARGEST_ANSWER = 16 * 1024 * 1024;
/** Dependencies of dependencies in a tree; deeper ones are not written by clients. */
const DEEPEST = 200;
/** Names that are looked up before other work has its turn. */
const NAMES = 500;

const zipped = promisify(gzip);
const unzipped = promisify(gunzip);

/** `name: [version, …]` for all that is installed, of which as much is told as may be. */
export const bulkQuestion = (query: Query): Promise<Question> =>
  questionOf(query, 'advisories/bulk', async (body, may) => {
    const told = await namesIn(Object.keys(body), may);
    const entries = Object.entries(body).filter(([name]) => told.has(name));
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  });

/** A tree of what is installed, without the name of the project itself, which nobody published. */
export const quickQuestion = (query: Query, path: 'audits' | 'audits/quick'): Promise<Question> =>
  questionOf(query, path, async (body, may) => {
    const names = new Set<string>();
    collect(body, names, 0);
    const told = await namesIn([...names], may);
    if (told.size === 0) return undefined;
    return { ...pruned(body, told), install: [], remove: [], metadata: {} };
  });

async function questionOf(
  { body, headers }: Query,
  path: string,
  tell: (body: Fields, may: MayTell) => Promise<Fields | undefined>,
): Promise<Question> {
  const sent = await readWhole(body, LARGEST_QUESTION, 'the body');
  return {
    target: `-/npm/v1/security/${path}`,
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip', accept: 'application/json' },
    async about(may) {
      const told = await tell(await fieldsIn(sent, headers.get('content-encoding')), may);
      return told && new Uint8Array(await zipped(JSON.stringify(told)));
    },
    maxBytes: LARGEST_ANSWER,
  };
}

async function fieldsIn(sent: Uint8Array<ArrayBuffer>, coding: string | null): Promise<Fields> {
  try {
    const isZipped = coding !== null && coding.toLowerCase() !== 'identity';
    const bytes = isZipped ? await unzipped(sent, { maxOutputLength: LARGEST_DECODED }) : sent;
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isFields(value)) return value;
  } catch (error) {
    if (error instanceof RegistryError) throw error;
  }
  throw invalid(
    'AUDIT_INVALID',
    'the body is no JSON object, plain or with gzip, that says what is installed',
  );
}

async function namesIn(names: readonly string[], may: MayTell): Promise<ReadonlySet<string>> {
  const told = new Set<string>();
  const turns = new Turns(NAMES);
  for (const name of names) {
    if (await may(name)) told.add(name);
    if (turns.isOver(1)) await turns.pass();
  }
  return told;
}

function collect(node: Fields, names: Set<string>, depth: number): void {
  if (depth > DEEPEST)
    throw invalid('AUDIT_INVALID', `dependencies are in one another more than ${DEEPEST} deep`);
  const { requires, dependencies } = node;
  for (const name of Object.keys(isFields(requires) ? requires : {})) names.add(name);
  for (const [name, below] of Object.entries(isFields(dependencies) ? dependencies : {})) {
    names.add(name);
    if (isFields(below)) collect(below, names, depth + 1);
  }
}

const ABOUT_A_VERSION = ['version', 'integrity', 'dev', 'optional', 'bundled'] as const;

/** Where a package was fetched from is left out, too: addresses of one's own say what is behind them. */
function pruned(node: Fields, told: ReadonlySet<string>): Fields {
  const { requires, dependencies } = node;
  const kept = (fields: Fields): readonly (readonly [string, unknown])[] =>
    Object.entries(fields).filter(([name]) => told.has(name));
  return {
    ...Object.fromEntries(ABOUT_A_VERSION.flatMap((field) => (field in node ? [[field, node[field]]] : []))),
    ...(isFields(requires) && { requires: Object.fromEntries(kept(requires)) }),
    ...(isFields(dependencies) && {
      dependencies: Object.fromEntries(
        kept(dependencies).map(([name, below]) => [name, isFields(below) ? pruned(below, told) : {}]),
      ),
    }),
  };
}

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
