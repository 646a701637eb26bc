import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { useLanguage } from '../../../src/l10n.ts';
import type { LocalLedger } from '../../../src/ledger/local-ledger.ts';
import { DeliveryDoubts } from '../../../src/views/delivery-doubts.ts';
import { EXTENSION } from '../../support/build-events.ts';
import { buildLedger, declaration } from '../../support/build-ledger.ts';
import { useTemporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const BUTTONS = ['It arrived', 'Send again', 'Discard…'];

describe('a delivery of which nobody knows whether it arrived', () => {
  const folder = useTemporaryFolder();
  let ledger: LocalLedger;
  let asked: Set<string>;
  let shown: { message: string; buttons: readonly string[]; answer(button?: string): void }[];
  let decided: string[];
  let open: DeliveryDoubts[];

  beforeEach(() => {
    ledger = buildLedger(folder());
    [asked, shown, decided, open] = [new Set(), [], [], []];
  });
  afterEach(() => {
    useLanguage(undefined);
    open.forEach((doubts) => { doubts.dispose(); });
    ledger.dispose();
  });

  function build(): DeliveryDoubts {
    const doubts = new DeliveryDoubts({
      ledger, asked, origin: () => Promise.resolve('me'),
      show: (message, buttons) => new Promise((resolve) => { shown.push({ message, buttons, answer: resolve }); }),
      confirm: (_incident, delivery) => { decided.push(`confirm ${delivery}`); return Promise.resolve(); },
      retry: (_incident, delivery) => { decided.push(`retry ${delivery}`); return Promise.resolve(); },
      discard: (_incident, delivery) => { decided.push(`discard ${delivery}`); return Promise.resolve(); },
      onError: (error) => { throw error; },
    });
    open.push(doubts);
    return doubts;
  }

  async function lost(origin = 'me'): Promise<{ incident: string; delivery: string }> {
    const { id: incident } = await ledger.declare(declaration());
    const { id: delivery } = await ledger.append(incident, {
      type: 'delivery.requested', origin, delivery: { service: 'mail', call: 'send', target: 'Product Owner', text: 'Prescriptions fail', data: {}, step: 'notifyStakeholders' },
    });
    await lose(incident, delivery);
    return { incident, delivery };
  }

  async function lose(incident: string, request: string): Promise<void> {
    await ledger.append(incident, { type: 'delivery.unknown', request, reason: 'The server closed the connection.' }, EXTENSION);
  }

  it('is asked about as soon as it is lost', async () => {
    build();
    await lost();
    await until('the question', () => shown.length === 1);
    assert.deepEqual([shown[0]?.message, shown[0]?.buttons], ['It is not known whether "Prescriptions fail" reached Product Owner (The server closed the connection, 03:00 UTC).', BUTTONS]);
  });

  it('is asked about once, whatever happens on the timeline and however often the window is opened', async () => {
    const { incident } = await lost();
    await build().start();
    assert.equal(shown.length, 1);
    await ledger.append(incident, { type: 'finding.documented', text: 'f' });
    shown[0]?.answer();
    const again = build();
    await again.start();
    await again.look(incident);
    assert.equal(shown.length, 1);
  });

  it('is asked about again when it was sent again and lost again', async () => {
    const { incident, delivery } = await lost();
    const doubts = build();
    await doubts.start();
    await ledger.append(incident, { type: 'delivery.retried', request: delivery });
    await doubts.look(incident);
    assert.equal(shown.length, 1);
    await lose(incident, delivery);
    await doubts.look(incident);
    assert.equal(shown.length, 2);
  });

  it('goes where the answer says', async () => {
    const [arrived, again, discarded, ignored] = [await lost(), await lost(), await lost(), await lost()];
    const doubts = build();
    for (const { incident } of [arrived, again, discarded, ignored]) {
      await doubts.look(incident);
    }
    [...BUTTONS, undefined].forEach((button, index) => { shown[index]?.answer(button); });
    await until('three decisions', () => decided.length === 3);
    assert.deepEqual(decided, [`confirm ${arrived.delivery}`, `retry ${again.delivery}`, `discard ${discarded.delivery}`]);
  });

  it('is asked about and answered in the language of whoever reads it', async () => {
    useLanguage({ locale: 'ar', translations: { 'It arrived': 'وصلت', 'Send again': 'إعادة الإرسال' } });
    const { incident, delivery } = await lost();
    await build().look(incident);
    assert.deepEqual(shown[0]?.buttons, ['وصلت', 'إعادة الإرسال', 'Discard…']);
    shown[0]?.answer('إعادة الإرسال');
    await until('the decision', () => decided.length === 1);
    assert.deepEqual(decided, [`retry ${delivery}`]);
  });

  it('is asked about where it was sent, not elsewhere', async () => {
    await lost('somebody else');
    await build().start();
    assert.deepEqual(shown, []);
  });
});
