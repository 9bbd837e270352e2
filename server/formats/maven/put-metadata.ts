import { METADATA, nameInvalid } from './layout.ts';
import { type Command, param } from '../../core/format.ts';
import type { IndexKey, KeptIndex } from '../../core/index-kind.ts';
import { readWhole } from '../../lib/read-whole.ts';
import { LARGEST_METADATA } from './metadata.ts';
import { created } from './put-file.ts';

/**
 * PUT of metadata or of a checksum of it: taken, and not believed. Clients make it of what they read before, so of two at once
 * one would take away what the other wrote; ours is made of what is here.
 */
export const putMetadata =
  <T>(index: KeptIndex<T>, keyOf: (command: Command) => IndexKey) =>
  async (command: Command): Promise<Response> => {
    const key = keyOf(command);
    await readWhole(command.body, LARGEST_METADATA, METADATA);
    if (param(command.params, 'variant') === METADATA) command.refresh(index, key);
    return created();
  };

/** The same where the path is that of no folder. */
export const orRefuse =
  (keyOf: (command: Command) => IndexKey, name: string) =>
  (command: Command): IndexKey => {
    try {
      return keyOf(command);
    } catch {
      throw nameInvalid('metadata is at a group, an artifact or a snapshot', param(command.params, name));
    }
  };
