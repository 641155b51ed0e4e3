/** Measures stop growing here; twenty doublings must not become an unsafe integer. */
export const SATURATION = 1_000_000_000;

export function saturated(value: number): number {
  return Math.min(SATURATION, value);
}
