import { Counter, Gauge, Histogram, Registry } from 'prom-client';

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

interface Readings {
  readonly uploadsOpen: () => Promise<number>;
  readonly storedBytes: () => Promise<number>;
  readonly freeBytes: () => Promise<number>;
}

const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];
const LAG_PROBE_MS = 500;

/** Counts what happens, as Prometheus text. Routes are templates, so nothing of a tenant is a label. */
export class Metrics implements Disposable {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #latency: Histogram<'route' | 'method'>;
  readonly #received: Counter<'route'>;
  readonly #sent: Counter<'route'>;
  readonly #lag: Gauge;
  readonly #probe: ReturnType<typeof setInterval>;

  constructor(readings: Readings) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'entrepot_http_requests_total',
      help: 'Requests answered',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#latency = new Histogram({
      name: 'entrepot_http_request_seconds',
      help: 'Seconds from a request to the head of its answer',
      labelNames: ['route', 'method'],
      buckets: BUCKETS,
      registers,
    });
    this.#received = new Counter({
      name: 'entrepot_http_received_bytes_total',
      help: 'Bytes of request bodies',
      labelNames: ['route'],
      registers,
    });
    this.#sent = new Counter({
      name: 'entrepot_http_sent_bytes_total',
      help: 'Bytes of response bodies',
      labelNames: ['route'],
      registers,
    });
    this.#lag = new Gauge({
      name: 'entrepot_event_loop_lag_seconds',
      help: 'How late a timer fired: the longest since the last scrape',
      registers,
    });
    reading('entrepot_uploads_open', 'Uploads begun and not finished', readings.uploadsOpen);
    reading('entrepot_stored_bytes', 'Bytes of all blobs', readings.storedBytes);
    reading('entrepot_storage_free_bytes', 'Bytes that uploads may still take', readings.freeBytes);
    reading('process_resident_memory_bytes', 'Resident memory', async () => process.memoryUsage.rss());

    let worst = 0;
    let due = performance.now() + LAG_PROBE_MS;
    this.#probe = setInterval(() => {
      worst = Math.max(worst, performance.now() - due);
      due = performance.now() + LAG_PROBE_MS;
      this.#lag.set(worst / 1000);
    }, LAG_PROBE_MS);
    this.#probe.unref();

    function reading(name: string, help: string, read: () => Promise<number>): void {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers,
        async collect(): Promise<void> {
          gauge.set(await read());
        },
      });
    }
  }

  record({ route, method, status, seconds, received, sent }: Measured): void {
    this.#requests.inc({ route, method, status });
    this.#latency.observe({ route, method }, seconds);
    if (received > 0) this.#received.inc({ route }, received);
    if (sent > 0) this.#sent.inc({ route }, sent);
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#probe);
  }
}
