import { type Diagnostic, pathText } from './diagnostics.ts';
import { place } from './merge.ts';
import { valueAt } from './plain.ts';
import { regionName } from './scalars.ts';
import type { Source } from './source.ts';
import { suggest } from './suggest.ts';

/** Regions of all partitions, as AWS lists them (2026). */
const regions = [
  ...[
    'us-east-1',
    'us-east-2',
    'us-west-1',
    'us-west-2',
    'ca-central-1',
    'ca-west-1',
    'mx-central-1',
    'sa-east-1',
  ],
  ...[
    'eu-west-1',
    'eu-west-2',
    'eu-west-3',
    'eu-central-1',
    'eu-central-2',
    'eu-north-1',
    'eu-south-1',
    'eu-south-2',
  ],
  ...[
    'af-south-1',
    'il-central-1',
    'me-central-1',
    'me-south-1',
    'ap-south-1',
    'ap-south-2',
    'ap-east-1',
    'ap-east-2',
  ],
  ...[
    'ap-southeast-1',
    'ap-southeast-2',
    'ap-southeast-3',
    'ap-southeast-4',
    'ap-southeast-5',
    'ap-southeast-6',
  ],
  ...[
    'ap-southeast-7',
    'ap-northeast-1',
    'ap-northeast-2',
    'ap-northeast-3',
    'us-gov-east-1',
    'us-gov-west-1',
  ],
  ...['cn-north-1', 'cn-northwest-1', 'eusc-de-east-1'],
];

/** A Region that nobody here has heard of: most likely a slip, perhaps a Region that is younger than this version. */
export function regionFaults(source: Source): readonly Diagnostic[] {
  const path = ['metadata', 'region'];
  const region = valueAt(source.value, path);
  if (typeof region !== 'string' || regions.includes(region)) return [];
  // Anything else the schema refuses.
  if (!regionName.safeParse(region).success) return [];
  const near = suggest(region, regions);
  const newer = 'a Region younger than this version may be used all the same';
  return [
    {
      ...place(source, path, 'value'),
      severity: 'warning',
      code: 'CP2106',
      path: pathText(path),
      message: `"${region}" is no Region that this version knows`,
      hint: near ? `did you mean "${near}"? (${newer})` : newer,
    },
  ];
}
