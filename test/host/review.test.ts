import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { type Delivery, type Event, type StepAnswer, call, declare, eventually, mendServices, messageOf, runStep, timeline, violations } from './harness.ts';

type Written = StepAnswer & { readonly deliveries?: readonly Delivery[] };

const BOXES = ['rootCauseIdentified', 'issueResolved', 'servicesStable', 'metricsNormal', 'noUserReports', 'stakeholdersNotified'];

describe('the review document in the extension host', function () {
  this.timeout(60_000);
  const day = new Date().toISOString().slice(0, 10);
  const file = `docs/incidents/${day}-portals-answer-503-sign-in.md`;
  let incident: string;
  let uri: vscode.Uri;

  before(async () => {
    await mendServices();
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder !== undefined, 'a folder is open');
    uri = vscode.Uri.joinPath(folder.uri, ...file.split('/'));
    incident = await declare('Portals answer 503: <sign-in>', { severity: 'P1' });
    await call('acknowledge', { incident });
    await runStep(incident, 'documentFinding', { text: 'The pool has 10 slots for 4 tasks' });
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    assert.deepEqual(await violations(), []);
  });

  const text = (): string => readFileSync(uri.fsPath, 'utf8');
  const write = async (inputs: Record<string, unknown> = {}): Promise<readonly string[]> => {
    const { status, summary, deliveries = [] } = await runStep(incident, 'createReview', inputs) as Written;
    assert.equal(status, 'done', summary);
    return deliveries.map(({ state, reason }) => `${state}${reason === undefined ? '' : `: ${reason}`}`);
  };
  const line = (what: string): string => text().split('\n').find((candidate) => candidate.includes(what)) ?? '';
  const edit = async (from: string, to: string): Promise<vscode.TextDocument> => {
    const document = await vscode.workspace.openTextDocument(uri);
    const at = document.getText().indexOf(from);
    assert.ok(at >= 0, `the document holds ${from}`);
    const change = new vscode.WorkspaceEdit();
    change.replace(uri, new vscode.Range(document.positionAt(at), document.positionAt(at + from.length)), to);
    assert.ok(await vscode.workspace.applyEdit(change));
    return document;
  };
  const lenses = async (): Promise<readonly vscode.Command[]> => (await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri)).flatMap(({ command }) => (command === undefined ? [] : [command]));

  it('is not there before it is written', async () => {
    assert.match(await messageOf(call('openReview', { incident })), /has no review document yet/);
  });

  it('is drafted while the incident is open, each line with its event', async () => {
    assert.deepEqual(await write(), ['done']);
    assert.match(text(), /^\*\*Draft: the incident is still open\.\*\*$/m);
    const finding = (await timeline(incident)).find(({ type }) => type === 'finding.documented');
    assert.ok(finding !== undefined);
    assert.match(line('**Finding**: The pool has 10 slots'), new RegExp(`^- ${finding.at.slice(11, 16)} UTC: \\*\\*Finding\\*\\*: The pool has 10 slots for 4 tasks \\(.+\\) \\(\\[source\\]\\(vscode://incident-runbook\\.incident-runbook/event\\?incident=${incident}&event=${finding.id}\\)\\)$`));
    assert.deepEqual((await timeline(incident)).filter(({ type }) => type === 'review.written').map((event: Event) => event['file']), [file]);
  });

  it('opens in the editor, with what can be done with it', async () => {
    assert.deepEqual(await call('openReview', { incident }), { file });
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), uri.toString());
    const found = await eventually('the lenses of the review', lenses, (all) => all.some(({ title }) => title.includes('Update from the timeline')));
    assert.deepEqual(found.filter(({ command }) => command === 'incidentRunbook.step.createReview').map((command) => (command.arguments?.[0] as { incident: string }).incident), [incident]);
    assert.ok(found.some(({ command }) => command === 'incidentRunbook.step.conductReview'));
  });

  it('is not written over changes that are not saved', async () => {
    const document = await edit('<!-- Your own points go here. -->', '- We were three at it.');
    const [state] = await write();
    assert.match(state ?? '', /^failed: .* not saved.*Save it first/);
    assert.ok(document.isDirty && !text().includes('We were three at it.'));
    assert.ok(await document.save());
  });

  it('keeps what a person wrote, and takes over the end of the incident', async () => {
    await (await edit('*Not stated yet.*', 'A report without an index held every connection.')).save();
    const own = text();
    assert.ok(own.includes('- We were three at it.'));
    const resolved = await runStep(incident, 'confirmResolution', {
      rootCause: 'A report held every connection', resolution: 'The report was switched off', scenario: 'connectionPoolExhaustion',
      reasons: Object.fromEntries(BOXES.filter((box) => box !== 'rootCauseIdentified').map((box) => [box, 'A test'])),
    });
    assert.equal(resolved.status, 'done', resolved.summary);
    await call('close', { incident, reason: 'Over' });
    assert.deepEqual(await write(), ['done']);
    assert.doesNotMatch(text(), /still open/);
    assert.match(text(), /^- We were three at it\.$/m);
    assert.match(text(), /^A report without an index held every connection\.$/m);
    assert.match(line(': Incident resolved '), /^- \d\d:\d\d UTC: Incident resolved \(\[source\]\(vscode:/);
    const once = text();
    assert.deepEqual(await write(), ['done']);
    assert.equal(text(), once);
  });

  it('offers the newer text of what a person changed, and takes it when asked', async () => {
    const newer = await eventually('the lens of the newer text', lenses, (all) => all.some(({ title }) => title.includes('Take the newer text')));
    const row = newer.find(({ title }) => title.includes('Take the newer text'))?.arguments?.[0] as { inputs: Record<string, unknown> };
    assert.deepEqual(row.inputs, { file, replace: ['root-cause'] });
    assert.deepEqual(await write(row.inputs), ['done']);
    assert.doesNotMatch(text(), /without an index/);
    assert.match(text(), /^A report held every connection \(\[source\]/m);
    assert.match(text(), /^- We were three at it\.$/m);
  });

  it('has an agenda beside it, which puts nothing on the timeline', async () => {
    const events = (await timeline(incident)).length;
    const { status, evidence } = await runStep(incident, 'conductReview');
    assert.equal(status, 'done');
    assert.match(evidence?.markdown ?? '', new RegExp(`\\]\\(/${file.replaceAll('.', '\\.')}#root-cause\\)`));
    assert.equal((await timeline(incident)).length, events);
    const agenda = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme: 'incident-runbook', path: `/${incident}/Agenda ${incident}.md`, query: 'agenda=1' }));
    assert.equal(agenda.getText(), evidence?.markdown);
  });
});
