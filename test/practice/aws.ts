import type { Clock } from '../../src/incident/clock.ts';
import { createAcmOverlay, type PracticeCertificates } from './acm-overlay.ts';
import { createAlarmOverlay } from './alarm-overlay.ts';
import { createClients, destroyClients } from './aws-writer.ts';
import { createCallLog, type CallLog } from './call-log.ts';
import type { Cleanup } from './cleanup.ts';
import { createEcsOverlay } from './ecs-overlay.ts';
import { createFaultList, type FaultList } from './faults.ts';
import { createIncident, type Incident } from './incident.ts';
import { createListenerOverlay } from './listener-overlay.ts';
import { createLiveTail } from './live-tail.ts';
import type { PracticeLogs } from './log-control.ts';
import { createLogJournal } from './log-journal.ts';
import { createLogLines } from './log-lines.ts';
import { createLogsOverlay } from './logs-overlay.ts';
import type { IncidentModel } from './model.ts';
import { startMoto } from './moto.ts';
import { startProxy, type ProxyOptions } from './proxy.ts';
import type { Random } from './random.ts';
import { createRdsOverlay } from './rds-overlay.ts';
import { ACCOUNT, CLUSTER, DESIRED_TASKS, REGION, SERVICE, TASK_FAMILY } from './resources.ts';
import { createServiceRollouts, type RolloutBehaviour, type ServiceRollouts, type ServiceSeed } from './rollouts.ts';
import { seedResources } from './seed.ts';
import { readStackTraces } from './stack-traces.ts';
import { createSupportOverlay } from './support-overlay.ts';
import { createWafOverlay } from './waf-overlay.ts';

export interface PracticeAwsOptions {
  readonly clock: Clock;
  readonly model: IncidentModel;
  readonly random: Random;
  /** When the running version was deployed, epoch ms. */
  readonly deployedAt: number;
  readonly rolloutMs: number;
  /** The backend was restarted with success. */
  readonly onRestarted: () => void;
  /** Answers paths below /_practice/. */
  readonly control: ProxyOptions['control'];
}

/** The emulated AWS account: moto, seeded, behind our proxy. */
export interface PracticeAws {
  readonly endpoint: string;
  readonly incident: Incident;
  readonly calls: CallLog;
  readonly faults: FaultList;
  readonly certificates: PracticeCertificates;
  readonly logs: PracticeLogs;
  /** How the rollouts started from now on go. */
  behave(behaviour: Partial<RolloutBehaviour>): void;
}

const BACKEND_ARN = `arn:aws:ecs:${REGION}:${ACCOUNT}:service/${CLUSTER}/${SERVICE}`;
const BACKEND_TASKS = `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${TASK_FAMILY}:1`;

export async function startAws(options: PracticeAwsOptions, cleanup: Cleanup): Promise<PracticeAws> {
  const { clock, model, random } = options;
  const alarmsSince = new Map<string, number>();
  const calls = createCallLog();
  const faults = createFaultList();
  let behaviour: RolloutBehaviour = { durationMs: options.rolloutMs, outcome: 'completed' };

  const backend = createServiceRollouts(
    { name: SERVICE, taskDefinition: BACKEND_TASKS, desired: DESIRED_TASKS, deployedAt: options.deployedAt },
    random,
    (kind, outcome) => {
      if (kind === 'replace' && outcome === 'completed') {
        options.onRestarted();
      }
    },
  );
  const services = new Map<string, ServiceRollouts>([[BACKEND_ARN, backend]]);
  const rolloutsOf = (arn: string, seed: Omit<ServiceSeed, 'deployedAt'>): ServiceRollouts => {
    const service = services.get(arn)
      ?? createServiceRollouts({ ...seed, deployedAt: clock.now() }, random, () => undefined);
    services.set(arn, service);
    return service;
  };

  const [moto, traces] = await Promise.all([startMoto(cleanup), readStackTraces()]);
  const clients = createClients(moto);
  cleanup.defer('AWS clients', async () => destroyClients(clients));
  const journal = createLogJournal(clock);
  const liveTail = createLiveTail({ clock, journal, clients });
  const incident = createIncident({
    clock, clients, journal, model, random, service: backend, alarmsSince, lines: createLogLines(random, traces),
  });
  const acm = createAcmOverlay({ clock, clients });
  await seedResources(clients);
  await incident.writeHistory();
  const endpoint = await startProxy({
    moto,
    overlays: [
      createEcsOverlay({ clock, rolloutsOf, behaviour: () => behaviour }),
      createRdsOverlay(clock, () => behaviour),
      createAlarmOverlay(clock, alarmsSince),
      acm,
      createListenerOverlay(clients),
      createWafOverlay(),
      createSupportOverlay(),
      createLogsOverlay({ clock, journal }),
      liveTail,
    ],
    faults,
    calls,
    clock,
    control: options.control,
  }, cleanup);
  return {
    endpoint,
    incident,
    calls,
    faults,
    certificates: acm.certificates,
    logs: { liveTail: liveTail.control, late: (behaviour) => journal.late(behaviour) },
    behave(change) {
      behaviour = { ...behaviour, ...change };
    },
  };
}
