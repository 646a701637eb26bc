/** The agenda of the review meeting (runbook 10.2): each topic with its question, what the timeline knows of it, and its place in the document. */
import type { Incident } from '../fold.ts';
import { escapeMarkdown } from '../markdown.ts';
import { hintsBlock, hintsOf } from './hints.ts';
import type { ReviewOptions, ReviewRunbook } from './review-runbook.ts';
import {
  type Writing, changesBlock, clockOf, dateOf, durationInWords, durationsBlock, followUpsBlock, gapsOf, impactInWords, milestonesBlock, plain, rootCauseBlock, severityInWords,
  tookInWords, writingOf,
} from './sections.ts';
import { durations, exactDuration } from './facts.ts';

export interface AgendaTopic {
  readonly title: string;
  readonly question: string;
  /** Markdown. */
  readonly facts: string;
  /** Heading of the review document in which the topic is written down; unset when it has none. */
  readonly section?: string;
}

const MOMENTS = ['Incident detected', 'Team notified', 'Investigation began', 'Root cause identified', 'Mitigation implemented', 'Incident resolved'].map((name) => `- [timestamp]: ${name}`);

export function agendaOf(incident: Incident, runbook: ReviewRunbook, options: ReviewOptions = {}): AgendaTopic[] {
  const writing = writingOf(incident, runbook, options);
  const headings = [...(runbook.templates['review']?.body ?? '').matchAll(/^## (.+)$/gm)].map(([, heading = '']) => heading.trim());
  return runbook.review.topics.map(({ title, question }) => {
    const [facts, heading] = factsOf(title.toLowerCase(), writing);
    const section = headings.find((candidate) => candidate.toLowerCase() === heading);
    return { title, question, facts, ...(section === undefined ? {} : { section }) };
  });
}

/**
 * The agenda as a document.
 *
 * @param file of the review document, relative to the workspace folder with slashes; undefined while there is none
 */
export function agendaDocument(incident: Incident, runbook: ReviewRunbook, file: string | undefined, options: ReviewOptions = {}): string {
  const place = file === undefined ? undefined : `/${file.split('/').map(encodeURIComponent).join('/')}`;
  return [
    `# Agenda of the review: ${plain(incident.title)}`,
    `${plain(incident.id)}, ${dateOf(incident)}, runbook ${escapeMarkdown(runbook.review.section)}. ${
      place === undefined ? 'There is no review document yet: run "Create the review document".' : `[Open the review document](${place})`}`,
    ...agendaOf(incident, runbook, options).flatMap(({ title, question, facts, section }, index) => [
      `## ${index + 1}. ${plain(title)}`,
      `**${plain(question)}**`,
      facts.replace(/^### .*\n\n/, ''),
      ...(place === undefined || section === undefined ? [] : [`[Write it down below "${plain(section)}"](${place}#${slugOf(section)})`]),
    ]),
    'When the review has been held, record it: "Record as Done by Hand" on the step "Conduct the review".',
  ].join('\n\n');
}

/** The facts of a topic of runbook 10.2, and the heading they belong below; a topic of the team's own has a question only. */
function factsOf(topic: string, writing: Writing): readonly [facts: string, heading: string] {
  const { incident, runbook, cite } = writing;
  switch (topic) {
    case 'timeline': return [[milestonesBlock(writing, MOMENTS), gapsInWords(writing)].join('\n'), 'timeline'];
    case 'root cause': return [rootCauseBlock(writing), 'root cause'];
    case 'detection': {
      const [detect] = durations(incident, runbook);
      return [[
        `- Detected at ${clockOf(writing, incident.times.detected.at)} by ${escapeMarkdown(incident.detectedBy)} ${cite(incident.times.detected.event)}`,
        ...(detect === undefined ? [] : [`- ${detect.title}: ${tookInWords(detect)}`]),
      ].join('\n'), 'timeline'];
    }
    case 'response': {
      const { well, improve } = hintsOf(writing);
      return [[durationsBlock(writing).replace(/^### .*\n\n/, ''), hintsBlock([...well, ...improve]), changesBlock(writing).replace(/^### .*\n\n/, '')].join('\n\n'), 'what went well'];
    }
    case 'impact': return [[`- Severity: ${severityInWords(writing)}`, `- Impact: ${impactInWords(writing)}`, `- Duration: ${durationInWords(writing)}`].join('\n'), 'incident summary'];
    case 'prevention': return [followUpsBlock(writing), 'prevention measures'];
    default: return ['*The timeline says nothing of this topic by itself.*', topic];
  }
}

function gapsInWords(writing: Writing): string {
  const found = gapsOf(writing);
  return found.length === 0 ? `- No gap is longer than ${writing.gapMinutes} min.`
    : found.map(({ after, before, ms }) => `- *Nothing was recorded for ${exactDuration(ms)}, from ${clockOf(writing, after.at)}.* ${writing.cite(before.id)}`).join('\n');
}

/** What GitHub and VS Code call a heading in links. */
function slugOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
}
