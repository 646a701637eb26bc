import { Router } from 'express';
import { withClient } from '../db/pool.js';

export const dispensing = Router();

/** Marks a prescription as handed out, once. */
async function dispense(number, pharmacyId) {
  return withClient(async (client) => {
    const { rowCount } = await client.query(
      "UPDATE prescriptions SET status = 'dispensed', pharmacy_id = $2 WHERE number = $1 AND status = 'open'",
      [number, pharmacyId],
    );
    return rowCount === 1;
  });
}

dispensing.post('/:number', async (request, response) => {
  const done = await dispense(request.params.number, request.body.pharmacyId);
  response.status(done ? 200 : 409).json({ dispensed: done });
});
