import { AddListenerCertificatesCommand, DescribeListenerCertificatesCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Overlay, withBody } from './aws-request.ts';
import type { AwsClients } from './aws-writer.ts';

/**
 * A listener shows its default certificate only, and keeps those chosen by SNI when another default is set. moto shows
 * them all in one list, and forgets them.
 */
export function createListenerOverlay({ elbv2 }: AwsClients): Overlay {
  return {
    matches: ({ service, operation, protocol }) => service === 'elbv2' && protocol === 'query' && ['DescribeListeners', 'ModifyListener'].includes(operation),
    async answer(call, forward) {
      const form = new URLSearchParams(call.body.toString('utf8'));
      const ListenerArn = form.get('ListenerArn') ?? '';
      const changes = call.operation === 'ModifyListener' && [...form.keys()].some((name) => name.startsWith('Certificates.'));
      const { Certificates = [] } = changes ? await elbv2.send(new DescribeListenerCertificatesCommand({ ListenerArn })) : {};
      const extra = Certificates.filter(({ IsDefault }) => IsDefault !== true).map(({ CertificateArn }) => ({ CertificateArn }));
      const answer = await forward();
      if (answer.status !== 200) {
        return answer;
      }
      if (extra.length > 0) {
        await elbv2.send(new AddListenerCertificatesCommand({ ListenerArn, Certificates: extra }));
      }
      return withBody(answer, answer.body.toString('utf8').replace(/(<Certificates>\s*<member>.*?<\/member>).*?(<\/Certificates>)/gs, '$1$2'));
    },
  };
}
