/** What the extension contributes for the log stream: commands, keys, settings and the language of the channel. */

/** While there is a stream: `running` or `paused`; `stopped` otherwise. */
export const STREAM_STATE = 'incidentRunbook.stream';
/** Language of the channel. */
export const LOG_LANGUAGE = 'incident-log';
/** Scheme of a file as it was deployed. */
export const DEPLOYED_SCHEME = 'incident-runbook-deployed';

const RUNNING = `${STREAM_STATE} == running`;
const PAUSED = `${STREAM_STATE} == paused`;
const ANY = `${STREAM_STATE} =~ /running|paused/`;
const HAS_OPEN = 'incidentRunbook.open > 0';
const inIncidents = (when: string, group: string) => ({ menu: 'view/title', when: `view == incidentRunbook.incidents && ${when}`, group }) as const;

export const LOG_COMMANDS = [
  { id: 'incidentRunbook.pauseLogStream', title: 'Pause Log Stream', icon: '$(debug-pause)', palette: RUNNING, menus: [inIncidents(RUNNING, '2_logs@1')] },
  { id: 'incidentRunbook.resumeLogStream', title: 'Resume Log Stream', icon: '$(debug-continue)', palette: PAUSED, menus: [inIncidents(PAUSED, '2_logs@1')] },
  { id: 'incidentRunbook.stopLogStream', title: 'Stop Log Stream', icon: '$(debug-stop)', palette: ANY, menus: [inIncidents(ANY, '2_logs@2')] },
  { id: 'incidentRunbook.exportLogs', title: 'Export Logs…', icon: '$(export)', menus: [{ menu: 'view/title', when: 'view == incidentRunbook.incidents', group: '2_logs@3' }] },
  { id: 'incidentRunbook.addEvidence', title: 'Add Selection as Evidence', icon: '$(pinned)', palette: HAS_OPEN, menus: [
    { menu: 'editor/context', when: `${HAS_OPEN} && (editorHasSelection || editorLangId == ${LOG_LANGUAGE})`, group: '9_incident@1' },
    { menu: 'terminal/context', when: `${HAS_OPEN} && terminalTextSelected`, group: '9_incident@1' },
  ] },
  { id: 'incidentRunbook.openFrame', title: 'Open Stack Frame', palette: false },
  { id: 'incidentRunbook.compareWithWorkingTree', title: 'Compare with Working Tree', icon: '$(git-compare)', palette: `resourceScheme == ${DEPLOYED_SCHEME}`, menus: [{ menu: 'editor/title', when: `resourceScheme == ${DEPLOYED_SCHEME}`, group: 'navigation@1' }] },
  { id: 'incidentRunbook.showLogMessage', title: 'Show Log Message', palette: false },
  { id: 'incidentRunbook.toggleLogJson', title: 'Toggle Pretty JSON in Logs' },
] as const;

export type LogCommandId = (typeof LOG_COMMANDS)[number]['id'];

export const LOG_SETTINGS = {
  'incidentRunbook.logs.time': {
    type: 'string', default: 'utc', scope: 'window', order: 20, enum: ['utc', 'local'],
    enumDescriptions: ['UTC, as on the timeline and in AWS.', 'The time zone of this machine.'],
    description: 'Times in the log stream.',
  },
  'incidentRunbook.logs.json': {
    type: 'string', default: 'compact', scope: 'window', order: 21, enum: ['compact', 'pretty'],
    enumDescriptions: ['One line: level, message, then the other fields.', 'One field a line.'],
    description: 'How the log stream shows lines that are JSON.',
  },
  'incidentRunbook.logs.liveTail': {
    type: 'boolean', default: true, scope: 'machine', order: 22,
    markdownDescription: 'Use CloudWatch Live Tail where it is allowed; AWS bills it by the minute. Off: the log groups are polled. A workspace cannot set it.',
  },
  'incidentRunbook.logs.maximumLines': {
    type: 'number', default: 20_000, minimum: 1_000, maximum: 200_000, scope: 'window', order: 23,
    description: 'Lines that the log channel keeps; older ones leave it.',
  },
  'incidentRunbook.logs.pathMappings': {
    type: 'object', default: {}, scope: 'window', order: 24, additionalProperties: { type: 'string' },
    markdownDescription: 'Where the files of stack frames lie in the workspace: `{"/app": "backend"}`. Empty: inferred from the ends of the paths.',
  },
  'incidentRunbook.logs.errorLines': {
    type: 'boolean', default: true, scope: 'window', order: 25,
    description: 'Show at the end of a line of code how often it has thrown while a log stream runs.',
  },
  'incidentRunbook.logs.errorWindowMinutes': {
    type: 'number', default: 15, minimum: 1, maximum: 1_440, scope: 'window', order: 26,
    description: 'Errors of so many minutes are counted at the lines that threw them.',
  },
} as const;

/** Languages and grammars that package.json contributes. */
export const LOG_LANGUAGES = {
  languages: [{ id: LOG_LANGUAGE, configuration: './media/incident-log.language-configuration.json' }],
  grammars: [{ language: LOG_LANGUAGE, scopeName: 'text.incident-log', path: './media/incident-log.tmLanguage.json' }],
} as const;

/** package.json's `keybindings`. */
export const LOG_KEYS = [
  { command: 'incidentRunbook.addEvidence', key: 'ctrl+alt+e', mac: 'cmd+alt+e', when: `${HAS_OPEN} && (editorHasSelection || editorLangId == ${LOG_LANGUAGE}) && !terminalFocus` },
  { command: 'incidentRunbook.addEvidence', key: 'ctrl+alt+e', mac: 'cmd+alt+e', when: `${HAS_OPEN} && terminalFocus`, args: { kind: 'evidence', key: 'terminal' } },
] as const;
