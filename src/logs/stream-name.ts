/** Streams and groups by the end of their names, which is what tells them apart. */

const SHOWN = 12;
const SHOWN_OF_ID = 8;

/** `ecs/backend/4f7d2a90c1b2…` → `4f7d2a90`, `…/[$LATEST]58419525dade4d17…` → `58419525`, a pod by its last two parts. */
export function shortStream(stream: string): string {
  const end = stream.slice(stream.lastIndexOf('/') + 1).replace(/^\[[^\]]*\]/, '').replace(/[^\x21-\x7e]/g, '_');
  if (end === '') {
    return '-';
  }
  return /^[0-9a-f-]{9,}$/i.test(end) ? end.slice(0, SHOWN_OF_ID) : end.slice(-SHOWN);
}

/** Group → as many parts of the end of its name as tell it from the others; `''` for a group that is alone. */
export function shortGroups(groups: Iterable<string>): ReadonlyMap<string, string> {
  const all = [...groups];
  const endOf = (group: string, parts: number): string => group.split('/').filter((part) => part !== '').slice(-parts).join('/');
  return new Map(all.map((group) => {
    if (all.length === 1) {
      return [group, ''];
    }
    const most = group.split('/').length;
    let parts = 1;
    while (parts < most && all.some((other) => other !== group && endOf(other, parts) === endOf(group, parts))) {
      parts += 1;
    }
    return [group, endOf(group, parts)];
  }));
}
