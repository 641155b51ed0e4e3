import { monotonicMs } from '#kernel/clock.ts';

/** Remembers what a key stands for for a moment; callers of the same moment share one reading. What failed is not remembered. */
export function createMomentCache<Value>(options: {
  readonly freshMs: number;
  readonly keysMax: number;
}): (key: string, read: () => Promise<Value>) => Promise<Value> {
  const entries = new Map<string, { readonly value: Promise<Value>; readonly untilMs: number }>();
  return (key, read) => {
    const nowMs = monotonicMs();
    const known = entries.get(key);
    if (known !== undefined && known.untilMs > nowMs) return known.value;
    const value = read();
    // Keys come from outside: a flood of them costs their readings, and no memory.
    if (entries.size >= options.keysMax) entries.clear();
    entries.set(key, { value, untilMs: nowMs + options.freshMs });
    value.catch(() => entries.delete(key));
    return value;
  };
}

/** Keeps what never changes, least recently used first out, within a budget of bytes. Null is not kept: it may come later. */
export function createBodyCache<Value>(options: {
  readonly bytesMax: number;
  readonly bytesOf: (value: Value) => number;
}): (key: string, make: () => Promise<Value | null>) => Promise<Value | null> {
  const entries = new Map<string, { readonly value: Promise<Value | null>; bytes: number }>();
  let total = 0;

  function drop(key: string): void {
    total -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  }

  async function weigh(key: string, value: Promise<Value | null>): Promise<void> {
    const made = await value.catch(() => null);
    const entry = entries.get(key);
    if (entry?.value !== value) return;
    if (made === null) return drop(key);
    entry.bytes = options.bytesOf(made);
    total += entry.bytes;
    for (const oldest of entries.keys()) {
      if (total <= options.bytesMax) break;
      drop(oldest);
    }
  }

  return (key, make) => {
    const known = entries.get(key);
    if (known !== undefined) {
      entries.delete(key);
      entries.set(key, known);
      return known.value;
    }
    const value = make();
    entries.set(key, { value, bytes: 0 });
    void weigh(key, value);
    return value;
  };
}
