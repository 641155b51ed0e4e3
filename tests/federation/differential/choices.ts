/** Decisions read from a tape of numbers. At its end every decision is the first, so that a shorter tape is simpler. */
export interface Choices {
  /** A number below `count`. */
  below(count: number): number;
  /** True in so many of a hundred cases. */
  chance(percent: number): boolean;
  of<Item>(items: readonly Item[]): Item;
}

export function readChoices(tape: readonly number[]): Choices {
  let position = 0;
  const next = (): number => {
    position += 1;
    return tape[position - 1] ?? 0;
  };
  const below = (count: number): number => (count < 2 ? 0 : next() % count);
  return {
    below,
    chance: (percent) => below(100) >= 100 - percent,
    of: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('There is nothing to choose from.');
      return item;
    },
  };
}
