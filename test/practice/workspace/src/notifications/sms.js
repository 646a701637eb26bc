import { log } from '../log.js';

const GATEWAY = process.env.SMS_GATEWAY_URL;

async function send(message) {
  const response = await fetch(`${GATEWAY}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
  });
  if (!response.ok) {
    throw new Error(`Request failed with ${response.status}`);
  }
}

/** Sends a text message to a patient; a message that cannot be sent is logged and not tried again. */
export async function notifyPatient(patientId, text) {
  try {
    await send({ patientId, text });
    log.info('notifications', `sms sent to patient ${patientId}`);
  } catch (error) {
    log.error('notifications', error);
  }
}
