/** What the emulated HealthFlow production consists of. The bundled runbook names the same resources. */

export const REGION = 'eu-central-1';
/** The account moto answers for when it does not know the access key. */
export const ACCOUNT = '123456789012';

export const CLUSTER = 'healthflow-production-cluster';
export const SERVICE = 'healthflow-backend-service';
export const TASK_FAMILY = 'healthflow-backend';
export const CONTAINER = 'healthflow-backend';
export const DESIRED_TASKS = 4;
/** Tasks that Application Auto Scaling keeps the backend at. */
export const SCALES_BETWEEN = { min: 2, max: 6 } as const;

export const TARGET_GROUP = 'targetgroup/healthflow-backend/6f1c2ab0d5e93f47';
export const TARGET_GROUP_ARN = `arn:aws:elasticloadbalancing:${REGION}:${ACCOUNT}:${TARGET_GROUP}`;
export const BALANCER = 'healthflow-production';
export const LOAD_BALANCER = 'app/healthflow-production/9a41f0c7d2b8e635';

export const DATABASE = 'healthflow-production-db';
export const DATABASE_CLASS = 'db.r5.xlarge';
export const PARAMETER_GROUP = 'healthflow-production-pg';
export const MAX_CONNECTIONS = 200;

/** The cache as the runbook names it. */
export const CACHE = { host: 'cache.healthflow.internal', port: 6379 } as const;

export const WEB_ACL = 'healthflow-production-firewall';
export const IP_SET = 'healthflow-production-blocked';
export const BLOCK_RULE = 'block-addresses';
/** Of the networks for documentation: nobody comes from there. */
export const BLOCKED_ADDRESSES = ['192.0.2.44/32', '198.51.100.0/28'] as const;

export const LOG_GROUP = '/aws/ecs/healthflow-production';

export const RELEASE = { version: '2.14.1', commit: '8d1f6b0c94e27a35f0b1d6c8a7e5924f3b60c1d7' } as const;

/** Where the sample service lives on GitHub, owner/name. */
export const REPOSITORY = 'healthflow/healthflow-backend';

export const API_ORIGIN = 'https://api.healthflow.gov.eg';

/** The portals: a fixed answer while the database is exhausted, an ordinary one otherwise. */
export const PORTALS = [
  { origin: 'https://portal.healthflow.gov.eg', title: 'Patient portal', exhausted: { status: 502, delayMs: 60 } },
  { origin: 'https://pharmacy.healthflow.gov.eg', title: 'Pharmacy portal', exhausted: { status: 200, delayMs: 1800 } },
  { origin: 'https://doctor.healthflow.gov.eg', title: 'Doctor portal', exhausted: { status: 200, delayMs: 1400 } },
] as const;

export interface AlarmDefinition {
  readonly name: string;
  readonly description: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Maximum' | 'Average' | 'Sum';
  readonly threshold: number;
  /** Minutes after the database ran out of connections at which the alarm goes off; absent: it stays OK. */
  readonly firesAfterMinutes?: number;
}

export const DATABASE_DIMENSIONS = { DBInstanceIdentifier: DATABASE } as const;
export const SERVICE_DIMENSIONS = { ClusterName: CLUSTER, ServiceName: SERVICE } as const;
export const BALANCER_DIMENSIONS = { LoadBalancer: LOAD_BALANCER, TargetGroup: TARGET_GROUP } as const;

export const ALARMS: readonly AlarmDefinition[] = [
  {
    name: 'healthflow-production-db-connections-high',
    description: 'Database connections near max_connections.',
    namespace: 'AWS/RDS', metric: 'DatabaseConnections', dimensions: DATABASE_DIMENSIONS,
    statistic: 'Maximum', threshold: 190, firesAfterMinutes: 3,
  },
  {
    name: 'healthflow-production-api-5xx',
    description: 'The API answers many requests with a server error.',
    namespace: 'AWS/ApplicationELB', metric: 'HTTPCode_Target_5XX_Count', dimensions: BALANCER_DIMENSIONS,
    statistic: 'Sum', threshold: 50, firesAfterMinutes: 2,
  },
  {
    name: 'healthflow-production-db-cpu-high',
    description: 'The database is short of CPU.',
    namespace: 'AWS/RDS', metric: 'CPUUtilization', dimensions: DATABASE_DIMENSIONS,
    statistic: 'Average', threshold: 85,
  },
  {
    name: 'healthflow-production-ecs-cpu-high',
    description: 'The backend is short of CPU.',
    namespace: 'AWS/ECS', metric: 'CPUUtilization', dimensions: SERVICE_DIMENSIONS,
    statistic: 'Average', threshold: 85,
  },
  {
    name: 'healthflow-production-ecs-memory-high',
    description: 'The backend is short of memory.',
    namespace: 'AWS/ECS', metric: 'MemoryUtilization', dimensions: SERVICE_DIMENSIONS,
    statistic: 'Average', threshold: 90,
  },
];
