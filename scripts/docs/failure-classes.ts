import { failureRules } from '../../src/core/failure/rules.ts';
import { type FailureClassEntry, failureClasses, isSafetyClass } from '../../src/core/failure/taxonomy.ts';
import { generatedNotice, table } from './regions.ts';

const actions: readonly (readonly [string, string])[] = [
  ['restart', 'start again from the checkpoint at once, and after the backoff once a try was in vain'],
  ['restart-with-backoff', 'start again from the checkpoint after the backoff, also the first time'],
  [
    'restart-with-more-memory',
    'start with the next larger worker: 1.5 times the memory, up to the `grow` of the policy ([how](../judgement.md#larger-workers))',
  ],
  [
    'restart-with-more-disk',
    'start with 1.5 times the disk, up to 200 GB, or 2,000 GB if it is shuffle-optimised',
  ],
  ['wait-for-capacity', 'ask again about every two minutes; a person is told after half an hour'],
  ['stop-and-page', 'start nothing, call a person'],
  ['stop-and-page-data-risk', 'the same; a restart could lose or repeat data'],
  ['ignore', 'somebody asked for this end'],
];

/** The page docs/reference/failure-classes.md: the taxonomy and the rules that recognise each class. */
export function failureClassesPage(): string {
  const entries: [string, FailureClassEntry][] = Object.entries(failureClasses);
  return `${generatedNotice}

# Failure classes

Why a run ended, and what is done by default. A policy may set \`action\` and \`streak\` of each class. Source:
[src/core/failure/taxonomy.ts](../../src/core/failure/taxonomy.ts) and the \`rules-*.ts\` beside it.

*Streak* is the number of restarts in a row without a newly committed batch before a person is called; the stricter of
this number and the job's \`streak.withoutProgress\` counts, unless the policy names one for the class. Classes marked ⚠
are judged before all others, because there a wrong restart can cost data.

${table(
  ['class', 'means', 'default action', 'streak', 'rules'],
  entries.map(([name, entry]) => [
    `\`${name}\`${isSafetyClass(name as keyof typeof failureClasses) ? ' ⚠' : ''}`,
    entry.summary,
    `\`${entry.action}\``,
    streakOf(entry),
    String(failureRules.filter((rule) => rule.class === name).length || '–'),
  ]),
)}

\`cancelled\` and \`execution-timeout\` are told from the state and the age of the run; their text counts only when nothing
else is known. \`unknown\` is an end that says nothing; an error in words of its own that no rule knows has the class, too, and stops
(\`unexplained-error\`, see [judgement.md](../judgement.md)).

## Actions

${table(
  ['action', 'is'],
  actions.map(([name, text]) => [`\`${name}\``, text]),
)}

## Rules

Each rule is a pattern over the tidied text of the failure. A rule with an action of its own differs from its class.

${rulesByClass(entries.map(([name]) => name))}
`;
}

function streakOf({ action, streak }: FailureClassEntry): string {
  // Waiting for capacity says nothing of the job, so no number of tries parks it.
  if (action === 'wait-for-capacity') return 'never';
  return streak === 0 ? '–' : String(streak);
}

function rulesByClass(classes: readonly string[]): string {
  return classes
    .map((name) => ({ name, rules: failureRules.filter((rule) => rule.class === name) }))
    .filter(({ rules }) => rules.length > 0)
    .map(({ name, rules }) => {
      const rows = rules.map(({ id, action, examples }) => [
        `\`${id}\``,
        action ? `\`${action}\`` : '',
        `\`${exampleOf(examples)}\``,
      ]);
      return `### ${name}\n\n${table(['rule', 'own action', 'for example'], rows)}`;
    })
    .join('\n\n');
}

function exampleOf([first = '']: readonly string[]): string {
  const line = (first.split('\n')[0] ?? '').replaceAll('`', "'");
  return line.length > 110 ? `${line.slice(0, 109)}…` : line;
}
