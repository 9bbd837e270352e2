import * as z from 'zod/mini';
import { type Answer, flag, int32, maybe, message, struct, text } from '../proto-json.ts';

/** google.rpc.Status. */
export const status = message({
  code: maybe(int32()),
  message: maybe(text()),
  details: maybe(z.array(struct())),
});
export type Status = Answer<typeof status>;

/** google.longrunning.Operation; metadata and response carry their type in `@type`. */
export const operation = message({
  name: maybe(text()),
  metadata: maybe(struct()),
  done: maybe(flag()),
  error: maybe(status),
  response: maybe(struct()),
});
export type Operation = Answer<typeof operation>;

/** What answers an upload of bytes, of whichever collection. */
export const uploadMediaResponse = message({ operation: maybe(operation) });
export type UploadMediaResponse = Answer<typeof uploadMediaResponse>;
