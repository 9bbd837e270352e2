import { describe, expect, test } from 'bun:test';
import { RegistryError } from '../core/error.ts';
import { errorResponse, type RenderError } from './boundary.ts';

const asJson: RenderError = (error) => ({
  contentType: 'application/json',
  body: JSON.stringify({
    code: error.code,
    reason: error.reason,
    message: error.message,
    details: error.details,
  }),
});

async function answered(thrown: unknown) {
  const reported: unknown[] = [];
  const answer = errorResponse(thrown, asJson, (cause) => {
    reported.push(cause);
    return 'id-1';
  });
  return { answer, reported, text: await answer.text() };
}

describe('a failure', () => {
  test.each([
    ['INVALID_ARGUMENT', 'TAG_INVALID', 400],
    ['FAILED_PRECONDITION', 'IN_USE', 400],
    ['UNAUTHENTICATED', 'UNAUTHORIZED', 401],
    ['PERMISSION_DENIED', 'DENIED', 403],
    ['NOT_FOUND', 'BLOB_UNKNOWN', 404],
    ['FAILED_PRECONDITION', 'READ_ONLY', 405],
    ['ALREADY_EXISTS', 'VERSION_EXISTS', 409],
    ['ABORTED', 'UPLOAD_BUSY', 409],
    ['INVALID_ARGUMENT', 'SIZE_LIMIT', 413],
    ['INVALID_ARGUMENT', 'URI_TOO_LONG', 414],
    ['OUT_OF_RANGE', 'RANGE_INVALID', 416],
    ['RESOURCE_EXHAUSTED', 'TOOMANYREQUESTS', 429],
  ] as const)('%s, %s, is answered %i in its own words, and not reported', async (code, reason, status) => {
    const error = new RegistryError(code, reason, 'what to do', {
      details: { a: 'b' },
      headers: { 'retry-after': '7' },
    });

    const { answer, text, reported } = await answered(error);

    expect(answer.status).toBe(status);
    expect(answer.headers.toJSON()).toMatchObject({
      'content-type': 'application/json',
      'retry-after': '7',
      'x-content-type-options': 'nosniff',
    });
    expect(JSON.parse(text)).toEqual({ code, reason, message: 'what to do', details: { a: 'b' } });
    expect(reported).toEqual([]);
  });

  test.each([
    ['UNAVAILABLE', 'STORAGE_FULL', 507],
    ['UNAVAILABLE', 'DATABASE_BUSY', 503],
    ['DEADLINE_EXCEEDED', 'UPSTREAM_SLOW', 504],
  ] as const)(
    'of ours that is known, %s, %s, is answered %i in its own words, and reported',
    async (code, reason, status) => {
      const error = new RegistryError(code, reason, 'what to do', {
        cause: new Error('ENOSPC at /secret/path'),
      });

      const { answer, text, reported } = await answered(error);

      expect([answer.status, reported]).toEqual([status, [error]]);
      expect(text).toContain('what to do');
      expect(text).not.toContain('secret');
    },
  );

  test.each([
    ['an exception', new TypeError('SELECT secret FROM account')],
    ['a text', 'secret'],
    ['nothing', undefined],
    ['a mistake of ours', new RegistryError('INTERNAL', 'ROUTE_PARAM', 'secret')],
    ['damaged content', new RegistryError('DATA_LOSS', 'CONTENT_MISMATCH', 'secret path')],
  ])('that is %s is answered 500 with nothing but a number for the log', async (_, thrown) => {
    const { answer, text, reported } = await answered(thrown);

    expect([answer.status, reported]).toEqual([500, [thrown]]);
    expect(JSON.parse(text)).toMatchObject({ code: 'INTERNAL', details: { id: 'id-1' } });
    expect(text).toContain('id-1');
    expect(text).not.toContain('secret');
  });

  test('that is a client which went away is no failure of ours', async () => {
    const { answer, reported } = await answered(new DOMException('The connection was closed.', 'AbortError'));

    expect([answer.status, reported]).toEqual([400, []]);
  });
});
