import type { Action } from './step.ts';

/**
 * What the runbook's actions do, each loaded on first use. A step whose action is not here is done by hand: the
 * tree says so and shows the command of the runbook.
 */
const ACTIONS: Readonly<Record<string, () => Promise<Action>>> = {
  listAlarms: () => import('./chapter-3-detection.ts').then((chapter) => chapter.listAlarms),
  checkEndpoints: () => import('./chapter-3-detection.ts').then((chapter) => chapter.checkEndpoints),
  checkServiceHealth: () => import('./chapter-3-detection.ts').then((chapter) => chapter.checkServiceHealth),
  acknowledge: () => import('./chapter-4-respond.ts').then((chapter) => chapter.acknowledge),
  createTicket: () => import('./chapter-4-respond.ts').then((chapter) => chapter.createTicket),
  notifyTeam: () => import('./chapter-4-respond.ts').then((chapter) => chapter.notifyTeam),
  pageOnCall: () => import('./chapter-4-respond.ts').then((chapter) => chapter.pageOnCall),
  assessSeverity: () => import('./records.ts').then((records) => records.assessSeverity),
  showServiceEvents: () => import('./chapter-5-services.ts').then((chapter) => chapter.showServiceEvents),
  raiseMemoryLimit: () => import('./chapter-12-memory.ts').then((chapter) => chapter.raiseMemoryLimit),
  enableRateLimit: () => import('./chapter-12-traffic.ts').then((chapter) => chapter.enableRateLimit),
  blockAddresses: () => import('./chapter-12-traffic.ts').then((chapter) => chapter.blockAddresses),
  contactAwsSupport: () => import('./chapter-12-support.ts').then((chapter) => chapter.contactAwsSupport),
  checkCertificate: () => import('./chapter-12-certificates.ts').then((chapter) => chapter.checkCertificate),
  renewCertificate: () => import('./chapter-12-replacement.ts').then((chapter) => chapter.renewCertificate),
  updateListener: () => import('./chapter-12-listener.ts').then((chapter) => chapter.updateListener),
  checkCpuMemory: () => import('./chapter-5-services.ts').then((chapter) => chapter.checkCpuMemory),
  compareVersions: () => import('./chapter-5-services.ts').then((chapter) => chapter.compareVersions),
  listDeployments: () => import('./chapter-5-deployments.ts').then((chapter) => chapter.listDeployments),
  viewLatestRun: () => import('./chapter-5-deployments.ts').then((chapter) => chapter.viewLatestRun),
  openErrorDashboard: () => import('./chapter-5-dashboards.ts').then((chapter) => chapter.openErrorDashboard),
  openPerformanceDashboard: () => import('./chapter-5-dashboards.ts').then((chapter) => chapter.openPerformanceDashboard),
  checkDatabaseConnectivity: () => import('./chapter-5-database.ts').then((chapter) => chapter.checkDatabaseConnectivity),
  checkConnectionPool: () => import('./chapter-5-database.ts').then((chapter) => chapter.checkConnectionPool),
  searchErrors: () => import('./chapter-5-logs.ts').then((chapter) => chapter.searchErrors),
  tailLogs: () => import('./chapter-5-logs.ts').then((chapter) => chapter.tailLogs),
  investigate: () => Promise.resolve({ kind: 'investigate' } as const),
  documentFinding: () => import('./records.ts').then((records) => records.documentFinding),
  restartService: () => import('./chapter-6-services.ts').then((chapter) => chapter.restartService),
  scaleService: () => import('./chapter-6-services.ts').then((chapter) => chapter.scaleService),
  restartDatabaseConnections: () => import('./chapter-6-services.ts').then((chapter) => chapter.restartDatabaseConnections),
  clearCache: () => import('./chapter-6-cache.ts').then((chapter) => chapter.clearCache),
  rollback: () => import('./chapter-6-rollback.ts').then((chapter) => chapter.rollback),
  verifyMitigation: () => import('./chapter-6-verify.ts').then((chapter) => chapter.verifyMitigation),
  raiseDatabaseConnections: () => import('./chapter-6-database-connections.ts').then((chapter) => chapter.raiseDatabaseConnections),
  scaleDatabase: () => import('./chapter-6-database.ts').then((chapter) => chapter.scaleDatabase),
  monitorStability: () => import('./chapter-6-stability.ts').then((chapter) => chapter.monitorStability),
  postUpdate: () => import('./chapter-7-communicate.ts').then((chapter) => chapter.postUpdate),
  updateStatusPage: () => import('./chapter-7-communicate.ts').then((chapter) => chapter.updateStatusPage),
  notifyUsers: () => import('./chapter-7-communicate.ts').then((chapter) => chapter.notifyUsers),
  notifyStakeholders: () => import('./chapter-7-communicate.ts').then((chapter) => chapter.notifyStakeholders),
  confirmResolution: () => import('./chapter-9-closure.ts').then((chapter) => chapter.confirmResolution),
  closeTicket: () => import('./chapter-9-closure.ts').then((chapter) => chapter.closeTicket),
  sendResolutionNotice: () => import('./chapter-9-closure.ts').then((chapter) => chapter.sendResolutionNotice),
  escalate: () => import('./chapter-8-escalate.ts').then((chapter) => chapter.escalate),
  openWarRoom: () => import('./chapter-8-escalate.ts').then((chapter) => chapter.openWarRoom),
  scheduleReview: () => import('./chapter-10-schedule.ts').then((chapter) => chapter.scheduleReview),
  createReview: () => import('./chapter-10-review.ts').then((chapter) => chapter.createReview),
  conductReview: () => import('./chapter-10-review.ts').then((chapter) => chapter.conductReview),
  createActionItems: () => import('./chapter-10-actions.ts').then((chapter) => chapter.createActionItems),
  assignRoles: () => import('./records.ts').then((records) => records.assignRoles),
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
    ...Object.values(ACTIONS).map((load) => load()),
    import('../services/aws/cloudwatch.ts'), import('../services/aws/ecs.ts'), import('../services/aws/rds.ts'), import('../services/aws/logs.ts'),
    import('../services/http.ts'), import('../services/postgres.ts'),
  ]);
}
