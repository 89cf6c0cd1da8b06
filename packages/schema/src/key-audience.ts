/** Instances of brokers are called so: `broker`, `broker-1`, `broker-eu-2`, ... */
const BROKER_INSTANCE = /^broker(-[a-z0-9-]+)?$/;

/**
 * Whom a key serves, where nobody says otherwise: certificates, observations and the records of a broker's instance name the broker,
 * everything else the environment. A receipt counts only under a record key that serves its broker's audience.
 */
export function audienceOfKey(
  key: { readonly role: string; readonly name: string },
  names: { readonly broker: string; readonly environment: string },
): string {
  const { role, name } = key;
  const ofBroker =
    role === "certificate" || role === "observation" || (role === "record" && BROKER_INSTANCE.test(name));
  return ofBroker ? names.broker : names.environment;
}
