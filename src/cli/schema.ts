import { Command } from 'commander';
import { policyJsonSchema } from '../policy/json-schema.ts';
import { exitCodes, outJson, type Verbs } from './host.ts';

/** `checkpilot schema`: the JSON Schema (draft-07) of a policy file, for editors. */
export function schemaCommand({ host, run }: Verbs): Command {
  return new Command('schema')
    .description('print the JSON Schema (draft-07) of a policy, for editors')
    .option('--json', 'JSON, which it always is')
    .action(() =>
      run(() => {
        outJson(host, policyJsonSchema());
        return exitCodes.fine;
      }),
    );
}
