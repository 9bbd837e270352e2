import type { Format } from '../core/format.ts';
import { go } from './go/index.ts';
import { generic } from './generic/index.ts';
import { maven } from './maven/index.ts';
import { npm } from './npm/index.ts';
import { oci } from './oci/index.ts';
import { python } from './python/index.ts';

/** Every format there is. Adding one is a folder and a line here. */
export const FORMATS: readonly Format[] = [oci, npm, python, maven, go, generic];
