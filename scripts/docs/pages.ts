import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkpointProblemsTable } from './checkpoint-problems.ts';
import { demoExcerpt, policyExcerpt, runDemo } from './demo.ts';
import { ownEventsFile, ownEventsTables } from './events.ts';
import { failureClassesPage } from './failure-classes.ts';
import { reasonsPage } from './reasons.ts';
import { fillRegion } from './regions.ts';
import { rightsTable } from './rights.ts';
import { worldParametersTable } from './world-parameters.ts';

export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Every page of the project that is generated, in whole or between markers, as it should be now. Takes a demo run. */
export async function projectPages(root: string): Promise<readonly Page[]> {
  const read = (path: string) => readFile(join(root, path), 'utf8');
  const [readme, world, notices, deployment, checkpoints, policy, demo] = await Promise.all([
    read('README.md'),
    read('docs/world.md'),
    read('docs/notices.md'),
    read('docs/deployment.md'),
    read('docs/checkpoints.md'),
    read('examples/demo/policy.yaml'),
    runDemo(root),
  ]);
  const withPolicy = fillRegion(readme, 'demo policy', policyExcerpt(policy));
  return [
    { path: 'README.md', text: fillRegion(withPolicy, 'demo output', demoExcerpt(demo)) },
    { path: 'docs/world.md', text: fillRegion(world, 'world parameters', worldParametersTable()) },
    { path: 'docs/notices.md', text: fillRegion(notices, 'own events', ownEventsTables()) },
    { path: 'docs/deployment.md', text: fillRegion(deployment, 'rights', rightsTable()) },
    {
      path: 'docs/checkpoints.md',
      text: fillRegion(checkpoints, 'checkpoint problems', checkpointProblemsTable()),
    },
    { path: 'examples/events.schema.json', text: ownEventsFile() },
    { path: 'docs/reference/reasons.md', text: reasonsPage() },
    { path: 'docs/reference/failure-classes.md', text: failureClassesPage() },
  ];
}
