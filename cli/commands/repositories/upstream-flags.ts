import type { Repository } from '../../../contract/client.ts';
import { usage } from '../../exit.ts';
import { list, text, toggle } from '../../grammar/flags.ts';
import { seconds } from './duration.ts';

type Remote = NonNullable<Repository['remoteRepositoryConfig']>;
type SafetyRules = NonNullable<Remote['safetyRules']>;
type CacheConfig = NonNullable<Remote['cacheConfig']>;

/** What of a remote repository can be given and changed later. */
export const REMOTE_FLAGS = {
  disableRemoteValidation: toggle('Do not ask the upstream whether it is one.'),
  allow: list('PATTERN', 'Only what matches one of these comes in: NAME or NAME@VERSION, * for any text.'),
  deny: list('PATTERN', 'What matches one of these never comes in: NAME or NAME@VERSION, * for any text.'),
  minimumReleaseAge: text(
    'DURATION',
    'How long a version must have been out before it comes in, such as 3d.',
  ),
  minimumReleaseAgeExceptions: list('PATTERN', 'What need not have been out so long.'),
  pinFirstSeen: toggle('Refuse what has other bytes than when it was first seen here.', { negatable: true }),
  indexMaxAge: text(
    'DURATION',
    'For how long lists of versions, and tags, are good without asking the upstream.',
  ),
  fileMaxAge: text('DURATION', 'The same of files that may change.'),
  notFoundMaxAge: text(
    'DURATION',
    'For how long it is remembered that the upstream does not have something.',
  ),
  staleWhileRevalidate: text(
    'DURATION',
    'For how long after that an old copy is answered at once, while the upstream is asked.',
  ),
  evict: toggle('When it is full, let copies go that were not pulled for longest.', { negatable: true }),
  forwardAudits: toggle('Ask the upstream for clients that audit, which tells it what they have installed.', {
    negatable: true,
  }),
  checksumDatabase: text(
    'KEY',
    'Hold Go modules to a checksum database, by its NAME+HASH+KEY as in GOSUMDB; empty for none.',
  ),
  checksumDatabaseUri: text('URL', 'Where that is, if not behind the upstream; empty for there.'),
  checksumDatabaseExceptions: list('PREFIX', 'Beginnings of paths of modules that it does not know.'),
} as const;

interface Given {
  readonly allow: readonly string[] | undefined;
  readonly deny: readonly string[] | undefined;
  readonly minimumReleaseAge: string | undefined;
  readonly minimumReleaseAgeExceptions: readonly string[] | undefined;
  readonly pinFirstSeen: boolean | undefined;
  readonly indexMaxAge: string | undefined;
  readonly fileMaxAge: string | undefined;
  readonly notFoundMaxAge: string | undefined;
  readonly staleWhileRevalidate: string | undefined;
  readonly evict: boolean | undefined;
  readonly forwardAudits: boolean | undefined;
  readonly checksumDatabase: string | undefined;
  readonly checksumDatabaseUri: string | undefined;
  readonly checksumDatabaseExceptions: readonly string[] | undefined;
}

/** What the flags say of what comes in and goes out, and for how long it is good: only the fields that they name. */
export function rulesOf(
  args: Given,
): Pick<Remote, 'safetyRules' | 'cacheConfig' | 'forwardAudits' | 'checksumDatabase'> {
  const { allow, deny, minimumReleaseAge, minimumReleaseAgeExceptions, pinFirstSeen } = args;
  const safetyRules: SafetyRules = {
    ...(allow && { allow }),
    ...(deny && { deny }),
    ...(minimumReleaseAge !== undefined && {
      minimumReleaseAge: seconds(minimumReleaseAge, '--minimum-release-age'),
    }),
    ...(minimumReleaseAgeExceptions && { minimumReleaseAgeExceptions }),
    ...(pinFirstSeen !== undefined && { pinFirstSeen }),
  };
  const { indexMaxAge, fileMaxAge, notFoundMaxAge, staleWhileRevalidate } = args;
  const cacheConfig: CacheConfig = {
    ...(indexMaxAge !== undefined && { indexMaxAge: seconds(indexMaxAge, '--index-max-age') }),
    ...(fileMaxAge !== undefined && { fileMaxAge: seconds(fileMaxAge, '--file-max-age') }),
    ...(notFoundMaxAge !== undefined && { notFoundMaxAge: seconds(notFoundMaxAge, '--not-found-max-age') }),
    ...(staleWhileRevalidate !== undefined && {
      staleWhileRevalidate: seconds(staleWhileRevalidate, '--stale-while-revalidate'),
    }),
    ...(args.evict !== undefined && { evict: args.evict }),
  };
  const { checksumDatabase: key, checksumDatabaseUri: uri, checksumDatabaseExceptions: exceptions } = args;
  const checksumDatabase = {
    ...(key !== undefined && { key }),
    ...(uri !== undefined && { uri }),
    ...(exceptions && { exceptions: [...exceptions] }),
  };
  return {
    ...(Object.keys(checksumDatabase).length > 0 && { checksumDatabase }),
    ...(Object.keys(safetyRules).length > 0 && { safetyRules }),
    ...(Object.keys(cacheConfig).length > 0 && { cacheConfig }),
    ...(args.forwardAudits !== undefined && { forwardAudits: args.forwardAudits }),
  };
}

const UPSTREAM_HELP = 'URL, repository of this server as projects/…/repositories/…, or well-known upstream';

/** gcloud's flags, each for the upstreams of one format. */
export const UPSTREAM_FLAGS = {
  remoteGenericRepo: text(
    'UPSTREAM',
    'URL of any tree of files, or repository of this server as projects/…/repositories/….',
  ),
  remoteDockerRepo: text('UPSTREAM', `${UPSTREAM_HELP}: docker-hub.`),
  remoteMvnRepo: text('UPSTREAM', `${UPSTREAM_HELP}: maven-central.`),
  remoteNpmRepo: text('UPSTREAM', `${UPSTREAM_HELP}: npmjs.`),
  remotePythonRepo: text('UPSTREAM', `${UPSTREAM_HELP}: pypi.`),
  remoteGoRepo: text('UPSTREAM', `${UPSTREAM_HELP}: go-proxy.`),
} as const;

/** Who else may be shown the credentials is said once, when the repository is made. */
export const tokenOriginsFlag = list(
  'URL',
  'Servers besides the upstream that may be shown its credentials when it sends for tokens there, such as ' +
    'https://auth.example.com.',
);

/** Which field of the configuration has the well-known upstreams of each. */
const FIELDS = {
  /** Of files there are no well-known ones. */
  remoteGenericRepo: undefined,
  remoteDockerRepo: 'dockerRepository',
  remoteMvnRepo: 'mavenRepository',
  remoteNpmRepo: 'npmRepository',
  remotePythonRepo: 'pythonRepository',
  remoteGoRepo: 'goRepository',
} as const satisfies Record<keyof typeof UPSTREAM_FLAGS, keyof Remote | undefined>;
type GivenUpstream = { readonly [K in keyof typeof UPSTREAM_FLAGS]: string | undefined };

/** A well-known upstream is a word; everything else is for the server to read. */
export function upstreamOf(args: GivenUpstream): Partial<Remote> | undefined {
  const flags = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
  const given = flags.filter((flag) => args[flag] !== undefined);
  if (given.length > 1) throw usage('a remote repository has one upstream; give one of --remote-…-repo');
  const [flag] = given;
  const value = flag && args[flag];
  if (flag === undefined || value === undefined) return undefined;
  const field = FIELDS[flag];
  if (field === undefined || !/^[A-Za-z][A-Za-z_-]*$/.test(value))
    return { commonRepository: { uri: value } };
  // The server says which it knows.
  const publicRepository = value.toUpperCase().replaceAll('-', '_');
  return { [field]: { publicRepository } };
}
