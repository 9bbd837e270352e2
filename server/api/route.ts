import type * as z from 'zod/mini';
import type { Act, AuditName } from '../core/audit.ts';
import type { AuditLog } from '../core/audit-log.ts';
import type { Cleanup } from '../core/cleanup.ts';
import type { Explainer } from '../core/explain.ts';
import type { ProviderRules } from '../core/federation.ts';
import type { Format } from '../core/format.ts';
import type { GarbageWork } from '../core/garbage.ts';
import type { GrantGuard } from '../core/grant-guard.ts';
import type { UploadTargets } from '../core/artifact-uploads.ts';
import type { Authorizer, Bearer, Principal, ResourceName, Within } from '../core/iam.ts';
import type { Permission } from '../core/permissions.ts';
import type { PolicyRules } from '../core/policies.ts';
import type { TokenMaking } from '../core/personal-tokens.ts';
import type { RepositoryAddress } from '../core/repository.ts';
import type { Resources } from '../core/resources.ts';
import type { ScrubWork } from '../core/scrub.ts';
import type { Impersonation } from '../core/service-accounts.ts';
import type { Prefetches } from '../core/prefetch.ts';
import type { RemoteCaches } from '../core/remote-caches.ts';
import type { UpstreamSecrets, Upstreams } from '../core/upstreams.ts';
import type { Passwords } from '../core/users.ts';
import type { PredefinedRole } from '../core/roles.ts';
import type { TokenSealer } from '../lib/sealed-token.ts';

export type Schema = z.core.$ZodType;
export type Params = Readonly<Record<string, string>>;

/** What the methods work on. */
export interface ApiParts {
  readonly resources: Resources;
  readonly formats: readonly Format[];
  /** Ids of the locations there are. */
  readonly locations: readonly string[];
  readonly authorizer: Authorizer;
  readonly auditLog: AuditLog;
  readonly garbage: GarbageWork;
  readonly cleanup: Cleanup;
  /** Asked before anything is given to anyone. */
  readonly guard: GrantGuard;
  readonly policyRules: PolicyRules;
  readonly explainer: Explainer;
  /** By name, such as `roles/owner`. */
  readonly predefinedRoles: ReadonlyMap<string, PredefinedRole>;
  readonly passwords: Passwords;
  readonly tokenMaking: TokenMaking;
  readonly impersonation: Impersonation;
  readonly scrub: ScrubWork;
  readonly workloadRules: ProviderRules;
  /** What is behind remote repositories. */
  readonly upstreams: Upstreams;
  readonly upstreamSecrets: UpstreamSecrets;
  readonly remoteCaches: RemoteCaches;
  readonly prefetches: Prefetches;
  readonly uploads: UploadTargets;
  /** Seals page tokens. */
  readonly pages: TokenSealer;
  newId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface ApiCall<Query, Body> {
  /** Ids from the path, plain text. */
  readonly params: Params;
  /** The same as the caller wrote them, where a thing has several names: all that refusals may tell. */
  readonly asked: Params;
  readonly query: Query;
  readonly body: Body;
  readonly principal: Principal;
  /** What the caller showed to be believed. */
  readonly bearer?: Bearer;
  /** The record of what is done, where it changes something. */
  readonly act?: Act;
  readonly parts: ApiParts;
  /** The request itself, for methods that read their bodies as they come. */
  readonly request: Request;
  /** Scheme and host that the caller called this server by. */
  readonly origin: string;
  /** The repository's address without a scheme, as clients of its format write it on the caller's host. */
  registryUri(address: RepositoryAddress, format: string): string;
  /** The repository of this server that a URL is the address of. */
  ownRepository(url: URL): RepositoryAddress | undefined;
}

/** Plain data for JSON, a file of a repository to be sent as the data plane sends it, or one JSON value to a line. */
export type ApiAnswer =
  | { readonly kind: 'lines'; readonly lines: AsyncIterable<object> }
  | {
      readonly kind: 'json';
      readonly body: Readonly<Record<string, unknown>>;
      /** Sentences for a person, in the `warning` header. */
      readonly warnings?: readonly string[];
    }
  | { readonly kind: 'empty'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'file'; readonly repository: RepositoryAddress; readonly path: string };

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/**
 * Who may call: holders of a permission, or any account, where the method itself shows everyone only their own.
 */
export type Audience = Permission | 'account';

export interface RouteAudit extends AuditName {
  /** `artifactregistry.googleapis.com`. */
  readonly service: string;
}

interface RouteFacts {
  /** `repositories.create`. */
  readonly id: string;
  readonly method: Method;
  /** `:name` is one segment; a custom method stands after a colon: `/v1/projects/:project/services/:service:enable`. */
  readonly path: string;
  readonly permission: Audience;
  /** What the audit log calls it. */
  readonly audit: RouteAudit | 'unrecorded';
  /** What the permission must be held on. */
  on(params: Params): ResourceName;
  /** What of that the request is about, for grants that are narrower. */
  within?(params: Params): Within;
  /**
   * How much of what is inside the permission must be held on, where that is not just what the path names: `some`
   * where only the body or a look-up tells which thing is meant, and the method asks then; `all` for what takes
   * everything with it.
   */
  readonly needs?: 'some' | 'all';
  /** Lists that show what the caller may see check it themselves and refuse when that is nothing. */
  readonly filtered?: boolean;
  readonly summary: string;
  readonly response: Schema | 'bytes' | 'lines';
}

/** One method of the management API. */
export interface ApiRoute extends RouteFacts {
  readonly query: Schema;
  readonly body?: Schema;
  /** The request's field that the body is, where it is not the whole request; refusals name it. */
  readonly bodyField?: string;
  run(call: ApiCall<unknown, unknown>): Promise<ApiAnswer>;
}

type Read<S> = S extends z.core.SomeType ? z.output<S> : undefined;

interface RouteSpec<Query extends Schema, Body extends Schema | undefined> extends RouteFacts {
  readonly query: Query;
  readonly body?: Body;
  readonly bodyField?: string;
  run(call: ApiCall<Read<Query>, Read<Body>>): Promise<ApiAnswer>;
}

/** Closes over the types of query and body, so that the route list stays one plain list. */
export function defineRoute<Query extends Schema, Body extends Schema | undefined = undefined>(
  spec: RouteSpec<Query, Body>,
): ApiRoute {
  const { body, ...rest } = spec;
  return {
    ...rest,
    ...(body && { body }),
    // The dispatcher has parsed both with these schemas.
    run: (call) => spec.run(call as ApiCall<Read<Query>, Read<Body>>),
  };
}

export const json = (body: object): ApiAnswer => ({ kind: 'json', body: { ...body } });
