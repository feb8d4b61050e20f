import { Command, Option } from 'commander';
import { policyJsonSchema } from '../policy/json-schema.ts';
import { policyTestJsonSchema } from '../policy-test/json-schema.ts';
import { exitCodes, outJson, type Verbs } from './host.ts';

const schemas = { Policy: policyJsonSchema, PolicyTest: policyTestJsonSchema } as const;

/** `checkpilot schema`: the JSON Schema (draft-07) of a policy file, or of a file of tests, for editors. */
export function schemaCommand({ host, run }: Verbs): Command {
  return new Command('schema')
    .description('print the JSON Schema (draft-07) of a policy, for editors')
    .addOption(
      new Option('--kind <kind>', 'what kind of file').choices(Object.keys(schemas)).default('Policy'),
    )
    .option('--json', 'JSON, which it always is')
    .action(({ kind }: { readonly kind: keyof typeof schemas }) =>
      run(() => {
        outJson(host, schemas[kind]());
        return exitCodes.fine;
      }),
    );
}
