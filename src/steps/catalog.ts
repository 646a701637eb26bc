import type { Action } from './step.ts';

type Load = () => Promise<Action>;

/** The actions of one file, which is loaded with the first of them. */
function chapter<Name extends string>(load: () => Promise<Readonly<Record<Name, Action>>>, ...names: readonly Name[]): Readonly<Record<string, Load>> {
  return Object.fromEntries(names.map((name) => [name, async () => (await load())[name]]));
}

/** What an investigation runs, and the checks of chapter 3. */
const CHECKS: Readonly<Record<string, Load>> = {
  ...chapter(() => import('./chapter-3-detection.ts'), 'listAlarms', 'checkEndpoints', 'checkServiceHealth'),
  ...chapter(() => import('./chapter-5-services.ts'), 'showServiceEvents', 'checkCpuMemory', 'compareVersions'),
  ...chapter(() => import('./chapter-5-deployments.ts'), 'listDeployments', 'viewLatestRun'),
  ...chapter(() => import('./chapter-5-dashboards.ts'), 'openErrorDashboard', 'openPerformanceDashboard'),
  ...chapter(() => import('./chapter-5-database.ts'), 'checkDatabaseConnectivity', 'checkConnectionPool'),
  ...chapter(() => import('./chapter-5-logs.ts'), 'searchErrors', 'tailLogs'),
};

/**
 * What the runbook's actions do, each loaded on first use. A step whose action is not here is done by hand: the
 * tree says so and shows the command of the runbook.
 */
const ACTIONS: Readonly<Record<string, Load>> = {
  investigate: () => Promise.resolve({ kind: 'investigate' }),
  ...CHECKS,
  ...chapter(() => import('./chapter-4-respond.ts'), 'acknowledge', 'createTicket', 'notifyTeam', 'pageOnCall'),
  ...chapter(() => import('./records.ts'), 'assessSeverity', 'documentFinding', 'assignRoles'),
  ...chapter(() => import('./chapter-6-services.ts'), 'restartService', 'scaleService', 'restartDatabaseConnections'),
  ...chapter(() => import('./chapter-6-database-connections.ts'), 'raiseDatabaseConnections'),
  ...chapter(() => import('./chapter-6-database.ts'), 'scaleDatabase'),
  ...chapter(() => import('./chapter-6-cache.ts'), 'clearCache'),
  ...chapter(() => import('./chapter-6-rollback.ts'), 'rollback'),
  ...chapter(() => import('./chapter-6-verify.ts'), 'verifyMitigation'),
  ...chapter(() => import('./chapter-6-stability.ts'), 'monitorStability'),
  ...chapter(() => import('./chapter-7-communicate.ts'), 'postUpdate', 'updateStatusPage', 'notifyUsers', 'notifyStakeholders'),
  ...chapter(() => import('./chapter-8-escalate.ts'), 'escalate', 'openWarRoom'),
  ...chapter(() => import('./chapter-9-closure.ts'), 'confirmResolution', 'closeTicket', 'sendResolutionNotice'),
  ...chapter(() => import('./chapter-10-schedule.ts'), 'scheduleReview'),
  ...chapter(() => import('./chapter-10-review.ts'), 'createReview', 'conductReview'),
  ...chapter(() => import('./chapter-10-actions.ts'), 'createActionItems'),
  ...chapter(() => import('./chapter-12-memory.ts'), 'raiseMemoryLimit'),
  ...chapter(() => import('./chapter-12-traffic.ts'), 'enableRateLimit', 'blockAddresses'),
  ...chapter(() => import('./chapter-12-support.ts'), 'contactAwsSupport'),
  ...chapter(() => import('./chapter-12-certificates.ts'), 'checkCertificate'),
  ...chapter(() => import('./chapter-12-replacement.ts'), 'renewCertificate'),
  ...chapter(() => import('./chapter-12-listener.ts'), 'updateListener'),
};

/** Whether the extension carries the action out itself. */
export function isAutomated(action: string): boolean {
  return Object.hasOwn(ACTIONS, action);
}

/** Ids of all actions that are carried out. */
export function automatedActions(): readonly string[] {
  return Object.keys(ACTIONS);
}

export function loadAction(action: string): Promise<Action> | undefined {
  return Object.hasOwn(ACTIONS, action) ? ACTIONS[action]?.() : undefined;
}

/**
 * Loads what an investigation needs, so that the first one does not wait for it: an incident has just been declared,
 * and its responder reads on for a second.
 */
export async function preload(): Promise<void> {
  await Promise.all([
    ...Object.values(CHECKS).map((load) => load()),
    import('../services/aws/cloudwatch.ts'), import('../services/aws/ecs.ts'), import('../services/aws/rds.ts'), import('../services/aws/logs.ts'),
    import('../services/http.ts'), import('../services/postgres.ts'),
  ]);
}
