/** Faulty files: what is changed in team.runbook.yaml, and where and how the loader must say so. */

export interface Fault {
  readonly title: string;
  /** A text that stands once in the file, or `null` to replace the whole file. */
  readonly replace: string | null;
  readonly by: string;
  /** `line:column` of each problem, in order. */
  readonly at: readonly string[];
  /** Texts found in the messages, all problems taken together. */
  readonly says: readonly string[];
}

export const SYNTAX_FAULTS: readonly Fault[] = [
  { title: 'an empty file', replace: null, by: '', at: ['1:1'], says: ['The file is empty.', 'begins with its name'] },
  { title: 'only a comment', replace: null, by: '# later\n', at: ['1:1'], says: ['The file is empty.'] },
  { title: 'a list', replace: null, by: '- name: x\n', at: ['1:1'], says: ['must be a mapping of keys such as name'] },
  { title: 'a text', replace: null, by: '\n  hello\n', at: ['2:3'], says: ['must be a mapping'] },
  { title: 'a file of 5 MB', replace: null, by: `name: ${'x'.repeat(5 * 1024 * 1024)}`, at: ['1:1'], says: ['too large: 5121 KB', 'up to 512 KB'] },
  { title: 'a duplicate key', replace: 'purpose: Keep', by: 'name: Twice\npurpose: Keep', at: ['5:1'], says: ['The key "name" stands twice in the same mapping. Keep one.'] },
  { title: 'a tab as indentation', replace: '    title: Staging', by: '\ttitle: Staging', at: ['10:1'], says: ['tabs as indentation. Use spaces.'] },
  { title: 'an unclosed quote', replace: "'Follow up: ' }", by: "'Follow up: }", at: ['123:76'], says: ['not valid YAML here: Missing closing'] },
  { title: 'two mappings on one line', replace: 'title: Staging', by: 'title: Staging: main', at: ['10:12'], says: ['must stand in quotes'] },
  { title: 'a second document', replace: 'redaction:', by: '---\nredaction:', at: ['127:1'], says: ['holds one document'] },
  { title: 'an alias without anchor', replace: 'P4: *level', by: 'P4: *levels', at: ['36:7'], says: ['No anchor stands before the alias', 'levels'] },
  { title: 'a tag', replace: 'name: Parcel tracking', by: 'name: !env PARCELS', at: ['2:7'], says: ['Tags have no meaning in a runbook'] },
  { title: 'a list as a key', replace: 'references: []', by: '? [a, b]\n: 1\nreferences: []', at: ['126:3'], says: ['A key must be a single word'] },
  {
    title: 'aliases that expand by powers', replace: null, at: ['3:8'], says: ['expand to too much'],
    by: `a: &a [${'x, '.repeat(9)}x]\n${'bcdefgh'.split('').map((key, index) => `\n${key}: &${key} [${`*${'abcdefg'[index] ?? ''}, `.repeat(9)}1]`).join('')}\n`,
  },
];

export const SHAPE_FAULTS: readonly Fault[] = [
  { title: 'a text where a number belongs', replace: 'updateEveryMinutes: 15', by: 'updateEveryMinutes: often', at: ['30:25'], says: ['severities.P1.updateEveryMinutes must be a number of at least 0, not "often".'] },
  { title: 'a negative number', replace: 'responseMinutes: 5', by: 'responseMinutes: -5', at: ['28:22'], says: ['must be a number of at least 0, not the number -5.'] },
  { title: 'a number out of range', replace: 'port: 6380', by: 'port: 70000', at: ['23:49'], says: ['environments.live.redis.port must be a whole number from 1 to 65535, not the number 70000.'] },
  { title: 'a fraction', replace: 'timeoutMs: 2000', by: 'timeoutMs: 0.5', at: ['22:20'], says: ['timeoutMs must be a whole number from 100 to 60000'] },
  { title: 'a number without quotes', replace: "version: '2.1'", by: 'version: 2.1', at: ['3:10'], says: ['version must be text, not the number 2.1. Put it in quotes.'] },
  { title: 'a section without quotes', replace: "section: '1'\npurpose", by: 'section: 1.1\npurpose', at: ['4:10'], says: ['section must be a place in the runbook text, e.g. "5.1", not the number 1.1. Put it in quotes.'] },
  { title: 'no value', replace: 'purpose: Keep parcels traceable.', by: 'purpose:', at: ['5:1'], says: ['purpose must be text, not empty.'] },
  { title: 'an unknown effect', replace: 'effect: destructive', by: 'effect: destroy', at: ['70:13'], says: ['steps[1].effect must be one of read, change, destructive, post, not "destroy".'] },
  { title: 'an effect with a slip', replace: 'effect: destructive', by: 'effect: distructive', at: ['70:13'], says: ['Did you mean "destructive"?'] },
  { title: 'an unknown key', replace: 'purpose: Keep', by: 'goal: Parcels\npurpose: Keep', at: ['5:1'], says: ['The runbook has the unknown key "goal".', 'Allowed here: name, version, '] },
  { title: 'a key with a slip', replace: 'updateEveryMinutes: 15', by: 'updateEvryMinutes: 15', at: ['30:5'], says: ['severities.P1 has the unknown key "updateEvryMinutes". Did you mean "updateEveryMinutes"?'] },
  { title: 'a missing key of an entry of a list', replace: '    title: Flush\n', by: '', at: ['65:5'], says: ['steps[1] lacks the key "title": what the step does, in a few words.'] },
  { title: 'a missing key of the file', replace: 'references: []\n', by: '', at: ['2:1'], says: ['The runbook lacks the key "references": '] },
  { title: 'a fifth severity', replace: '  P4: *level', by: '  P4: *level\n  P5: *level', at: ['37:3'], says: ['severities has the unknown key "P5".', 'Allowed here: P1, P2, P3, P4.'] },
  { title: 'an environment with a bad name', replace: '  live:', by: '  Live-1:', at: ['15:3'], says: ['environments has the key "Live-1", which must be an identifier in camelCase'] },
  { title: 'an empty list', replace: 'methods: [phone]', by: 'methods: []', at: ['88:14'], says: ['contacts.duty.methods must be a list with at least one entry, not an empty list.'] },
  { title: 'a text where a list belongs', replace: 'methods: [phone]', by: 'methods: phone', at: ['88:14'], says: ['must be a list with at least one entry, not "phone".'] },
  { title: 'a rule without a condition', replace: "when: { down: ['yes'] }", by: 'when: {}', at: ['48:13'], says: ['assessment.rules[0].when must be a mapping with at least one entry, not an empty mapping.'] },
  { title: 'a mapping as input', replace: 'host: ${environment.redis.host}', by: 'host: { name: x }', at: ['73:13'], says: ['steps[1].inputs.host must be text, a number, true or false, or a list of texts, not a mapping.'] },
  { title: 'another scheme', replace: 'url: https://parcels.example/health', by: 'url: ftp://parcels.example/health', at: ['20:14'], says: ['environments.live.endpoints[0].url must be an http or https URL, not "ftp://parcels.example/health".'] },
  { title: 'no time of day', replace: "from: '08:00'", by: "from: '8'", at: ['7:42'], says: ['businessHours.from must be a time of day as HH:MM, e.g. 09:00, not "8".'] },
  { title: 'a text where true or false belongs', replace: 'investigate: true', by: "investigate: 'true'", at: ['64:18'], says: ['steps[0].investigate must be true or false, not "true".'] },
  { title: 'a dashboard behind plain http', replace: 'references: []', by: "references: []\ndatadog: { dashboards: { errors: { title: Errors, section: '5', url: 'http://d.example' } } }", at: ['127:70'], says: ['datadog.dashboards.errors.url must be an https URL, not "http://d.example".'] },
  { title: 'a synthetic test by its name', replace: 'references: []', by: 'references: []\ndatadog: { synthetics: [Portal] }', at: ['127:25'], says: ['datadog.synthetics[0] must be a public id of a synthetic API test, e.g. abc-def-ghi, not "Portal".'] },
  { title: 'a recipient that is no address', replace: 'channels: [email]', by: 'channels: [email], recipients: [everybody]', at: ['107:86'], says: ['userNotifications.recipients[0] must be an e-mail address, not "everybody".'] },
  { title: 'a GitHub login with @', replace: 'methods: [phone]', by: "methods: [phone]\n    github: '@octo'", at: ['89:13'], says: ['contacts.duty.github must be a GitHub login without @, not "@octo".'] },
  { title: 'a Slack name for a member id', replace: 'methods: [phone]', by: 'methods: [phone]\n    slackUser: duty', at: ['89:16'], says: ['contacts.duty.slackUser must be a Slack member id, e.g. U012AB3CD, not "duty".'] },
  { title: 'an unknown kind of video call', replace: 'channel: war-YYYYMMDD', by: 'channel: war-YYYYMMDD\n  video: { kind: jitsy }', at: ['101:18'], says: ['warRoom.video.kind must be one of slackHuddle, jitsi, url, not "jitsy". Did you mean "jitsi"?'] },
  { title: 'a key in the section on Datadog', replace: 'references: []', by: 'references: []\ndatadog: { apiKey: abc }', at: ['127:12'], says: ['datadog has the unknown key "apiKey".'] },
  { title: 'a mistake behind an alias', replace: 'impact: Slow', by: 'impact: 1', at: ['34:38', '34:38', '34:38'], says: ['severities.P2.impact must be text', 'severities.P4.impact must be text'] },
];

export const MEANING_FAULTS: readonly Fault[] = [
  { title: 'a step id twice', replace: 'id: flush', by: 'id: health', at: ['65:9', '82:17'], says: ['steps[1].id is "health", the id of steps[0]. Each id may stand once.', 'none of the steps'] },
  { title: 'an option id twice', replace: "id: 'no'", by: "id: 'yes'", at: ['45:17'], says: ['assessment.questions[0].options[1].id is "yes", the id of assessment.questions[0].options[0].'] },
  { title: 'an unknown phase', replace: 'phase: look\n    title: Flush', by: 'phase: lok\n    title: Flush', at: ['67:12'], says: ['steps[1].phase is "lok", which is none of the phases. Did you mean "look"? Allowed here: look.'] },
  { title: 'an unknown action', replace: 'action: clearCache', by: 'action: clearCach', at: ['71:13'], says: ['steps[1].action is "clearCach", which is none of the actions. Did you mean "clearCache"?'] },
  { title: 'an unknown step in a scenario', replace: 'step: flush,', by: 'step: restart,', at: ['82:17'], says: ['scenarios[0].steps[0].step is "restart", which is none of the steps. Allowed here: health, flush.'] },
  { title: 'an unknown step in a symptom', replace: 'step: health, pattern', by: 'step: helth, pattern', at: ['80:38'], says: ['scenarios[0].symptoms[0].step', 'Did you mean "health"?'] },
  { title: 'an unknown proof', replace: 'provedBy: [health]', by: 'provedBy: [health, watch]', at: ['113:54'], says: ['checklists.done.items[0].provedBy[1] is "watch"'] },
  { title: 'an unknown contact to notify', replace: 'contacts: [duty]', by: 'contacts: [boss]', at: ['31:46'], says: ['severities.P1.notify.contacts[0] is "boss", which is none of the contacts. Allowed here: duty.'] },
  { title: 'an unknown contact on the escalation path', replace: 'contact: duty, methods', by: 'contact: boss, methods', at: ['95:28'], says: ['escalation.path[0].contact is "boss"'] },
  { title: 'a rule on an unknown question', replace: 'when: { down:', by: 'when: { up:', at: ['48:15'], says: ['assessment.rules[0].when.up is none of the questions. Allowed here: down.'] },
  { title: 'a rule on an unknown answer', replace: "down: ['yes']", by: "down: ['yes', maybe]", at: ['48:29'], says: ['when.down[1] is "maybe", which is none of the options of "down". Allowed here: yes, no.'] },
  { title: 'a rule on a doubtful answer', replace: "down: ['yes']", by: 'down: [unsure]', at: ['48:22'], says: ['is taken for "yes" before the rules are asked. Write "yes".'] },
  { title: 'a doubtful answer that counts as nothing', replace: "countsAs: 'yes'", by: 'countsAs: unsure', at: ['46:52'], says: ['countsAs is "unsure", which is none of the definite options of "down". Allowed here: yes, no.'] },
  { title: 'a broken symptom pattern', replace: "pattern: 'stale|old'", by: "pattern: '(stale|old'", at: ['80:55'], says: ['scenarios[0].symptoms[0].pattern is not a valid regular expression: /(stale|old/i: Unterminated group.'] },
  { title: 'a pattern that matches everywhere', replace: "'PX\\d{8}'", by: "'(PX\\d{8})*'", at: ['128:37'], says: ['redaction[0].pattern matches the empty text'] },
  { title: 'an unknown time zone', replace: 'Europe/Berlin', by: 'Europe/Berln', at: ['6:11'], says: ['no IANA time zone. Did you mean "Europe/Berlin"?'] },
  { title: 'an offset as time zone', replace: 'Europe/Berlin', by: "'+01:00'", at: ['6:11'], says: ['timeZone is "+01:00", which is no IANA time zone.'] },
  { title: 'business hours that end before they begin', replace: "to: '16:30'", by: "to: '07:30'", at: ['7:55'], says: ['businessHours.to must be later than businessHours.from (08:00), not "07:30".'] },
  { title: 'a reference that leads nowhere', replace: '${environment.redis.host}', by: '${environment.redis.hst}', at: ['73:13'], says: ['steps[1].inputs.host refers to ${environment.redis.hst}, which no environment has. Did you mean "environment.redis.host"?'] },
  { title: 'a reference to a group of values', replace: '${environment.redis.host}', by: '${environment.redis}', at: ['73:13'], says: ['refers to ${environment.redis}, which no environment has.'] },
  { title: 'a reference to something else', replace: '${environment.redis.host}', by: 'redis.${HOME}.local', at: ['73:13'], says: ['refers to ${HOME}, which no environment has.', 'environment.redis.host'] },
  { title: 'a reference in a list', replace: '${environment.aws.services}', by: '${environment.aws.services.2}', at: ['74:20'], says: ['steps[1].inputs.names[1] refers to'] },
  { title: 'an unclosed reference', replace: '${environment.redis.host}', by: "'${environment.redis.host'", at: ['73:13'], says: ['begins a reference with ${ and does not end it with }.'] },
  { title: 'a change among the checks of an investigation', replace: '    action: clearCache', by: '    investigate: true\n    action: clearCache', at: ['71:18'], says: ['steps[1].investigate may be true only where effect is read, and the effect of "flush" is destructive.'] },
  { title: 'an impossible URL', replace: "'https://staging.parcels.example/health'", by: "'https://[/health'", at: ['14:30'], says: ['must be a full URL such as https://api.example.org/health, not "https://[/health".'] },
  { title: 'a dashboard without a place', replace: 'references: []', by: "references: []\ndatadog: { dashboards: { errors: { title: Errors, section: '5' } } }", at: ['127:34'], says: ['datadog.dashboards.errors has neither id nor url. Write the id of the Datadog dashboard or its address.'] },
  { title: 'a dashboard with a password in its address', replace: 'references: []', by: "references: []\ndatadog: { dashboards: { errors: { title: Errors, section: '5', url: 'https://me:secret@d.example' } } }", at: ['127:70'], says: ['datadog.dashboards.errors.url holds a user name or password, and would show it to everybody. Take it out.'] },
  { title: 'an impossible address of a dashboard', replace: 'references: []', by: "references: []\ndatadog: { dashboards: { errors: { title: Errors, section: '5', url: 'https://[/x' } } }", at: ['127:70'], says: ['datadog.dashboards.errors.url must be a full URL'] },
  { title: 'an unknown contact to invite to the review', replace: 'who: Everybody', by: 'who: Everybody, contacts: [boss]', at: ['120:36'], says: ['review.invite[0].contacts[0] is "boss", which is none of the contacts. Allowed here: duty.'] },
  { title: 'a video call without its address', replace: 'channel: war-YYYYMMDD', by: 'channel: war-YYYYMMDD\n  video: { kind: url }', at: ['101:10'], says: ['warRoom.video is of kind url and has none. Add the address of the video call.'] },
];
