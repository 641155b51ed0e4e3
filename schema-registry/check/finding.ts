import type { Finding } from './result.ts';

/** A finding that is an error and lies nowhere in particular, unless it is said otherwise. */
export function finding(of: Pick<Finding, 'code' | 'message'> & Partial<Finding>): Finding {
  return {
    severity: 'ERROR',
    coordinate: null,
    subgraph: null,
    line: null,
    column: null,
    contract: null,
    ...of,
  };
}
