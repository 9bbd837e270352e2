import * as z from 'zod/mini';
import {
  type Answer,
  choice,
  flag,
  int64,
  maybe,
  message,
  struct,
  text,
  textMap,
  timestamp,
} from '../proto-json.ts';

const PACKAGE = 'type.googleapis.com/google.devtools.artifactregistry.v1';

const hash = message({
  type: maybe(
    choice(`${PACKAGE}.Hash.HashType`, { HASH_TYPE_UNSPECIFIED: 0, SHA256: 1, MD5: 2, DIRSUM_SHA256: 3 }),
  ),
  /** Base64 of the raw digest. */
  value: maybe(text()),
});

export const pkg = message({
  name: maybe(text()),
  displayName: maybe(text()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
  annotations: maybe(textMap()),
});
export type Package = Answer<typeof pkg>;

export const tag = message({ name: maybe(text()), version: maybe(text()) });
export type Tag = Answer<typeof tag>;

export const version = message({
  name: maybe(text()),
  description: maybe(text()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
  relatedTags: maybe(z.array(tag)),
  metadata: maybe(struct()),
  annotations: maybe(textMap()),
  fingerprints: maybe(z.array(hash)),
});
export type Version = Answer<typeof version>;

export const VERSION_VIEWS = { VERSION_VIEW_UNSPECIFIED: 0, BASIC: 1, FULL: 2 } as const;
export const versionView = choice(`${PACKAGE}.VersionView`, VERSION_VIEWS);
export type VersionView = keyof typeof VERSION_VIEWS;

export const file = message({
  name: maybe(text()),
  sizeBytes: maybe(int64()),
  hashes: maybe(z.array(hash)),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
  owner: maybe(text()),
  fetchTime: maybe(timestamp()),
  annotations: maybe(textMap()),
});
export type File = Answer<typeof file>;

export const dockerImage = message({
  name: maybe(text()),
  uri: maybe(text()),
  tags: maybe(z.array(text())),
  imageSizeBytes: maybe(int64()),
  uploadTime: maybe(timestamp()),
  mediaType: maybe(text()),
  buildTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
  artifactType: maybe(text()),
  imageManifests: maybe(
    z.array(
      message({
        architecture: maybe(text()),
        os: maybe(text()),
        digest: maybe(text()),
        mediaType: maybe(text()),
        osVersion: maybe(text()),
        osFeatures: maybe(z.array(text())),
        variant: maybe(text()),
      }),
    ),
  ),
});
export type DockerImage = Answer<typeof dockerImage>;

export const mavenArtifact = message({
  name: maybe(text()),
  pomUri: maybe(text()),
  groupId: maybe(text()),
  artifactId: maybe(text()),
  version: maybe(text()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
});
export type MavenArtifact = Answer<typeof mavenArtifact>;

export const npmPackage = message({
  name: maybe(text()),
  packageName: maybe(text()),
  version: maybe(text()),
  tags: maybe(z.array(text())),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
});
export type NpmPackage = Answer<typeof npmPackage>;

/** Whether it, or which of its files, is yanked, and why, is not in Google's. */
export const pythonPackage = message({
  name: maybe(text()),
  uri: maybe(text()),
  packageName: maybe(text()),
  version: maybe(text()),
  yanked: maybe(flag()),
  yankedReason: maybe(text()),
  yankedFiles: maybe(textMap()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
});
export type PythonPackage = Answer<typeof pythonPackage>;

export const goModule = message({
  name: maybe(text()),
  version: maybe(text()),
  createTime: maybe(timestamp()),
  updateTime: maybe(timestamp()),
});
export type GoModule = Answer<typeof goModule>;
