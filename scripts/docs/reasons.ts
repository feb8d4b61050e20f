import { reasons, withholdings } from '../../src/core/reason.ts';
import { generatedNotice, table } from './regions.ts';

/** The page docs/reference/reasons.md: every reason code and what it says, from the one table that all texts use. */
export function reasonsPage(): string {
  return `${generatedNotice}

# Reasons

Every pass of Checkpilot ends in one decision with one reason. The codes are stable: alarms and scripts may rely on
them. Source: [src/core/reason.ts](../../src/core/reason.ts).

## Why something was decided

${table(['reason', 'says'], codeRows(reasons))}

## Why a decision was not carried out

The guard is asked after the rules. What it holds back is still recorded, with what would have been done.

${table(['held back because of', 'says'], codeRows(withholdings))}
`;
}

function codeRows(texts: Readonly<Record<string, string>>): string[][] {
  return Object.entries(texts).map(([code, text]) => [`\`${code}\``, text]);
}
