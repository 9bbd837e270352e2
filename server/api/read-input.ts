import * as z from 'zod/mini';
import type { ByteStream } from '../core/blob.ts';
import { invalid, type RegistryError } from '../core/error.ts';
import { readWhole } from '../lib/read-whole.ts';
import { parseJsonStrictly } from '../lib/strict-json.ts';
import { bodyRefusal, queryRefusal } from './proto-refusal.ts';
import type { Schema } from './route.ts';

const LARGEST_BODY = 1024 * 1024;

/** Parameters that every method of a Google API takes (cloud.google.com/apis/docs/system-parameters). */
const SYSTEM = new Set([
  '$.xgafv',
  '$alt',
  '$fields',
  '$key',
  '$prettyPrint',
  '$userProject',
  'access_token',
  'alt',
  'callback',
  'fields',
  'key',
  'oauth_token',
  'prettyPrint',
  'quotaUser',
  'uploadType',
  'upload_id',
  'upload_protocol',
  'userProject',
]);

/** The method's own parameters. */
export function readQuery(query: URLSearchParams, schema: Schema): unknown {
  const names = [...new Set(query.keys())].filter((name) => !SYSTEM.has(name));
  const given = Object.fromEntries(names.map((name) => [name, oneOrMany(query.getAll(name))]));
  const read = z.safeParse(schema, given);
  if (read.success) return read.data;
  throw queryRefusal(read.error.issues, given);
}

/** What comes several times is a list, which only few parameters may be. */
const oneOrMany = (values: readonly string[]): unknown => (values.length === 1 ? values[0] : values);

/** The request's message. An absent body is an empty message. */
export async function readBody(request: Request, schema: Schema, field?: string): Promise<unknown> {
  const body = await jsonOf(request);
  const read = z.safeParse(schema, body);
  if (read.success) return read.data;
  throw bodyRefusal(read.error.issues, body, field);
}

async function jsonOf(request: Request): Promise<unknown> {
  if (!request.body) return {};
  if (Number(request.headers.get('content-length') ?? 0) > LARGEST_BODY)
    throw invalid('SIZE_LIMIT', `the request is larger than ${LARGEST_BODY} bytes`);
  const bytes = await readWhole(request.body as ByteStream, LARGEST_BODY, 'the request');
  if (bytes.byteLength === 0) return {};
  const type = request.headers.get('content-type') ?? 'application/json';
  if (!/^application\/(?:[a-z.+-]*\+)?json(?:\s*;|$)/i.test(type))
    throw invalid('CONTENT_TYPE', `the request must be application/json, not ${type.slice(0, 100)}`);
  const encoding = request.headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw invalid('CONTENT_ENCODING', 'the request must not be compressed');
  try {
    return parseJsonStrictly(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw unreadable(error);
  }
}

const unreadable = (error: unknown): RegistryError =>
  invalid(
    'INVALID_JSON',
    `Invalid JSON payload received. ${error instanceof Error ? error.message : ''}`.trim(),
  );
