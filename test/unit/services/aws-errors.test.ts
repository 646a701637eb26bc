import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { describe, it } from 'mocha';
import { CancelledError, UserError } from '../../../src/errors.ts';
import { alarmsInAlarm } from '../../../src/services/aws/cloudwatch.ts';
import { describeServices } from '../../../src/services/aws/ecs.ts';
import { explainAwsError, isCredentialError } from '../../../src/services/aws/errors.ts';
import { filterLogEvents } from '../../../src/services/aws/logs.ts';
import { describeInstance } from '../../../src/services/aws/rds.ts';
import { AwsSession } from '../../../src/services/aws/session.ts';
import { NO_AWS, data, noReply, raw, refusal, useAwsStub } from '../../support/aws-stub.ts';
import { useEnvironment } from '../../support/environment-variables.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';

const never = new AbortController().signal;
const OPTIONS = { region: 'eu-central-1', profile: 'production' };

function named(name: string, message: string, extra: object = {}): Error {
  return Object.assign(new Error(message), { name }, extra);
}

/** What the SDK throws, what is said, and whether the credentials are at fault. */
const ERRORS: readonly (readonly [error: Error, words: RegExp, credentials: boolean])[] = [
  [named('ExpiredTokenException', 'The security token included in the request is expired'), /session of profile "production" has expired\. Renew it with "aws sso login --profile production"/, true],
  [named('CredentialsProviderError', 'Token is expired. To refresh this SSO session run \'aws sso login\' with the corresponding profile.'), /has expired\. Renew it with "aws sso login --profile production"/, true],
  [named('CredentialsProviderError', 'Could not load credentials from any providers'), /no AWS session for profile "production" \(Could not load credentials from any providers\)\. Sign in with "aws sso login --profile production"/, true],
  [named('InvalidClientTokenId', 'The security token included in the request is invalid.'), /does not accept the credentials of profile "production"/, true],
  [named('SignatureDoesNotMatch', 'The request signature we calculated does not match\nsecond line'), /does not match\. Sign in again/, true],
  [named('AccessDeniedException', 'User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: ecs:DescribeServices'), /may not do this \(reading the alarms\): .*ecs:DescribeServices\. Ask for the permission/, false],
  [named('ThrottlingException', 'Rate exceeded'), /^AWS eu-central-1 throttles requests \(reading the alarms\)\. Wait/, false],
  [named('SyntaxError', 'Unexpected token \'<\', "<html><bo"... is not valid JSON', { $metadata: { httpStatusCode: 502 } }), /answered with an HTML page instead of data \(reading the alarms, HTTP 502\).*proxy, VPN/, false],
  [named('Error', 'getaddrinfo ENOTFOUND monitoring.eu-central-1.amazonaws.com', { code: 'ENOTFOUND' }), /could not be reached .*Check the network, the VPN and the region/, false],
  [named('TimeoutError', 'Connection timed out after 5000 ms'), /could not be reached/, false],
  [named('ValidationError', 'The parameter StartTime must be less than EndTime.', { $metadata: { httpStatusCode: 400 } }), /^AWS refused reading the alarms: ValidationError: The parameter StartTime must be less than EndTime, HTTP 400\.$/, false],
  [named('Error', 'something'), /^AWS refused reading the alarms: something\.$/, false],
];

describe('explainAwsError', () => {
  for (const [error, words, credentials] of ERRORS) {
    it(`${error.name}: ${error.message.slice(0, 50)}`, () => {
      const explained = explainAwsError(error, OPTIONS, 'reading the alarms');
      assert.ok(explained instanceof UserError);
      assert.match(explained.message, words);
      assert.equal(explained.cause, error);
      assert.equal(isCredentialError(error), credentials);
      assert.equal(explained.action?.args?.[0], credentials ? 'aws sso login --profile production' : undefined);
    });
  }

  it('leaves what is in words already, and is silent when cancelled', () => {
    const error = new UserError('There is no log group');
    assert.equal(explainAwsError(error, OPTIONS, 'x'), error);
    assert.ok(explainAwsError(named('AbortError', 'Request aborted'), OPTIONS, 'x', AbortSignal.abort()) instanceof CancelledError);
  });

  it('names the endpoint that was asked instead of AWS', () => {
    assert.match(explainAwsError(named('ThrottlingException', ''), { ...OPTIONS, endpoint: 'http://127.0.0.1:5000' }, 'x').message, /^http:\/\/127\.0\.0\.1:5000 throttles/);
  });

  describe('without a profile of its own', () => {
    useEnvironment({ AWS_PROFILE: 'staging' });
    it('names the profile of the environment', () => {
      assert.match(explainAwsError(named('ExpiredToken', ''), { region: 'x' }, 'x').message, /aws sso login --profile staging/);
    });
  });
});

describe('the SDK against a service that fails', () => {
  const aws = useAwsStub();
  const refused = async (work: Promise<unknown>, words: RegExp): Promise<void> => {
    await assert.rejects(work, (error: unknown) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, words);
      return true;
    });
  };

  it('access denied: names the permission', async () => {
    aws.on('DescribeServices', () => refusal('AccessDeniedException', 'not authorized to perform: ecs:DescribeServices'));
    await refused(describeServices(aws.session, 'c', ['s'], never), /Profile "default" may not do this \(describing the services of cluster c\).*ecs:DescribeServices/);
    assert.equal(aws.calls.length, 1);
  });

  for (const [status, page] of [[200, '<!doctype html><html><body>Sign in</body></html>'], [200, '<html><p>Sign in</html>'], [403, '<!doctype html><html><body>Blocked</body></html>'], [403, '<html><p>Blocked</html>']] as const) {
    it(`${page} with ${status}: says that something in between answered`, async () => {
      for (const [operation, ask] of [
        ['DescribeServices', () => describeServices(aws.session, 'c', ['s'], never)],
        ['DescribeAlarms', () => alarmsInAlarm(aws.session, '', never)],
        ['DescribeDBInstances', () => describeInstance(aws.session, 'db', never)],
      ] as const) {
        aws.on(operation, () => raw(status, 'text/html', page));
        await refused(ask(), /(answered with an HTML page instead of data|is not RDS).*check the proxy, VPN or the setting incidentRunbook\.aws\.endpoint/);
      }
    });
  }

  it('throttling: tries again, then asks for patience', async () => {
    aws.on('DescribeAlarms', () => refusal('ThrottlingException', 'Rate exceeded'));
    await refused(alarmsInAlarm(aws.session, '', never), /throttles requests \(reading the alarms\)/);
    assert.equal(aws.calls.length, 3);
  }).timeout(10_000);

  it('a passing failure: tries again and succeeds', async () => {
    let count = 0;
    aws.on('DescribeAlarms', () => (count += 1) === 1 ? refusal('InternalServiceFault', 'oops', 500) : data({ MetricAlarms: [] }));
    assert.deepEqual(await alarmsInAlarm(aws.session, '', never), []);
  });

  it('nothing listens: says so', async () => {
    await refused(alarmsInAlarm(new AwsSession({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:1' }), '', never), /^http:\/\/127\.0\.0\.1:1 could not be reached .*ECONNREFUSED/);
  }).timeout(10_000);

  it('no answer: can be cancelled', async () => {
    const abort = new AbortController();
    aws.on('DescribeAlarms', () => { abort.abort(); return noReply; });
    await assert.rejects(alarmsInAlarm(aws.session, '', abort.signal), CancelledError);
  });

  it('expired: renews the clients, so that the next run finds new credentials', async () => {
    aws.on('DescribeServices', () => refusal('ExpiredTokenException', 'The security token included in the request is expired'));
    await refused(describeServices(aws.session, 'c', ['s'], never), /aws sso login --profile default/);
    const before = aws.session.client('ecs', () => ({ destroy: () => undefined, fresh: true }));
    assert.deepEqual('fresh' in before, true);
  });

  it('unknown names: say which, and where to correct them', async () => {
    aws.on('FilterLogEvents', () => refusal('ResourceNotFoundException', 'The specified log group does not exist.'));
    await refused(filterLogEvents(aws.session, { group: '/nope', pattern: '', from: 0 }, never).next(), /no log group "\/nope" in eu-central-1\. Correct logGroups/);
    aws.on('DescribeDBInstances', () => refusal('DBInstanceNotFound', 'DBInstance db not found.', 404));
    await refused(describeInstance(aws.session, 'db', never), /no database instance "db" in eu-central-1\. Correct databaseInstance/);
    aws.on('DescribeDBInstances', () => data({ DBInstances: '' }));
    await refused(describeInstance(aws.session, 'db', never), /no database instance "db"/);
  });
});

describe('the SDK without a session', () => {
  const folder = useTemporaryFolder();
  const config = (): string => path.join(folder(), 'config');
  useEnvironment(() => ({ ...NO_AWS, HOME: folder(), USERPROFILE: folder(), AWS_CONFIG_FILE: config(), AWS_SHARED_CREDENTIALS_FILE: path.join(folder(), 'credentials') }));
  const ask = (profile: string): Promise<unknown> => alarmsInAlarm(new AwsSession({ region: 'eu-central-1', profile, endpoint: 'http://127.0.0.1:1' }), '', never);

  it('that there is none: names the profile and how to sign in', async () => {
    writeFileSync(config(), '');
    await assert.rejects(ask('production'), (error: UserError) => error instanceof UserError && /no AWS session for profile "production".*aws sso login --profile production/.test(error.message));
  });

  it('that has expired: names the profile and how to renew it', async () => {
    writeFileSync(config(), [
      '[profile production]', 'sso_session = company', 'sso_account_id = 123456789012', 'sso_role_name = Responder', 'region = eu-central-1',
      '[sso-session company]', 'sso_start_url = https://company.awsapps.com/start', 'sso_region = eu-central-1', 'sso_registration_scopes = sso:account:access', '',
    ].join('\n'));
    const cache = path.join(folder(), '.aws', 'sso', 'cache');
    mkdirSync(cache, { recursive: true });
    writeFileSync(path.join(cache, `${createHash('sha1').update('company').digest('hex')}.json`), JSON.stringify({
      startUrl: 'https://company.awsapps.com/start', region: 'eu-central-1', accessToken: 'old', expiresAt: '2020-01-01T00:00:00Z',
    }));
    await assert.rejects(ask('production'), (error: UserError) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^The AWS session of profile "production" has expired\. Renew it with "aws sso login --profile production" and run the step again\.$/);
      return error.action?.command === 'incidentRunbook.copyText';
    });
  });
});
