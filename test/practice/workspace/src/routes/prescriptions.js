import { Router } from 'express';
import { withClient } from '../db/pool.js';
import { notifyPatient } from '../notifications/sms.js';

export const prescriptions = Router();

class NotFoundError extends Error {
  status = 404;
}

/** A prescription with its items. */
async function findPrescription(number) {
  return withClient(async (client) => {
    const { rows } = await client.query(
      'SELECT id, number, status, patient_id FROM prescriptions WHERE number = $1',
      [number],
    );
    if (rows.length === 0) {
      throw new NotFoundError(`No prescription ${number}`);
    }
    return rows[0];
  });
}

/** Every open prescription of a patient, newest first. */
async function listOpenPrescriptions(patientId) {
  return withClient(async (client) => {
    const { rows } = await client.query(
      "SELECT id, number, status FROM prescriptions WHERE patient_id = $1 AND status = 'open' ORDER BY id DESC",
      [patientId],
    );
    return rows;
  });
}

prescriptions.get('/:number', async (request, response) => {
  response.json(await findPrescription(request.params.number));
});

prescriptions.get('/', async (request, response) => {
  response.json(await listOpenPrescriptions(request.query.patient));
});

prescriptions.post('/', async (request, response) => {
  const { rows } = await withClient((client) =>
    client.query('INSERT INTO prescriptions (number, patient_id) VALUES ($1, $2) RETURNING *', [
      request.body.number,
      request.body.patientId,
    ]));
  await notifyPatient(request.body.patientId, `Prescription ${rows[0].number} is ready`);
  response.status(201).json(rows[0]);
});
