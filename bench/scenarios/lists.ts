import { wrk, type WrkResult } from '../load/wrk.ts';
import { type Measure, SELF } from '../measure.ts';
import { interleave } from '../rounds.ts';
import { type Bench, type Outcome, type Scenario, roundsOf } from '../scenario.ts';
import { type Entrepot, entrepotMissing, packageName, signIn, startProcess } from '../servers/entrepot.ts';
import { seededPlace } from '../servers/seeded.ts';

const IMAGE = 'many';
const PAGE = 1000;
/** One caller after the other, and as many as a small team's builds. */
const CONNECTIONS = { alone: 1, together: 8 } as const;

const measure = (key: string, label: string, goals: Measure['goals'] = []): Measure => ({
  key,
  label,
  unit: 'ms',
  better: 'less',
  goals,
});
const goals = [{ kind: 'value', atMost: 20 }] as const;

export const lists: Scenario = {
  name: 'lists',
  title: `Pages of ${PAGE} from an image with 100,000 tags and versions`,
  minutes: 4,
  measures: [
    measure('tagsP99', 'tags/list, p99', goals),
    measure('tagsP50', 'tags/list, p50'),
    measure('tagsManyP99', `tags/list, ${CONNECTIONS.together} connections, p99`),
    measure('versionsP99', 'API versions, p99', goals),
    measure('versionsP50', 'API versions, p50'),
    measure('versionsManyP99', `API versions, ${CONNECTIONS.together} connections, p99`),
  ],
  run,
};

async function run(bench: Bench): Promise<Outcome> {
  const gone = entrepotMissing();
  if (gone !== undefined)
    return { samples: new Map(), missing: [{ name: SELF, reason: gone }], notes: NOTES };
  const versions = bench.quick ? 2000 : 100_000;
  const place = await seededPlace(bench, {
    image: IMAGE,
    versions,
    ownLayers: false,
    files: false,
    layers: 2,
  });
  await using server = await startProcess(place);
  const registry = await signIn(server);
  const round = async () => {
    const tags = await walkBoth(bench, versions, await tagList(registry));
    const all = await walkBoth(bench, versions, versionList(registry));
    return {
      tagsP99: tags.alone.p99,
      tagsP50: tags.alone.p50,
      tagsManyP99: tags.together.p99,
      versionsP99: all.alone.p99,
      versionsP50: all.alone.p50,
      versionsManyP99: all.together.p99,
    };
  };
  const rounds = roundsOf(bench, 5);
  return { samples: await interleave(rounds, [{ name: SELF, round }], bench.say), missing: [], notes: NOTES };
}

interface List {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const tagList = async (registry: Entrepot): Promise<List> => ({
  url: `${registry.url}/v2/${registry.repository(IMAGE)}/tags/list?n=${PAGE}`,
  headers: await registry.authorize(IMAGE),
});

const versionList = ({ url, accessToken }: Entrepot): List => ({
  url: `${url}/v1/${packageName(IMAGE)}/versions?pageSize=${PAGE}`,
  headers: { authorization: `Bearer ${accessToken}` },
});

/** The runtime forgets compiled code that was not used for some seconds, as it is not while the other list is read. */
const WARM_UP_SECONDS = 1;

async function walkBoth(bench: Bench, versions: number, list: List) {
  const alone = await walk(bench, list, CONNECTIONS.alone);
  // The template makes one more than the copies, and so one more page.
  const pages = Math.floor(versions / PAGE) + 1;
  if (alone.pages !== pages) throw new Error(`${list.url} has ${alone.pages} pages, not ${pages}`);
  return { alone, together: await walk(bench, list, CONNECTIONS.together) };
}

/** Follows the pages to the end and begins again until the time is over. */
async function walk(
  bench: Bench,
  { url, headers }: List,
  connections: number,
): Promise<WrkResult & { pages: number }> {
  const { pathname, search } = new URL(url);
  const args = [pathname + search];
  const load = { url, connections, headers, script: 'walk.lua', args };
  await wrk({ ...load, seconds: WARM_UP_SECONDS });
  const result = await wrk({ ...load, seconds: bench.quick ? 3 : 4 });
  return { ...result, pages: Number(/^walks [1-9]\d* pages (\d+)$/m.exec(result.output)?.[1]) };
}

const NOTES = [
  'A second of the same load comes before each measurement and is not counted: after some seconds without, the runtime forgets compiled code, and the first dozen pages take up to 100 ms.',
  'wrk follows the Link header or nextPageToken from the first page to the last, over and over. The goal is for one ' +
    'connection; with several, a request waits for those before it.',
];
