/** What somebody meets who is new here: the empty views, and the walkthrough. Part of the table of manifest.ts. */
import { CONNECTIONS_VIEW, DELIVERIES_VIEW, FOLLOW_UPS_VIEW, VIEW } from './view-ids.ts';

const TRUSTED = 'isWorkspaceTrusted';
const RESTRICTED = '!isWorkspaceTrusted';

/** Link to a command, in Markdown; alone on a line it is drawn as a button. */
function button(title: string, command: string, ...args: readonly unknown[]): string {
  return `[${title}](command:${command}${args.length === 0 ? '' : `?${encodeURIComponent(JSON.stringify(args))}`})`;
}

const WALKTHROUGH_ID = 'start';
const GET_STARTED = button('Get Started', 'workbench.action.openWalkthrough', `incident-runbook.incident-runbook#${WALKTHROUGH_ID}`, false);
const TRUST = button('Manage Workspace Trust', 'workbench.trust.manage');

/** Of each view: what to do next while it is empty. */
export const WELCOME = [
  {
    view: VIEW,
    when: TRUSTED,
    contents: [
      'No incident is open.',
      button('Declare Incident', 'incidentRunbook.declare'),
      'Not sure yet? See what the monitoring says; an alarm can be declared as an incident from there.',
      button('List Alarms', 'incidentRunbook.step.listAlarms'),
      button('Check Endpoints', 'incidentRunbook.step.checkEndpoints'),
      `New here? ${button('Run a practice incident', 'incidentRunbook.startPractice')}: it needs no account. Or begin with ${GET_STARTED}.`,
      `The steps come from ${button('the runbook', 'incidentRunbook.openRunbook')}. Your team has its own? ${button('Choose it', 'incidentRunbook.chooseRunbook')}.`,
    ].join('\n'),
  },
  {
    view: VIEW,
    when: RESTRICTED,
    contents: `This workspace is in Restricted Mode: timelines can be read, but nothing is declared and no step runs. Trust it to respond to an incident from here.\n${TRUST}`,
  },
  {
    view: DELIVERIES_VIEW,
    when: TRUSTED,
    contents: `Nothing is on its way, and nothing waits for you.\nWhat steps send to GitHub, Slack, PagerDuty, the status page and by mail is listed here until it has arrived.\n${button('Connect a Service', 'incidentRunbook.connect')}`,
  },
  {
    view: DELIVERIES_VIEW,
    when: RESTRICTED,
    contents: `This workspace is in Restricted Mode, where nothing is sent. What waits is sent once it is trusted.\n${TRUST}`,
  },
  {
    view: FOLLOW_UPS_VIEW,
    when: TRUSTED,
    contents: `Nothing is left to do after an incident.\nThe action items of a review are listed here once "Create action items" has opened their issues, until those are closed.\n${button('Refresh Follow-ups', 'incidentRunbook.refreshFollowUps')}`,
  },
  {
    view: FOLLOW_UPS_VIEW,
    when: RESTRICTED,
    contents: `Nothing is left to do after an incident, as far as is recorded here. In Restricted Mode GitHub is not asked.\n${TRUST}`,
  },
  {
    view: CONNECTIONS_VIEW,
    contents: `The connections could not be read. The log says why.\n${button('Show Log', 'incidentRunbook.showLog')}`,
  },
];

interface WalkthroughStep {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly media: { readonly markdown: string } | { readonly svg: string; readonly altText: string };
  readonly completionEvents: readonly string[];
}

interface StepText {
  readonly title: string;
  readonly lines: readonly string[];
  /** What the picture shows, to somebody who does not see it; without one the media are a page of text. */
  readonly picture?: string;
  /** Context keys; each of them alone completes the step. */
  readonly done: readonly string[];
}

function walkthroughStep(id: string, { title, lines, picture, done }: StepText): WalkthroughStep {
  const file = `media/walkthrough/${id}`;
  return {
    id, title,
    description: lines.join('\n'),
    media: picture === undefined ? { markdown: `${file}.md` } : { svg: `${file}.svg`, altText: picture },
    completionEvents: done.map((key) => `onContext:incidentRunbook.${key}`),
  };
}

/**
 * Three chapters: connect, point to your runbook, practise. A step is done when the thing is so (connection-store.ts,
 * walkthrough-progress.ts), not when its button was clicked. Nothing of the first chapter is needed for the last.
 */
export const WALKTHROUGH = {
  id: WALKTHROUGH_ID,
  title: 'Get started with Incident Runbook',
  description: 'Connect, point to your runbook, run a practice incident.',
  steps: [
    walkthroughStep('github', {
      title: '1 · Connect GitHub',
      lines: ['An incident becomes an issue that others read, and join from their own editor. No account? Everything works on this machine, too.', button('Connect GitHub', 'incidentRunbook.connectGitHub')],
      picture: 'The Incidents view beside a GitHub issue: each step is a comment there, and a second responder sees the same tree.',
      done: ['connected.github'],
    }),
    walkthroughStep('people', {
      title: '1 · Connect who must hear of it',
      lines: ['One is enough to begin with. Without any, each message is offered to you as text to copy.', button('Connect Slack', 'incidentRunbook.connectSlack'), button('Connect PagerDuty', 'incidentRunbook.connectPagerDuty'), button('Connect Mail', 'incidentRunbook.connectMail')],
      done: ['connected.slack', 'connected.pagerduty', 'connected.mail'],
    }),
    walkthroughStep('public', {
      title: '1 · Connect status page and monitors',
      lines: ['What users are told, and what tells you first.', button('Connect Statuspage', 'incidentRunbook.connectStatuspage'), button('Connect Datadog', 'incidentRunbook.connectDatadog'), button('Connect a Webhook', 'incidentRunbook.connectWebhook')],
      done: ['connected.statuspage', 'connected.datadog', 'connected.webhook'],
    }),
    walkthroughStep('runbook', {
      title: '2 · Point to your runbook',
      lines: ['Severities, steps, contacts and clocks are a YAML file of your team. Start with a copy of the bundled one, choose a file, or keep the bundled one for now.', button('Choose Runbook', 'incidentRunbook.chooseRunbook'), `Done once your file is read without a problem. ${button('Open the one in force', 'incidentRunbook.openRunbook')}`],
      picture: 'A runbook file on the left; its steps appear in the Incidents view on the right. A mistake is underlined, with what is allowed.',
      done: ['ownRunbook', 'keptRunbook'],
    }),
    walkthroughStep('declare', {
      title: '3 · Practise: declare',
      lines: ['A drill that needs no account. It is marked as such everywhere, and left out of the metrics.', button('Start a Practice Incident', 'incidentRunbook.startPractice'), 'It appears in the Incidents view, with what to do next on top. Every step shows what it would send, and to whom, before it does.'],
      picture: 'The Incidents view with the declared drill, its clock, and the next actions on top.',
      done: ['practice.declared'],
    }),
    walkthroughStep('assess', {
      title: '3 · Practise: assess the severity',
      lines: ['Five questions, and the runbook says which severity that is and why. You may overrule it, with a reason.', button('Assess Severity', 'incidentRunbook.assessSeverity'), 'The clocks of that severity start: updates, stakeholders, escalation.'],
      picture: 'Five answered questions lead to the recommendation P1, with its reasons and the clocks that start.',
      done: ['practice.assessed'],
    }),
    walkthroughStep('investigate', {
      title: '3 · Practise: investigate',
      lines: ['Every check of the runbook at once, the worst result first. A check that cannot run here says why, and what to do about it.', button('Investigate', 'incidentRunbook.step.investigate'), 'Click a row to read its evidence.'],
      picture: 'Checks run side by side; the exhausted connection pool stands first, with its evidence and chart.',
      done: ['practice.investigated'],
    }),
    walkthroughStep('close', {
      title: '3 · Practise: close',
      lines: ['Say why it is over. The timeline has written itself, and so has the draft of the review.', button('Close Incident', 'incidentRunbook.close'), `Read it: ${button('the timeline', 'incidentRunbook.timeline')}.`],
      picture: 'The timeline of the drill, from the declaration to its end, with six ticked boxes.',
      done: ['practice.closed'],
    }),
  ],
};
