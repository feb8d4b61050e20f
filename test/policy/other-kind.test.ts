import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicy } from '../../src/policy/load.ts';

const root = join(import.meta.dirname, '../..');

function faultsOf(...texts: readonly string[]) {
  const loaded = loadPolicy(texts.map((text, index) => ({ path: `${index}.yaml`, text })));
  const told = loaded.ok ? loaded.warnings : loaded.diagnostics;
  return told.map(({ file, code, message }) => `${file} ${code} ${message}`);
}

const notOne = (why: string) => [`0.yaml CP1002 the file does not look like a policy: ${why}`];

const template = `AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources: { Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: !Sub "x" } } }
`;

describe('a file of another kind', () => {
  it.each([
    [
      'a package.json',
      readFileSync(join(root, 'package.json'), 'utf8'),
      'its keys are name, version, private, description, …',
    ],
    ['a CloudFormation template', template, 'its keys are AWSTemplateFormatVersion, Transform, Resources'],
    [
      'a manifest of Kubernetes',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: { a: b }\n',
      'its keys are apiVersion, kind, metadata, data',
    ],
    [
      'a workflow of GitHub',
      'name: ci\non: push\njobs: { build: { runs-on: x } }\n',
      'its keys are name, on, jobs',
    ],
    ['a list', '- a\n- b\n', 'it is a list'],
    ['a text', 'hello world\n', 'it is a text'],
  ])('has one fault: %s', (_kind, text, why) => {
    expect(faultsOf(text)).toEqual(notOne(why));
  });

  it('is known as a file of tests', () => {
    const text = 'apiVersion: checkpilot/v1\nkind: PolicyTest\ntests: []\n';
    expect(faultsOf(text)).toEqual(['0.yaml CP1004 the file is one of policy tests']);
  });

  it('still may not hold a secret', () => {
    expect(faultsOf(`token: xoxb-1-2-3-4\n${template}`)).toEqual([
      ...notOne('its keys are token, AWSTemplateFormatVersion, Transform, Resources'),
      '0.yaml CP3001 a Slack token is written out',
    ]);
  });

  it('does not make the files beside it lack anything', () => {
    const jobs =
      'apiVersion: checkpilot/v1\nkind: Policy\njobs: { a: { match: { application: { id: 00aa } } } }\n';
    expect(faultsOf(template, jobs)).toEqual(
      notOne('its keys are AWSTemplateFormatVersion, Transform, Resources'),
    );
  });
});

describe('a policy with a slip at its head is still read as one', () => {
  const rest =
    'metadata: { name: t, accountId: "111122223333", region: us-east-1, owner: o }\njobs: { a: 1 }\n';

  it.each([
    ['no apiVersion and no kind', ''],
    ['an apiVersion that is misspelt', 'apiVersion: chekpilot/v1\nkind: Policy\n'],
    ['a key that is misspelt', 'apiVersion: checkpilot/v1\nkind: Policy\nguardrail: {}\ndefault: {}\nx: 1\n'],
  ])('%s', (_slip, headOf) => {
    expect(faultsOf(headOf + rest)).toContain('0.yaml CP1002 expected a map, got the number 1');
  });
});
