/**
 * The one table of what the extension contributes: package.json's `contributes` is generated from it and from
 * the bundled runbook (`node esbuild.mjs --manifest`), and commands.ts must have a handler for every id here.
 */

import { LOG_COMMANDS, LOG_KEYS, LOG_LANGUAGES, LOG_SETTINGS } from './manifest-logs.ts';
import { type Extracted, extractTexts } from './manifest-texts.ts';
import { WALKTHROUGH, WELCOME } from './manifest-welcome.ts';
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, FOLLOW_UPS_VIEW, VIEW } from './view-ids.ts';
import { REVIEW_PATH } from './incident/review/path.ts';
import { GAP_MINUTES } from './incident/review/review-runbook.ts';
import { CONNECTION_KINDS, type ConnectableService } from './services/connections.ts';

interface MenuPlace {
  readonly menu: 'view/title' | 'view/item/context' | 'editor/context' | 'editor/title' | 'terminal/context';
  readonly when: string;
  readonly group: string;
}

interface CommandEntry {
  readonly id: string;
  readonly title: string;
  readonly icon?: string;
  /** When the palette shows it; `false` hides it there. */
  readonly palette?: string | false;
  readonly menus?: readonly MenuPlace[];
}


const HAS_OPEN = 'incidentRunbook.open > 0';
const item = (pattern: string, group: string): MenuPlace => ({ menu: 'view/item/context', when: `view == ${VIEW} && viewItem =~ /${pattern}/`, group });
const title = (group: string, view = VIEW): MenuPlace => ({ menu: 'view/title', when: `view == ${view}`, group });
const delivery = (states: string, group: string): MenuPlace => ({ menu: 'view/item/context', when: `viewItem =~ /^delivery\\.(${states})/`, group });
const deliveryWith = (what: string, group: string): MenuPlace => ({ menu: 'view/item/context', when: `viewItem =~ /^delivery\\..*\\b${what}\\b/`, group });
const contact = (way: string, group: string): MenuPlace => ({ menu: 'view/item/context', when: `viewItem =~ /^contact\\b.*\\b${way}\\b/`, group });
/** Of a change: on its row, and in the title of the editor that shows its plan. */
const change = (offer: string, place: number): readonly MenuPlace[] => [
  item(`^change\\..*\\b${offer}\\b`, `inline@${place}`), item(`^change\\..*\\b${offer}\\b`, `1_change@${place}`),
  { menu: 'editor/title', when: `resourceScheme == incident-runbook && incidentRunbook.planOffers =~ /\\b${offer}\\b/`, group: `navigation@${place}` },
];
const connection = (states: string, group: string): MenuPlace => ({ menu: 'view/item/context', when: `view == ${CONNECTIONS_VIEW} && viewItem =~ /^connection\\.(${states})$/`, group });

export const COMMANDS = [
  { id: 'incidentRunbook.declare', title: 'Declare Incident…', icon: '$(add)', menus: [title('navigation@1')] },
  { id: 'incidentRunbook.acknowledge', title: 'Acknowledge', icon: '$(check)', palette: HAS_OPEN, menus: [item('^incident\\.declared', 'inline@1'), item('^incident\\.declared', '1_respond@1')] },
  { id: 'incidentRunbook.assessSeverity', title: 'Assess Severity…', icon: '$(law)', palette: HAS_OPEN, menus: [item('^incident\\.(declared|acknowledged)', '1_respond@2')] },
  { id: 'incidentRunbook.postUpdate', title: 'Post Update…', icon: '$(megaphone)', palette: HAS_OPEN, menus: [item('^incident\\.(declared|acknowledged)', '1_respond@6')] },
  { id: 'incidentRunbook.runStep', title: 'Run Step…', icon: '$(play)', palette: HAS_OPEN, menus: [item('^step\\.automated', 'inline@1'), item('^step\\.automated', '1_run@1')] },
  { id: 'incidentRunbook.applyChange', title: 'Apply Plan…', icon: '$(play)', palette: HAS_OPEN, menus: change('apply', 1) },
  { id: 'incidentRunbook.approveChange', title: 'Approve Plan…', icon: '$(check)', palette: HAS_OPEN, menus: [...change('approve', 2), item('^next\\.approve', 'inline@1')] },
  { id: 'incidentRunbook.planAnew', title: 'Plan Anew', icon: '$(refresh)', palette: HAS_OPEN, menus: change('planAnew', 3) },
  { id: 'incidentRunbook.stopFollowing', title: 'Stop Watching', icon: '$(eye-closed)', palette: HAS_OPEN, menus: change('stop', 1) },
  { id: 'incidentRunbook.followChange', title: 'Look Again', icon: '$(eye)', palette: HAS_OPEN, menus: change('look', 1) },
  { id: 'incidentRunbook.recordChange', title: 'Record What Became of It…', icon: '$(edit)', palette: HAS_OPEN, menus: change('record', 2) },
  { id: 'incidentRunbook.undoStep', title: 'Undo…', icon: '$(discard)', palette: HAS_OPEN, menus: change('undo', 3) },
  { id: 'incidentRunbook.openPlan', title: 'Open Plan', icon: '$(checklist)', palette: HAS_OPEN, menus: [item('^change\\.', '2_open@1')] },
  { id: 'incidentRunbook.stopWatch', title: 'Stop Stability Watch', icon: '$(debug-stop)', palette: HAS_OPEN, menus: [item('^watch$', 'inline@1'), item('^watch$', '1_run@1')] },
  { id: 'incidentRunbook.recordByHand', title: 'Record as Done by Hand…', icon: '$(edit)', palette: HAS_OPEN, menus: [item('^step\\.', '1_run@2'), item('^step\\.manual', 'inline@1')] },
  { id: 'incidentRunbook.openStep', title: 'Open Step or Evidence', icon: '$(open-preview)', palette: false, menus: [item('^step\\.', '2_open@1'), item('^change\\..*\\bevidence\\b', '2_open@2')] },
  { id: 'incidentRunbook.copyRunbookCommand', title: 'Copy the Runbook Command', palette: false, menus: [item('^step\\..*\\.command', '2_open@2')] },
  { id: 'incidentRunbook.timeline', title: 'Open Timeline', icon: '$(history)', menus: [item('^(incident|timeline)', '2_open@1')] },
  { id: 'incidentRunbook.openOverview', title: 'Open Overview', icon: '$(dashboard)', menus: [item('^incident\\.', 'inline@2'), item('^(incident|timeline)', '2_open@0')] },
  { id: 'incidentRunbook.openReview', title: 'Open Review', icon: '$(book)', menus: [item('^incident\\.', '2_open@4')] },
  { id: 'incidentRunbook.list', title: 'Go to Incident…', icon: '$(search)', menus: [title('navigation@3')] },
  { id: 'incidentRunbook.metrics', title: 'Open Metrics', icon: '$(graph)', menus: [title('2_metrics@1')] },
  { id: 'incidentRunbook.exportMetrics', title: 'Export Metrics as CSV…', icon: '$(export)', menus: [title('2_metrics@2')] },
  { id: 'incidentRunbook.amend', title: 'Correct…', palette: false, menus: [item('^(event|incident\\.)', '3_correct@1')] },
  { id: 'incidentRunbook.close', title: 'Close Incident…', palette: HAS_OPEN, menus: [item('^incident\\.(declared|acknowledged)', '9_close@1')] },
  { id: 'incidentRunbook.reopen', title: 'Reopen Incident…', menus: [item('^incident\\.closed', '9_close@1')] },
  { id: 'incidentRunbook.openRunbook', title: 'Open Runbook', icon: '$(book)', menus: [title('1_runbook@1')] },
  { id: 'incidentRunbook.chooseRunbook', title: 'Choose Runbook…', menus: [title('1_runbook@1')] },
  { id: 'incidentRunbook.startPractice', title: 'Start a Practice Incident', icon: '$(mortar-board)', menus: [title('4_practice@1')] },
  { id: 'incidentRunbook.setDatabaseConnection', title: 'Set Database Connection…', menus: [title('1_runbook@2')] },
  { id: 'incidentRunbook.setRedisConnection', title: 'Set Cache Connection…', menus: [title('1_runbook@2')] },
  ...LOG_COMMANDS,
  { id: 'incidentRunbook.openShared', title: 'Open Shared Incident…', icon: '$(link-external)', menus: [title('navigation@2')] },
  { id: 'incidentRunbook.import', title: 'Import Past Incidents…', icon: '$(cloud-download)', menus: [title('2_metrics@3')] },
  { id: 'incidentRunbook.openTicket', title: 'Open Ticket', icon: '$(issues)', palette: HAS_OPEN, menus: [item('^incident\\..*\\bticket\\b', '2_open@2')] },
  { id: 'incidentRunbook.clocks', title: 'Show Clocks', palette: HAS_OPEN, menus: [item('^incident\\.(declared|acknowledged)', '2_open@3')] },
  { id: 'incidentRunbook.snooze', title: 'Snooze Reminder…', icon: '$(bell-slash)', palette: HAS_OPEN, menus: [item('^next\\.clock', 'inline@1')] },
  { id: 'incidentRunbook.contact', title: 'Contact…', icon: '$(account)', menus: [deliveryWith('contact', '3_contact@1')] },
  { id: 'incidentRunbook.pageContact', title: 'Page', icon: '$(bell)', palette: false, menus: [contact('page', 'inline@0')] },
  { id: 'incidentRunbook.copyContactNumber', title: 'Copy Phone Number', icon: '$(device-mobile)', palette: false, menus: [contact('phone', 'inline@1')] },
  { id: 'incidentRunbook.mailContact', title: 'Write a Mail', icon: '$(mail)', palette: false, menus: [contact('mail', 'inline@2')] },
  { id: 'incidentRunbook.deliveries', title: 'Show Deliveries' },
  { id: 'incidentRunbook.openDelivery', title: 'Open Text', palette: false, menus: [delivery('\\w+', '2_open@1')] },
  { id: 'incidentRunbook.retryDelivery', title: 'Send Again', icon: '$(sync)', menus: [delivery('unknown|failed|byHand', 'inline@2'), delivery('unknown|failed|byHand|pending', '1_decide@1')] },
  { id: 'incidentRunbook.confirmDelivery', title: 'It Arrived, or Was Done by Hand', icon: '$(check)', menus: [delivery('unknown|byHand', 'inline@1'), delivery('unknown|byHand|failed|pending', '1_decide@2')] },
  { id: 'incidentRunbook.discardDelivery', title: 'Do Not Send…', icon: '$(trash)', menus: [delivery('unknown|failed|byHand|pending', '1_decide@3')] },
  { id: 'incidentRunbook.copyDelivery', title: 'Copy Text', icon: '$(copy)', palette: false, menus: [delivery('byHand', 'inline@0'), delivery('\\w+', '2_open@2')] },
  { id: 'incidentRunbook.openDeliveryLink', title: 'Open Link', icon: '$(link-external)', palette: false, menus: [deliveryWith('link', 'inline@3'), deliveryWith('link', '2_open@3')] },
  { id: 'incidentRunbook.saveInvitation', title: 'Save Invitation (.ics)…', icon: '$(calendar)', menus: [deliveryWith('calendar', 'inline@2'), deliveryWith('calendar', '2_open@4')] },
  { id: 'incidentRunbook.followUps', title: 'Show Follow-ups' },
  { id: 'incidentRunbook.refreshFollowUps', title: 'Refresh Follow-ups', icon: '$(refresh)', menus: [title('navigation@1', FOLLOW_UPS_VIEW)] },
  { id: 'incidentRunbook.connect', title: 'Connect a Service…', icon: '$(plug)', menus: [connection('disconnected|signedOut', 'inline@1'), title('1_runbook@3')] },
  { id: 'incidentRunbook.testConnection', title: 'Test Connection', icon: '$(beaker)', palette: false, menus: [connection('connected|practice', 'inline@1')] },
  { id: 'incidentRunbook.disconnect', title: 'Disconnect', icon: '$(debug-disconnect)', palette: false, menus: [connection('connected|signedOut', 'inline@2')] },
  { id: 'incidentRunbook.showLog', title: 'Show Log', menus: [title('3_log@1')] },
  { id: 'incidentRunbook.refresh', title: 'Refresh', icon: '$(refresh)', palette: false, menus: [title('navigation@4')] },
  { id: 'incidentRunbook.copyText', title: 'Copy', palette: false },
] as const satisfies readonly CommandEntry[];

export type CommandId = (typeof COMMANDS)[number]['id'];

/** One command to connect, test and disconnect each service. */
export const CONNECT_COMMANDS: Readonly<Record<string, ConnectableService>> = {
  'incidentRunbook.connectGitHub': 'github', 'incidentRunbook.connectSlack': 'slack', 'incidentRunbook.connectPagerDuty': 'pagerduty',
  'incidentRunbook.connectDatadog': 'datadog', 'incidentRunbook.connectStatuspage': 'statuspage', 'incidentRunbook.connectMail': 'mail',
  'incidentRunbook.connectWebhook': 'webhook',
};

/** Where a step has a menu entry of its own besides the tree. */
const STEP_MENUS: Readonly<Record<string, readonly MenuPlace[]>> = {
  investigate: [item('^incident\\.(declared|acknowledged)', 'inline@3'), item('^incident\\.(declared|acknowledged)', '1_respond@3')],
  documentFinding: [item('^incident\\.(declared|acknowledged)', '1_respond@4'), { menu: 'editor/context', when: HAS_OPEN, group: '9_incident@1' }],
  assignRoles: [item('^role', 'inline@1')],
  tailLogs: [item('^incident\\.(declared|acknowledged)', '1_respond@5')],
};

const STEP_ICONS: Readonly<Record<string, string>> = { investigate: '$(search-view-icon)', documentFinding: '$(note)', assignRoles: '$(person-add)', tailLogs: '$(output)' };

/** Steps that are a command of their own: that command is the step's, not a second one (DESIGN, commands). */
const OWN_COMMANDS: readonly string[] = ['acknowledge', 'assessSeverity', 'postUpdate'];

/** Steps that can be run before an incident is declared: they are how one is noticed (runbook 3). */
export const STEPS_WITHOUT_INCIDENT: readonly string[] = ['listAlarms', 'checkEndpoints'];

/** Steps that are run after an incident is closed as well (runbook 9, 10), so they need no open one. */
export const AFTER_CLOSING_STEPS: readonly string[] = ['confirmResolution', 'closeTicket', 'sendResolutionNotice', 'scheduleReview', 'createReview', 'conductReview', 'createActionItems'];

interface StepEntry {
  readonly id: string;
  readonly title: string;
}

export const STEP_COMMAND_PREFIX = 'incidentRunbook.step.';

/** What package.json says of the extension besides. */
const ABOUT = {
  displayName: 'Incident Runbook',
  description: 'Run an incident from the editor: a guided, recorded runbook with live checks of AWS, the database and the logs next to the code.',
  l10n: './media/l10n',
  capabilities: {
    untrustedWorkspaces: {
      supported: 'limited',
      description: 'Timelines can be read; no step runs until the workspace is trusted.',
      restrictedConfigurations: ['incidentRunbook.file'],
    },
    virtualWorkspaces: {
      supported: false,
      description: 'Steps need a file system and the network of the machine they run on.',
    },
  },
};

/** What the generator writes into package.json, and the texts that go into package.nls.json. */
export function manifest(steps: readonly StepEntry[]): Extracted {
  return extractTexts(ABOUT, contributes(steps));
}

/** package.json's `contributes`, in English. */
export function contributes(steps: readonly StepEntry[]): Record<string, unknown> {
  const commands: CommandEntry[] = [
    ...COMMANDS,
    ...Object.entries(CONNECT_COMMANDS).map(([id, service]): CommandEntry => ({ id, title: `Connect ${CONNECTION_KINDS[service].title}…` })),
    ...steps.filter(({ id }) => !OWN_COMMANDS.includes(id)).map((step): CommandEntry => ({
      id: STEP_COMMAND_PREFIX + step.id,
      title: step.title,
      ...(STEP_ICONS[step.id] === undefined ? {} : { icon: STEP_ICONS[step.id] as string }),
      ...([...STEPS_WITHOUT_INCIDENT, ...AFTER_CLOSING_STEPS].includes(step.id) ? {} : { palette: HAS_OPEN }),
      ...(STEP_MENUS[step.id] === undefined ? {} : { menus: STEP_MENUS[step.id] as readonly MenuPlace[] }),
    })),
  ];
  const menus: Record<string, { command: string; when?: string; group?: string }[]> = { commandPalette: [] };
  for (const command of commands) {
    if (command.palette !== undefined) {
      menus['commandPalette']?.push({ command: command.id, when: command.palette === false ? 'false' : command.palette });
    }
    for (const { menu, when, group } of command.menus ?? []) {
      (menus[menu] ??= []).push({ command: command.id, when, group });
    }
  }
  return {
    commands: commands.map(({ id, title: name, icon }) => ({ command: id, title: name, category: 'Incident', ...(icon === undefined ? {} : { icon }) })),
    menus,
    keybindings: LOG_KEYS,
    ...LOG_LANGUAGES,
    viewsContainers: { activitybar: [{ id: 'incidentRunbook', title: 'Incidents', icon: 'media/incidents.svg' }] },
    views: { incidentRunbook: [
      { id: VIEW, name: 'Incidents', icon: 'media/incidents.svg', contextualTitle: 'Incident Runbook' },
      { id: DELIVERIES_VIEW, name: 'Deliveries', icon: 'media/incidents.svg', visibility: 'collapsed', contextualTitle: 'Incident Runbook' },
      { id: FOLLOW_UPS_VIEW, name: 'Follow-ups', icon: 'media/incidents.svg', visibility: 'collapsed', contextualTitle: 'Incident Runbook' },
      { id: CONNECTIONS_VIEW, name: 'Connections', icon: 'media/incidents.svg', visibility: 'collapsed', contextualTitle: 'Incident Runbook' }] },
    viewsWelcome: WELCOME,
    walkthroughs: [WALKTHROUGH],
    configuration: { title: 'Incident Runbook', properties: SETTINGS },
    snippets: [{ language: 'markdown', path: './snippets/review.code-snippets' }],
    yamlValidation: [{ fileMatch: ['*.runbook.yaml', '*.runbook.yml'], url: './media/runbook.schema.json' }],
  };
}

const SETTINGS = {
  'incidentRunbook.file': {
    type: 'string', default: '', scope: 'window', order: 1,
    markdownDescription: 'Path of your own runbook file (YAML), absolute or relative to the first workspace folder. Empty: the bundled HealthFlow runbook.',
  },
  'incidentRunbook.responder': {
    type: 'string', default: '', scope: 'machine', order: 2,
    description: 'Your name on the timeline. Empty: the user name of this machine.',
  },
  'incidentRunbook.aws.profile': {
    type: 'string', default: '', scope: 'machine', order: 3,
    markdownDescription: 'Profile of the shared AWS configuration. Empty: the default provider chain (environment, `AWS_PROFILE`, SSO, instance role). A workspace cannot set it.',
  },
  'incidentRunbook.aws.endpoint': {
    type: 'string', default: '', scope: 'machine', order: 4,
    markdownDescription: 'Base URL asked instead of AWS: an emulator or a VPC endpoint. Empty: AWS. A workspace cannot set it.',
  },
  'incidentRunbook.endpoints': {
    type: 'object', default: {}, scope: 'machine', order: 5, additionalProperties: { type: 'string' },
    markdownDescription: 'Origins asked instead of those in the runbook, e.g. `{"https://api.healthflow.gov.eg": "http://127.0.0.1:8080"}` for a tunnel; of a Redis `{"redis://HOST:6379": "rediss://127.0.0.1:6380"}`. A workspace cannot set it.',
  },
  'incidentRunbook.practice': {
    type: 'string', default: '', scope: 'machine', order: 6,
    markdownDescription: 'Address of a practice environment on this machine. While it is set, connections come from there, and nothing leaves the machine. A workspace cannot set it.',
  },
  'incidentRunbook.reminders': {
    type: 'boolean', default: true, scope: 'window', order: 7,
    description: 'Remind of updates, stakeholders, war room and escalation when they are due.',
  },
  'incidentRunbook.statusBar': {
    type: 'boolean', default: true, scope: 'window', order: 8,
    description: 'Show severity and running time of the gravest open incident in the status bar.',
  },
  'incidentRunbook.review.path': {
    type: 'string', default: REVIEW_PATH, scope: 'window', order: 9,
    markdownDescription: 'Where "Create the review document" writes the review of an incident: a Markdown file inside the first workspace folder. `${date}` is the day of the detection (UTC), `${slug}` comes from the title, `${incident}` is the id.',
  },
  'incidentRunbook.review.gapMinutes': {
    type: 'number', default: GAP_MINUTES, minimum: 1, scope: 'window', order: 10,
    description: 'A review marks where nothing was recorded for longer than so many minutes.',
  },
  'incidentRunbook.language': {
    type: 'string', default: 'auto', scope: 'window', order: 11,
    enum: ['auto', 'en', 'ar'],
    enumItemLabels: ['Automatic', 'English', 'العربية'],
    enumDescriptions: ['The display language of VS Code; English where there is no translation.', 'English, whatever VS Code speaks.', 'Arabic, with panels from right to left.'],
    markdownDescription: 'Language of the views, panels and messages. VS Code itself has no Arabic, so it can be chosen here; the titles of commands and settings follow the display language of VS Code. What is recorded on a timeline and what is sent stays as it is.',
  },
  ...LOG_SETTINGS,
};
