import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { Distribution, Family } from './exposition.ts';
import { Metrics } from './metrics.ts';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus' text format, strictly: a type before its samples, names and labels as they must be. */
function parse(text: string): readonly Sample[] {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  expect(text).toEndWith('\n');
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (kind === 'TYPE') {
        expect(types.has(name)).toBe(false);
        types.set(name, rest);
      }
      continue;
    }
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    const [, name = '', labels = '', value = ''] = match ?? [];
    expect({
      line,
      isSample: match !== null,
      isNumber: /^(NaN|[+-]Inf|-?\d+(\.\d+)?(e[+-]?\d+)?)$/.test(value),
    }).toEqual({
      line,
      isSample: true,
      isNumber: true,
    });
    const family = name.replace(/_(bucket|sum|count)$/, '');
    expect(types.has(name) || types.get(family) === 'histogram').toBe(true);
    samples.push({ name, labels: parseLabels(labels), value: Number(value.replace('Inf', 'Infinity')) });
  }
  return samples;
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const pattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/gy;
  const labels: Record<string, string> = {};
  let read = 0;
  for (const [whole, name = '', value = ''] of text.matchAll(pattern)) {
    read += whole.length;
    labels[name] = value.replaceAll(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  expect(read).toBe(text.length);
  return labels;
}

const valueOf = (samples: readonly Sample[], name: string, labels: object = {}): number | undefined =>
  samples.find(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value;

describe('the metrics', () => {
  let metrics: Metrics;
  beforeEach(() => {
    metrics = new Metrics({
      requestsUnderWay: () => 7,
      uploadsOpen: async () => 3,
      storedBytes: async () => 5_000_000_000_000,
      freeBytes: async () => Infinity,
      databaseWorks: () => true,
      auditWritten: async () => 70,
      auditLost: () => 2,
      damagedBlobs: async () => 0,
      garbage: async () => ({
        stored: { blobs: 10, bytes: 1_000 },
        condemned: { blobs: 2, bytes: 200 },
        freed: { blobs: 3, bytes: 300 },
        waiting: 4,
        failures: 5,
      }),
    });
  });
  afterEach(() => metrics[Symbol.dispose]());
  const request = {
    route: 'docker:/:image+/manifests/:reference',
    method: 'GET',
    status: 200,
    seconds: 0.004,
    received: 0,
    sent: 7,
  };

  test('are text that Prometheus reads, before and after the first request', async () => {
    const before = parse(await metrics.text());
    expect(valueOf(before, 'entrepot_uploads_open')).toBe(3);
    expect(valueOf(before, 'entrepot_http_requests_under_way')).toBe(7);
    expect(valueOf(before, 'entrepot_storage_free_bytes')).toBe(Infinity);

    metrics.record(request);

    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(parse(await metrics.text()).length).toBeGreaterThan(10);
  });

  test('count requests by route, method and status', async () => {
    for (const status of [200, 200, 404]) metrics.record({ ...request, status });
    metrics.record({ ...request, method: 'PUT', status: 201, received: 11 });

    const samples = parse(await metrics.text());

    const { route } = request;
    expect(valueOf(samples, 'entrepot_http_requests_total', { route, method: 'GET', status: '200' })).toBe(2);
    expect(valueOf(samples, 'entrepot_http_requests_total', { route, method: 'GET', status: '404' })).toBe(1);
    expect(valueOf(samples, 'entrepot_http_sent_bytes_total', { route, method: 'GET' })).toBe(21);
    expect(valueOf(samples, 'entrepot_http_received_bytes_total', { route, method: 'PUT' })).toBe(11);
  });

  test('spread latencies over bounds that add up', async () => {
    for (const seconds of [0.0001, 0.004, 0.005, 100]) metrics.record({ ...request, seconds });

    const samples = parse(await metrics.text()).filter(({ name }) =>
      name.startsWith('entrepot_http_request_seconds'),
    );

    const buckets = samples
      .filter(({ name }) => name.endsWith('_bucket'))
      .map(({ labels, value }) => [labels['le'], value]);
    expect(buckets.slice(0, 4)).toEqual([
      ['0.001', 1],
      ['0.0025', 1],
      ['0.005', 3],
      ['0.01', 3],
    ]);
    expect(buckets.at(-1)).toEqual(['+Inf', 4]);
    expect(valueOf(samples, 'entrepot_http_request_seconds_count')).toBe(4);
    expect(valueOf(samples, 'entrepot_http_request_seconds_sum')).toBeCloseTo(100.0091);
  });

  test('have no more series for methods that nobody knows', async () => {
    for (const method of ['GET', 'FOO', 'BAR', 'BAZ']) metrics.record({ ...request, method });

    const methods = parse(await metrics.text())
      .filter(({ name }) => name === 'entrepot_http_requests_total')
      .map(({ labels }) => labels['method']);

    expect(methods).toEqual(['GET', 'OTHER']);
  });

  test('are there though one reading fails', async () => {
    await using failing = {
      metrics: new Metrics({
        requestsUnderWay: () => 7,
        uploadsOpen: () => Promise.reject(new Error('the disk is gone')),
        storedBytes: async () => 1,
        freeBytes: async () => 2,
        databaseWorks: () => false,
        auditWritten: async () => 70,
        auditLost: () => 2,
        damagedBlobs: async () => 0,
        garbage: () => Promise.reject(new Error('the disk is gone')),
      }),
      [Symbol.asyncDispose]: async () => failing.metrics[Symbol.dispose](),
    };

    const samples = parse(await failing.metrics.text());

    expect(valueOf(samples, 'entrepot_uploads_open')).toBeNaN();
    expect(valueOf(samples, 'entrepot_repository_bytes')).toBe(1);
    expect(valueOf(samples, 'entrepot_database_works')).toBe(0);
  });
});

describe('labels', () => {
  test('are escaped, so that no value ends its line or its quotes', () => {
    const value = 'a"b\\c\nd} 1\nforged 2';
    const family = new Family('counter', 'things_total', 'Things');
    family.series([['what', value]]).value = 1;
    const spread = new Distribution('times', 'Times', [1]);
    spread.series([['what', value]]).observe(0.5);

    const samples = parse(family.text() + spread.text());

    expect(samples.map(({ name }) => name)).toEqual([
      'things_total',
      'times_bucket',
      'times_bucket',
      'times_sum',
      'times_count',
    ]);
    for (const { labels } of samples) expect(labels['what']).toBe(value);
  });
});
