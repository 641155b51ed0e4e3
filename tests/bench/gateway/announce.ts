/**
 * Says what a process of the benchmark offers: to the process that started it, or as one line on standard output for
 * whoever started it by hand. It ends with SIGTERM, properly, so that a profiler can write its file; and with its parent.
 */
export function announce(
  offer: { readonly url: string } & Readonly<Record<string, unknown>>,
): void {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(offer)}\n`);
  else process.send(offer);
  const end = (): never => process.exit(0);
  process.on('disconnect', end);
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
