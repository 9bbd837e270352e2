import type { VersionLink } from '../../core/catalog.ts';

/**
 * Tags that clients make of the digest an image is about: cosign's `.sig`, `.att` and `.sbom`, and the bare one of the
 * referrers tag schema (github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema).
 */
const COMPANION = /^sha256-([0-9a-f]{64})(?:\.[a-z]{1,10})?$/;

/** What an image that is pushed under the tag is about, where its tag says so. */
export function companionLink(tag: string): readonly VersionLink[] {
  const hex = COMPANION.exec(tag)?.[1];
  return hex === undefined ? [] : [{ kind: 'companion', target: `sha256:${hex}` }];
}
