import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { attempt, findProgram } from '../harness/run.ts';
import { type Scratch, scratch } from '../harness/scratch.ts';
import { type Server, startServer } from '../harness/server.ts';

/** The commit of github.com/opencontainers/distribution-spec whose suite is run. */
const COMMIT = '4fc4ecbefaaa6e4e1682f59f5ac445d076cf642d';
const MODULE = `github.com/opencontainers/distribution-spec/conformance@${COMMIT}`;
const BUILD_LIMIT_MS = 300_000;
const RUN_LIMIT_MS = 300_000;

/** Everything the suite can test of the spec; `sparse` alone is left out: it wants missing layers to be accepted. */
const SWITCHES = [
  'API_PING API_PULL API_PUSH API_REFERRER API_TAGS_LIST API_TAGS_DELETE API_TAGS_ATOMIC',
  'API_BLOBS_ATOMIC API_BLOBS_DELETE API_BLOBS_DIGEST_HEADER API_BLOBS_MOUNT_ANONYMOUS API_BLOBS_UPLOAD_CANCEL',
  'API_MANIFESTS_ATOMIC API_MANIFESTS_DELETE API_MANIFESTS_DIGEST_HEADER API_MANIFESTS_TAG_PARAM',
  'DATA_IMAGE DATA_INDEX DATA_INDEX_LIST DATA_ARTIFACT DATA_ARTIFACT_LIST DATA_DATA_FIELD DATA_NO_LAYERS',
  'DATA_SUBJECT DATA_SUBJECT_LIST DATA_SUBJECT_MISSING DATA_NONDISTRIBUTABLE DATA_CUSTOM_FIELDS',
  'DATA_EMPTY_BLOB DATA_SHA512',
].flatMap((line) => line.split(' '));

type Suite = { readonly program: string } | { readonly reason: string };

/** The suite at ENTREPOT_OCI_CONFORMANCE, else built from its module, else why there is none. */
async function findSuite(space: Scratch): Promise<Suite> {
  const given = process.env['ENTREPOT_OCI_CONFORMANCE'];
  if (given !== undefined) return { program: given };
  if (findProgram('go') === undefined) return { reason: 'go is not installed' };
  const home = process.env['HOME'] ?? space.path;
  const env = { HOME: home, GOBIN: space.path, GOFLAGS: process.env['GOFLAGS'] ?? '' };
  const { code } = await attempt(['go', 'install', MODULE], { env, timeout: BUILD_LIMIT_MS });
  if (code === 0) return { program: join(space.path, 'conformance') };
  return { reason: `the module proxy does not have ${MODULE}; set ENTREPOT_OCI_CONFORMANCE to a built one` };
}

const space = await scratch('official');
const suite = await findSuite(space);
if ('reason' in suite) console.warn(`skipped the official conformance suite: ${suite.reason}`);

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await server.createDockerRepository('one');
  await server.createDockerRepository('two');
}, RUN_LIMIT_MS);
afterAll(async () => {
  await server.stop();
  await space[Symbol.asyncDispose]();
}, RUN_LIMIT_MS);

test.skipIf('reason' in suite)(
  'the official OCI distribution conformance suite passes with every ability on and nothing skipped',
  async () => {
    const env = {
      ...Object.fromEntries(SWITCHES.map((name) => [`OCI_${name}`, 'true'])),
      OCI_VERSION: '1.1',
      OCI_REGISTRY: server.host,
      OCI_TLS: 'disabled',
      OCI_REPO1: `${server.repositoryPath('one')}/conformance`,
      OCI_REPO2: `${server.repositoryPath('two')}/conformance`,
      OCI_USERNAME: server.username,
      OCI_PASSWORD: server.password,
      OCI_RESULTS_DIR: join(space.path, 'results'),
    };
    const program = 'program' in suite ? suite.program : '';
    const { code, stdout, stderr } = await attempt([program], {
      env,
      cwd: space.path,
      timeout: RUN_LIMIT_MS,
    });
    const report = stdout + stderr;
    const counts = Object.fromEntries(
      [...report.matchAll(/^\s+(Pass|Skip|FAIL|Error)[.\s]*:\s+(\d+)$/gm)].map(([, name, count]) => [
        name,
        Number(count),
      ]),
    );
    if (code !== 0) console.error(report);
    expect({ ...counts, code }).toMatchObject({ Skip: 0, FAIL: 0, Error: 0, code: 0 });
    expect(counts['Pass']).toBeGreaterThan(100);
  },
  RUN_LIMIT_MS,
);
