import type { Expr } from '../../../contract/client.ts';
import { usage } from '../../exit.ts';
import { text } from '../../grammar/flags.ts';
import { documentOf } from './document-file.ts';
import { textOfFile } from '../../text-file.ts';

export const conditionFlags = {
  condition: text(
    'expression=EXPRESSION,title=TITLE[,description=TEXT]',
    'When the binding counts, in CEL; None for a binding that always does. Commas of the expression need no escape.',
  ),
  conditionFromFile: text(
    'FILE',
    'File with the condition, JSON or YAML: expression, title and description.',
  ),
};

/** `none`: the binding without a condition. Nothing: the person did not say. */
export type WantedCondition = Expr | 'none' | undefined;

export async function wantedCondition(args: {
  readonly condition: string | undefined;
  readonly conditionFromFile: string | undefined;
}): Promise<WantedCondition> {
  const { condition, conditionFromFile } = args;
  if (condition !== undefined && conditionFromFile !== undefined)
    throw usage('give --condition or --condition-from-file, not both');
  if (conditionFromFile !== undefined) {
    const content = await textOfFile(conditionFromFile, '--condition-from-file: cannot read');
    return checked(documentOf(content, conditionFromFile), conditionFromFile);
  }
  if (condition === undefined) return undefined;
  if (condition.toLowerCase() === 'none') return 'none';
  return checked(fieldsOf(condition), '--condition');
}

const FIELDS = ['expression', 'title', 'description'];

/** `a=b,c=d`, split only where a field begins; `^:^a=b:c=d` is gcloud's way to choose the separator. */
function fieldsOf(written: string): Readonly<Record<string, string>> {
  const [lead = '', chosen] = /^\^([^^]+)\^/.exec(written) ?? [];
  const separator = chosen ?? ',';
  const pairs = written
    .slice(lead.length)
    .split(separator)
    .reduce<readonly string[]>((found, part) => {
      const begins = FIELDS.some((field) => part.startsWith(`${field}=`));
      if (begins || found.length === 0) return [...found, part];
      return [...found.slice(0, -1), `${found.at(-1)}${separator}${part}`];
    }, []);
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [at > 0 ? pair.slice(0, at) : pair, at > 0 ? pair.slice(at + 1) : ''];
    }),
  );
}

function checked(fields: Readonly<Record<string, unknown>>, where: string): Expr {
  const unknown = Object.keys(fields).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) throw usage(`${where}: [${unknown}] is not one of ${FIELDS.join(', ')}`);
  const [expression, title, description] = FIELDS.map((field) => {
    const value = fields[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  });
  if (expression === undefined || title === undefined)
    throw usage(`${where} needs expression and title, as in --condition=expression=EXPRESSION,title=TITLE`);
  return { expression, title, ...(description !== undefined && { description }) };
}
