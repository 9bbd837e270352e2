import type { Digest } from './blob.ts';

/** Everything that happens to what users keep, and what is told of it. */
export interface EventMap {
  'version.published': {
    readonly repositoryId: number;
    readonly package: string;
    readonly version: string;
    readonly digests: readonly Digest[];
  };
  'version.deleted': { readonly repositoryId: number; readonly package: string; readonly version: string };
  'version.restored': { readonly repositoryId: number; readonly package: string; readonly version: string };
  'tag.set': {
    readonly repositoryId: number;
    readonly package: string;
    readonly tag: string;
    readonly version: string;
  };
  'tag.removed': {
    readonly repositoryId: number;
    readonly package: string;
    readonly tag: string;
    readonly version: string;
  };
  'version.updated': { readonly repositoryId: number; readonly package: string; readonly version: string };
  'file.updated': { readonly repositoryId: number; readonly path: string };
  'file.deleted': { readonly repositoryId: number; readonly path: string };
  'package.updated': { readonly repositoryId: number; readonly package: string };
  'package.deleted': { readonly repositoryId: number; readonly package: string };
  'repository.created': { readonly repositoryId: number; readonly name: string };
  'repository.updated': { readonly repositoryId: number; readonly name: string };
  'repository.deleted': { readonly repositoryId: number; readonly name: string };
  'project.created': { readonly project: string };
  'project.updated': { readonly project: string };
  'project.deleted': { readonly project: string };
}
export type EventName = keyof EventMap;
