import { round } from '../measure.ts';
import { measure, startServer } from './bench.ts';
import { SMALL_QUERY, sizedQuery } from './shop-operations.ts';
import type { Bench, Line, ServerName, Timing } from './bench.ts';

/** One server's cost at one size. */
interface Point {
  readonly size: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

const DISTINCT = [1, 100, 10_000] as const;
const TIMES = [1, 4, 16] as const;

/** Does one more known operation cost the others anything? Each process sees its number of distinct texts only. */
export async function benchDistinct(
  bench: Bench,
  timing: Timing,
  name: ServerName = 'ours',
): Promise<Line[]> {
  const points: Point[] = [];
  for (const size of DISTINCT) {
    await using server = await startServer(bench, name);
    const load = await measure(bench, server, {
      ...timing,
      operation: SMALL_QUERY,
      distinct: size,
    });
    points.push({ size, cpuMs: load.cpuMsPerRequest, bytes: load.bytes });
    say(name, `${size} distinct operations`, points);
  }
  return points.map(({ size, cpuMs }) => ({
    what: `CPU of the gateway per request of a small query, ${size} distinct operations in turn`,
    figure: `${round(cpuMs, 3)} ms`,
    floor: `${round(points[0]?.cpuMs ?? 0, 3)} ms for one`,
    ratio: `${round(cpuMs / (points[0]?.cpuMs ?? 0), 2)} × one (goal: flat)`,
  }));
}

/** Does an answer of so many times the size cost so many times as much? */
export async function benchSizes(
  bench: Bench,
  timing: Timing,
  name: ServerName = 'ours',
): Promise<Line[]> {
  const points: Point[] = [];
  for (const size of TIMES) {
    await using server = await startServer(bench, name);
    const load = await measure(bench, server, { ...timing, operation: sizedQuery(size) });
    points.push({ size, cpuMs: load.cpuMsPerRequest, bytes: load.bytes });
    say(name, `${size} × the answer`, points);
  }
  const [first, second] = points;
  if (first === undefined || second === undefined) return [];
  return points.slice(1).map((point, index) => ({
    what: `CPU of the gateway per request, an answer of ${round(point.bytes / 1000, 0)} KB`,
    figure: `${round(point.cpuMs, 2)} ms, ${round(perByte(points[index] ?? first, point))} ns for each byte more`,
    floor: `${round(first.cpuMs, 2)} ms for ${round(first.bytes / 1000, 0)} KB`,
    ratio: `${round(perByte(points[index] ?? first, point) / perByte(first, second), 2)} × a byte's cost (goal: linear, ≤ 1)`,
  }));
}

/** What each byte costs by which the second answer is longer. */
function perByte(from: Point, to: Point): number {
  return ((to.cpuMs - from.cpuMs) * 1_000_000) / (to.bytes - from.bytes);
}

function say(name: ServerName, what: string, points: readonly Point[]): void {
  const { cpuMs = 0, bytes = 0 } = points.at(-1) ?? {};
  process.stderr.write(`${name}, ${what}: ${round(cpuMs, 3)} ms CPU, ${bytes} bytes\n`);
}
