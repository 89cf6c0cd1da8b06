/**
 * Is this the name of the loopback interface: `localhost`, 127.0.0.0/8 or ::1, the latter with or without brackets? Traffic to it never
 * leaves the machine, so it needs neither TLS nor a user. Any other spelling of such an address is not accepted.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" || hostname === "[::1]" || IPV4.test(hostname);
}

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const IPV4 = new RegExp(`^127(?:\\.${OCTET}){3}$`);
