#!/bin/sh
# The agent's calls by curl: observe, ask for a certificate, execute. Needs curl, and node for the proofs and for reading JSON.
# usage: sh examples/curl/change.sh [.seb folder of a running `seb dev`] [replicas]
set -eu
seb=${1:-.seb}
replicas=${2:-12}
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

member() { node -p 'process.argv.slice(2).reduce((at, key) => at[key], JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")))' "$@"; }
# URL, body, certificate (may be empty), further headers: sends one proven request and keeps the answer.
post() {
  proof=$(node "$here/prove.mjs" "$seb/keys/agent.json" POST "$1" "$2" $3)
  url=$1 body=$2 certificate=$3
  shift 3
  if [ -n "$certificate" ]; then set -- "$@" -H "Authorization: DPoP $(cat "$certificate")"; fi
  curl -sS --fail-with-body -o "$work/answer" -H 'Content-Type: application/json' -H "DPoP: $proof" "$@" --data-binary "@$body" "$url" ||
    { cat "$work/answer" >&2; exit 1; }
}

signer=$(sed -n 's/^ *signer: //p' "$seb/agent.yaml")
broker=$(sed -n 's/^ *broker: //p' "$seb/agent.yaml")
envelope=$(node -p 'require("fs").readFileSync(process.argv[1]).toString("base64url")' "$seb/attestations/checkout.json")
image=$(sed -n 's/^ *image_digest: //p' "$seb/agent.yaml")

# What does the target look like? The broker's signed answer lives for a minute.
echo '{"action":"deploy","service":"checkout","region":"us-east-1"}' > "$work/question"
post "$broker/v1/observations" "$work/question" ""
observation=$(member "$work/answer" observation)

# First call: a certificate for exactly this change.
cat > "$work/proposal" <<JSON
{"action":"deploy","service":"checkout","region":"us-east-1",
 "parameters":{"image_digest":"$image"},"bounds":{"max_replicas":12},
 "observation":"$observation","evidence":[{"type":"attestation","envelope":"$envelope"}]}
JSON
post "$signer/v1/certificates" "$work/proposal" "" -H "Idempotency-Key: curl-$(node -p 'crypto.randomUUID()')"
member "$work/answer" certificate > "$work/certificate"
echo "certificate $(member "$work/answer" cert_id), permitted by $(member "$work/answer" policy)"

# Second call: action, resource and every parameter restated in full.
cat > "$work/operation" <<JSON
{"action":"deploy","resource":"service:checkout/region:us-east-1","parameters":{"image_digest":"$image","replicas":$replicas}}
JSON
post "$broker/v1/executions" "$work/operation" "$work/certificate"
echo "$(member "$work/answer" state): commit $(member "$work/answer" result commit)"
