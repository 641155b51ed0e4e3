/** One JSON line on standard output per thing worth knowing; the process that started the simulator reads them. */
export function report(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ event: `erp-simulator.${event}`, ...fields })}\n`);
}

export function reportError(event: string, error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  report(event, { error: text });
}
