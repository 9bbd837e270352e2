import { describe, expect, test } from 'bun:test';
import { uploadedFile, versionInFile } from './filenames.ts';
import { isName, normalName, projectName } from './names.ts';

test.each([
  ['Demo.Pkg', 'demo-pkg'],
  ['demo_pkg', 'demo-pkg'],
  ['demo--._pkg', 'demo-pkg'],
  ['A', 'a'],
])('the project of %s is %s', (name, project) => {
  expect(projectName(name)).toBe(project);
  expect(normalName(project)).toBe(project);
});

test.each(['', '-a', 'a-', '.', 'a b', 'a/b', 'ä', 'a\n', 'a'.repeat(201), '..'])('%j is no name', (text) => {
  expect(isName(text)).toBe(false);
  expect(() => projectName(text)).toThrow('is not a project name');
});

describe('a file that is uploaded', () => {
  test.each([
    ['demo_pkg-1.0-py3-none-any.whl', 'wheel', 'demo_pkg', '1.0'],
    ['Demo.Pkg-1.0-2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl', 'wheel', 'Demo.Pkg', '1.0'],
    ['demo-1.0+local.1-py3-none-any.whl', 'wheel', 'demo', '1.0+local.1'],
    ['demo_pkg-1.0.tar.gz', 'sdist', 'demo_pkg', '1.0'],
    ['demo-pkg-1.0.zip', 'sdist', 'demo-pkg', '1.0'],
  ])('%s says what it is', (filename, kind, name, version) => {
    expect(uploadedFile(filename)).toEqual({ kind, name, version } as ReturnType<typeof uploadedFile>);
  });

  test.each([
    'demo.whl',
    'demo-1.0.whl',
    'demo-1.0-py3-none.whl',
    'demo-1.0-x-py3-none-any.whl',
    'demo-one-py3-none-any.whl',
    'demo-1.0.egg',
    'demo-1.0.exe',
    'demo-1.0',
    'demo.tar.gz',
    '-1.0.tar.gz',
    '../demo-1.0.tar.gz',
    'demo\\-1.0.tar.gz',
    'dem o-1.0.tar.gz',
    `${'a'.repeat(300)}-1.0.tar.gz`,
    'demo-1.0-py3-none-any.whl\n',
  ])('%j is refused', (filename) => {
    expect(() => uploadedFile(filename)).toThrow('Invalid distribution filename');
  });
});

test.each([
  ['demo-pkg', 'demo_pkg-1.0-py3-none-any.whl', '1.0'],
  ['demo-pkg', 'demo-pkg-1.0.tar.gz', '1.0'],
  ['demo', 'demo-pkg-1.0.tar.gz', 'pkg-1.0'],
  ['demo-pkg', 'demo.pkg-1.0-1.tar.bz2', '1.0.post1'],
  ['demo', 'demo-1.0-py2.7.egg', '1.0'],
  ['demo', 'demo-1.0.win32-py2.7.exe', '1.0.win32'],
  ['demo', 'other-1.0.tar.gz', undefined],
  ['demo', 'demo-1.0.txt', undefined],
  ['demo', 'demo.tar.gz', undefined],
])('of %s, %s is a file of %s', (project, filename, version) => {
  expect(versionInFile(project, filename)).toBe(version as string);
});
