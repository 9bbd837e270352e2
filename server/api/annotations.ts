import { type FieldTree, maskedUpdate } from './masked-update.ts';
import { checkAnnotations } from './repository-rules.ts';
import { parseMask } from './update-mask.ts';

type Annotations = Readonly<Record<string, string>>;
interface Annotated {
  readonly annotations?: Annotations;
}

/** An update that may change annotations and nothing else; the server's own fields may be named and are ignored. */
export function annotated(
  body: Annotated,
  updateMask: string | undefined,
  own: readonly string[] = [],
): (current: Required<Annotated>) => Annotations {
  const mask = parseMask(updateMask);
  const outputs = ['name', 'createTime', 'updateTime', ...own].map((field) => [field, 'output'] as const);
  const tree: FieldTree = { ...Object.fromEntries(outputs), annotations: 'map' };
  return ({ annotations }) => {
    const { annotations: next = {} } = maskedUpdate(tree, { annotations }, { ...body }, mask) as Annotated;
    checkAnnotations(next);
    return next;
  };
}

export const shownAnnotations = ({ annotations }: Required<Annotated>): Annotated =>
  Object.keys(annotations).length > 0 ? { annotations } : {};
