import type { ExecutionResult } from 'graphql';

/** A read as far as it decides about its answer. */
export interface Read {
  readonly scope: string;
  /** Everything else: the supergraph's version, the text, the operation's name, its variables, what is passed on. */
  readonly key: string;
}

/** Identical reads of one scope that are under way at the same time share one execution. */
export interface InFlightReads {
  share(read: Read, run: () => Promise<ExecutionResult>): Promise<ExecutionResult>;
  /** The scope has written something: reads that began before must not answer those that come after. */
  forget(scope: string): void;
}

export function createInFlightReads(): InFlightReads {
  const scopes = new Map<string, Map<string, Promise<ExecutionResult>>>();
  return {
    share: ({ scope, key }, run) => {
      const reads = scopes.get(scope) ?? new Map<string, Promise<ExecutionResult>>();
      scopes.set(scope, reads);
      const known = reads.get(key);
      if (known !== undefined) return known;
      const running = run().finally(() => {
        if (reads.get(key) === running) reads.delete(key);
        if (reads.size === 0 && scopes.get(scope) === reads) scopes.delete(scope);
      });
      reads.set(key, running);
      return running;
    },
    forget: (scope) => void scopes.delete(scope),
  };
}
