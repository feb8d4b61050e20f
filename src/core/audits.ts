import type { JobMemory } from './memory.ts';
import type { Observation } from './observation.ts';

/** What was found where the first new batch at a location was compared with the last one before it. */
export interface Audit {
  readonly generation: number;
  readonly isUnbroken: boolean;
}

/** Whether it was compared for the run that is there now. */
export function isAudited(memory: JobMemory, location: string): boolean {
  // Earlier versions noted all locations as one.
  return memory.audited === memory.generation || memory.audits?.[location]?.generation === memory.generation;
}

/** With what the seams of this pass tell, once each; one that could not be read is tried again at the next look. */
export function auditsWith(memory: JobMemory, seams: Observation['seams']): Pick<JobMemory, 'audits'> {
  const told = Object.entries(seams ?? {}).flatMap(([location, sensor]): [string, Audit][] => {
    if (sensor.kind === 'unknown') return [];
    const isUnbroken = sensor.kind === 'seen' && sensor.gaps.length === 0;
    return [[location, { generation: memory.generation, isUnbroken }]];
  });
  return told.length === 0 ? {} : { audits: Object.fromEntries([...ofThisRun(memory), ...told]) };
}

/** Every first batch that was compared begins where the last one ended, and there was one. */
export function isUnbroken(memory: JobMemory): boolean {
  const audits = ofThisRun(memory);
  return audits.length > 0 && audits.every(([, audit]) => audit.isUnbroken);
}

function ofThisRun({ audits, generation }: JobMemory): readonly [string, Audit][] {
  return Object.entries(audits ?? {}).filter(([, audit]) => audit.generation === generation);
}
