import { usage } from '../exit.ts';
import { map, toggle } from '../grammar/flags.ts';

/** The flags of every command that replaces annotations. */
export const annotationFlags = {
  annotations: map('KEY=VALUE', 'Annotations it will have, instead of those it has.'),
  clearAnnotations: toggle('Remove all annotations.'),
} as const;

interface Given {
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly clearAnnotations: boolean | undefined;
}

/** The change to send, and its mask. */
export function annotationChange({ annotations, clearAnnotations }: Given) {
  if (annotations !== undefined && clearAnnotations)
    throw usage('give --annotations or --clear-annotations, not both');
  if (annotations === undefined && !clearAnnotations)
    throw usage('give --annotations or --clear-annotations');
  return [{ annotations: annotations ?? {} }, { updateMask: ['annotations'] }] as const;
}
