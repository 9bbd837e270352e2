import { accessOf, policiesOf } from './access.ts';
import { errorOfStatus } from './api-error.ts';
import { cleanupOf } from './cleanup.ts';
import { logEntriesOf } from './log-entries.ts';
import { identitiesOf } from './identities.ts';
import { garbageOf } from './garbage.ts';
import { usageOf } from './usage.ts';
import { remoteCachesOf } from './remote-caches.ts';
import { scrubOf } from './scrub.ts';
import { serviceAccountsOf } from './service-accounts.ts';
import { rolesOf } from './roles.ts';
import type {
  DockerImage,
  File,
  MavenArtifact,
  NpmPackage,
  Package,
  PythonPackage,
  GoModule,
  Tag,
  Version,
  VersionView,
} from './schemas/artifacts.ts';
import type { Operation, UploadMediaResponse } from './schemas/operation.ts';
import type { Location, Project, Service } from './schemas/project.ts';
import type { Repository } from './schemas/repository.ts';
import type { ProjectConfig, ProjectSettings, VpcscConfig } from './schemas/settings.ts';
import { uploadsOf } from './uploads.ts';
import { tagHistoryOf } from './tag-history.ts';
import { trashOf } from './trash.ts';
import { type CallOptions, type ClientOptions, Transport } from './transport.ts';
import { workloadIdentityOf } from './workload-identity.ts';
import {
  deleting,
  getting,
  type ListOptions,
  listing,
  type Named,
  type PageOptions,
  patching,
} from './verbs.ts';

export { ApiError } from './api-error.ts';
export { groupName, userName } from './identities.ts';
export { names } from './names.ts';
export type * from './schemas/artifacts.ts';
export type * from './schemas/cleanup.ts';
export type * from './schemas/group.ts';
export type * from './schemas/logging.ts';
export type * from './schemas/operation.ts';
export type * from './schemas/explain.ts';
export type * from './schemas/policy.ts';
export type * from './schemas/role.ts';
export type * from './schemas/project.ts';
export type * from './schemas/quota.ts';
export type * from './schemas/usage.ts';
export type * from './schemas/repository.ts';
export type * from './schemas/garbage.ts';
export type * from './schemas/remote-cache.ts';
export type * from './schemas/scrub.ts';
export type * from './schemas/service-account.ts';
export type * from './schemas/settings.ts';
export type * from './schemas/tag-history.ts';
export type * from './schemas/token.ts';
export type * from './schemas/trash.ts';
export type * from './schemas/user.ts';
export type * from './schemas/workload-identity.ts';
export type { CallOptions, ClientOptions } from './transport.ts';
export type { ListOptions, Named, PageOptions, Paged, PatchOptions } from './verbs.ts';

export interface WaitOptions extends CallOptions {
  /** Told of every look that found it unfinished. */
  readonly onPending?: (operation: Operation) => void;
}
export interface DownloadOptions extends CallOptions {
  /** First and last byte, inclusive; to the end when `last` is absent. */
  readonly range?: { readonly first: number; readonly last?: number };
}

export type Client = ReturnType<typeof createClient>;

/** A client of the management API. Parents and names are resource names; `names` builds and reads them. */
export function createClient(options: ClientOptions) {
  const http = new Transport(options);
  const projects = listing<Project>(http, 'projects');
  const operation = (name: string, call: CallOptions = {}): Promise<Operation> =>
    http.json({ method: 'GET', path: name, ...call });

  return {
    projects: {
      ...getting<Project>(http),
      ...patching<Project>(http),
      create: (project: Project, call: CallOptions = {}): Promise<Operation> =>
        http.json({ method: 'POST', path: 'projects', body: project, ...call }),
      delete: async (name: string, call: CallOptions = {}): Promise<void> => {
        await http.raw({ method: 'DELETE', path: name, ...call });
      },
      page: (wanted: PageOptions = {}) => projects.page('', wanted),
      list: (wanted: ListOptions = {}) => projects.list('', wanted),
    },

    locations: { ...getting<Location>(http), ...listing<Location>(http, 'locations') },

    operations: {
      get: operation,
      cancel: async (name: string, call: CallOptions = {}): Promise<void> => {
        await http.raw({ method: 'POST', path: name, verb: 'cancel', body: {}, ...call });
      },
      /** The operation's response (without `@type` for an Empty one). ApiError when it failed. */
      wait: async (
        started: Operation,
        { onPending, ...call }: WaitOptions = {},
      ): Promise<NonNullable<Operation['response']>> => {
        let current = started;
        for (let pause = 100; !current.done; pause = Math.min(pause * 2, 2000)) {
          onPending?.(current);
          await http.pause(pause, call.signal);
          current = await operation(started.name ?? '', call);
        }
        if (current.error) throw errorOfStatus(current.error);
        return current.response ?? {};
      },
    },

    repositories: {
      ...getting<Repository>(http),
      ...listing<Repository>(http, 'repositories'),
      ...patching<Repository>(http),
      ...deleting(http),
      create: (
        parent: string,
        repositoryId: string,
        repository: Repository,
        call: CallOptions = {},
      ): Promise<Operation> =>
        http.json({
          method: 'POST',
          path: `${parent}/repositories`,
          query: { repositoryId },
          body: repository,
          ...call,
        }),
    },

    packages: {
      ...getting<Package>(http),
      ...listing<Package>(http, 'packages'),
      ...patching<Package>(http),
      /** With `permanently`, past the trash. */
      delete: (
        name: string,
        { permanently, ...call }: CallOptions & { readonly permanently?: boolean } = {},
      ): Promise<Operation> => http.json({ method: 'DELETE', path: name, query: { permanently }, ...call }),
    },

    versions: {
      ...listing<Version, { readonly view?: VersionView }>(http, 'versions'),
      ...patching<Version>(http),
      get: (
        name: string,
        { view, ...call }: CallOptions & { readonly view?: VersionView } = {},
      ): Promise<Named<Version>> => http.json({ method: 'GET', path: name, query: { view }, ...call }),
      /**
       * With `force`, the tags that point at it go too; without, they stop the deletion. With `cascade` or `validateOnly`, the
       * operation's metadata are CascadeMetadata.
       */
      delete: (
        name: string,
        {
          force,
          cascade,
          permanently,
          validateOnly,
          ...call
        }: CallOptions & {
          readonly force?: boolean;
          readonly cascade?: boolean;
          readonly permanently?: boolean;
          readonly validateOnly?: boolean;
        } = {},
      ): Promise<Operation> =>
        http.json({
          method: 'DELETE',
          path: name,
          query: { force, cascade, permanently, validateOnly },
          ...call,
        }),
      batchDelete: (
        parent: string,
        request: { readonly names: readonly string[]; readonly validateOnly?: boolean },
        call: CallOptions = {},
      ): Promise<Operation> =>
        http.json({
          method: 'POST',
          path: `${parent}/versions`,
          verb: 'batchDelete',
          body: request,
          ...call,
        }),
    },

    tags: {
      ...getting<Tag>(http),
      ...listing<Tag>(http, 'tags'),
      ...patching<Tag>(http),
      create: (parent: string, tagId: string, tag: Tag, call: CallOptions = {}): Promise<Named<Tag>> =>
        http.json({ method: 'POST', path: `${parent}/tags`, query: { tagId }, body: tag, ...call }),
      delete: async (name: string, call: CallOptions = {}): Promise<void> => {
        await http.raw({ method: 'DELETE', path: name, ...call });
      },
    },

    files: {
      ...getting<File>(http),
      ...listing<File>(http, 'files'),
      ...patching<File>(http),
      ...deleting(http),
      /** The bytes, as a streaming response. */
      download: (name: string, { range, ...call }: DownloadOptions = {}): Promise<Response> =>
        http.raw({
          method: 'GET',
          path: name,
          verb: 'download',
          query: { alt: 'media' },
          headers: range ? { range: `bytes=${range.first}-${range.last ?? ''}` } : {},
          ...call,
        }),
    },

    dockerImages: { ...getting<DockerImage>(http), ...listing<DockerImage>(http, 'dockerImages') },
    mavenArtifacts: { ...getting<MavenArtifact>(http), ...listing<MavenArtifact>(http, 'mavenArtifacts') },
    npmPackages: { ...getting<NpmPackage>(http), ...listing<NpmPackage>(http, 'npmPackages') },
    pythonPackages: {
      ...getting<PythonPackage>(http),
      ...patching<PythonPackage>(http),
      ...listing<PythonPackage>(http, 'pythonPackages'),
    },
    goModules: {
      ...getting<GoModule>(http),
      ...listing<GoModule>(http, 'goModules'),
      /** Uploads a module's zip. */
      create: (parent: string, zip: Blob, call: CallOptions = {}): Promise<UploadMediaResponse> =>
        http.json({
          method: 'POST',
          version: 'upload/v1',
          path: `${parent}/goModules`,
          verb: 'create',
          query: { uploadType: 'media' },
          media: { type: 'application/zip', content: zip },
          ...call,
        }),
    },

    /** Names end in `/projectSettings`, `/projectConfig` and `/vpcscConfig`. */
    projectSettings: { ...getting<ProjectSettings>(http), ...patching<ProjectSettings>(http) },
    projectConfig: { ...getting<ProjectConfig>(http), ...patching<ProjectConfig>(http) },
    vpcscConfig: { ...getting<VpcscConfig>(http), ...patching<VpcscConfig>(http) },

    /** Names are `projects/P/services/NAME`. */
    services: {
      ...getting<Service>(http),
      enable: (name: string, call: CallOptions = {}): Promise<Operation> =>
        http.json({ method: 'POST', path: name, verb: 'enable', body: {}, ...call }),
    },

    genericArtifacts: uploadsOf(http, 'genericArtifacts', 'create'),
    fileUploads: uploadsOf(http, 'files', 'upload'),

    tagHistory: tagHistoryOf(http),
    deletedVersions: trashOf(http),

    /** The audit log. */
    logEntries: logEntriesOf(http),
    ...cleanupOf(http),
    ...remoteCachesOf(http),
    garbage: garbageOf(http),
    usage: usageOf(http),
    scrub: scrubOf(http),
    policies: policiesOf(http),
    access: accessOf(http),
    roles: rolesOf(http),
    ...identitiesOf(http),
    ...serviceAccountsOf(http),
    ...workloadIdentityOf(http),
  };
}
