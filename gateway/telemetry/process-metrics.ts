import { PerformanceObserver, constants, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { ELDHistogram, PerformanceEntry, PerformanceNodeEntry } from 'node:perf_hooks';
import type { Registry } from 'prom-client';

/** How often the event loop is asked whether it is late; its delay is measured no finer than this. */
const LOOP_RESOLUTION_MS = 10;
const GC_BUCKETS = [0.001, 0.01, 0.1, 1];

const GC_KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/** Processor, memory, garbage collection and event loop, under the names that dashboards know. Returns what stops it. */
export function startProcessMetrics(registry: Registry): () => void {
  readAtScrape(registry);
  const stopLoop = watchEventLoop(registry);
  const stopGarbage = watchGarbageCollection(registry);
  return () => {
    stopLoop();
    stopGarbage();
  };
}

function readAtScrape(registry: Registry): void {
  const registers = [registry];
  registry.registerMetric(processorTime());
  const bytes = (name: string, help: string, read: (memory: NodeJS.MemoryUsage) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(process.memoryUsage()));
      },
    });
  bytes('process_resident_memory_bytes', 'Memory of the process.', ({ rss }) => rss);
  bytes('nodejs_heap_size_used_bytes', 'Heap in use.', ({ heapUsed }) => heapUsed);
  bytes('nodejs_heap_size_total_bytes', 'Heap.', ({ heapTotal }) => heapTotal);
  bytes('nodejs_external_memory_bytes', 'Memory outside of the heap.', ({ external }) => external);
}

function processorTime(): Counter {
  return new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process, user and system.',
    registers: [],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
}

function watchEventLoop(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();
  registry.registerMetric(loopDelay(delay));
  return () => void delay.disable();
}

function loopDelay(delay: ELDHistogram): Gauge<'quantile'> {
  return new Gauge({
    name: 'concord_gateway_event_loop_delay_seconds',
    help: 'How late the event loop was since the last look.',
    labelNames: ['quantile'],
    registers: [],
    collect() {
      // Before its first tick it has seen nothing, and says NaN or the greatest number.
      const seconds = (nanoseconds: number): number => (delay.count === 0 ? 0 : nanoseconds / 1e9);
      this.set({ quantile: '0.5' }, seconds(delay.percentile(50)));
      this.set({ quantile: '0.99' }, seconds(delay.percentile(99)));
      this.set({ quantile: '1' }, seconds(delay.max));
      delay.reset();
    },
  });
}

function watchGarbageCollection(registry: Registry): () => void {
  const seconds = new Histogram({
    name: 'nodejs_gc_duration_seconds',
    help: 'Garbage collections by kind.',
    labelNames: ['kind'],
    registers: [registry],
    buckets: GC_BUCKETS,
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      seconds.observe({ kind: gcKind(entry) }, entry.duration / 1000);
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}

function gcKind(entry: PerformanceEntry): string {
  const { detail } = entry as PerformanceNodeEntry;
  return GC_KINDS[Number(detail?.kind)] ?? 'other';
}
