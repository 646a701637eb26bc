import { errorAnswer, withBody, type Answer, type AwsCall, type Forward } from './aws-request.ts';

/** What RDS says of max_connections by engine family, and moto does not. */
const FACTS = {
  postgres: { applyType: 'static', allowed: '6-262143', formula: 'LEAST({DBInstanceClassMemory/9531392},5000)' },
  mysql: { applyType: 'dynamic', allowed: '1-100000', formula: '{DBInstanceClassMemory/12582880}' },
} as const;

type Facts = (typeof FACTS)[keyof typeof FACTS];

/** max_connections of parameter groups, and which instances wait for a reboot to take it. */
export interface RdsParameters {
  answer(call: AwsCall, request: URLSearchParams, forward: Forward): Promise<Answer>;
  /** The instance was restarted: it has the values of now. */
  restarted(instance: string): void;
  /** The `<DBInstance>` with what its parameter groups wait for. */
  statusIn(instance: string, xml: string): string;
}

export function createRdsParameters(): RdsParameters {
  /** Groups whose value was taken out again; moto cannot, so it is not shown. */
  const taken = new Set<string>();
  /** Counts changes and restarts, so that the later of two can be told. */
  let count = 0;
  const changedAt = new Map<string, number>();
  const restartedAt = new Map<string, number>();

  const factsOf = async (group: string, forward: Forward): Promise<Facts> => {
    const body = new URLSearchParams({ Version: '2014-10-31', Action: 'DescribeDBParameterGroups', DBParameterGroupName: group });
    const family = /<DBParameterGroupFamily>([^<]+)</.exec((await forward(Buffer.from(body.toString()))).body.toString('utf8'))?.[1] ?? '';
    return /mysql|mariadb/.test(family) ? FACTS.mysql : FACTS.postgres;
  };

  const described = async (group: string, forward: Forward): Promise<Answer> => {
    const answer = await forward();
    if (answer.status !== 200) {
      return answer;
    }
    const { applyType, allowed, formula } = await factsOf(group, forward);
    const facts = (source: string): string => `<ApplyType>${applyType}</ApplyType><DataType>integer</DataType><AllowedValues>${allowed}</AllowedValues><IsModifiable>true</IsModifiable><Source>${source}</Source>`;
    const name = '<ParameterName>max_connections</ParameterName>';
    const unset = `<Parameter>${name}<ParameterValue>${formula}</ParameterValue>${facts('system')}</Parameter>`;
    const xml = answer.body.toString('utf8');
    const known = xml.includes(name);
    const shown = known && !taken.has(group) ? xml.replace(name, `$&${facts('user')}`)
      : known ? xml.replace(/<Parameter><ParameterName>max_connections<.*?<\/Parameter>/s, unset)
        : xml.replace(/<Parameters\s*\/>/, `<Parameters>${unset}</Parameters>`).replace(/<Parameters>(?!<Parameter><ParameterName>max_connections<)/, `$&${unset}`);
    return withBody(answer, shown);
  };

  const changed = async (call: AwsCall, request: URLSearchParams, group: string, forward: Forward): Promise<Answer> => {
    const { applyType } = await factsOf(group, forward);
    const immediate = [...request].some(([key, value]) => key.endsWith('.ApplyMethod') && value === 'immediate');
    if (immediate && applyType === 'static') {
      return errorAnswer(call, 400, 'InvalidParameterCombination', 'cannot use immediate apply method for static parameter');
    }
    const reset = call.operation === 'ResetDBParameterGroup';
    const answer = reset ? await forward(Buffer.from(new URLSearchParams({ Version: '2014-10-31', Action: 'DescribeDBParameters', DBParameterGroupName: group }).toString())) : await forward();
    if (answer.status !== 200) {
      return answer;
    }
    taken[reset ? 'add' : 'delete'](group);
    if (!immediate) {
      changedAt.set(group, ++count);
    }
    return reset ? withBody(answer, `<ResetDBParameterGroupResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><ResetDBParameterGroupResult><DBParameterGroupName>${group}</DBParameterGroupName></ResetDBParameterGroupResult></ResetDBParameterGroupResponse>`) : answer;
  };

  return {
    answer(call, request, forward) {
      const group = request.get('DBParameterGroupName') ?? '';
      return call.operation === 'DescribeDBParameters' ? described(group, forward) : changed(call, request, group, forward);
    },
    restarted(instance) {
      restartedAt.set(instance, ++count);
    },
    statusIn: (instance, xml) => xml.replace(/<DBParameterGroupName>([^<]+)<\/DBParameterGroupName><ParameterApplyStatus>in-sync</g, (whole, group: string) =>
      ((changedAt.get(group) ?? 0) > (restartedAt.get(instance) ?? 0) ? whole.replace('in-sync', 'pending-reboot') : whole)),
  };
}
