import { describe, expect, it } from 'bun:test';
import { parseImage, parseImagePath, shown } from './image-path.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const US = { project: 'p', location: 'us-central1', repository: 'r' };

describe('an image path', () => {
  const rows: readonly (readonly [path: string, found: object])[] = [
    [
      'localhost:8080/us-central1-docker/p/r',
      { ...US, host: 'localhost:8080', prefix: 'localhost:8080/us-central1-docker/p/r' },
    ],
    [
      'localhost:8080/us-central1-docker/p/r/app',
      { ...US, image: 'app', prefix: 'localhost:8080/us-central1-docker/p/r' },
    ],
    ['localhost:8080/us-central1-docker/p/r/app:v1', { ...US, image: 'app', tag: 'v1' }],
    [`localhost:8080/us-central1-docker/p/r/app@${DIGEST}`, { ...US, image: 'app', digest: DIGEST }],
    [`localhost:8080/us-central1-docker/p/r/app:v1@${DIGEST}`, { image: 'app', tag: 'v1', digest: DIGEST }],
    ['localhost:8080/us-central1-docker/p/r/product1/dev/app:v1', { image: 'product1/dev/app', tag: 'v1' }],
    ['localhost/us-docker/p/r/app', { host: 'localhost', location: 'us', image: 'app' }],
    ['[::1]:8080/us-docker/p/r/app:v1', { host: '[::1]:8080', location: 'us', image: 'app', tag: 'v1' }],
    ['http://localhost:8080/us-central1-docker/p/r/app/', { ...US, image: 'app' }],
    ['docker://localhost:8080/us-central1-docker/p/r/app', { ...US, image: 'app' }],
    [
      'us-central1-docker.example.com/p/r/app:v1',
      { ...US, image: 'app', tag: 'v1', prefix: 'us-central1-docker.example.com/p/r' },
    ],
    ['us-central1-docker.example.com:8443/p/r', { ...US, prefix: 'us-central1-docker.example.com:8443/p/r' }],
    ['us-central1-docker.pkg.dev/p/r/app', { ...US, image: 'app' }],
    ['us-central1-docker/p/r/app', { ...US, image: 'app', prefix: 'us-central1-docker/p/r' }],
    [
      'localhost:8080/us-docker/example.com/p/r/app',
      { project: 'example.com:p', repository: 'r', image: 'app' },
    ],
    [
      'us-docker.pkg.dev/example.com/p/r/app:v1',
      { project: 'example.com:p', repository: 'r', image: 'app', tag: 'v1' },
    ],
    [
      'us-docker.pkg.dev/example.com:p/r/app:v1',
      { project: 'example.com:p', repository: 'r', image: 'app', tag: 'v1' },
    ],
    [
      'gcr.io/p/app:v1',
      { project: 'p', location: 'us', repository: 'gcr.io', image: 'app', tag: 'v1', prefix: 'gcr.io/p' },
    ],
    ['eu.gcr.io/p/app', { location: 'europe', repository: 'eu.gcr.io', image: 'app' }],
    ['us.gcr.io/p/a/b', { location: 'us', repository: 'us.gcr.io', image: 'a/b' }],
    ['asia.gcr.io/p', { location: 'asia', repository: 'asia.gcr.io', prefix: 'asia.gcr.io/p' }],
    [
      'localhost:8080/gcr.io/p/app',
      { host: 'localhost:8080', location: 'us', repository: 'gcr.io', image: 'app' },
    ],
    [
      'localhost:8080/gcr.io/example.com/p/app',
      { project: 'example.com:p', repository: 'gcr.io', image: 'app' },
    ],
    ['gcr.example.com/p/app', { location: 'us', repository: 'gcr.io', image: 'app' }],
    ['eu.gcr.example.com/p/app', { location: 'europe', repository: 'eu.gcr.io', image: 'app' }],
    ['gcr.io/my-docker/app', { project: 'my-docker', repository: 'gcr.io', image: 'app' }],
  ];
  it.each(rows)('%s', (path, found) => {
    expect(parseImagePath(path)).toMatchObject(found);
  });

  it('names no image where there is none', () => {
    expect(parseImagePath('localhost:8080/us-central1-docker/p/r')).not.toHaveProperty('image');
  });

  it('is shown as it was written', () => {
    expect(shown(parseImage('localhost:8080/gcr.io/p/a/b:v1'))).toBe('localhost:8080/gcr.io/p/a/b');
  });
});

describe('what is no image path', () => {
  it.each([
    'app',
    'p/r/app',
    'localhost:8080/p/r/app',
    'localhost:8080/us-central1-docker/p',
    'localhost:8080/us-central1-docker/p/r:v1',
    'localhost:8080/us-central1-docker//r/app',
    'us-docker.pkg.dev/example.com',
    'localhost:8080/us-central1-docker/p/r/app@sha256:short',
    '',
    'gcr.io',
  ])('%p is refused', (path) => {
    expect(() => parseImagePath(path)).toThrow(/is not an image path|is not a digest/);
  });

  it('a repository is refused where an image is needed', () => {
    expect(() => parseImage('localhost:8080/us-central1-docker/p/r')).toThrow('add the image');
  });
});
