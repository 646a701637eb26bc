/** The review document as the timeline suggests it, in the headings and the order of the runbook's template (runbook 10.3). */
import type { Incident } from '../fold.ts';
import { hintsBlock, hintsOf } from './hints.ts';
import { formatReview, type Part } from './merge.ts';
import type { ReviewOptions, ReviewRunbook } from './review-runbook.ts';
import {
  type Writing, changesBlock, durationsBlock, eventsBlock, evidenceBlock, followUpsBlock, milestonesBlock, rootCauseBlock, summaryBlock, titleBlock,
  updatesBlock, writingOf,
} from './sections.ts';

/** Of a runbook that has no template of its own. */
const TITLE = '# Post-Incident Review - [Date]';

const OWN_POINTS = '<!-- Your own points go here. -->';
const ACTION_ITEMS = '<!-- One line for each: "- [ ] What is to be done - Owner: @login - Due: YYYY-MM-DD" -->';

interface Section {
  readonly heading: string;
  /** What the template says below it, without blank lines at either end. */
  readonly lines: readonly string[];
}

/** The whole document, as it is written the first time. */
export function draftReview(incident: Incident, runbook: ReviewRunbook, options: ReviewOptions = {}): string {
  return formatReview(incident.id, reviewParts(incident, runbook, options));
}

/**
 * The document in parts: blocks that are written anew with every update, and text that is written once. The template's
 * headings that are not known here stand as the template has them.
 */
export function reviewParts(incident: Incident, runbook: ReviewRunbook, options: ReviewOptions = {}): Part[] {
  const writing = writingOf(incident, runbook, options);
  const { title, sections } = readTemplate(runbook.templates['review']?.body ?? TITLE);
  return [
    { kind: 'block', id: 'title', text: titleBlock(writing, title) },
    ...sections.flatMap((section): Part[] => [{ kind: 'text', text: section.heading }, ...partsOf(section, writing)]),
  ];
}

function partsOf({ heading, lines }: Section, writing: Writing): Part[] {
  const block = (id: string, text: string): Part => ({ kind: 'block', id, text });
  const text = (once: string): Part => ({ kind: 'text', text: once });
  switch (nameOf(heading)) {
    case 'incident summary': return [block('summary', summaryBlock(writing, lines))];
    case 'timeline': return [
      block('milestones', milestonesBlock(writing, lines)), block('events', eventsBlock(writing)), block('durations', durationsBlock(writing)),
      block('evidence', evidenceBlock(writing)), block('changes', changesBlock(writing)), block('updates', updatesBlock(writing)),
    ];
    case 'root cause': return [block('root-cause', rootCauseBlock(writing))];
    case 'what went well': return [block('went-well', hintsBlock(hintsOf(writing).well)), text(OWN_POINTS)];
    case 'what could be improved': return [block('to-improve', hintsBlock(hintsOf(writing).improve)), text(OWN_POINTS)];
    case 'action items': return [block('follow-ups', followUpsBlock(writing)), text(ACTION_ITEMS)];
    default: return lines.length === 0 ? [] : [text(lines.join('\n'))];
  }
}

function readTemplate(body: string): { readonly title: string; readonly sections: readonly Section[] } {
  const [head = '', ...rest] = body.split(/^(?=## )/m);
  return {
    title: head.split('\n').find((line) => line.startsWith('# ')) ?? TITLE,
    sections: rest.map((section) => {
      const [heading = '', ...lines] = section.trim().split('\n');
      return { heading, lines: lines.join('\n').trim() === '' ? [] : lines.join('\n').trim().split('\n') };
    }),
  };
}

/** `## Root Cause` → `root cause`. */
function nameOf(heading: string): string {
  return heading.replace(/^#+/, '').trim().toLowerCase();
}
