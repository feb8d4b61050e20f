/** Writes what the bundles are made of, once all of them are there. */
export function stampBundles(folder?: string): void;

/** What is wrong with the bundles, as a sentence that says how to mend it; undefined when they are what the sources say. */
export function staleBundles(folder?: string): string | undefined;
