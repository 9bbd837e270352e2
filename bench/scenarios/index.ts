import type { Scenario } from '../scenario.ts';
import { blobGet } from './blob-get.ts';
import { catalog } from './catalog.ts';
import { cleanup } from './cleanup.ts';
import { connections } from './connections.ts';
import { garbage } from './garbage.ts';
import { generic } from './generic.ts';
import { go } from './go.ts';
import { growth } from './growth.ts';
import { iam } from './iam.ts';
import { lists } from './lists.ts';
import { manifestGet } from './manifest-get.ts';
import { maven } from './maven.ts';
import { mixed } from './mixed.ts';
import { publishMany } from './publish-many.ts';
import { pushHuge } from './push-5gib.ts';
import { push } from './push.ts';
import { npm } from './npm.ts';
import { python } from './python.ts';
import { remote } from './remote.ts';
import { soak, soakKill } from './soak.ts';
import { start } from './start.ts';
import { zb } from './zb.ts';

/** Every scenario, in the order they are run and shown. A new one is a file here and a line in this list. */
export const scenarios: readonly Scenario[] = [
  manifestGet,
  blobGet,
  push,
  pushHuge,
  mixed,
  connections,
  zb,
  start,
  lists,
  catalog,
  iam,
  npm,
  python,
  maven,
  go,
  generic,
  publishMany,
  remote,
  garbage,
  cleanup,
  growth,
  soak,
  soakKill,
];
