import { describe, expect, it } from 'bun:test';
import * as fc from 'fast-check';
import { escapeId, lastId, names, pathOf, unescapeId } from './names.ts';

const id = fc.string({ minLength: 1, unit: 'grapheme' });

describe('resource names', () => {
  it('read back what they were made of, whatever is in it', () => {
    const parts = fc.record({ project: id, location: id, repository: id, package: id, version: id });
    fc.assert(
      fc.property(parts, (wanted) => {
        expect(names.version.parse(names.version.format(wanted))).toEqual(wanted);
        expect(lastId(names.version.format(wanted))).toBe(wanted.version);
      }),
    );
  });

  it('escape slashes and nothing that people read', () => {
    const name = names.dockerImage.format({
      project: 'example.com:p',
      location: 'us',
      repository: 'r',
      dockerImage: 'team/img@sha256:ab',
    });
    expect(name).toBe('projects/example.com:p/locations/us/repositories/r/dockerImages/team%2Fimg@sha256:ab');
    expect(escapeId('50%/a')).toBe('50%25%2Fa');
    expect(unescapeId('a%3Ab')).toBe('a:b');
  });

  it('go into a path so that escapes survive whoever decodes it once', () => {
    expect(pathOf('projects/p/packages/team%2Fimg')).toBe('projects/p/packages/team%252Fimg');
    expect(pathOf('projects/example.com:p')).toBe('projects/example.com%3Ap');
  });

  it.each([
    'projects/p',
    'projects/p/locations/l/repositories',
    'projects/p/locations/l/repositories/',
    'projects//locations/l/repositories/r',
    'projects/p/places/l/repositories/r',
    'projects/p/locations/l/repositories/r/packages/k',
    'projects/p/locations/l/repositories/%ff',
    '',
  ])('%p is not the name of a repository', (name) => {
    expect(names.repository.parse(name)).toBeUndefined();
  });
});
