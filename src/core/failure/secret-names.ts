import type { SecretValue } from './secret-value.ts';

/** A secret that is known by the name before it; where its value ends stands in `secret-value.ts`. */
export interface NamedSecret {
  readonly id: string;
  /** The name and what joins it to the value. */
  readonly before: RegExp;
  /** Whether this value is one; every value when left out. */
  readonly isSecret?: (value: SecretValue) => boolean;
  /** Texts with a secret, which is the part that may not be seen afterwards. */
  readonly examples: readonly (readonly [text: string, secret: string])[];
  /** Texts that stay as they are. */
  readonly leaves?: readonly string[];
}

const blank = String.raw`[^\S\n]`;
const name =
  '(?:pass(?:word|wd|phrase|code)|pwd|secret|(?:api|access|account|secret|subscription)[_. -]?key|(?:private|signing|encryption|master|routing|integration)[_.-]?key|(?:store|key)pass|(?<![a-z0-9])(?:pass|pw|creds?|credentials?))';
const nameEnd = String.raw`s?(?:[_.-]?(?:id|key|value|string|text|hash|access[_.-]?key))?(?:\\{0,15}["'])?\]?`;
const isOrTo = String.raw`(?:=>|->|:=|==?|\\u003d|\\x3d|%(?:25)?3D)`;
/** After a colon people write sentences as well. */
const sentence =
  '(?:the|an?|no|not|is|are|was|were|be|must|may|should|cannot|can|could|has|have|had|does|did|expired|invalid|missing|required?|unknown|unable|failed|failure|wrong|incorrect|denied|expected|provided|and|or|of|for|in|to|from|with|when|while|option|argument)(?=[.,;:!)\\]"\']{0,3}(?:\\s|$))';
/** What says that there is none, or hides it already. */
const none = String.raw`(?:null|none|nil|undefined|true|false|yes|no|\*{3,40}(?:\(redacted\))?|<[\w -]{1,30}>)(?=[,;&)}\]"'.\\]{0,3}(?:\s|$))`;
const tokenOf = '(?:id|refresh|access|auth|session|security|bearer|api|oauth2?|vault|sas)[_.-]?token';

const withFlags = (source: string) => new RegExp(source, 'gi');

/** In a sentence, as against a setting: long, or with digits in it. */
function looksRandom({ text }: SecretValue): boolean {
  return /^.{40}|^[^\s]{5,400}\d|^\S{0,4}\d\S{5}/.test(text);
}

export const namedSecrets: readonly NamedSecret[] = [
  {
    id: 'setting',
    before: withFlags(
      `(?<!:(?=secret:))${name}${nameEnd}${blank}{0,20}(?:${isOrTo}${blank}{0,3}|:(?!//)${blank}{0,3}(?!${sentence}))(?!${none})`,
    ),
    examples: [
      ['password=hunter2hunter2', 'hunter2'],
      ['PGPASSWORD=hunter2 psql', 'hunter2'],
      ['fs.s3a.secret.key = wJalrXUtnFEMI/K7MDENG', 'wJalrXUtnFEMI'],
      ['"aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG"', 'wJalrXUtnFEMI'],
      ['jdbc:mysql://db/shop?user=ana&password=open.sesame&useSSL=true', 'open.sesame'],
      ['PlainLoginModule required username="ana" password="two words";', 'two words'],
      ['jdbc:sqlserver://h;user=a;password={hun;ter2};encrypt=true', 'ter2'],
      ['Login failed, password=ab,cd)ef]gh"ij&hunter2', 'hunter2'],
      ['Map(user -> ana, password -> hunter2)', 'hunter2'],
      ["{'user': 'ana', 'password': b'hunter2', 'host': 'db'}", 'hunter2'],
      ["{u'password': u'hunter2'}", 'hunter2'],
      ["Settings(password=SecretStr('hunter2'), user='ana')", 'hunter2'],
      ['{"user":"ana","password":"ab\\"hunter2"}', 'hunter2'],
      [`{'password': "it's hunter2"}`, 'hunter2'],
      ['{\\"password\\":\\"ab\\\\\\"hunter2\\"}', 'hunter2'],
      ['{\\\\\\"password\\\\\\":\\\\\\"hunter2\\\\\\"}', 'hunter2'],
      ['{"config":"password\\u003dhunter2\\u0026user\\u003dana"}', 'hunter2'],
      ["os.environ['DB_PASSWORD'] = 'hunter2'", 'hunter2'],
      ['DB_USER=ana DB_PASS=hunter2', 'hunter2'],
      ['pass: hunter2', 'hunter2'],
      ["('FATAL', {'pw': 'hunter2'})", 'hunter2'],
      ['credential=hunter2', 'hunter2'],
      ['userPass=hunter2, dbPw=x', 'hunter2'],
      ['Invalid API key: hunter2', 'hunter2'],
      ['password: no.hunter2', 'hunter2'],
      ['password=none,hunter2', 'hunter2'],
      ['routing_key=R0123hunter2', 'hunter2'],
      ['AccountKey=abcd/hunter2==;EndpointSuffix=core.windows.net', 'hunter2'],
      ['PlainLoginModule required username="ana" password="hunter2 hunter2 hun', 'hunter2'],
    ],
    leaves: [
      'password: must not be empty',
      'Password: is required',
      'InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.',
      'key not found: subSequenceNumber',
      'Unsupported key type: x',
      'Key (id)=(5) already exists.',
      'FATAL: password authentication failed for user "etl"',
      'duplicate key value violates unique constraint "orders_pkey"',
      'arn:aws:secretsmanager:us-east-1:123456789012:secret:checkpilot/slack-AbCdEf',
      'password=null, user=etl',
      "Access denied for user 'etl'@'10.0.3.4' (using password: YES)",
      'spark.hadoop.fs.s3a.secret.key=*********(redacted)',
      'fs.s3a.aws.credentials.provider = com.amazonaws.auth.InstanceProfileCredentialsProvider',
      'AWS_ACCESS_KEY_ID (or AWS_ACCESS_KEY) and AWS_SECRET_KEY (or AWS_SECRET_ACCESS_KEY)',
      "Option 'password=' is missing",
      'bypass=true',
      'bypass=all, compass: north',
      '"password: is required"',
      'a key/value pair: x',
    ],
  },
  {
    id: 'azure-account-key',
    before: withFlags(
      `\\baccount\\.key\\.[\\w.-]{1,200}${blank}{0,3}(?:${isOrTo}|:)${blank}{0,3}(?!${none})`,
    ),
    examples: [['fs.azure.account.key.x.dfs.core.windows.net=hunter2', 'hunter2']],
  },
  {
    id: 'setting-in-camel-case',
    // By its capital only: `bypass=true` is none.
    before: new RegExp(
      `(?<=[a-z])(?:Pass|Pw|Creds?)${nameEnd}${blank}{0,20}(?:${isOrTo}${blank}{0,3}|:(?!//)${blank}{0,3}(?!${sentence}))(?!${none})`,
      'g',
    ),
    examples: [
      ['dbPass=hunter2', 'hunter2'],
      ['{"sinkCreds":"hunter2"}', 'hunter2'],
    ],
    leaves: ['Bypass=true', 'dbPass=null'],
  },
  {
    id: 'credentials',
    before: withFlags(`credentials?${nameEnd}${blank}{0,3}(?:${isOrTo}|:(?!//))${blank}{0,3}(?!${none})`),
    isSecret: (value) => value.isQuoted || value.text.startsWith('{') || looksRandom(value),
    examples: [['dbCredentials: aB3dE5fG7hI9', 'aB3dE5fG7hI9']],
    leaves: [
      'Unable to load AWS credentials: expired',
      'EnvironmentVariableCredentialsProvider: Unable to load AWS credentials',
    ],
  },
  {
    id: 'token',
    before: withFlags(
      `token(?:[_.-]?(?:id|value))?(?:\\\\{0,15}["'])?\\]?${blank}{0,3}${isOrTo}${blank}{0,3}(?!${none})`,
    ),
    examples: [
      ['token=abc', 'abc'],
      ['sessionToken=IQoJb3', 'IQoJb3'],
      ['x-amz-security-token=[IQoJb3]', 'IQoJb3'],
      ['//registry.npmjs.org/:_authToken=hunter2', 'hunter2'],
      ['Map(token -> abc)', 'abc'],
    ],
  },
  {
    id: 'token-after-colon',
    before: withFlags(
      `(?:${tokenOf}s?\\\\{0,15}["']?|token\\\\{0,15}["'])${blank}{0,3}:${blank}{0,3}(?!${sentence})(?!${none})`,
    ),
    isSecret: (value) => value.isQuoted || looksRandom(value),
    examples: [
      ['sessionToken: FwoGZXIvYXdzEBYaDKtoken1234', 'FwoGZXIv'],
      ['"refresh_token":"1//0hunter"', 'hunter'],
      ['id_token: abc123', 'abc123'],
      ['{"token": "abc"}', 'abc'],
    ],
    leaves: ['refresh_token: revoked', 'InvalidToken: The provided token is malformed'],
  },
  {
    id: 'bare-token-after-colon',
    before: withFlags(`token${blank}{0,3}:${blank}{0,3}`),
    isSecret: ({ text }) => /^["']?(?:\S{40}|(?=\S{0,40}\d)\S{8})/.test(text),
    examples: [
      ['X-Vault-Token: 0123456789abcdef0123', '0123456789'],
      ['login with token: abc.def-123 failed', 'def'],
    ],
    leaves: [
      'The security token included in the request is expired',
      'token: expired',
      "Unrecognized token 'x': was expecting (JSON String)",
      'no token: ResourceNotFoundException: no such secret',
      'The provided token has expired',
    ],
  },
  {
    id: 'authorization',
    before: withFlags(
      `\\bauthorization\\\\{0,15}["']?${blank}{0,3}(?:${isOrTo}|:)${blank}{0,3}(?!${sentence})`,
    ),
    isSecret: (value) => value.isQuoted || value.text.startsWith('[') || looksRandom(value),
    examples: [
      ['authorization: bearer hunter2.hunter2', 'hunter2'],
      ['Authorization: token hunter2hunter2', 'hunter2'],
      ['Authorization: AWS AKIAIOSFODNN7EXAMPLE:hunter2abc=', 'hunter2'],
      ["headers={'Authorization': b'Basic YW5hOm9wZW4='}", 'YW5hOm9w'],
      ['{authorization=[Basic YW5hOm9wZW4=], host=[db]}', 'YW5hOm9w'],
    ],
    leaves: ['Authorization: denied for user etl', 'authorization: the token has expired'],
  },
  {
    id: 'pair',
    before: withFlags(
      `\\(\\\\{0,15}["']?[\\w.-]{0,60}?(?:${name}|token)${nameEnd},(?:${blank}{0,2}(?=[bu]?\\\\{0,15}["'])|(?=\\S))`,
    ),
    examples: [
      ['List((user,ana), (password,hunter2))', 'hunter2'],
      ["[('password', 'hunter2'), ('user', 'ana')]", 'hunter2'],
    ],
    leaves: ['INSERT INTO users (password, email) VALUES'],
  },
  {
    id: 'name-and-value',
    before: withFlags(
      `(?:${name}|token)${nameEnd}${blank}{0,3},?\\s{0,20}\\\\{0,15}["']?value\\\\{0,15}["']?${blank}{0,3}[=:]${blank}{0,3}`,
    ),
    examples: [
      ['{"name":"DB_PASSWORD","value":"hunter2"}', 'hunter2'],
      ['"name": "DB_PASSWORD",\n  "value": "hunter2"', 'hunter2'],
      ['<property name="password" value="hunter2"/>', 'hunter2'],
    ],
  },
  {
    id: 'in-sql',
    before: withFlags(
      `(?:\\b(?:password|passwd|pwd|identified by|secret_access_key|access_key_id|session_token|secret_key|master_symmetric_key|credentials)|(?<=[(,]${blank}{0,3})secret)\\\\{0,15}["']?${blank}{1,3}(?=[bu]?\\\\{0,15}["'])`,
    ),
    isSecret: ({ isQuoted }) => isQuoted,
    examples: [
      ["CREATE USER ana IDENTIFIED BY 'open.sesame'", 'open.sesame'],
      ["OPTIONS (url 'jdbc:x', password 'hunter2')", 'hunter2'],
      ["ALTER ROLE ana WITH PASSWORD 'hunter''hunter3'", 'hunter3'],
      ["UNLOAD ... ACCESS_KEY_ID 'x' SECRET_ACCESS_KEY 'hunter2' SESSION_TOKEN 'y'", 'hunter2'],
      ["CREATE SECRET (TYPE S3, KEY_ID 'x', SECRET 'hunter2')", 'hunter2'],
      ["COPY t CREDENTIALS 'aws_access_key_id=x;aws_secret_access_key=hunter2'", 'hunter2'],
    ],
    leaves: ['FATAL: password authentication failed for user "x"', `secret "db-password" not found`],
  },
  {
    id: 'on-a-command-line',
    before: withFlags(
      `(?<=^|[\\s"'[(,=])--?[\\w-]{0,40}?(?:${name}|token)${nameEnd}(?:\\\\{0,15}["'])?,?${blank}{1,3}(?!-|${sentence}|${none})`,
    ),
    examples: [
      ['psql --password hunter2 --user ana', 'hunter2'],
      ["Command '['psql', '--password', 'hunter2']' returned non-zero exit status 2", 'hunter2'],
      ['keytool -storepass hunter2', 'hunter2'],
      ['curl --oauth-token hunter2', 'hunter2'],
    ],
    leaves: [
      'argument --password: expected one argument',
      '--password is required',
      'use --token or --secret',
    ],
  },
  {
    id: 'user-on-a-command-line',
    before: withFlags(
      `(?<=[\\s"'])(?:-u|--user|--proxy-user)\\\\{0,15}["']?,?${blank}{0,3}["']?[\\w.@-]{1,100}:|\\bsshpass${blank}-p${blank}?|\\b(?:mysql|mysqldump|mysqladmin|mariadb)\\b[^\\n]{0,200}?[\\s"']-p(?=\\S)`,
    ),
    examples: [
      ['curl -u ana:hunter2 https://x', 'hunter2'],
      ['mysql -u ana -phunter2 shop', 'hunter2'],
      ['sshpass -p hunter2 ssh db', 'hunter2'],
    ],
    leaves: ['mysql -u ana -p shop'],
  },
];
