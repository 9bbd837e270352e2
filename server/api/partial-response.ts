import { invalid } from '../core/error.ts';

/** A parsed `fields` parameter: which members stay, and what stays of each. */
interface Selection {
  readonly all: boolean;
  readonly members: Map<string, Selection>;
}

const DEEPEST = 16;

/**
 * Keeps only what `fields` names: `repositories(name,labels/team),nextPageToken`
 * (cloud.google.com/apis/docs/system-parameters, partial responses). Lists are looked through.
 */
export function partialResponse(body: unknown, fields: string | null): unknown {
  if (fields === null || fields === '' || fields === '*') return body;
  const reader = new FieldsReader(fields);
  return kept(body, reader.read());
}

class FieldsReader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = text.match(/[^\s(),/]+|[(),/]/g) ?? [];
  }

  read(): Selection {
    const selection = this.#list(0);
    if (this.#at < this.#tokens.length) throw unreadable();
    return selection;
  }

  #list(depth: number): Selection {
    if (depth > DEEPEST) throw unreadable();
    const members = new Map<string, Selection>();
    do this.#path(members, depth);
    while (this.#take(','));
    return { all: false, members };
  }

  #path(into: Map<string, Selection>, depth: number): void {
    let members = into;
    for (let deep = depth; deep <= DEEPEST; deep += 1) {
      const name = this.#name();
      if (this.#take('(')) {
        members.set(name, this.#list(deep + 1));
        if (!this.#take(')')) throw unreadable();
        return;
      }
      if (!this.#take('/')) {
        members.set(name, { all: true, members: new Map() });
        return;
      }
      const inner = members.get(name) ?? { all: false, members: new Map<string, Selection>() };
      members.set(name, inner);
      members = inner.members;
    }
    throw unreadable();
  }

  #name(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined || '(),/'.includes(token)) throw unreadable();
    this.#at += 1;
    return token.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }
}

function kept(value: unknown, selection: Selection): unknown {
  if (selection.all || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => kept(item, selection));
  const any = selection.members.get('*');
  const members = Object.entries(value).flatMap(([name, member]) => {
    const wanted = selection.members.get(name) ?? any;
    return wanted ? [[name, kept(member, wanted)] as const] : [];
  });
  return Object.fromEntries(members);
}

const unreadable = () =>
  invalid('INVALID_VALUE', 'Request contains an invalid argument: the fields parameter cannot be read.', {
    field: 'fields',
  });
