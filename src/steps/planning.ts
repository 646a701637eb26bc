/** Makes a plan of what an action found, and refuses where it would hit the wrong account, region or environment. */
import { CancelledError, UserError } from '../errors.ts';
import type { Change } from '../incident/changes.ts';
import type { Evidence, Level } from '../incident/evidence.ts';
import { codeBlock, escapeMarkdown } from '../incident/markdown.ts';
import { type Draft, type JsonObject, type Plan, canonical, isIntact, planHash } from '../incident/plan.ts';
import { differenceTable } from '../incident/plan-markdown.ts';
import { Inputs } from './inputs.ts';
import type { ChangeAction, ChangeContext, Outlook } from './step.ts';

interface Wanted {
  readonly action: ChangeAction;
  readonly context: ChangeContext;
  readonly inputs?: JsonObject | undefined;
  readonly undoes?: Change | undefined;
}

interface Acting {
  readonly by: string;
  readonly account?: string;
  readonly region?: string;
}

/** @throws UserError when it must not be done, or the caller is not who the runbook means */
export async function makePlan({ action, context, inputs = {}, undoes }: Wanted, signal: AbortSignal): Promise<Plan> {
  const { step, environment } = context;
  const acting = await checkCaller(action, context, signal);
  const draft = undoes === undefined ? await action.plan(context, new Inputs(`Step "${step.id}"`, inputs), signal) : await wayBack(action, context, undoes, signal);
  if (signal.aborted) {
    throw new CancelledError();
  }
  checkArn(draft, acting);
  const { system, resource, arn: _arn, ...rest } = draft;
  const plan: Omit<Plan, 'hash'> = {
    ...rest,
    step: step.id, title: undoes === undefined ? step.title : `Undo: ${step.title}`, section: step.section,
    effect: action.effect,
    target: { system, environment: environment.key, resource, ...(acting.account === undefined ? {} : { account: acting.account }), ...(acting.region === undefined ? {} : { region: acting.region }) },
    by: acting.by,
    inputs,
    // What cannot be undone is never applied without a second thought, whatever a runbook file says.
    approval: step.approval === 'twoPeople' ? 'twoPeople' : step.approval === 'none' && action.effect === 'change' ? 'none' : 'confirm',
    ...(undoes === undefined ? {} : { undoes: undoes.id }),
  };
  return { ...plan, hash: planHash(plan) };
}

function wayBack(action: ChangeAction, context: ChangeContext, change: Change, signal: AbortSignal): Promise<Draft> {
  if (action.planUndo === undefined || !change.plan.undo.possible) {
    throw new UserError(`"${change.plan.title}" cannot be undone: ${change.plan.undo.how}`);
  }
  if (!isIntact(change.plan)) {
    throw new UserError(`"${change.plan.title}" cannot be undone from here: something in what was saved of the state before was hidden when it was recorded. Put it back by hand, and record it.`);
  }
  return action.planUndo(context, change, signal);
}

/** The caller's account and region must be those that the runbook names for the environment (DESIGN, target guard). */
async function checkCaller({ system }: ChangeAction, { environment: { key, data }, services, environment }: ChangeContext, signal: AbortSignal): Promise<Acting> {
  if (system !== 'aws') {
    return { by: 'this machine' };
  }
  const { callerIn, sessionName } = await import('../services/aws/caller.ts');
  const aws = services.aws(environment);
  const caller = await callerIn(aws, key, data.aws?.account, signal);
  if (caller.region !== undefined && caller.region !== aws.options.region) {
    throw new UserError(`${sessionName(aws)} works in ${caller.region}, and the runbook's "${key}" is in ${aws.options.region}. Nothing was changed. Choose a profile of that region in the setting incidentRunbook.aws.profile, or correct AWS_REGION.`);
  }
  return { by: caller.arn, account: caller.account, region: aws.options.region };
}

/** What was found must lie where the runbook says, whatever a name resolved to. */
function checkArn({ arn, resource }: Draft, { account, region }: Acting): void {
  const [, , , inRegion = '', inAccount = ''] = arn?.split(':') ?? [];
  if (arn === undefined || account === undefined) {
    return;
  }
  if (inAccount !== '' && inAccount !== account) {
    throw new UserError(`${resource} belongs to account ${inAccount}, not to the runbook's ${account}. Nothing was changed. Correct the runbook's environment.`);
  }
  if (inRegion !== '' && region !== undefined && inRegion !== region && !isGlobal(arn)) {
    throw new UserError(`${resource} is in ${inRegion}, not in the runbook's ${region}. Nothing was changed. Correct the runbook's environment.`);
  }
}

/** Web ACLs and IP sets of CloudFront live in us-east-1, whatever they protect. */
function isGlobal(arn: string): boolean {
  return /^arn:[\w-]+:wafv2:us-east-1:\d+:global\//.test(arn);
}

/** In what a plan made anew differs from the one that was shown. */
export function whatChanged(shown: Plan, now: Plan): string {
  if (canonical(shown.inputs) !== canonical(now.inputs)) {
    return 'the inputs are not those of the plan';
  }
  if (canonical(shown.before) !== canonical(now.before)) {
    const names = [...new Set([...Object.keys(shown.before), ...Object.keys(now.before)])].filter((name) => canonical(shown.before[name]) !== canonical(now.before[name]));
    return `since the plan was shown, something has changed (${names.join(', ')})`;
  }
  return 'the plan is not the one that was shown';
}

/** What is recorded at the end of a change: before and after, and what there is now. */
export function changeEvidence(plan: Plan, outlook: Outlook, level: Level): Evidence {
  return {
    level,
    summary: outlook.summary,
    markdown: [
      `**${escapeMarkdown(plan.summary)}** (${escapeMarkdown(plan.target.system)}, ${escapeMarkdown(plan.target.resource)})`,
      differenceTable(plan),
      ...(outlook.markdown === undefined || outlook.markdown === '' ? [] : [outlook.markdown]),
      codeBlock(plan.command, 'sh'),
    ].join('\n\n'),
    data: { before: plan.before, after: plan.after, state: outlook.state, hash: plan.hash, ...outlook.data },
  };
}
