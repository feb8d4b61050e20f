import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Only against tests that never end: a shared machine can be ten times slower than one that is idle.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Two cores here and in CI: more workers only fight for them.
    maxWorkers: 2,
  },
});
