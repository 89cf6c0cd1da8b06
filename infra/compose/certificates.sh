#!/bin/sh
# certificates.sh DEPLOYMENT: an authority for this deployment alone, and server certificates for `redis` and `nats`.
# The authority's key is deleted at the end: nobody can add a server later; run again to replace all of them.
set -eu
umask 077
servers="${1:?usage: certificates.sh DEPLOYMENT}/servers"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 \
  -subj "/CN=seb servers" -keyout "$work/ca.key" -out "$servers/ca.pem" 2>/dev/null
for name in redis nats; do
  mkdir -p "$servers/$name/tls" "$servers/$name/data"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
    -keyout "$servers/$name/tls/server.key" -out "$work/$name.csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' "$name" > "$work/$name.ext"
  openssl x509 -req -in "$work/$name.csr" -CA "$servers/ca.pem" -CAkey "$work/ca.key" -CAcreateserial \
    -days 825 -extfile "$work/$name.ext" -out "$servers/$name/tls/server.crt" 2>/dev/null
  cp "$servers/ca.pem" "$servers/$name/tls/ca.crt"
done
chmod 644 "$servers/ca.pem"
echo "$servers: ca.pem, redis/tls, nats/tls"
