import { describe, expect, test } from 'bun:test';
import { escaped, sha256, signed } from './signature.ts';

// The examples of docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html.
const signing = {
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
  region: 'us-east-1',
  now: new Date('2013-05-24T00:00:00Z'),
};
const HOST = 'https://examplebucket.s3.amazonaws.com';

describe('the signature of a request', () => {
  const examples: readonly (readonly [
    what: string,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signature: string,
  ])[] = [
    [
      'that reads part of an object',
      'GET',
      '/test.txt',
      { range: 'bytes=0-9' },
      '',
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'that stores one',
      'PUT',
      '/test%24file.text',
      { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
      'Welcome to Amazon S3.',
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'with a question that has no value',
      'GET',
      '/?lifecycle',
      {},
      '',
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'that lists',
      'GET',
      '/?max-keys=2&prefix=J',
      {},
      '',
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ];
  test.each(examples)('%s', async (_, method, path, headers, body, signature) => {
    const request = { method, url: new URL(path, HOST), headers, bodySha256: sha256(body) };
    expect((await signed(request, signing)).get('authorization')).toEndWith(`Signature=${signature}`);
  });

  test('covers the token of credentials that are lent', async () => {
    const request = { method: 'GET', url: new URL(HOST), headers: {}, bodySha256: sha256('') };
    const credentials = { ...signing.credentials, sessionToken: 'lent' };
    const headers = await signed(request, { ...signing, credentials });
    expect(headers.get('x-amz-security-token')).toBe('lent');
    expect(headers.get('authorization')).toContain('x-amz-date;x-amz-security-token,');
  });
});

test('names are escaped but for what needs no escape', () => {
  expect(escaped("az-AZ_09.~ /+=!'()*é")).toBe('az-AZ_09.~%20%2F%2B%3D%21%27%28%29%2A%C3%A9');
});
