import { describe, expect, it } from 'bun:test';
import { parseFormat } from './format-spec.ts';
import { render } from './render.ts';

const ROWS = [
  {
    name: 'projects/p/locations/us/repositories/images',
    sizeBytes: '1572864',
    createTime: '2026-11-21T10:20:30.456Z',
    labels: { team: 'web', env: 'prod' },
    tags: ['v1', 'latest'],
    dockerConfig: { immutableTags: true },
    metadata: { digest: 'sha256:ab', layers: [{ size: 1 }, { size: 2 }] },
  },
  {
    name: 'projects/p/locations/us/repositories/a,"b"',
    sizeBytes: '0',
    dockerConfig: { immutableTags: false },
  },
];

async function rendered(
  format: string,
  rows: readonly Readonly<Record<string, unknown>>[] = ROWS,
  single = false,
) {
  const stream = (async function* () {
    yield* rows;
  })();
  return (await Array.fromAsync(render(parseFormat(format), stream, single))).join('');
}
const one = (format: string): Promise<string> => rendered(format, ROWS.slice(0, 1), true);

describe('value()', () => {
  it.each([
    ['name.basename()', 'images'],
    ['name.segment(3)', 'us'],
    ['name.segment(-1)', 'images'],
    ['name.split("/").len()', '6'],
    ['name.scope("locations")', 'us/repositories/images'],
    ['name.basename().upper()', 'IMAGES'],
    ['name.basename().sub("ima", "pa")', 'pages'],
    ['sizeBytes.size()', '1.5 MiB'],
    ['sizeBytes.size(precision=2)', '1.50 MiB'],
    ['sizeBytes.size(units_out=M)', '1.5'],
    ['sizeBytes.size(units_out=K, precision=0)', '1536'],
    ['missing.size(zero="0")', '0'],
    ['createTime.date("%Y-%m-%d %H:%M:%S", tz=UTC)', '2026-11-21 10:20:30'],
    ['createTime.date("%Y", tz="Asia/Tokyo")', '2026'],
    ['createTime.date("%H", tz="Asia/Tokyo")', '19'],
    ['createTime.date(format="%F %T", tz=Z)', '2026-11-21 10:20:30'],
    ['createTime.date("%s%%")', '1795256430%'],
    ['createTime.iso()', '2026-11-21T10:20:30Z'],
    ['name.date()', 'projects/p/locations/us/repositories/images'],
    ['labels', 'team=web;env=prod'],
    ['labels.list()', 'team=web,env=prod'],
    ['labels.list(separator=" ")', 'team=web env=prod'],
    ['labels.team', 'web'],
    ['labels."team"', 'web'],
    ['tags', 'v1;latest'],
    ['tags.join(" ")', 'v1 latest'],
    ['tags.len()', '2'],
    ['tags[0]', 'v1'],
    ['tags[-1]', 'latest'],
    ['tags[9]', ''],
    ['metadata.layers.size', '1;2'],
    ['metadata.layers[].size', '1;2'],
    ['metadata.layers[1].size', '2'],
    ['dockerConfig.immutableTags', 'True'],
    ['docker_config.immutable_tags', 'True'],
    ['dockerConfig.immutableTags.yesno(yes="frozen", no="free")', 'frozen'],
    ['missing.yesno(no="none")', 'none'],
    ['missing.firstof(gone, sizeBytes)', '1572864'],
    ['missing', ''],
    ['missing.basename(undefined="-")', '-'],
    ['metadata.json()', '{"digest":"sha256:ab","layers":[{"size":1},{"size":2}]}'],
    ['uri()', 'projects/p/locations/us/repositories/images'],
  ])('%s', async (field, shown) => {
    expect(await one(`value(${field})`)).toBe(`${shown}\n`);
  });

  it('puts tabs between fields and ends each row with a line end', async () => {
    expect(await rendered('value(name.basename(), sizeBytes)')).toBe('images\t1572864\na,"b"\t0\n');
  });

  it('takes other separators', async () => {
    const format = 'value[separator="|", terminator=" ", delimiter="+"](name.basename(), tags)';

    expect(await rendered(format)).toBe('images|v1+latest a,"b"| ');
  });
});

describe('the other formats', () => {
  it('csv quotes what needs it and names the columns', async () => {
    expect(await rendered('csv(name.basename(), sizeBytes, createTime.date(tz=UTC):label=MADE)')).toBe(
      'name,size_bytes,MADE\nimages,1572864,2026-11-21T10:20:30\n"a,""b""",0,\n',
    );
  });

  it('csv leaves the heading out', async () => {
    expect(await rendered('csv[no-heading](sizeBytes)')).toBe('1572864\n0\n');
  });

  it('table aligns columns, and ends no line with spaces', async () => {
    expect(
      await rendered('table(name.basename():label=REPOSITORY, sizeBytes:align=right, createTime.date("%Y"))'),
    ).toBe('REPOSITORY  SIZE_BYTES  CREATE_TIME\nimages         1572864  2026\na,"b"                0\n');
  });

  it('table leaves out an optional column that nobody has', async () => {
    expect(await rendered('table(sizeBytes, missing:optional, tags:optional)', ROWS.slice(1))).toBe(
      'SIZE_BYTES\n0\n',
    );
  });

  it('table draws a box and a title', async () => {
    expect(await rendered('table[box, title=SIZES](sizeBytes:label=N)')).toBe(
      '   SIZES\n+---------+\n| N       |\n+---------+\n| 1572864 |\n| 0       |\n+---------+\n',
    );
  });

  it('table prints nothing without rows', async () => {
    expect(await rendered('table(name)', [])).toBe('');
  });

  it('json is one array of rows with sorted keys', async () => {
    const text = await rendered('json');

    expect(JSON.parse(text)).toEqual(ROWS);
    expect(text.indexOf('"createTime"')).toBeLessThan(text.indexOf('"dockerConfig"'));
  });

  it('json of no rows is an empty array', async () => {
    expect(await rendered('json', [])).toBe('[]\n');
  });

  it('json of a resource is the resource, with the chosen fields in their places', async () => {
    expect(
      JSON.parse(await one('json(name.basename(), dockerConfig.immutableTags, metadata.digest, missing)')),
    ).toEqual({ name: 'images', dockerConfig: { immutableTags: true }, metadata: { digest: 'sha256:ab' } });
  });

  it('yaml separates rows', async () => {
    expect(await rendered('yaml(sizeBytes)')).toBe("---\nsizeBytes: '1572864'\n---\nsizeBytes: '0'\n");
  });

  it('list puts a bullet before each row', async () => {
    expect(await rendered('list(sizeBytes, labels.env)')).toBe(
      "- labels:\n    env: prod\n  sizeBytes: '1572864'\n- sizeBytes: '0'\n",
    );
  });

  it('flattened names every leaf', async () => {
    expect(await one('flattened(tags, metadata.layers)')).toBe(
      '---\nmetadata.layers[0].size: 1\nmetadata.layers[1].size: 2\ntags[0]:                 v1\ntags[1]:                 latest\n',
    );
  });

  it('none prints nothing', async () => {
    expect(await rendered('none')).toBe('');
  });
});

describe('a format that makes no sense', () => {
  it.each([
    ['jason', 'did you mean json?'],
    ['nonsense', 'use one of json, yaml, table'],
    ['table', '--format=table needs fields'],
    ['value(', 'a field name expected'],
    ['value(name', ', or ) expected'],
    ['value(name))', 'nothing more expected'],
    ['value(name.nosuch())', 'unknown transform nosuch(); see "entrepot help formats"'],
    ['value(name.basename().x)', 'only transforms may follow a transform'],
    ['table[colour](name)', 'unknown attribute colour'],
    ['table(name:align=up)', '[up] is not an alignment'],
    ['table(name:sort=first)', 'is not a sort order'],
    ['table(name:colour=red)', 'a column attribute expected'],
    ['value(createTime.date("%Q"))', '%Q is not known'],
    ['value(createTime.date("%Y", tz=Nowhere))', '[Nowhere] is not a time zone'],
    ['value(name.sub("[", "x"))', 'is not a regular expression'],
    ['value(sizeBytes.size(units_out=X))', 'there is no unit [X]'],
  ])('%s', async (format, words) => {
    expect(async () => one(format)).toThrow(words);
  });
});
