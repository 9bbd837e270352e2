import { Distribution, Family } from './exposition.ts';

/** What a request did, measured where it was answered. */
export interface Measured {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  /** Bytes of the request's and the response's body, as far as their headers say. */
  readonly received: number;
  readonly sent: number;
}

/** Read when somebody asks. */
export interface Readings {
  readonly requestsUnderWay: () => number;
  readonly uploadsOpen: () => Promise<number>;
  readonly storedBytes: () => Promise<number>;
  readonly freeBytes: () => Promise<number>;
  readonly databaseWorks: () => boolean;
  /** Entries of the audit log: ever written, and lost since the start. */
  readonly auditWritten: () => Promise<number>;
  readonly auditLost: () => number;
  /** Blobs that are not served because what is stored of them is damaged or lost. */
  readonly damagedBlobs: () => Promise<number>;
  readonly garbage: () => Promise<GarbageReadings>;
}

/** Of the collector: counts of blobs and sums of bytes. */
export interface GarbageReadings {
  readonly stored: Tally;
  readonly condemned: Tally;
  readonly freed: Tally;
  /** Things that wait to be looked at. */
  readonly waiting: number;
  /** Deletions of this process that failed and were put off. */
  readonly failures: number;
}
interface Tally {
  readonly blobs: number;
  readonly bytes: number;
}
const UNKNOWN: Tally = { blobs: Number.NaN, bytes: Number.NaN };
const NO_GARBAGE: GarbageReadings = {
  stored: UNKNOWN,
  condemned: UNKNOWN,
  freed: UNKNOWN,
  waiting: Number.NaN,
  failures: Number.NaN,
};

interface RouteSeries {
  readonly requests: { value: number };
  readonly latency: { observe(seconds: number): void };
  readonly received: { value: number };
  readonly sent: { value: number };
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];
const LAG_PROBE_MS = 500;
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** Counts what happens, as Prometheus text. Routes are templates, so nothing of a tenant is a label. */
export class Metrics implements Disposable {
  readonly #requests = new Family('counter', 'entrepot_http_requests_total', 'Requests answered');
  readonly #latency = new Distribution(
    'entrepot_http_request_seconds',
    'Seconds from a request to the head of its answer',
    BUCKETS,
  );
  readonly #received = new Family('counter', 'entrepot_http_received_bytes_total', 'Bytes of request bodies');
  readonly #sent = new Family('counter', 'entrepot_http_sent_bytes_total', 'Bytes of response bodies');
  readonly #known = new Map<string, Map<string, Map<number, RouteSeries>>>();
  readonly #readings: Readings;
  readonly #probe: ReturnType<typeof setInterval>;
  #lagSeconds = 0;

  constructor(readings: Readings) {
    this.#readings = readings;
    let due = performance.now() + LAG_PROBE_MS;
    this.#probe = setInterval(() => {
      const now = performance.now();
      this.#lagSeconds = Math.max(this.#lagSeconds, (now - due) / 1000);
      due = now + LAG_PROBE_MS;
    }, LAG_PROBE_MS);
    this.#probe.unref();
  }

  record({ route, method, status, seconds, received, sent }: Measured): void {
    const series = this.#of(route, METHODS.has(method) ? method : 'OTHER', status);
    series.requests.value += 1;
    series.latency.observe(seconds);
    series.received.value += received;
    series.sent.value += sent;
  }

  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8';

  /** Prometheus text. The lag is the longest since it was last asked for. */
  async text(): Promise<string> {
    const {
      requestsUnderWay,
      uploadsOpen,
      storedBytes,
      freeBytes,
      databaseWorks,
      auditWritten,
      auditLost,
      damagedBlobs,
      garbage,
    } = this.#readings;
    const { stored, condemned, freed, waiting, failures } = await garbage().catch(() => NO_GARBAGE);
    const lag = this.#lagSeconds;
    this.#lagSeconds = 0;
    const gauges = [
      gauge('entrepot_http_requests_under_way', 'Requests that are being worked on', requestsUnderWay()),
      gauge('entrepot_uploads_open', 'Uploads begun and not finished', await orUnknown(uploadsOpen)),
      gauge('entrepot_repository_bytes', 'Bytes that repositories name', await orUnknown(storedBytes)),
      gauge('entrepot_storage_free_bytes', 'Bytes that uploads may still take', await orUnknown(freeBytes)),
      gauge(
        'entrepot_database_works',
        '0 once the database takes no writes until a restart',
        Number(databaseWorks()),
      ),
      total(
        'entrepot_audit_entries_total',
        'Entries ever written to the audit log',
        await orUnknown(auditWritten),
      ),
      total('entrepot_audit_entries_lost_total', 'Entries that the audit log had no room for', auditLost()),
      gauge('entrepot_stored_blobs', 'Distinct contents that are stored', stored.blobs),
      gauge('entrepot_stored_bytes', 'Bytes of distinct contents', stored.bytes),
      gauge('entrepot_garbage_condemned_blobs', 'Contents about to be deleted', condemned.blobs),
      gauge('entrepot_garbage_condemned_bytes', 'Bytes about to be deleted', condemned.bytes),
      gauge('entrepot_garbage_waiting', 'Things the collector has yet to look at', waiting),
      total(
        'entrepot_garbage_freed_blobs_total',
        'Contents ever deleted because nobody needed them',
        freed.blobs,
      ),
      total(
        'entrepot_garbage_freed_bytes_total',
        'Bytes ever deleted because nobody needed them',
        freed.bytes,
      ),
      total('entrepot_garbage_failures_total', 'Deletions that failed and were put off', failures),
      gauge(
        'entrepot_blobs_damaged',
        'Blobs that are not served because they are damaged or lost',
        await orUnknown(damagedBlobs),
      ),
      gauge('entrepot_event_loop_lag_seconds', 'How late a timer fired, at worst since the last scrape', lag),
      gauge('process_resident_memory_bytes', 'Resident memory', process.memoryUsage.rss()),
    ];
    return [this.#requests, this.#latency, this.#received, this.#sent, ...gauges]
      .map((part) => part.text())
      .join('');
  }

  [Symbol.dispose](): void {
    clearInterval(this.#probe);
  }

  /** Found by three short look-ups: a joined key would be a new string for every request. */
  #of(route: string, method: string, status: number): RouteSeries {
    const methods = known(this.#known, route, () => new Map<string, Map<number, RouteSeries>>());
    const statuses = known(methods, method, () => new Map<number, RouteSeries>());
    return known(statuses, status, () => {
      const where = [
        ['route', route],
        ['method', method],
      ] as const;
      return {
        requests: this.#requests.series([...where, ['status', String(status)]]),
        latency: this.#latency.series(where),
        received: this.#received.series(where),
        sent: this.#sent.series(where),
      };
    });
  }
}

function known<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** A store that fails makes one number unknown, and the others all the more wanted. */
const orUnknown = (read: () => Promise<number>): Promise<number> => read().catch(() => Number.NaN);

const gauge = (name: string, help: string, value: number): Family => only('gauge', name, help, value);
const total = (name: string, help: string, value: number): Family => only('counter', name, help, value);

function only(type: 'gauge' | 'counter', name: string, help: string, value: number): Family {
  const family = new Family(type, name, help);
  family.series([]).value = value;
  return family;
}
