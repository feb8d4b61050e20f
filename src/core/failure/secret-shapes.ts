/** A secret that is known by its own form, or by the form of what it is in. */
export interface ShapedSecret {
  readonly id: string;
  /** All of it is the secret, but for a first group, which is kept. */
  readonly looks: RegExp;
  /** Texts with a secret, which is the part that may not be seen afterwards. */
  readonly examples: readonly (readonly [text: string, secret: string])[];
  /** Texts that stay as they are. */
  readonly leaves?: readonly string[];
}

const fresh = String.raw`(?!\[redacted)`;
/** A port or a Region, as against a password: nothing but what may follow one in an address or a sentence comes after it. */
const port = String.raw`(?:\d{1,5}|[a-z]{2}(?:-[a-z]{2,10}){1,3}-\d)(?=$|[?#&"'<>,;)\]}|\\:]|\s|[./-](?:\s|$)|/(?![^\s/?#;@"']{1,200}@))`;

export const shapedSecrets: readonly ShapedSecret[] = [
  {
    id: 'password-in-address',
    looks: new RegExp(
      String.raw`((?<!\bfile)://[^\s/:@"'[\]]{0,200}:)(?!//)(?!${port})${fresh}(?:"?[^\s"<>]{1,400}"?(?=@)|[^\s"<>]{1,400})`,
      'g',
    ),
    examples: [
      ['jdbc:postgresql://ana:open.sesame@db:5432/shop', 'open.sesame'],
      ['connecting to redis://:hunter2@cache:6379/0', 'hunter2'],
      ['postgresql://ana:hun/ter2@db/shop', 'ter2'],
      ['postgresql://ana:12/hunter2@db/shop', 'hunter2'],
      ['postgresql://ana:h@unter2@db/shop', 'unter2'],
      ['postgresql://ana:"hunter2"@db/shop', 'hunter2'],
      ['no connection to jdbc:postgresql://ana:hunter2hun', 'hunter2'],
      ['s3n://AKIAIOSFODNN7EXAMPLE:wJal/rXUtn@bucket/x', 'rXUtn'],
    ],
    leaves: [
      'http://169.254.170.2:80/v2/credentials',
      'connect to https://search.example.com:9200: Connection refused',
      'spark://[2600:1f18::1]:7077',
      'jdbc:redshift:iam://cluster:us-west-2/dev',
      'proxy?to=http://db:8080&mode=x',
      'file://C:/jobs/orders.py',
      'Error reading s3://bucket: Access Denied',
      'jdbc:mysql://a:3306,b:3306/shop?useSSL=true',
      'jdbc:sqlserver://db:1433;databaseName=shop',
      'akka.tcp://sparkDriver@10.0.0.1:35211/user',
      'abfss://container@account.dfs.core.windows.net/path:x',
      's3://bucket/checkpoint/state/0/1/2.delta',
      'Failed to connect to http://b-1.msk:9092.',
    ],
  },
  {
    id: 'base64-line',
    // The middle of a key or a certificate.
    looks: /^[^\S\n]{0,40}[A-Za-z0-9+/]{60,4000}={0,2}[^\S\n]{0,3}$/gm,
    examples: [['MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj', 'MIIEvQIB']],
  },
  {
    id: 'der',
    // A key or a certificate begins so, and what comes after it on its line is the rest.
    looks: /\b(?:MII[A-Z]\w{2}|MIG[HE]AgEA|MH[cQ]CAQEE|MC4CAQAw)[A-Za-z0-9+/]{16,4000}={0,2}/g,
    examples: [
      ['key: |\n  MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj', 'MIIEvQIB'],
      ['of MC4CAQAwBQYDK2VwBCIEIAabcdefghijk', 'abcdefgh'],
    ],
    leaves: ['MIGRATION/of/some/table/to/another/format'],
  },
  {
    id: 'aws-key-pair',
    looks: /(\b(?:AKIA|ASIA)[0-9A-Z]{16}[\s"',:;/]{1,4})[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/])/g,
    examples: [
      ['BasicAWSCredentials(AKIAIOSFODNN7EXAMPLE, wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY)', 'wJalr'],
    ],
  },
  {
    id: 'aws-key-id',
    looks: /\b(?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{12,128}\b/g,
    examples: [['accessKey AKIAIOSFODNN7EXAMPLE', 'IOSFODNN7']],
  },
  {
    id: 'aws-session-token',
    looks: /\b(?:IQoJb3JpZ2lu|[FA]w?[QoI]o?[GD]ZXIvYXdz|AQoDYXdz)[\w+/=%-]{0,4000}/g,
    examples: [
      ['token IQoJb3JpZ2luX2VjEPr//////////wEaCXVzLWVhc3Qt', 'X2VjEPr'],
      ['it was FwoGZXIvYXdzEBYaDK', 'EBYaDK'],
    ],
  },
  {
    id: 'jwt',
    looks: /\beyJ[\w-]{8,4000}(?:\.[\w-]{0,4000}){0,4}/g,
    examples: [['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'eyJzdWIi']],
  },
  {
    id: 'known-prefix',
    looks:
      /\b(?:xox[a-z]-[\w-]{4,400}|xapp-[\w-]{4,400}|gh[opsur]_\w{16,300}|github_pat_\w{16,300}|glpat-[\w-]{8,300}|dapi[0-9a-f]{20,64}|[srp]k_(?:live|test)_\w{6,300}|whsec_[\w+/=]{8,300}|AIza[\w-]{20,100}|ya29\.[\w-]{8,4000}|GOCSPX-[\w-]{8,100}|hv[sbr]\.[\w-]{8,400}|SG\.[\w-]{10,100}(?:\.[\w-]{0,100})?|npm_[A-Za-z0-9]{20,100}|pypi-AgE[\w-]{8,400}|dckr_(?:pat|oat)_[\w-]{8,100}|shp(?:at|ca|pa|ss)_[0-9a-f]{16,64}|gAAAAA[\w=-]{8,4000}|ATATT3[\w=-]{8,400}|NRAK-\w{12,64})/g,
    examples: [
      ['Invalid API Key provided: sk_live_hunter2hunter2', 'hunter2'],
      ['found glpat-hunter2hunter2 in it', 'hunter2'],
      ['AIzaSyA1234567890abcdefghijklmnopqrstuv', 'A1234567890'],
      ['permission denied for hvs.CAESIhunter2', 'CAESI'],
      ['SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG', 'abcdefghijkl'],
      ['bot xoxb-1234-abcdef', 'abcdef'],
    ],
    leaves: ['SG.eu-west-1', 'task-12 of disk-3', 'npm_config_registry'],
  },
  {
    id: 'openai-key',
    looks: /\bsk-(?=[\w-]{0,60}\d)[\w-]{12,300}/g,
    examples: [['Incorrect API key provided: sk-proj-abcdef1234567890', 'abcdef1234567890']],
  },
  {
    id: 'user-in-address',
    looks: new RegExp(String.raw`(\bhttps?://)${fresh}[^\s/:@"'?#]{1,400}(?=@)`, 'g'),
    examples: [['fatal: could not read from https://hunter2hunter2@gitlab.com/a/b.git', 'hunter2']],
  },
  {
    id: 'oracle-address',
    looks: new RegExp(
      String.raw`(jdbc:oracle:(?:thin|oci):[^\s/:@"']{1,200}/)${fresh}(?:[^\s"']{1,400}(?=@)|[^\s"']{1,400})`,
      'gi',
    ),
    examples: [
      ['jdbc:oracle:thin:ana/open.sesame@db:1521/shop', 'open.sesame'],
      ['jdbc:oracle:thin:ana/open.ses', 'open.ses'],
    ],
    leaves: ['jdbc:oracle:thin:@//db:1521/shop', 'jdbc:oracle:thin:@db:1521:shop'],
  },
  {
    id: 'web-hook',
    looks: new RegExp(
      String.raw`(/\w{0,20}webhook\w{0,10}/(?<=//[^\s"'<>]{1,400})|\bhooks\.slack(?:-gov)?\.com/|\bapi\.telegram\.org/bot|\bevents\.pagerduty\.com/integration/)${fresh}[^\s"'<>]{1,400}`,
      'gi',
    ),
    examples: [
      ['https://hooks.slack.com/services/T0/B0/abcdef', 'abcdef'],
      ['404 for https://acme.webhook.office.com/webhookb2/aaa@bbb/IncomingWebhook/hunter2/c', 'hunter2'],
      ['404 for https://discord.com/api/webhooks/123/hunter2', 'hunter2'],
    ],
    leaves: ['File "/app/webhooks/handler.py", line 7'],
  },
  {
    id: 'after-a-scheme',
    // A word is no credential: `Basic authentication failed`.
    looks:
      /\b((?:Bearer|Basic) |AWS4-HMAC-SHA256 (?:Credential=)?)(?![A-Za-z][a-z]{2,30}(?![\w.~+/=:-]))[\w.~+/=:-]{6,4000}/g,
    examples: [
      ['sent Bearer abcdef.ghijkl-mnop', 'ghijkl'],
      ['sent Basic YW5hOm9wZW4=', 'YW5hOm9w'],
    ],
    leaves: ['Basic authentication failed', 'Bearer authorization is needed', 'Bearer Authorization'],
  },
  {
    id: 'lower-case-bearer',
    looks: /\b(bearer )(?=[\w.~+/=:-]{0,200}[\d._])[\w.~+/=:-]{6,4000}/gi,
    examples: [['sent bearer hunter2.hunter2', 'hunter2']],
    leaves: ['invalid bearer token', 'bearer authentication failed.'],
  },
  {
    id: 'signature',
    looks: /(\bSignature(?:=|%(?:25)?3D|\\u003d))[\w%+/=-]{8,4000}/gi,
    examples: [
      [
        'AWS4-HMAC-SHA256 Credential=x/20130524/aws4_request, SignedHeaders=host, Signature=fe5f80f77d5fa3be',
        'fe5f80f77d',
      ],
    ],
    leaves: ['signature=invalid'],
  },
  {
    id: 'signed-address',
    looks: new RegExp(
      String.raw`((?:[?&;]|\\u0026|%(?:25)?(?:3F|26))(?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId|sig|code|access_token)(?:=|%(?:25)?3D|\\u003d))${fresh}[^\s&"'<>]{1,4000}`,
      'gi',
    ),
    examples: [
      [
        'GET https://b.s3.amazonaws.com/k?X-Amz-Credential=ABC%2F2026&X-Amz-Signature=0f1e2d3c&X-Amz-Security-Token=FwoGZ',
        '0f1e2d3c',
      ],
      ['https://b/k?X-Amz-Date=x\\u0026X-Amz-Security-Token=IQoJ\\u0026X-Amz-Signature=hunter2', 'hunter2'],
      ['u=https%3A%2F%2Fb%2Fk%3FX-Amz-Security-Token%3DIQoJb3%26X-Amz-Signature%3Dhunter2', 'IQoJb3'],
      ['https://a.blob.core.windows.net/c?sv=2020&sig=abcd%2Fefgh%3D&se=2026', 'abcd%2F'],
    ],
  },
  {
    id: 'cookie',
    looks:
      /(\b(?:set-)?cookie\\{0,15}["']?[^\S\n]{0,3}[:=][^\S\n]{0,3}\\{0,15}["'[]{0,2})(?=[\w.-]{1,80}=)[^\n"']{1,4000}/gi,
    examples: [['Cookie: JSESSIONID=0123456789ABCDEF; other=2', '0123456789']],
    leaves: ['Cookie rejected', 'cookie: rejected'],
  },
  {
    id: 'xml',
    looks: new RegExp(
      String.raw`((?:<|&lt;)[\w:.-]{0,60}?(?:password|passwd|passphrase|pwd|secret|token|(?:api|access|private|account)[_.-]?key)[\w:.-]{0,40}(?:["'])?(?:\s[^<>\n]{0,200})?(?:>|&gt;)(?:<!\[CDATA\[)?)${fresh}(?:(?:(?!&lt;)[^<\n]){1,4000}(?=<|&lt;/)|[^\s<]{1,4000})`,
      'gi',
    ),
    examples: [
      ['<password>open sesame</password>', 'sesame'],
      ['<db:Password type="x">hunter2', 'hunter2'],
      ['&lt;password&gt;hunter2&lt;/password&gt;', 'hunter2'],
    ],
    leaves: ['usage: connect --password <password> [options]', 'Option<Password> is empty'],
  },
  {
    id: 'hadoop-property',
    looks: new RegExp(
      String.raw`(<name>[^<\n]{0,200}?(?:password|passwd|secret|token|(?:api|access|private|account)[_.-]?key)[^<\n]{0,80}</name>\s{0,20}<value>)${fresh}[^<\n]{1,4000}`,
      'gi',
    ),
    examples: [
      ['<name>fs.s3a.secret.key</name><value>hunter2</value>', 'hunter2'],
      ['<name>fs.s3a.secret.key</name>\n  <value>hunter2', 'hunter2'],
    ],
  },
  {
    id: 'xml-entry',
    looks: new RegExp(
      String.raw`(\bkey=["'][^"'<>\n]{0,100}?(?:password|passwd|secret|token|(?:api|access|private|account)[_.-]?key)[^"'<>\n]{0,80}["']>)${fresh}[^<\n]{1,4000}`,
      'gi',
    ),
    examples: [['<entry key="db.password">hunter2</entry>', 'hunter2']],
  },
];
