/** Waits until the fact holds; fails after a minute, which no fact needs on however busy a machine. */
export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await fact())) {
    if (performance.now() > deadline) throw new Error(`Waited a minute for: ${fact.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
