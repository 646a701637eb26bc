import type { FakeRequest, Reply, Route } from './fake-server.ts';
import { seconds } from './github-json.ts';
import type { FakeComment, FakeIssue } from './github-model.ts';
import type { ReadOperation } from './github-reads.ts';
import { failure, type GitHubOperation, type GitHubRepository, page } from './github-shared.ts';

type IssueOperation = Exclude<GitHubOperation, ReadOperation | 'rateLimit'>;

export interface GitHubIssueHandlers {
  readonly handlers: Readonly<Record<IssueOperation, Route['handle']>>;
  /** A pull request; returns its number. */
  open(title: string, labels: readonly string[]): number;
}

/** At most ten people can be assigned to an issue. */
const MAX_ASSIGNEES = 10;

/** Issues, comments, labels and assignees of the fake. */
export function githubIssueHandlers({ clock, state, json, tokenOf, nextId }: GitHubRepository): GitHubIssueHandlers {
  const mayPush = (request: FakeRequest): boolean => tokenOf(request).access === 'push';
  const isAssignable = (login: string): boolean => state.users.some((user) => user.login === login && user.assignable);

  const withIssue = (request: FakeRequest, act: (issue: FakeIssue) => Reply): Reply => {
    const issue = state.issues.find(({ number }) => String(number) === request.parameters.issue_number);
    return issue === undefined ? failure(404, 'Not Found') : act(issue);
  };
  const withComment = (request: FakeRequest, act: (comment: FakeComment) => Reply): Reply => {
    const comment = state.comments.find(({ id }) => String(id) === request.parameters.comment_id);
    return comment === undefined ? failure(404, 'Not Found') : act(comment);
  };
  const changed = (issue: FakeIssue, change: Partial<FakeIssue>): FakeIssue => Object.assign(issue, change, { updatedAt: clock.now() });

  /** Labels that do not exist come into being when somebody with push access uses them. */
  const knownLabels = (names: readonly string[]): string[] => names.map((name) => {
    const label = state.labels.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
    if (label === undefined) {
      state.labels.push({ id: nextId(), name, color: 'ededed', description: null });
    }
    return label?.name ?? name;
  });
  const labelsOf = (issue: FakeIssue): object[] => issue.labels.flatMap((name) => state.labels.filter((label) => label.name === name).map(json.label));

  const create = (author: string, isPullRequest: boolean, content: Pick<FakeIssue, 'title' | 'body' | 'labels' | 'assignees'>): FakeIssue => {
    const now = clock.now();
    const issue: FakeIssue = {
      id: nextId(), number: state.issues.length + 1, author, isPullRequest, createdAt: now, updatedAt: now, state: 'open', stateReason: null,
      closedBy: null, closedAt: null, ...content,
    };
    state.issues.push(issue);
    return issue;
  };

  const createIssue = (request: FakeRequest): Reply => {
    const { title, body } = request.body;
    const assignees = names(request.body.assignees);
    const unknown = assignees.filter((login) => !isAssignable(login));
    if (mayPush(request) && unknown.length > 0) {
      return invalid('Issue', 'assignees', 'invalid', unknown.join(', '));
    }
    // Without push access both are dropped, and the answer is 201 all the same.
    const issue = create(tokenOf(request).login, false, {
      title: String(title), body: typeof body === 'string' ? body : null,
      labels: mayPush(request) ? knownLabels(names(request.body.labels)) : [], assignees: mayPush(request) ? assignees.slice(0, MAX_ASSIGNEES) : [],
    });
    return { status: 201, body: json.issue(issue) };
  };

  const updateIssue = (request: FakeRequest): Reply => withIssue(request, (issue) => {
    const { login } = tokenOf(request);
    if (!mayPush(request) && issue.author !== login) {
      return failure(403, 'Must have admin rights to Repository.');
    }
    const { title, body, state: wanted, state_reason: reason } = request.body;
    const isClosing = wanted === 'closed' && issue.state === 'open';
    const isReopening = wanted === 'open' && issue.state === 'closed';
    changed(issue, {
      ...(title === undefined ? {} : { title: String(title) }),
      ...(typeof body === 'string' || body === null ? { body } : {}),
      ...(mayPush(request) && request.body.labels !== undefined ? { labels: knownLabels(names(request.body.labels)) } : {}),
      ...(mayPush(request) && request.body.assignees !== undefined ? { assignees: names(request.body.assignees).filter(isAssignable).slice(0, MAX_ASSIGNEES) } : {}),
      ...(isClosing ? { state: 'closed', stateReason: reasonOf(reason) ?? 'completed', closedBy: login, closedAt: clock.now() } : {}),
      ...(isReopening ? { state: 'open', stateReason: 'reopened', closedBy: null, closedAt: null } : {}),
    });
    return { status: 200, body: json.issue(issue) };
  });

  const listIssues = (request: FakeRequest): Reply => {
    const { query } = request;
    const wanted = query.get('state') ?? 'open';
    const labels = (query.get('labels') ?? '').split(',').filter((name) => name !== '');
    const since = query.get('since');
    const key = query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt';
    const sign = query.get('direction') === 'asc' ? 1 : -1;
    const issues = state.issues
      .filter((issue) => (wanted === 'all' || issue.state === wanted) && labels.every((name) => issue.labels.some((label) => label.toLowerCase() === name.toLowerCase()))
        && (since === null || atOrAfter(issue.updatedAt, since)) && [null, issue.author].includes(query.get('creator')))
      .toSorted((one, other) => sign * (one[key] - other[key] || one.number - other.number));
    return page(request, issues, (items) => items.map(json.issue));
  };

  const handlers: GitHubIssueHandlers['handlers'] = {
    listIssues, createIssue, updateIssue,
    getIssue: (request) => withIssue(request, (issue) => ({ status: 200, body: json.issue(issue) })),
    listComments: (request) => withIssue(request, (issue) => {
      const since = request.query.get('since');
      const comments = state.comments.filter((comment) => comment.issue === issue.number && (since === null || atOrAfter(comment.updatedAt, since)));
      return page(request, comments, (items) => items.map(json.comment));
    }),
    createComment: (request) => withIssue(request, (issue) => {
      const now = clock.now();
      const comment = { id: nextId(), issue: issue.number, author: tokenOf(request).login, createdAt: now, updatedAt: now, body: String(request.body.body) };
      state.comments.push(comment);
      changed(issue, {});
      return { status: 201, body: json.comment(comment) };
    }),
    getComment: (request) => withComment(request, (comment) => ({ status: 200, body: json.comment(comment) })),
    updateComment: (request) => withComment(request, (comment) => {
      if (!mayPush(request) && comment.author !== tokenOf(request).login) {
        return failure(403, 'Must have admin rights to Repository.');
      }
      Object.assign(comment, { body: String(request.body.body), updatedAt: clock.now() });
      return { status: 200, body: json.comment(comment) };
    }),
    addLabels: (request) => mayPush(request) ? withIssue(request, (issue) => {
      changed(issue, { labels: [...new Set([...issue.labels, ...knownLabels(names(request.body.labels))])] });
      return { status: 200, body: labelsOf(issue) };
    }) : failure(403, 'Must have admin rights to Repository.'),
    setLabels: (request) => mayPush(request) ? withIssue(request, (issue) => {
      changed(issue, { labels: knownLabels(names(request.body.labels)) });
      return { status: 200, body: labelsOf(issue) };
    }) : failure(403, 'Must have admin rights to Repository.'),
    removeLabel: (request) => mayPush(request) ? withIssue(request, (issue) => {
      if (!issue.labels.includes(request.parameters.name ?? '')) {
        return failure(404, 'Label does not exist');
      }
      changed(issue, { labels: issue.labels.filter((name) => name !== request.parameters.name) });
      return { status: 200, body: labelsOf(issue) };
    }) : failure(403, 'Must have admin rights to Repository.'),
    addAssignees: (request) => withIssue(request, (issue) => {
      if (mayPush(request)) {
        changed(issue, { assignees: [...new Set([...issue.assignees, ...names(request.body.assignees).filter(isAssignable)])].slice(0, MAX_ASSIGNEES) });
      }
      return { status: 201, body: json.issue(issue) };
    }),
    checkAssignee: ({ parameters }) => isAssignable(parameters.assignee ?? '') ? { status: 204 } : failure(404, 'Not Found'),
    listLabels: (request) => page(request, state.labels, (labels) => labels.map(json.label)),
    createLabel: (request) => {
      const { name, color, description } = request.body;
      if (!mayPush(request)) {
        return failure(404, 'Not Found');
      }
      if (state.labels.some((label) => label.name.toLowerCase() === String(name).toLowerCase())) {
        return invalid('Label', 'name', 'already_exists');
      }
      const label = {
        id: nextId(), name: String(name), color: typeof color === 'string' ? color : 'ededed', description: typeof description === 'string' ? description : null,
      };
      state.labels.push(label);
      return { status: 201, body: json.label(label) };
    },
  };
  return { handlers, open: (title, labels) => create('linus', true, { title, body: null, labels: knownLabels(labels), assignees: [] }).number };
}

/** The names of labels or assignees, which come as strings or as objects. */
function names(list: unknown): string[] {
  return Array.isArray(list) ? list.map((item: string | { name?: string; login?: string }) => typeof item === 'string' ? item : item.name ?? item.login ?? '') : [];
}

function reasonOf(reason: unknown): FakeIssue['stateReason'] {
  return reason === 'completed' || reason === 'not_planned' || reason === 'duplicate' ? reason : null;
}

/** GitHub compares whole seconds. */
const atOrAfter = (ms: number, since: string): boolean => Date.parse(seconds(ms)) >= Date.parse(since);

function invalid(resource: string, field: string, code: string, value?: string): Reply {
  return {
    status: 422, body: {
      message: 'Validation Failed', documentation_url: 'https://docs.github.com/rest', errors: [{ resource, field, code, ...(value === undefined ? {} : { value }) }],
    },
  };
}
