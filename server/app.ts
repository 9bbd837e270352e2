import { randomBytes } from 'node:crypto';
import { managementApi } from './api/fixture.ts';
import { prefetchOperation } from './api/remote-caches.ts';
import type { Authorizer, Caller } from './core/iam.ts';
import type { RepositoryRow } from './core/repository.ts';
import type { Config } from './config.ts';
import { firstStart } from './first-start.ts';
import { FORMATS } from './formats/index.ts';
import { actorOf } from './http/actor.ts';
import { Addressing } from './http/addressing.ts';
import { Crowd } from './http/crowd.ts';
import { DataPlane } from './http/data-plane.ts';
import type { DataRequest } from './http/data-request.ts';
import { Elsewhere } from './http/elsewhere.ts';
import { FrontDoor } from './http/front-door.ts';
import { probes } from './http/probes.ts';
import { storedFileSender } from './http/stored-file-sender.ts';
import { Resolver } from './http/resolver.ts';
import { revocation } from './http/revocation.ts';
import { tokenEndpoint } from './http/token-endpoint.ts';
import { visiblePackages } from './http/visible-packages.ts';
import { hashPassword } from './iam/passwords.ts';
import { clientLogins } from './iam/client-logins.ts';
import { serviceTokens } from './iam/service-tokens.ts';
import { sha256 } from './iam/tokens.ts';
import { SecretSealer } from './lib/sealed-secret.ts';
import { TokenSealer } from './lib/sealed-token.ts';
import { Prefetching } from './modes/prefetching.ts';
import { openCollector } from './open-collector.ts';
import { openAudit } from './open-audit.ts';
import { openCleanup } from './open-cleanup.ts';
import { openIdentities } from './open-identities.ts';
import { openLogins } from './open-logins.ts';
import { openDownloads } from './open-downloads.ts';
import { openOutbound } from './open-outbound.ts';
import { openRepositories } from './open-repositories.ts';
import { openScrub } from './open-scrub.ts';
import type { CleanupStep } from './retain/cleanup.ts';
import { ClockWatch } from './retain/clock-watch.ts';
import { type Housekeeping, startHousekeeping } from './ops/housekeeping.ts';
import type { Log } from './ops/log.ts';
import { Metrics } from './ops/metrics.ts';
import type { RemoteCaches } from './core/remote-caches.ts';
import { StoredCopies } from './remote-caches.ts';
import { countUploads } from './stores/blobs/count-uploads.ts';
import { FilesystemBlobs } from './stores/blobs/filesystem.ts';
import type { UploadStep } from './stores/blobs/staged-upload.ts';
import type { DataDirectory } from './stores/data-directory.ts';
import { AuditTables } from './stores/metadata/audit-search.ts';
import { audited } from './stores/metadata/audited.ts';
import { AccountTables } from './stores/metadata/account-tables.ts';
import { MetadataDatabase } from './stores/metadata/database.ts';
import { FilesByContent } from './stores/metadata/files-by-content.ts';
import type { RecordStep } from './stores/metadata/repository-changes.ts';
import { grantRole, PolicyTables } from './stores/metadata/policy-tables.ts';
import { PrefetchOperations } from './stores/metadata/prefetch-operations.ts';
import { RepositoryTables } from './stores/metadata/repository-directory.ts';
import { storedResources } from './stores/metadata/resources/stored-resources.ts';
import { TokenTables } from './stores/metadata/token-tables.ts';
import { UpstreamSecretTables } from './stores/metadata/upstream-secrets.ts';
import { SecretFiles } from './stores/secret-files.ts';
import { ClockFile } from './stores/clock-file.ts';
import { UploadSessions } from './stores/upload-sessions.ts';
import { installationName, UpstreamLoop } from './upstream-loop.ts';

export interface AppOptions {
  readonly config: Config;
  readonly directory: DataDirectory;
  readonly log: Log;
  readonly now: () => number;
  /** Milliseconds of a clock that nobody sets; the machine's where nothing is said. */
  readonly monotonic?: () => number;
  readonly adminPassword?: string;
  /** Of the registration at the log-in provider, when it is not in a file. */
  readonly oidcClientSecret?: string;
  /** Whether other processes serve the same data directory. */
  readonly shared?: boolean;
  /** Takes the place of checks on the data plane: for measuring what they cost. */
  readonly unchecked?: Unchecked;
  /** Called at each step of every write, for tests that stop the process just there. */
  readonly onStep?: (step: UploadStep | RecordStep | CleanupStep) => void;
}

/** One caller for everybody, and what that caller may do. */
interface Unchecked {
  readonly caller: Caller;
  readonly authorizer: Authorizer;
}

/** The whole server but its socket. */
export interface App extends AsyncDisposable {
  readonly door: FrontDoor;
  readonly metrics: Metrics;
  /** The password of `admin` that was made up, on a first start without one. */
  readonly madeUpPassword?: string;
  /** Reads what is due to be held to its digest; done every few seconds. */
  scrub(): Promise<void>;
  /** Answers `/readyz` with 503 from now on. */
  drain(): void;
  /** Writes what the audit log was told and has not written yet; done every second, and at the end. */
  flushAudit(): Promise<void>;
  /** Applies the cleanup policies whose time has come; done every few minutes. */
  cleanWhatIsDue(): Promise<void>;
  /** Drops what nobody can use any more, such as expired uploads; done every hour. */
  tidy(): Promise<void>;
  /** Writes what was pulled and is not noted yet; done every few seconds. */
  notePulls(): Promise<void>;
  readonly caches: RemoteCaches;
}

/** A pause that is worth one, however short the grace. */
const PAUSE_MS = 60_000;

const newId = (): string => crypto.randomUUID();

/** The composition root: the only place that chooses concrete parts. */
export async function buildApp(options: AppOptions): Promise<App> {
  const { config, directory, log, now, onStep, shared = false } = options;
  const outward = openOutbound(config, now);
  const key = directory.signingKey();
  const [database, blobs] = await Promise.all([
    MetadataDatabase.open(directory.database, { shared }),
    FilesystemBlobs.open({
      root: directory.blobs,
      reserveBytes: config.reserve,
      ...(onStep && { onStep }),
    }),
  ]);

  const accounts = new AccountTables(database, now);
  const policies = new PolicyTables(database);
  const tokenTables = new TokenTables(database, now);
  const repositories = new RepositoryTables(database, now);
  const started = await firstStart({
    accounts,
    own: (member) => database.transaction((tx) => grantRole(tx, '/', 'roles/owner', member)),
    project: (id) => repositories.ensureProject(id),
    ...(options.adminPassword !== undefined && { password: options.adminPassword }),
    random: randomBytes,
    keep: (password) => directory.writeSecret(directory.initialPassword, `${password}\n`),
  });

  const identities = openIdentities({
    config,
    database,
    accounts,
    policies,
    tokenStore: tokenTables,
    outbound: outward.outbound,
    key,
    log,
    random: randomBytes,
    now,
    newId,
  });
  const { authenticator, authorizer, tokens } = identities;

  const auditLog = new AuditTables(database);
  const audit = openAudit({ database, policies, accounts, log, now, newId });

  const browserLogins = openLogins({
    config,
    ...(options.oidcClientSecret !== undefined && { clientSecret: options.oidcClientSecret }),
    database,
    accounts,
    tokenStore: tokenTables,
    loginStore: identities.loginStore,
    oneTime: identities.oneTime,
    authenticator,
    tokens,
    logins: identities.logins,
    audit,
    outbound: outward.outbound,
    key,
    random: randomBytes,
    now,
    newId,
  });
  const grants = [...identities.grants, ...browserLogins.grants];

  const addressing = new Addressing({
    formats: FORMATS,
    locations: config.locations,
    ...(config.domain !== undefined && { domain: config.domain }),
  });
  const forUploads = new TokenSealer(key, 'upload');
  const uploads = new UploadSessions({ blobs, sealer: forUploads, now, ttlMs: config.uploadExpiry });
  const sealer = new SecretSealer(key, 'upstream credentials');
  const upstreamSecrets = new UpstreamSecretTables({
    database,
    sealer,
    ...(config.secrets !== undefined && { files: new SecretFiles(config.secrets) }),
  });
  const publicHosts = config.publicUrl === undefined ? [] : [new URL(config.publicUrl).host];
  const fetches = openDownloads({ database, blobs, log, now, newId, shared });
  const loop = new UpstreamLoop(installationName(key));
  const opened = openRepositories({
    database,
    blobs,
    formats: FORMATS,
    outward: { upstreams: outward.upstreams, secrets: upstreamSecrets, downloads: fetches, loop },
    data: () => data,
    directory: repositories,
    authorizer: options.unchecked?.authorizer ?? authorizer,
    virtualPriority: config.virtualPriority,
    uploads,
    log,
    now,
    newId,
    times: { leaseMs: config.gcLease, trashRetention: config.trashRetention },
    shared,
    ...(onStep && { onStep }),
  });
  const data: DataPlane = new DataPlane({
    formats: FORMATS,
    repositories,
    entered: (header, work) => loop.entered(header, work),
    authorizer: options.unchecked?.authorizer ?? authorizer,
    read: opened.read,
    target: opened.target,
    write: opened.write,
    documents: opened.documents,
    now,
    audit: { notes: audit.notes, now, newId },
    historyKept: config.tagHistoryRetention,
    elsewhere: (call, { format }) =>
      new Elsewhere(
        {
          addressing,
          authorizer,
          repositories,
          files: new FilesByContent(database),
          stored: opened.held,
        },
        call,
        format,
      ),
  });

  const remoteCaches = new StoredCopies({
    database,
    directory: repositories,
    formats: FORMATS,
    ...opened.remotes,
    now,
    newId,
  });
  const prefetches = new Prefetching({
    caches: remoteCaches,
    store: new PrefetchOperations(database, now),
    body: prefetchOperation,
    now,
    report: (cause) => log.write('error', 'a prefetch failed', { cause }),
  });
  const clock = new ClockWatch({
    now,
    monotonic: options.monotonic ?? (() => performance.now()),
    pauseMs: Math.max(config.gcGrace, PAUSE_MS),
    record: new ClockFile(directory.clock),
  });
  const cleaning = openCleanup({ config, database, pulls: opened.pulls, log, clock, now, newId, onStep });
  const collector = openCollector({ config, database, blobs, log, clock, now, newId });
  const scrub = openScrub({ config, database, blobs, log, now, newId });
  const crowd = new Crowd(config.maxRequests);
  const metrics = new Metrics({
    requestsUnderWay: () => crowd.inside,
    uploadsOpen: () => countUploads(blobs),
    storedBytes: () => repositories.storedBytes(),
    freeBytes: () => blobs.freeBytes(),
    databaseWorks: () => database.broken === undefined,
    auditWritten: () => auditLog.written(),
    auditLost: () => audit.lost(),
    damagedBlobs: () => scrub.damagedBlobs(),
    garbage: () => collector.readings(),
  });
  let draining = false;
  const door = new FrontDoor({
    crowd,
    addressing,
    resolver: new Resolver(addressing, data, FORMATS),
    data,
    services: {
      tokensFor: (call) => serviceTokens({ tokens, authenticator }, call, call.peer()),
      loginsFor: (call, { title }) =>
        clientLogins(browserLogins.clients, {
          actor: actorOf(call.request, call.peer()),
          origin: call.origin,
          client: title,
        }),
      failedLogin: (login) => audit.failures.failed(login),
      audit: { notes: audit.notes, now, newId },
      packages:
        (call, { format, place }) =>
        (page) =>
          visiblePackages(
            {
              directory: repositories,
              authorizer,
              who: call.principal,
              format: format.id,
              location: place?.location,
              address: (row) => nameOn(addressing, call, row, format),
              catalog: opened.catalog,
            },
            page,
          ),
    },
    fixtures: [
      ...probes({
        metrics,
        ready: async () => (draining ? 'the server is stopping' : database.broken?.message),
        limited: async () =>
          (await blobs.freeBytes()) > 0
            ? scrub.limited()
            : 'uploads are refused: the disk is full up to its reserve',
      }),
      tokenEndpoint(grants, (login) => audit.failures.failed(login)),
      ...browserLogins.fixtures(grants.map(({ type }) => type)),
      revocation({ revoke: (secret, act) => identities.loginStore.revoke(sha256(secret), act), now, newId }),
      managementApi({
        notes: audit.notes,
        auditLog,
        scrub: scrub.scrubber,
        garbage: collector.work,
        cleanup: cleaning.cleanup,
        resources: (act) =>
          storedResources({
            database: audited(database, act),
            now,
            serviceAccountDomain: config.serviceAccountDomain,
            upstreamSecrets: sealer,
            trashRetention: config.trashRetention,
          }),
        now,
        formats: FORMATS,
        locations: config.locations,
        authorizer,
        ...identities.api,
        passwords: {
          hash: hashPassword,
          confirm: async (user, password, peer) => {
            await authenticator.password(user, password, peer);
          },
          changed: (user) => {
            try {
              if (user === 'admin') directory.forgetInitialPassword();
            } catch (cause) {
              log.write('warn', `${directory.initialPassword} is outdated and cannot be removed`, { cause });
            }
          },
        },
        pages: new TokenSealer(key, 'page'),
        newId,
        spelling: (host, address, format) => addressing.spelling(host, address, format),
        upstreams: outward.upstreams,
        upstreamSecrets,
        remoteCaches,
        prefetches,
        named: (host, url) => addressing.repositoryOf(url, [host, ...publicHosts]),
        uploads: opened.apiUploads,
        sendFile: storedFileSender({ repositories, stored: (row) => opened.here(row), now }),
      }),
    ],
    authenticate: (authorization, peer) =>
      options.unchecked?.caller ?? authenticator.authenticate(authorization, peer),
    failedLogin: (login) => audit.failures.failed(login),
    report: (cause) => {
      const id = crypto.randomUUID();
      log.write('error', 'a request failed', { id, cause });
      return id;
    },
    scheme: config.tlsCert === undefined ? 'http' : 'https',
    ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }),
  });

  prefetches.watch();
  const housekeeping: Housekeeping = startHousekeeping({
    database,
    tokens: tokenTables,
    blobs,
    uploadExpiry: config.uploadExpiry,
    auditRetention: { changes: config.auditRetention, accesses: config.auditDataRetention },
    tagHistoryRetention: config.tagHistoryRetention,
    log,
    clock,
  });
  return {
    door,
    metrics,
    ...started,
    drain: () => {
      draining = true;
    },
    flushAudit: () => audit.flush(),
    scrub: () => scrub.scrubber.look(),
    caches: remoteCaches,
    tidy: () => housekeeping.tidy(),
    notePulls: () => opened.pulls.flush(),
    cleanWhatIsDue: () => cleaning.schedule.look(),
    [Symbol.asyncDispose]: async () => {
      housekeeping.stop();
      await scrub.scrubber.stop();
      await collector[Symbol.asyncDispose]();
      await prefetches.stop();
      await cleaning[Symbol.asyncDispose]();
      await identities[Symbol.asyncDispose]();
      await opened.remotes.settled();
      await fetches[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
      outward[Symbol.dispose]();
      metrics[Symbol.dispose]();
      await audit[Symbol.asyncDispose]();
      await blobs[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A repository's address below the host that a request came to. */
function nameOn(
  addressing: Addressing,
  { host }: DataRequest,
  row: RepositoryRow,
  format: (typeof FORMATS)[number],
): string {
  const address = addressing.spelling(host, row, format);
  return address.slice(address.indexOf('/') + 1);
}
