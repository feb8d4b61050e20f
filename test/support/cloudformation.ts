/** A CloudFormation template as osls packages it, and what it comes to for given parameters. */
export interface Template {
  readonly Parameters: Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

type Values = Readonly<Record<string, string>>;
type Plain = Readonly<Record<string, unknown>>;

const noValue = Symbol('AWS::NoValue');

/** The resources with every intrinsic function resolved: references to resources become `<Name>` and `<Name.Attribute>`. */
export function evaluated(template: Template, given: Values = {}): Template['Resources'] {
  const values: Record<string, unknown> = {
    'AWS::Region': 'us-east-1',
    'AWS::AccountId': '111122223333',
    'AWS::Partition': 'aws',
    'AWS::NoValue': noValue,
  };
  for (const [name, { Type, Default = '' }] of Object.entries(template.Parameters)) {
    const value = given[name] ?? Default;
    values[name] = Type === 'CommaDelimitedList' ? value.split(',') : value;
  }
  return resolve(template.Resources, { values, template }) as Template['Resources'];
}

interface Scope {
  readonly values: Plain;
  readonly template: Template;
}

function resolve(node: unknown, scope: Scope): unknown {
  if (Array.isArray(node)) return node.map((each) => resolve(each, scope)).filter((each) => each !== noValue);
  if (typeof node !== 'object' || node === null) return node;
  const [[name, argument] = ['', undefined], ...others] = Object.entries(node);
  const call = others.length === 0 && Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (call) return call(argument, scope);
  const entries = Object.entries(node).map(([key, value]) => [key, resolve(value, scope)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== noValue));
}

const functions: Readonly<Record<string, (argument: unknown, scope: Scope) => unknown>> = {
  Ref: (name, { values }) => (Object.hasOwn(values, String(name)) ? values[String(name)] : `<${name}>`),
  'Fn::GetAtt': (path) => `<${(path as string[]).join('.')}>`,
  'Fn::If': (argument, scope) => {
    const [condition, then, otherwise] = argument as [string, unknown, unknown];
    return resolve(holds({ Condition: condition }, scope) ? then : otherwise, scope);
  },
  'Fn::Join': (argument, scope) => {
    const [separator, parts] = argument as [string, unknown];
    return (resolve(parts, scope) as string[]).join(separator);
  },
  'Fn::Split': (argument, scope) => {
    const [separator, text] = argument as [string, unknown];
    return String(resolve(text, scope)).split(separator);
  },
  'Fn::Sub': (argument, scope) => {
    const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [string, Plain];
    const local = resolve(own, scope) as Plain;
    return text.replace(/\$\{([^}]+)\}/g, (_whole, name: string) => {
      if (Object.hasOwn(local, name)) return String(local[name]);
      return Object.hasOwn(scope.values, name) ? String(scope.values[name]) : `<${name}>`;
    });
  },
};

function holds(condition: unknown, scope: Scope): boolean {
  const [[name, argument] = ['', undefined]] = Object.entries(condition as Plain);
  switch (name) {
    case 'Condition':
      return holds(scope.template.Conditions[String(argument)], scope);
    case 'Fn::Not':
      return !holds((argument as unknown[])[0], scope);
    case 'Fn::And':
      return (argument as unknown[]).every((each) => holds(each, scope));
    case 'Fn::Equals': {
      const [a, b] = (argument as unknown[]).map((each) => resolve(each, scope));
      return a === b;
    }
    default:
      throw new Error(`no condition ${name} is known here`);
  }
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

/** The statements of a role, in all of its policies. */
export function statementsOf(role: Resource | undefined): readonly Statement[] {
  const policies = (role?.Properties.Policies ?? []) as { PolicyDocument: { Statement: Statement[] } }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

export function listed<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
